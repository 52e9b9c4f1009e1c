package bitblt

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/plugin"
	"github.com/sista-vm/sista/plugin/plugintest"
)

const module = "BitBltPlugin"

var depths = []int{1, 2, 4, 8, 16, 32, -1, -2, -4, -8, -16, -32}

// testForm makes a Form of random pixels.
func testForm(v *plugintest.VM, r *rand.Rand, width, height, depth int) heap.Oop {
	words := make([]uint32, (width*abs(depth)+31)/32*height)
	for i := range words {
		words[i] = r.Uint32()
		switch r.IntN(4) {
		case 0:
			words[i] = 0
		case 1:
			words[i] |= 0xFF000000
		}
	}
	return v.Oop(plugintest.Object{words, width, height, depth})
}

// bitblt makes a BitBlt: dest, source, halftone, rule, dest x y w h, source x y, clip x y w h, map, more.
func bitblt(v *plugintest.VM, fields ...any) heap.Oop { return v.Oop(plugintest.Object(fields)) }

// reference is a slow, plain copyBits: one pixel at a time, one component at a time.
type reference struct {
	rule           int
	dest, source   form
	noSource       bool
	halftone       []uint32
	mapped         func(uint32) uint32
	alpha          uint32
	x, y, w, h     int
	sx, sy         int
	cx, cy, cw, ch int
	sum            int
}

func snapshot(f form) form {
	f.words = slices.Clone(f.words)
	return f
}

func (r *reference) run() {
	source, before := r.source, snapshot(r.dest)
	for i := range r.h {
		for j := range r.w {
			x, y, sx, sy := r.x+j, r.y+i, r.sx+j, r.sy+i
			if x < 0 || y < 0 || x >= r.dest.width || y >= r.dest.height || x < r.cx || y < r.cy || x >= r.cx+r.cw || y >= r.cy+r.ch {
				continue
			}
			s := ^uint32(0)
			if !r.noSource {
				if sx < 0 || sy < 0 || sx >= source.width || sy >= source.height {
					continue
				}
				s = r.mapped(source.pixel(sx, sy))
			}
			s &= r.dest.mask()
			if r.halftone != nil {
				s &= r.halftone[y%len(r.halftone)] >> r.dest.shift(x)
			}
			r.dest.setPixel(x, y, r.combine(s, before.pixel(x, y), before, x, y))
		}
	}
}

// combine answers a pixel by the definition of the rule.
func (r *reference) combine(s, d uint32, before form, x, y int) uint32 {
	depth := r.dest.depth
	each := func(f func(s, d, top int) int) uint32 {
		bits, n := depth, 1
		if depth == 16 {
			bits, n = 5, 3
		} else if depth == 32 {
			bits, n = 8, 4
		}
		var v uint32
		for i := range n {
			top := 1<<bits - 1
			c := f(int(s>>(i*bits))&top, int(d>>(i*bits))&top, top)
			v |= uint32(c) << (i * bits)
		}
		return v
	}
	by255 := func(x int) int {
		x += 255
		return (x + (x-1)>>8) >> 8
	}
	a := int(s >> 24)
	switch r.rule {
	case 15:
		return d
	case 18:
		return s + d
	case 19:
		return s - d
	case 20:
		return each(func(s, d, top int) int { return min(s+d, top) })
	case 21:
		return each(func(s, d, _ int) int { return abs(s - d) })
	case 24:
		if a == 0 {
			return d
		} else if a == 255 {
			return s
		}
		v := each(func(s, d, _ int) int { return by255(s*a + d*(255-a)) })
		return v&0xFFFFFF | uint32(by255(255*a+int(d>>24)*(255-a)))<<24
	case 25:
		if s == 0 {
			return d
		}
		return s
	case 26:
		if s == 0 {
			return d
		}
		return 0
	case 27:
		return each(func(s, d, _ int) int { return max(s, d) })
	case 28:
		return each(func(s, d, _ int) int { return min(s, d) })
	case 29:
		return each(func(s, d, top int) int { return min(top-s, d) })
	case 30, 31:
		if depth < 16 || r.rule == 31 && s == 0 {
			return d
		}
		k := int(r.alpha)
		if depth == 16 {
			return each(func(s, d, top int) int { return (s*k + d*(255-k) + 254) / 255 })
		}
		return each(func(s, d, _ int) int { return by255(s*k + d*(255-k)) })
	case 32:
		if depth < 16 {
			if s != d {
				r.sum++
			}
			return d
		}
		each(func(s, d, _ int) int {
			r.sum += abs(s - d)
			return 0
		})
		if depth == 32 {
			r.sum -= abs(int(s>>24) - int(d>>24)) // alpha does not count
		}
		return d
	case 33, 22, 23:
		return d
	case 34, 35, 36:
		if r.rule == 34 && !r.noSource && r.source.depth == 32 && r.source.bits != r.dest.bits {
			// The fast way leaves out transparent pixels and the halftone.
			if a == 0 {
				return d
			}
		}
		return each(func(s, d, _ int) int { return min(d*(255-a)>>8+s, 255) })
	case 37:
		return each(func(s, d, top int) int { return ((s+1)*(d+1) - 1) / (top + 1) })
	case 38:
		// The mirrored place in the same word.
		n := 32 / depth
		mirrored := x/n*n + n - 1 - x%n
		wide := before
		wide.width = before.pitch * n
		return wide.pixel(mirrored, y)
	case 39:
		if s == d {
			return 0
		}
		return d
	case 40:
		if depth == 32 && d != 0 && d>>24 == 0 {
			return d | s&0xFF000000
		}
		return d
	}
	// Boolean rules: the number is the truth table.
	var v uint32
	for i := range depth {
		row := 3 - (s>>i&1*2 + d>>i&1)
		v |= uint32(r.rule) >> row & 1 << i
	}
	return v
}

// blitCase is a random transfer.
type blitCase struct {
	v    *plugintest.VM
	r    *rand.Rand
	ref  reference
	blt  heap.Oop
	dest heap.Oop
	args []any
}

func newCase(v *plugintest.VM, r *rand.Rand, rule int) *blitCase {
	c := &blitCase{v: v, r: r}
	ref := &c.ref
	ref.rule = rule
	depth := depths[r.IntN(len(depths))]
	if rule == 24 || rule >= 34 && rule <= 36 || rule == 18 || rule == 19 {
		depth = []int{32, -32}[r.IntN(2)]
	}
	dest := testForm(v, r, 1+r.IntN(70), 1+r.IntN(12), depth)
	c.dest = dest
	sourceDepth := depths[r.IntN(len(depths))]
	source, kind := dest, r.IntN(5)
	if rule == 38 {
		kind = 0 // with pixels that are converted it sees only those in the rectangle
	}
	switch kind {
	case 0:
		source = v.Heap().Nil
	case 1: // overlapping
	case 2:
		source = testForm(v, r, 1+r.IntN(70), 1+r.IntN(12), depth)
	default:
		source = testForm(v, r, 1+r.IntN(70), 1+r.IntN(12), sourceDepth)
	}
	var colors any
	ref.mapped = func(p uint32) uint32 { return p }
	if source != v.Heap().Nil {
		ref.source, _ = loadForm(&v.Call, source)
		ref.source = snapshot(ref.source)
		if kind > 1 && r.IntN(2) == 0 && !(rule == 34 && ref.source.depth == 32) {
			colors = c.colorMap()
		} else if abs(depth) >= 16 && ref.source.depth >= 16 && abs(depth) != ref.source.depth {
			from, to := 5, 8
			if ref.source.depth == 32 {
				from, to = 8, 5
			}
			ref.mapped = func(p uint32) uint32 { return convertColors(p, from, to) }
		}
	}
	ref.dest, _ = loadForm(&v.Call, dest)
	ref.dest = snapshot(ref.dest)
	ref.noSource = source == v.Heap().Nil || rule == 0 || rule == 5 || rule == 10 || rule == 15
	var halftone any
	if r.IntN(3) == 0 && !(rule == 34) && rule != 0 && rule != 5 && rule != 10 && rule != 15 {
		ref.halftone = []uint32{r.Uint32(), r.Uint32(), r.Uint32()}[:1+r.IntN(3)]
		halftone = ref.halftone
	}
	near := func(n int) int { return r.IntN(n+10) - 5 }
	ref.x, ref.y, ref.w, ref.h = near(60), near(10), near(60), near(10)
	ref.sx, ref.sy = near(60), near(10)
	ref.cx, ref.cy, ref.cw, ref.ch = near(20)-5, near(5)-3, near(80), near(14)
	if ref.noSource {
		ref.sx, ref.sy = 0, 0
	}
	if ref.cx < 0 {
		ref.cw += ref.cx
		ref.cx = 0
	}
	if rule == 30 || rule == 31 {
		ref.alpha = r.Uint32N(256)
		c.args = []any{int(ref.alpha)}
	}
	c.blt = bitblt(v, dest, source, halftone, rule, ref.x, ref.y, ref.w, ref.h, ref.sx, ref.sy, ref.cx, ref.cy, ref.cw, ref.ch, colors)
	return c
}

// colorMap makes a random map for the case.
func (c *blitCase) colorMap() any {
	depth := c.ref.source.depth
	size := 1 << depth
	bits := 0
	if depth >= 16 {
		bits = 3 + c.r.IntN(3)
		size = 1 << (3 * bits)
	}
	table := make([]uint32, size)
	for i := range table {
		table[i] = c.r.Uint32()
	}
	if c.r.IntN(3) == 0 {
		// A ColorMap with shifts and masks and no table.
		shifts := []uint32{uint32(c.r.IntN(9)), ^uint32(c.r.IntN(9)), 0, 3}
		masks := []uint32{0xF, 0x3FF0, 0x8000, c.r.Uint32()}
		c.ref.mapped = func(p uint32) uint32 {
			v := p&masks[0]<<shifts[0] | p&masks[1]>>-int32(shifts[1]) | p&masks[2] | p&masks[3]<<3
			if v == 0 && p != 0 {
				v = 1
			}
			return v
		}
		return plugintest.Object{shifts, masks, nil}
	}
	c.ref.mapped = func(p uint32) uint32 {
		if depth == 16 {
			p = convertColors(p, 5, bits)
		} else if depth == 32 {
			p = convertColors(p, 8, bits)
		}
		return table[p&uint32(size-1)]
	}
	return table
}

// convertColors changes the bits of each of three colors.
func convertColors(p uint32, from, to int) uint32 {
	if from == to {
		return p
	}
	var v uint32
	for i := range 3 {
		color := p >> (i * from) & (1<<from - 1)
		if to > from {
			color <<= to - from
		} else {
			color >>= from - to
		}
		v |= color << (i * to)
	}
	if v == 0 && p != 0 {
		v = 1
	}
	return v
}

func (c *blitCase) run(t *testing.T) {
	t.Helper()
	o, f := c.v.Try(module, "primitiveCopyBits", c.blt, c.args...)
	if f != plugin.OK {
		t.Fatalf("%s fails: %v", c, f)
	}
	c.ref.run()
	got, _ := loadForm(&c.v.Call, c.dest)
	for y := range got.height {
		for x := range got.width {
			if g, w := got.pixel(x, y), c.ref.dest.pixel(x, y); g != w {
				t.Fatalf("%s: pixel %d@%d is %#x, want %#x", c, x, y, g, w)
			}
		}
	}
	if c.ref.rule == ruleRGBDiff {
		if o.Int() != int64(c.ref.sum) {
			t.Fatalf("%s: the difference is %d, want %d", c, o.Int(), c.ref.sum)
		}
	}
}

func (c *blitCase) String() string {
	r := &c.ref
	return fmt.Sprintf("rule %d, dest %d bits (msb %v) %dx%d, source %d bits (msb %v, same %v, none %v) %dx%d, halftone %x, to %d@%d size %dx%d from %d@%d clip %d@%d %dx%d",
		r.rule, r.dest.depth, r.dest.msb, r.dest.width, r.dest.height, r.source.depth, r.source.msb, r.source.bits == r.dest.bits, r.noSource,
		r.source.width, r.source.height, r.halftone, r.x, r.y, r.w, r.h, r.sx, r.sy, r.cx, r.cy, r.cw, r.ch)
}

func TestRulesAgainstReference(t *testing.T) {
	for rule := range rules {
		if rules[rule] == nil || rule == ruleComponentAlpha || rule == ruleOldTally || rule == ruleOldRGBDiff || rule == ruleTally {
			continue // tested below
		}
		t.Run(fmt.Sprint(rule), func(t *testing.T) {
			r := rand.New(rand.NewPCG(uint64(rule), 77))
			for n := range 400 {
				if n%100 == 0 {
					v := plugintest.New(t, Module)
					for range 100 {
						newCase(v, r, rule).run(t)
					}
				}
			}
		})
	}
}

// TestOverlap moves pixels inside a form in every direction.
func TestOverlap(t *testing.T) {
	v := plugintest.New(t, Module)
	r := rand.New(rand.NewPCG(15, 16))
	for _, depth := range depths {
		for _, d := range [][2]int{{1, 0}, {-1, 0}, {0, 1}, {0, -1}, {7, 3}, {-7, -3}, {33, -1}, {-40, 2}, {0, 0}} {
			f := testForm(v, r, 100, 20, depth)
			c := &blitCase{v: v, dest: f, blt: bitblt(v, f, f, nil, 3, 20+d[0], 5+d[1], 60, 10, 20, 5, 0, 0, 100, 20, nil)}
			c.ref = reference{rule: 3, x: 20 + d[0], y: 5 + d[1], w: 60, h: 10, sx: 20, sy: 5, cw: 100, ch: 20, mapped: func(p uint32) uint32 { return p }}
			c.ref.source, _ = loadForm(&v.Call, f)
			c.ref.source = snapshot(c.ref.source)
			c.ref.dest = snapshot(c.ref.source)
			c.run(t)
		}
	}
}

func TestTally(t *testing.T) {
	v := plugintest.New(t, Module)
	r := rand.New(rand.NewPCG(17, 18))
	for _, depth := range []int{1, 4, 8, 16, 32} {
		size := 1 << min(depth, 15)
		f := testForm(v, r, 40, 5, depth)
		table := v.Oop(make([]uint32, size))
		v.Do(module, "primitiveCopyBits", bitblt(v, f, f, nil, 33, 3, 1, 30, 3, 3, 1, 0, 0, 40, 5, table))
		want := make([]uint32, size)
		form, _ := loadForm(&v.Call, f)
		for y := 1; y < 4; y++ {
			for x := 3; x < 33; x++ {
				p := form.pixel(x, y)
				switch depth {
				case 16:
					p &= 0x7FFF
				case 32:
					p = p>>9&0x7C00 | p>>6&0x3E0 | p>>3&31
					if p == 0 && form.pixel(x, y) != 0 {
						p = 1
					}
				}
				want[p]++
			}
		}
		if got := plugin.Raw32(table); !slices.Equal(got, want) {
			t.Errorf("depth %d: wrong counts", depth)
		}
		v.Heap().SetImmutable(table, true)
		v.Fails(plugin.NoModification, module, "primitiveCopyBits", bitblt(v, f, f, nil, 33, 3, 1, 30, 3, 3, 1, 0, 0, 40, 5, table))
	}
}

// TestOldCounts checks the rules that count whole words: without cut words they are the new ones.
func TestOldCounts(t *testing.T) {
	v := plugintest.New(t, Module)
	r := rand.New(rand.NewPCG(27, 28))
	for _, depth := range []int{1, 8, 16, 32} {
		a, b := testForm(v, r, 64, 5, depth), testForm(v, r, 64, 5, depth)
		count := func(rule int) any {
			return v.Do(module, "primitiveCopyBits", bitblt(v, a, b, nil, rule, 0, 0, 64, 5, 0, 0, 0, 0, 64, 5, nil))
		}
		if old, now := count(22), count(32); old != now {
			t.Errorf("depth %d: rule 22 counts %v, rule 32 %v", depth, old, now)
		}
		tally := func(rule int) []uint32 {
			table := v.Oop(make([]uint32, 1<<min(depth, 12)))
			v.Do(module, "primitiveCopyBits", bitblt(v, a, a, nil, rule, 0, 0, 64, 5, 0, 0, 0, 0, 64, 5, table))
			return v.Go(table).([]uint32)
		}
		if !slices.Equal(tally(23), tally(33)) {
			t.Errorf("depth %d: rules 23 and 33 count differently", depth)
		}
	}
}

func TestComponentAlpha(t *testing.T) {
	v := plugintest.New(t, Module)
	source := v.Oop(plugintest.Object{[]uint32{0, 0xFFFFFFFF, 0x80808080, 0x00FF0000}, 4, 1, 32})
	dest := v.Oop(plugintest.Object{[]uint32{0xFF102030, 0xFF102030, 0xFF102030, 0xFF102030}, 4, 1, 32})
	blt := bitblt(v, dest, source, nil, 41, 0, 0, 4, 1, 0, 0, 0, 0, 4, 1, nil)
	v.Do(module, "primitiveCopyBits", blt, 0x00C08040)
	want := []uint32{0xFF102030, 0xFFBF7F3F, 0xFE674737, 0xFEBF1F2F}
	// (d*(255-a) >> 8) + (s*a >> 8) component by component, alpha as well
	for i, w := range []uint32{0, 0xFFFFFFFF, 0x80808080, 0x00FF0000} {
		if w == 0 {
			continue
		}
		var v uint32
		for k := 0; k < 32; k += 8 {
			a, d, s := w>>k&255, uint32(0xFF102030)>>k&255, uint32(0x00C08040)>>k&255
			x := d*(255-a)>>8 + s*a>>8
			if k == 24 {
				x = min(d*(255-a)>>8+a, 255)
			}
			v |= x << k
		}
		want[i] = v
	}
	if got := v.Go(dest.Slot(0)).([]uint32); !slices.Equal(got, want) {
		t.Errorf("painted %x, want %x", got, want)
	}
	gamma := make([]byte, 256)
	v.Do(module, "primitiveCopyBits", blt, 0x00C08040, 255, gamma, gamma)
	if got := v.Go(dest.Slot(0)).([]uint32); got[1]&0xFFFFFF != 0 {
		t.Errorf("painted %x through a black table", got)
	}
	v.Fails(plugin.BadNumArgs, module, "primitiveCopyBits", blt)
	v.Fails(plugin.BadArgument, module, "primitiveCopyBits", blt, 1, 255, make([]byte, 255), gamma)
}

// TestDither checks the blending of 32-bit sources into forms of fewer bits: gray stays gray on average.
func TestDither(t *testing.T) {
	v := plugintest.New(t, Module)
	pixels := make([]uint32, 16*16)
	for i := range pixels {
		pixels[i] = 0xFF646464
	}
	source := v.Oop(plugintest.Object{pixels, 16, 16, 32})
	dest := v.Oop(plugintest.Object{make([]uint32, 16*8), 16, 16, 16})
	v.Do(module, "primitiveCopyBits", bitblt(v, dest, source, nil, 34, 0, 0, 16, 16, 0, 0, 0, 0, 16, 16, nil))
	f, _ := loadForm(&v.Call, dest)
	sum := 0
	for y := range 16 {
		for x := range 16 {
			p := f.pixel(x, y)
			if p&31 != p>>5&31 || p&31 != p>>10&31 {
				t.Fatalf("pixel %d@%d is %#x", x, y, p)
			}
			sum += int(p & 31)
		}
	}
	if mean := float64(sum) / 256; mean < 11 || mean > 12.5 { // 0x64 of 255 is 12.2 of 31
		t.Errorf("the mean is %v", mean)
	}
	if palette[16] != 0xFF080808 || palette[39] != 0xFFF7F7F7 || palette[15] != 0xFFDFDFDF || palette[255] != 0xFFFFFFFF || palette[46] != 0xFF000033 {
		t.Errorf("the palette has %x %x %x %x %x", palette[16], palette[39], palette[15], palette[255], palette[46])
	}
	dest8 := v.Oop(plugintest.Object{make([]uint32, 16*4), 16, 16, 8})
	table := make([]uint32, 512)
	for i := range table {
		table[i] = uint32(i&7) + 1
	}
	v.Do(module, "primitiveCopyBits", bitblt(v, dest8, source, nil, 34, 0, 0, 16, 16, 0, 0, 0, 0, 16, 16, table))
	f, _ = loadForm(&v.Call, dest8)
	for y := range 16 {
		for x := range 16 {
			if p := f.pixel(x, y); p != 0x64>>5+1 && p != 0x7F>>5+1 {
				t.Fatalf("pixel %d@%d is %d", x, y, p)
			}
		}
	}
}

func TestPixels(t *testing.T) {
	v := plugintest.New(t, Module)
	r := rand.New(rand.NewPCG(19, 20))
	for _, depth := range depths {
		o := testForm(v, r, 37, 5, depth)
		f, _ := loadForm(&v.Call, o)
		for range 50 {
			x, y := r.IntN(45)-4, r.IntN(9)-2
			value := int(r.Uint32() & f.mask())
			if got := v.Do(module, "primitivePixelValueAtPut", o, x, y, value); got != value {
				t.Fatalf("answers %v", got)
			}
			if x < 0 || y < 0 || x >= 37 || y >= 5 {
				value = 0
			}
			if got := v.Do(module, "primitivePixelValueAt", o, x, y); got != value {
				t.Fatalf("depth %d: pixel %d@%d is %v, want %d", depth, x, y, got, value)
			}
		}
	}
	one := v.Oop(plugintest.Object{[]uint32{0x80000001}, 32, 1, 1})
	if v.Do(module, "primitivePixelValueAt", one, 0, 0) != 1 || v.Do(module, "primitivePixelValueAt", one, 1, 0) != 0 {
		t.Error("the first pixel is not in the high bit")
	}
	for _, bad := range []plugintest.Object{
		{[]uint32{1}, 33, 1, 1}, {[]uint32{1}, 32, 1, 3}, {[]uint32{1}, 32, -1, 1}, {[]any{1}, 1, 1, 1}, {nil, 1, 1, 1}, {[]uint32{1}, 1, 1},
		{[]uint32{1}, 1 << 40, 1 << 40, 32},
	} {
		v.Fails(plugin.BadReceiver, module, "primitivePixelValueAt", bad, 0, 0)
	}
	v.Fails(plugin.Unsupported, module, "primitivePixelValueAt", plugintest.Object{5, 1, 1, 1}, 0, 0)
}

func TestDrawLoop(t *testing.T) {
	v := plugintest.New(t, Module)
	for _, c := range []struct {
		dx, dy int
		want   [][2]int
	}{
		{4, 0, [][2]int{{11, 10}, {12, 10}, {13, 10}}},
		{-3, 0, [][2]int{{9, 10}, {8, 10}}},
		{0, 3, [][2]int{{10, 11}, {10, 12}}},
		{4, 2, [][2]int{{11, 10}, {12, 11}, {13, 11}}},
		{-2, -4, [][2]int{{10, 9}, {9, 8}, {9, 7}}},
		{0, 0, nil},
	} {
		f := v.Oop(plugintest.Object{make([]uint32, 30), 30, 30, 1})
		blt := bitblt(v, f, nil, nil, 3, 10, 10, 1, 1, 0, 0, 0, 0, 30, 30, nil)
		v.Do(module, "primitiveDrawLoop", blt, c.dx, c.dy)
		form, _ := loadForm(&v.Call, f)
		var got [][2]int
		for y := range 30 {
			for x := range 30 {
				if form.pixel(x, y) == 1 {
					got = append(got, [2]int{x, y})
				}
			}
		}
		slices.SortFunc(c.want, func(a, b [2]int) int { return (a[1]-b[1])*100 + a[0] - b[0] })
		if !slices.Equal(got, c.want) {
			t.Errorf("line %d@%d draws %v, want %v", c.dx, c.dy, got, c.want)
		}
		if x, y := blt.Slot(bbDestX).Int(), blt.Slot(bbDestY).Int(); x != int64(10+c.dx) || y != int64(10+c.dy) {
			t.Errorf("line %d@%d ends at %d@%d", c.dx, c.dy, x, y)
		}
	}
	f := v.Oop(plugintest.Object{make([]uint32, 30), 30, 30, 1})
	v.Fails(plugin.LimitExceeded, module, "primitiveDrawLoop", bitblt(v, f, nil, nil, 3, 0, 0, 1, 1, 0, 0, 0, 0, 30, 30, nil), 1<<30, 0)
}

func TestDisplayString(t *testing.T) {
	v := plugintest.New(t, Module)
	// Glyphs 0: two pixels wide "11", 1: three wide "101".
	font := v.Oop(plugintest.Object{[]uint32{0b11101 << 27}, 5, 1, 1})
	glyphs := make([]any, 256)
	for i := range glyphs {
		glyphs[i] = 0
	}
	glyphs['b'] = 1
	dest := v.Oop(plugintest.Object{[]uint32{0}, 32, 1, 1})
	blt := bitblt(v, dest, font, nil, 7, 1, 0, 0, 1, 0, 0, 0, 0, 32, 1, nil)
	v.Do(module, "primitiveDisplayString", blt, "xabax", 2, 4, glyphs, []any{0, 2, 5}, 1)
	if got, want := v.Go(dest.Slot(0)).([]uint32)[0], uint32(0b0_11_0_101_0_11_0<<21); got != want {
		t.Errorf("drew %032b, want %032b", got, want)
	}
	if x := blt.Slot(bbDestX).Int(); x != 11 {
		t.Errorf("the next glyph would go to %d", x)
	}
	v.Fails(plugin.BadArgument, module, "primitiveDisplayString", blt, "xabax", 2, 4, glyphs, []any{0, 2}, 1)
	v.Fails(plugin.BadIndex, module, "primitiveDisplayString", blt, "xabax", 2, 6, glyphs, []any{0, 2, 5}, 1)
}

func TestWarp(t *testing.T) {
	v := plugintest.New(t, Module)
	r := rand.New(rand.NewPCG(21, 22))
	const one = 1 << fixedPoint
	for _, depth := range depths {
		source := testForm(v, r, 20, 20, depth)
		dest := testForm(v, r, 30, 30, depth)
		// The whole source, upright: p1 top left, p2 bottom left, p3 bottom right, p4 top right.
		w := v.Oop(plugintest.Object{dest, source, nil, 3, 2, 3, 20, 20, 0, 0, 0, 0, 30, 30, nil,
			0, 0, 0, 0, 19 * one, 0, 19 * one, 19 * one, 0, 19 * one, 0, 0})
		v.Do(module, "primitiveWarpBits", w, 1, nil)
		f, _ := loadForm(&v.Call, source)
		g, _ := loadForm(&v.Call, dest)
		for y := range 20 {
			for x := range 20 {
				if g.pixel(2+x, 3+y) != f.pixel(x, y) {
					t.Fatalf("depth %d: pixel %d@%d is %#x, want %#x", depth, x, y, g.pixel(2+x, 3+y), f.pixel(x, y))
				}
			}
		}
	}
	// Half the size, averaged.
	pixels := make([]uint32, 64)
	for i := range pixels {
		pixels[i] = 0xFF000000 | uint32(i%2)*0x00646464
	}
	source := v.Oop(plugintest.Object{pixels, 8, 8, 32})
	dest := v.Oop(plugintest.Object{make([]uint32, 16), 4, 4, 32})
	w := v.Oop(plugintest.Object{dest, source, nil, 3, 0, 0, 4, 4, 0, 0, 0, 0, 4, 4, nil,
		0, 0, 0, 0, 7 * one, 0, 7 * one, 7 * one, 0, 7 * one, 0, 0})
	v.Do(module, "primitiveWarpBits", w, 2, nil)
	if got := v.Go(dest.Slot(0)).([]uint32)[5]; got != 0xFF323232 {
		t.Errorf("the average is %#x", got)
	}
	v.Fails(plugin.BadArgument, module, "primitiveWarpBits", w, 0, nil)
	v.Fails(plugin.BadArgument, module, "primitiveWarpBits", w, 1000, nil)
}

func TestFailures(t *testing.T) {
	v := plugintest.New(t, Module)
	tooHigh := plugintest.Object{make([]uint32, 10), 10, 10, 32}
	small := plugintest.Object{make([]uint32, 10), 10, 1, 32}
	blt := func(rule any, dest any) heap.Oop {
		return bitblt(v, dest, small, nil, rule, 0, 0, 5, 1, 0, 0, 0, 0, 10, 10, nil)
	}
	for _, rule := range []any{-1, 16, 17, 42, nil, "x", 1.5, 1 << 40} {
		v.Fails(plugin.BadReceiver, module, "primitiveCopyBits", blt(rule, small))
	}
	v.Fails(plugin.BadReceiver, module, "primitiveCopyBits", blt(3, tooHigh))
	v.Fails(plugin.BadReceiver, module, "primitiveCopyBits", blt(3, nil))
	v.Fails(plugin.BadReceiver, module, "primitiveCopyBits", "no BitBlt")
	v.Fails(plugin.BadNumArgs, module, "primitiveCopyBits", blt(30, small))
	v.Fails(plugin.BadArgument, module, "primitiveCopyBits", blt(30, small), 256)
	dest := v.Oop(small)
	v.Heap().SetImmutable(dest.Slot(0), true)
	v.Fails(plugin.NoModification, module, "primitiveCopyBits", blt(3, dest))
	// Floats are cut.
	dest = v.Oop(plugintest.Object{make([]uint32, 10), 10, 1, 32})
	v.Do(module, "primitiveCopyBits", bitblt(v, dest, nil, nil, 3, 1.9, 0, 2.5, 1, nil, nil, nil, nil, nil, nil, nil))
	if got := v.Go(dest.Slot(0)).([]uint32); got[0] != 0 || got[1] != 0xFFFFFFFF || got[2] != 0xFFFFFFFF || got[3] != 0 {
		t.Errorf("drew %x", got)
	}
}

func TestFuzzArguments(t *testing.T) {
	plugintest.Fuzz(t, Module, 1500, func(v *plugintest.VM) []heap.Oop {
		r := rand.New(rand.NewPCG(23, 24))
		f8, f32 := testForm(v, r, 20, 10, 8), testForm(v, r, 15, 10, -32)
		extra := []heap.Oop{f8, f32}
		wild := []any{0, 1, 5, -3, 100, 1 << 50, heap.MinSmallInt, heap.MaxSmallInt, nil, 1e9, -2.5, "x"}
		pick := func() any { return wild[r.IntN(len(wild))] }
		for _, rule := range []int{3, 18, 25, 30, 33, 34, 41} {
			o := plugintest.Object{f8, f32, []uint32{1, 2}, rule, pick(), pick(), pick(), pick(), pick(), pick(), pick(), pick(), pick(), pick(), make([]uint32, 512)}
			for range 12 {
				o = append(o, pick())
			}
			p := plugintest.Object{f32, f8, nil, rule, 1, 2, 10, 5, 3, 1, 0, 0, 20, 10, nil, 0, 0, 0, 0, 100000, 0, 100000, 100000, 0, 100000, 0, 0}
			extra = append(extra, v.Oop(o), v.Oop(p))
		}
		glyphs := make([]any, 256)
		for i := range glyphs {
			glyphs[i] = i % 4
		}
		return append(extra, v.Oop(glyphs), v.Oop([]any{0, 3, 5, 9, 11}))
	})
}

func BenchmarkCopy32(b *testing.B) { benchmark(b, 32, 32, 3) }
func BenchmarkCopy1(b *testing.B)  { benchmark(b, 1, 1, 3) }
func BenchmarkText(b *testing.B)   { benchmark(b, 32, 1, 25) }
func BenchmarkBlend(b *testing.B)  { benchmark(b, 32, 32, 34) }

// benchmark copies 500 by 500 pixels.
func benchmark(b *testing.B, destDepth, sourceDepth, rule int) {
	v := plugintest.New(b, Module)
	r := rand.New(rand.NewPCG(25, 26))
	dest, source := testForm(v, r, 512, 512, destDepth), testForm(v, r, 512, 512, sourceDepth)
	var colors any
	if destDepth != sourceDepth {
		colors = []uint32{0, 0xFF000000}
	}
	blt := bitblt(v, dest, source, nil, rule, 3, 2, 500, 500, 5, 4, 0, 0, 512, 512, colors)
	for b.Loop() {
		v.Do(module, "primitiveCopyBits", blt)
	}
	b.ReportMetric(float64(b.N)*500*500/b.Elapsed().Seconds()/1e6, "Mpixel/s")
}
