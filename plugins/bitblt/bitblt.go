// Package bitblt is the BitBltPlugin: moving and combining rectangles of pixels
// between Forms in memory.
//
// What it promises:
//   - Forms have 1, 2, 4, 8, 16 or 32 bits a pixel; a negative depth says that the
//     first pixel of a word is in its low bits. Bits of a Form may be any raw object.
//   - Rectangles are clipped to the clipping rectangle and both Forms, whatever the
//     image asks for. Source and destination may overlap.
//   - All combination rules from 0 to 41 that have a meaning; 16 and 17 have none and fail.
//   - Nothing is drawn by a primitive that fails.
//
// Pixels are combined a 32-bit word of the destination at a time: rules 18 and 19
// therefore carry from a pixel to the next one in the same word.
package bitblt

import (
	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/plugin"
)

// Module is the plugin.
var Module = plugin.Module{Name: "BitBltPlugin", New: func(plugin.VM) (plugin.Instance, error) {
	p := new(painter)
	return plugin.Instance{Primitives: map[string]plugin.Func{
		"primitiveCopyBits":        p.copyBits,
		"primitiveWarpBits":        p.warpBits,
		"primitiveDrawLoop":        p.drawLoop,
		"primitiveDisplayString":   p.displayString,
		"primitivePixelValueAt":    pixelValueAt,
		"primitivePixelValueAtPut": pixelValueAtPut,
		"primitiveCompareColors":   plugin.Refuse("BitBltPlugin: comparing colors is left to the image"),
	}}, nil
}}

// painter keeps what is used again from call to call.
type painter struct {
	b    blt
	line []uint32
}

// The combination rules that need attention by number.
const (
	ruleClear          = 0
	ruleStore          = 3
	ruleKeep           = 5
	ruleInvert         = 10
	ruleKeepToo        = 15
	ruleOldRGBDiff     = 22
	ruleOldTally       = 23
	rulePaint          = 25
	ruleBlendConst     = 30
	rulePaintConst     = 31
	ruleRGBDiff        = 32
	ruleTally          = 33
	ruleBlendScaled    = 34
	ruleComponentAlpha = 41
)

// blt is one transfer.
type blt struct {
	rule                 int
	dest, source         form
	noSource, noHalftone bool
	halftone             []uint32
	colors               colorMap

	destX, destY, width, height         int
	sourceX, sourceY                    int
	clipX, clipY, clipWidth, clipHeight int

	sx, sy, dx, dy, w, h int // after clipping

	alpha     uint32 // of rules 30 and 31
	component component
	destMask  uint32 // pixels of the word being combined that are in the rectangle
	bitCount  int    // what rules 22 and 32 answer
}

// clip computes the part of the rectangle that is inside clipping rectangle and forms.
func (b *blt) clip() {
	b.sx, b.dx, b.w = b.sourceX, b.destX, b.width
	b.sy, b.dy, b.h = b.sourceY, b.destY, b.height
	clip1(&b.sx, &b.dx, &b.w, b.clipX, b.clipWidth, b.source.width, b.noSource)
	clip1(&b.sy, &b.dy, &b.h, b.clipY, b.clipHeight, b.source.height, b.noSource)
}

// clip1 clips in one direction: s and d are where source and destination begin, n is the size.
func clip1(s, d, n *int, clipAt, clipSize, sourceSize int, noSource bool) {
	if cut := clipAt - *d; cut > 0 {
		*s += cut
		*n -= cut
		*d = clipAt
	}
	*n = min(*n, clipAt+clipSize-*d)
	if noSource {
		return
	}
	if *s < 0 {
		*d -= *s
		*n += *s
		*s = 0
	}
	*n = min(*n, sourceSize-*s)
}

func (b *blt) empty() bool { return b.w <= 0 || b.h <= 0 }

// copyBits: what rules 30, 31 and 41 need. It answers the receiver; for rules 22
// and 32 the sum of the differences.
func (p *painter) copyBits(c *plugin.Call) (heap.Oop, plugin.Failure) {
	b, f := p.load(c, c.Receiver)
	if f != plugin.OK {
		return c.Fail(f)
	}
	b.clip()
	if !b.empty() {
		if f := b.loadArguments(c); f != plugin.OK {
			return c.Fail(f)
		}
		if f := b.checkWritable(c); f != plugin.OK {
			return c.Fail(f)
		}
		p.transfer()
	}
	if b.rule == ruleOldRGBDiff || b.rule == ruleRGBDiff {
		return c.ReturnInt(int64(b.bitCount))
	}
	return c.ReturnReceiver()
}

// loadArguments reads what some rules are given beside the BitBlt.
func (b *blt) loadArguments(c *plugin.Call) plugin.Failure {
	switch b.rule {
	case ruleBlendConst, rulePaintConst:
		a, ok := c.SmallInt(0)
		if c.NumArgs() != 1 {
			return plugin.BadNumArgs
		}
		if !ok || a < 0 || a > 255 {
			return plugin.BadArgument
		}
		b.alpha = uint32(a)
	case ruleComponentAlpha:
		return b.component.load(c)
	}
	return plugin.OK
}

// checkWritable tells whether what the transfer will change may be changed.
func (b *blt) checkWritable(c *plugin.Call) plugin.Failure {
	if !c.Writable(b.dest.bits) || b.tallies() && b.colors.lookup != nil && !c.Writable(b.colors.table) {
		return plugin.NoModification
	}
	return plugin.OK
}

func (b *blt) tallies() bool { return b.rule == ruleTally || b.rule == ruleOldTally }

// drawLoop: x and y distance. It copies at each step of a line but the last, and
// leaves the end of the line as destination of the BitBlt.
func (p *painter) drawLoop(c *plugin.Call) (heap.Oop, plugin.Failure) {
	dx, ok1 := c.Index(0)
	dy, ok2 := c.Index(1)
	if !ok1 || !ok2 {
		return c.Fail(plugin.BadArgument)
	}
	if max(dx, -dx, dy, -dy) > maxSteps {
		return c.Fail(plugin.LimitExceeded)
	}
	b, f := p.load(c, c.Receiver)
	if f != plugin.OK {
		return c.Fail(f)
	}
	if b.rule == ruleBlendConst || b.rule == rulePaintConst || b.rule == ruleComponentAlpha {
		return c.Fail(plugin.BadReceiver)
	}
	if f := b.checkWritable(c); f != plugin.OK {
		return c.Fail(f)
	}
	if !c.Writable(c.Receiver) {
		return c.Fail(plugin.NoModification)
	}
	p.line1(dx, dy)
	setInt(c.Receiver, bbDestX, b.destX)
	setInt(c.Receiver, bbDestY, b.destY)
	return c.ReturnReceiver()
}

// maxSteps bounds the length of a line, so that a wrong distance does not stop the VM.
const maxSteps = 1 << 22

// line1 is Bresenham's algorithm.
func (p *painter) line1(dx, dy int) {
	b := &p.b
	long, short := &b.destX, &b.destY
	n, across := dx, dy
	if abs(dx) <= abs(dy) {
		long, short, n, across = short, long, dy, dx
	}
	stepLong, stepShort := sign(n), sign(across)
	n, across = abs(n), abs(across)
	err := n / 2
	for i := range n {
		*long += stepLong
		if err -= across; err < 0 {
			*short += stepShort
			err += n
		}
		if i < n-1 {
			if b.clip(); !b.empty() {
				p.transfer()
			}
		}
	}
}

func abs(i int) int { return max(i, -i) }

func sign(i int) int { return max(min(i, 1), -1) }

func setInt(o heap.Oop, i, v int) { o.SetSlotRaw(i, heap.FromInt(int64(v))) }

// displayString: string, start, stop, glyph map of 256 indices, table of the
// glyphs' left edges in the source, space between glyphs.
func (p *painter) displayString(c *plugin.Call) (heap.Oop, plugin.Failure) {
	s, ok1 := c.Bytes(0)
	start, ok2 := c.SmallInt(1)
	stop, ok3 := c.SmallInt(2)
	glyphs, edges := c.Arg(3), c.Arg(4)
	kern, ok4 := c.Index(5)
	if c.NumArgs() != 6 {
		return c.Fail(plugin.BadNumArgs)
	}
	if !ok1 || !ok2 || !ok3 || !ok4 || !isArray(glyphs) || !isArray(edges) || glyphs.NumSlots() != 256 {
		return c.Fail(plugin.BadArgument)
	}
	if start < 1 || stop < 0 || stop > len(s) {
		return c.Fail(plugin.BadIndex)
	}
	b, f := p.load(c, c.Receiver)
	if f != plugin.OK {
		return c.Fail(f)
	}
	if b.rule == ruleBlendConst || b.rule == rulePaintConst || b.rule == ruleComponentAlpha {
		return c.Fail(plugin.BadReceiver)
	}
	if stop == 0 {
		return c.ReturnReceiver()
	}
	// First all edges, because nothing is drawn when one is wrong.
	widths := make([][2]int, 0, max(stop-start+1, 0))
	for _, ch := range s[min(start-1, stop):stop] {
		g, ok := index(c.Field(glyphs, int(ch)))
		if !ok || g < 0 || g > edges.NumSlots()-2 {
			return c.Fail(plugin.BadArgument)
		}
		left, ok1 := index(c.Field(edges, g))
		right, ok2 := index(c.Field(edges, g+1))
		if !ok1 || !ok2 {
			return c.Fail(plugin.BadArgument)
		}
		widths = append(widths, [2]int{left, right - left})
	}
	if f := b.checkWritable(c); f != plugin.OK {
		return c.Fail(f)
	}
	if !c.Writable(c.Receiver) {
		return c.Fail(plugin.NoModification)
	}
	for _, g := range widths {
		b.sourceX, b.width = g[0], g[1]
		if b.clip(); !b.empty() {
			p.transfer()
		}
		b.destX += b.width + kern
	}
	setInt(c.Receiver, bbDestX, b.destX)
	return c.ReturnReceiver()
}

func isArray(o heap.Oop) bool { return plugin.IsPointers(o) && o.Format() == heap.FmtArray }

// index answers a SmallInteger of 32 bits.
func index(o heap.Oop) (int, bool) {
	v := int(o.Int())
	return v, o.IsInt() && v == int(int32(v))
}
