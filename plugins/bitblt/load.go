package bitblt

import (
	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/plugin"
)

// BitBlt:
const (
	bbDestForm = iota
	bbSourceForm
	bbHalftone
	bbRule
	bbDestX
	bbDestY
	bbWidth
	bbHeight
	bbSourceX
	bbSourceY
	bbClipX
	bbClipY
	bbClipWidth
	bbClipHeight
	bbColorMap
	bbVars
)

// maxNumber bounds coordinates so that sums of some fit.
const maxNumber = 1 << 40

// number answers a SmallInteger or a Float that is cut to one, or what to take for nil.
func number(c *plugin.Call, o heap.Oop, forNil int) (int, bool) {
	if o.IsInt() {
		v := int(o.Int())
		return v, v >= -maxNumber && v <= maxNumber
	}
	if o == c.Heap.Nil {
		return forNil, true
	}
	f, ok := c.Heap.FloatValue(o)
	if !ok || !(f >= -1<<31 && f <= 1<<31-1) {
		return 0, false
	}
	return int(f), true
}

// load reads a BitBlt into the painter.
func (p *painter) load(c *plugin.Call, o heap.Oop) (*blt, plugin.Failure) {
	p.b = blt{}
	b := &p.b
	if !plugin.IsPointers(o) || o.NumSlots() < bbVars {
		return nil, plugin.BadReceiver
	}
	field := func(i int) heap.Oop { return c.Field(o, i) }
	rule, ok := index(field(bbRule))
	if !ok || rule < 0 || rule >= len(rules) || rules[rule] == nil {
		return nil, plugin.BadReceiver
	}
	b.rule = rule
	ignored := rule == ruleClear || rule == ruleKeep || rule == ruleInvert || rule == ruleKeepToo
	b.noSource = ignored || field(bbSourceForm) == c.Heap.Nil
	b.noHalftone = ignored || field(bbHalftone) == c.Heap.Nil

	var fail plugin.Failure
	if b.dest, fail = loadForm(c, field(bbDestForm)); fail != plugin.OK {
		return nil, fail
	}
	good := true
	take := func(i, forNil int) int {
		v, ok := number(c, field(i), forNil)
		good = good && ok
		return v
	}
	b.destX, b.destY = take(bbDestX, 0), take(bbDestY, 0)
	b.width, b.height = take(bbWidth, b.dest.width), take(bbHeight, b.dest.height)
	if !b.noSource {
		if b.source, fail = loadForm(c, field(bbSourceForm)); fail != plugin.OK {
			return nil, fail
		}
		if !b.loadColorMap(c, field(bbColorMap)) {
			return nil, plugin.BadReceiver
		}
		b.sourceX, b.sourceY = take(bbSourceX, 0), take(bbSourceY, 0)
	}
	if !b.noHalftone && !b.loadHalftone(c, field(bbHalftone)) {
		return nil, plugin.BadReceiver
	}
	b.clipX, b.clipY = take(bbClipX, 0), take(bbClipY, 0)
	b.clipWidth, b.clipHeight = take(bbClipWidth, b.dest.width), take(bbClipHeight, b.dest.height)
	if !good {
		return nil, plugin.BadReceiver
	}
	clipToForm(&b.clipX, &b.clipWidth, b.dest.width)
	clipToForm(&b.clipY, &b.clipHeight, b.dest.height)
	return b, plugin.OK
}

func clipToForm(at, size *int, side int) {
	if *at < 0 {
		*size += *at
		*at = 0
	}
	*size = min(*size, side-*at)
}

// loadHalftone reads a Form 32 pixels wide, or just its words: one for each row,
// over and over.
func (b *blt) loadHalftone(c *plugin.Call, o heap.Oop) bool {
	if !plugin.IsPointers(o) {
		b.halftone = plugin.Raw32(o)
		return len(b.halftone) > 0
	}
	if o.NumSlots() < formVars {
		return false
	}
	words := plugin.Raw32(c.Field(o, formBits))
	if words == nil {
		b.noHalftone = true
		return true
	}
	height, ok := index(c.Field(o, formHeight))
	if !ok || height < 1 || height > len(words) {
		return false
	}
	b.halftone = words[:height]
	return true
}

// halftoneAt answers the halftone of a row of the destination.
func (b *blt) halftoneAt(y int) uint32 {
	if b.noHalftone {
		return ^uint32(0)
	}
	return b.halftone[y%len(b.halftone)]
}
