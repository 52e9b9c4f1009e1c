package bitblt

import (
	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/plugin"
)

// WarpBlt, behind what BitBlt has: the corners of a quadrilateral in the source
// (x, y, z each), in fixed-point numbers:
//
//	p1 -- p4
//	|      |
//	p2 -- p3
const (
	warpBase   = bbVars
	warpVars   = warpBase + 12
	fixedPoint = 14 // bits behind the point
	maxSmooth  = 64
)

// warper steps through the quadrilateral: along its left and right edges from
// row to row, and between them in a row.
type warper struct {
	p             *painter
	left, right   fixed // where the edges are
	dLeft, dRight fixed // their steps
	at, step      fixed // inside a row
	steps         int   // in a row
	smoothing     int
	sourceMap     []uint32
	averages      colorMap // for averaged colors
}

// fixed is a point in fixed-point numbers.
type fixed struct{ x, y int }

func (a fixed) plus(b fixed, times int) fixed { return fixed{a.x + b.x*times, a.y + b.y*times} }

// delta answers the step from a to b in n steps, such that it rather goes too far.
func delta(a, b, n int) int {
	switch {
	case b > a:
		return (b-a+1<<fixedPoint)/(n+1) + 1
	case b < a:
		return -((a-b+1<<fixedPoint)/(n+1) + 1)
	}
	return 0
}

// walk answers where to start and how to step from a to b; a falling walk is
// laid so that it ends at b.
func walk(a, b, n int) (start, step int) {
	step = delta(a, b, n)
	if step < 0 {
		return b - n*step, step
	}
	return a, step
}

func walk2(a, b fixed, n int) (start, step fixed) {
	start.x, step.x = walk(a.x, b.x, n)
	start.y, step.y = walk(a.y, b.y, n)
	return start, step
}

// warpBits: number of subpixels to average in each direction, and the colors of
// source pixels where they are indices; or nothing.
func (p *painter) warpBits(c *plugin.Call) (heap.Oop, plugin.Failure) {
	b, f := p.load(c, c.Receiver)
	if f != plugin.OK {
		return c.Fail(f)
	}
	if c.Receiver.NumSlots() < warpVars {
		return c.Fail(plugin.BadReceiver)
	}
	if b.rule == ruleBlendConst || b.rule == rulePaintConst || b.rule == ruleComponentAlpha {
		return c.Fail(plugin.BadReceiver)
	}
	w := warper{p: p}
	if f := w.load(c); f != plugin.OK {
		return c.Fail(f)
	}
	// The source is not clipped: what is outside is transparent.
	noSource := b.noSource
	b.noSource = true
	b.clip()
	b.noSource = noSource
	if noSource || b.empty() {
		return c.ReturnReceiver()
	}
	if f := b.checkWritable(c); f != plugin.OK {
		return c.Fail(f)
	}
	w.run()
	return c.ReturnReceiver()
}

// load reads the quadrilateral and the arguments.
func (w *warper) load(c *plugin.Call) plugin.Failure {
	b := &w.p.b
	var corners [4]fixed
	for i := range corners {
		x, ok1 := number(c, c.Field(c.Receiver, warpBase+3*i), 0)
		y, ok2 := number(c, c.Field(c.Receiver, warpBase+3*i+1), 0)
		if !ok1 || !ok2 {
			return plugin.BadReceiver
		}
		corners[i] = fixed{x, y}
	}
	n := max(b.height-1, 1)
	w.left, w.dLeft = walk2(corners[0], corners[1], n)
	w.right, w.dRight = walk2(corners[3], corners[2], n)
	w.steps = max(b.width-1, 1)

	w.smoothing = 1
	if c.NumArgs() == 2 {
		n, ok := c.SmallInt(0)
		if !ok || n < 1 || n > maxSmooth {
			return plugin.BadArgument
		}
		w.smoothing = n
		if c.IsNil(1) {
			if n > 1 && b.source.depth < 16 && !b.noSource {
				return plugin.BadArgument
			}
		} else {
			w.sourceMap = plugin.Raw32(c.Arg(1))
			if b.source.depth < 16 && len(w.sourceMap) < 1<<b.source.depth {
				return plugin.BadArgument
			}
		}
	}
	w.averages = b.colors
	if w.smoothing > 1 && !b.colors.newStyle {
		// Averages are 32-bit colors whatever the source is.
		if to := b.colors.bitsPerColor; b.colors.lookup != nil {
			w.averages.convert(8, to)
		} else if b.dest.depth == 16 {
			w.averages.convert(8, 5)
		}
	}
	return plugin.OK
}

func (w *warper) run() {
	b := &w.p.b
	if cut := b.clipY - b.destY; cut > 0 {
		w.left = w.left.plus(w.dLeft, cut)
		w.right = w.right.plus(w.dRight, cut)
	}
	for i := range b.h {
		w.at, w.step = walk2(w.left, w.right, w.steps)
		if cut := b.clipX - b.destX; cut > 0 {
			w.at = w.at.plus(w.step, cut)
		}
		w.row(b.dy + i)
		w.left = w.left.plus(w.dLeft, 1)
		w.right = w.right.plus(w.dRight, 1)
	}
}

// row warps one row, pixel by pixel into words.
func (w *warper) row(y int) {
	b := &w.p.b
	depth := b.dest.depth
	halftone := b.halftoneAt(y)
	row := b.dest.row(y)
	combine := rules[b.rule]
	for j := 0; j < b.w; {
		k := (b.dx + j) * depth >> 5
		var src, mask uint32
		for ; j < b.w && (b.dx+j)*depth>>5 == k; j++ {
			s := b.dest.shift(b.dx + j)
			src |= w.next() & b.dest.mask() << s
			mask |= b.dest.mask() << s
		}
		b.destMask = mask
		row[k] = combine(b, src&halftone, row[k]&mask)&mask | row[k]&^mask
	}
}

// next answers the pixel for the next place in the row.
func (w *warper) next() uint32 {
	b := &w.p.b
	at := w.at
	w.at = w.at.plus(w.step, 1)
	if w.smoothing > 1 {
		return w.average(at)
	}
	return b.colors.pixel(b.pick(at))
}

// pick answers the pixel of the source at a point, 0 outside.
func (b *blt) pick(at fixed) uint32 {
	x, y := at.x>>fixedPoint, at.y>>fixedPoint
	if x < 0 || y < 0 || x >= b.source.width || y >= b.source.height {
		return 0
	}
	return b.source.pixel(x, y)
}

// average answers the average color of smoothing by smoothing subpixels. Where the
// rule is painting, transparent ones do not count, and with more than half of
// them the pixel is transparent.
func (w *warper) average(at fixed) uint32 {
	b := &w.p.b
	n := w.smoothing
	across := fixed{w.step.x / n, w.step.y / n}
	down := fixed{w.dLeft.x / n, w.dLeft.y / n}
	var sums [4]uint32
	count := uint32(0)
	for i := range n {
		for j := range n {
			p := b.pick(at.plus(down, i).plus(across, j))
			if b.rule == rulePaint && p == 0 {
				continue
			}
			count++
			switch {
			case b.source.depth < 16:
				p = w.sourceMap[p]
			case b.source.depth == 16:
				p = rgbMap(p&0x7FFF, 5, 8)
			}
			for k := range sums {
				sums[k] += p >> (8 * k) & 255
			}
		}
	}
	if count == 0 || b.rule == rulePaint && int(count) < n*n/2 {
		return 0
	}
	var v uint32
	for k, s := range sums {
		v |= s / count << (8 * k)
	}
	return w.averages.pixel(v)
}
