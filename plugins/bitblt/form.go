package bitblt

import (
	"unsafe"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/plugin"
)

// Form:
//
//	0 bits  1 width  2 height  3 depth
const (
	formBits = iota
	formWidth
	formHeight
	formDepth
	formVars
)

// form is a rectangle of pixels in rows of whole 32-bit words.
type form struct {
	bits          heap.Oop
	words         []uint32
	width, height int
	depth         int  // bits of a pixel
	msb           bool // the first pixel of a word is in its high bits
	pitch         int  // words of a row
}

// maxSide bounds width and height so that products fit.
const maxSide = 1 << 28

// loadForm reads a Form.
func loadForm(c *plugin.Call, o heap.Oop) (f form, fail plugin.Failure) {
	if !plugin.IsPointers(o) || o.NumSlots() < formVars {
		return f, plugin.BadReceiver
	}
	width, ok1 := number(c, c.Field(o, formWidth), 0)
	height, ok2 := number(c, c.Field(o, formHeight), 0)
	depth, ok3 := index(c.Field(o, formDepth))
	if !ok1 || !ok2 || !ok3 || width < 0 || height < 0 || width > maxSide || height > maxSide {
		return f, plugin.BadReceiver
	}
	f = form{bits: c.Field(o, formBits), width: width, height: height, depth: abs(depth), msb: depth > 0}
	switch f.depth {
	case 1, 2, 4, 8, 16, 32:
	default:
		return f, plugin.BadReceiver
	}
	if f.bits.IsInt() {
		c.Reason = "BitBltPlugin: there are no surfaces outside the image"
		return f, plugin.Unsupported
	}
	if !plugin.IsBits(f.bits) {
		return f, plugin.BadReceiver
	}
	f.pitch = (width*f.depth + 31) / 32
	raw := plugin.RawBytes(f.bits)
	if len(raw)/4 < f.pitch*height {
		return f, plugin.BadReceiver
	}
	if len(raw) >= 4 {
		f.words = unsafe.Slice((*uint32)(unsafe.Pointer(&raw[0])), len(raw)/4)
	}
	return f, plugin.OK
}

// row answers the words of a row.
func (f *form) row(y int) []uint32 { return f.words[y*f.pitch : (y+1)*f.pitch] }

// shift answers by how much a pixel is shifted up in its word.
func (f *form) shift(x int) int {
	at := x * f.depth & 31
	if f.msb {
		return 32 - f.depth - at
	}
	return at
}

// mask answers the bits of a pixel.
func (f *form) mask() uint32 { return uint32(1<<f.depth - 1) }

// pixel answers the pixel at a position inside.
func (f *form) pixel(x, y int) uint32 {
	return f.words[y*f.pitch+x*f.depth>>5] >> f.shift(x) & f.mask()
}

// setPixel sets the pixel at a position inside.
func (f *form) setPixel(x, y int, v uint32) {
	w := &f.words[y*f.pitch+x*f.depth>>5]
	s := f.shift(x)
	*w = *w&^(f.mask()<<s) | v&f.mask()<<s
}

// from answers the bits of a word from a place on, counted in bits in the order of
// the pixels.
func (f *form) from(bit int) uint32 {
	if f.msb {
		return ^uint32(0) >> bit
	}
	return ^uint32(0) << bit
}

// pixelValueAt: x, y. It answers 0 outside.
func pixelValueAt(c *plugin.Call) (heap.Oop, plugin.Failure) {
	f, x, y, inside, fail := pixelAt(c)
	if fail != plugin.OK {
		return c.Fail(fail)
	}
	if !inside {
		return c.ReturnInt(0)
	}
	return c.ReturnInt(int64(f.pixel(x, y)))
}

// pixelValueAtPut: x, y, value. Outside it does nothing. It answers the value.
func pixelValueAtPut(c *plugin.Call) (heap.Oop, plugin.Failure) {
	f, x, y, inside, fail := pixelAt(c)
	if fail != plugin.OK {
		return c.Fail(fail)
	}
	v, ok := c.Uint(2)
	if !ok || v > 1<<32-1 {
		return c.Fail(plugin.BadArgument)
	}
	if inside {
		if !c.Writable(f.bits) {
			return c.Fail(plugin.NoModification)
		}
		f.setPixel(x, y, uint32(v))
	}
	return c.Arg(2), plugin.OK
}

func pixelAt(c *plugin.Call) (f form, x, y int, inside bool, fail plugin.Failure) {
	x, ok1 := c.SmallInt(0)
	y, ok2 := c.SmallInt(1)
	if !ok1 || !ok2 {
		return f, 0, 0, false, plugin.BadArgument
	}
	f, fail = loadForm(c, c.Receiver)
	return f, x, y, x >= 0 && y >= 0 && x < f.width && y < f.height, fail
}
