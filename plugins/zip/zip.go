// Package zip is the ZipPlugin: the inner loops of the image's own DEFLATE
// (RFC 1951) streams, and checksums.
//
// The image keeps the state, in instance variables of its stream objects, and
// the Huffman tables; a primitive goes on from where the last call or the
// image's own code left off, and leaves behind what the image's own code would
// have. Tables and positions that make no sense make it fail before they are
// followed anywhere.
package zip

import (
	"hash/crc32"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/plugin"
)

// Module is the plugin.
var Module = plugin.Module{Name: "ZipPlugin", New: func(plugin.VM) (plugin.Instance, error) {
	return plugin.Instance{Primitives: map[string]plugin.Func{
		"primitiveInflateDecompressBlock": inflateBlock,
		"primitiveDeflateBlock":           deflateBlock,
		"primitiveDeflateUpdateHashTable": updateHashTable,
		"primitiveZipSendBlock":           sendBlock,
		"primitiveUpdateAdler32":          updateAdler32,
		"primitiveUpdateGZipCrc32":        updateCRC32,
	}}, nil
}}

// The instance variables that every stream of the image begins with.
const (
	streamCollection = 0
	streamPosition   = 1
	streamReadLimit  = 2
)

// inherited answers the number of instance variables a stream inherits from the
// image's general stream classes: that of its first superclass with fewer than limit.
func inherited(c *plugin.Call, stream heap.Oop, limit int) (int, bool) {
	class := c.Heap.ClassOf(stream)
	for range 100 { // a class has not more superclasses, or they are a circle
		if !plugin.IsPointers(class) || class == c.Heap.Nil {
			return 0, false
		}
		fixed, f := c.Heap.InstSpec(class)
		if f == heap.FmtForwarder {
			return 0, false
		}
		if fixed < limit {
			return fixed, true
		}
		class = c.Field(class, 0)
	}
	return 0, false
}

// fields reads the instance variables of one stream and remembers whether all
// were of the right kind.
type fields struct {
	c   *plugin.Call
	o   heap.Oop
	bad bool
}

// natural answers a field that must be a SmallInteger from 0 to 2^32.
func (f *fields) natural(i int) int {
	v := f.c.Field(f.o, i)
	if !v.IsInt() || v.Int() < 0 || v.Int() > 1<<32 {
		f.bad = true
		return 0
	}
	return int(v.Int())
}

// bytes answers the bytes of a field's object.
func (f *fields) bytes(i int) []byte {
	v := f.c.Field(f.o, i)
	if !plugin.IsBytes(v) {
		f.bad = true
		return nil
	}
	return plugin.RawBytes(v)
}

// words answers the 32-bit words of a field's object.
func (f *fields) words(i int) []uint32 {
	v := f.c.Field(f.o, i)
	if !plugin.IsWords32(v) {
		f.bad = true
		return nil
	}
	return plugin.Raw32(v)
}

// writable tells whether an object and the objects in some of its fields may be changed.
func writable(c *plugin.Call, o heap.Oop, fields ...int) bool {
	ok := c.Writable(o)
	for _, i := range fields {
		ok = ok && c.Writable(c.Field(o, i))
	}
	return ok
}

func setInt(o heap.Oop, i, v int) { o.SetSlotRaw(i, heap.FromInt(int64(v))) }

// checked answers the checksum so far and the bytes to add: sum, from, to, bytes.
func checked(c *plugin.Call) (sum uint32, part []byte, f plugin.Failure) {
	so, ok1 := c.Uint(0)
	from, ok2 := c.SmallInt(1)
	to, ok3 := c.SmallInt(2)
	b, ok4 := c.Bytes(3)
	if !ok1 || !ok2 || !ok3 || !ok4 || so > 1<<32-1 {
		return 0, nil, plugin.BadArgument
	}
	if from < 1 || to < from || to > len(b) {
		return 0, nil, plugin.BadIndex
	}
	return uint32(so), b[from-1 : to], plugin.OK
}

// adlerModulus is the largest prime below 2^16; adlerRun is the number of bytes
// after which the sums still fit 32 bits.
const (
	adlerModulus = 65521
	adlerRun     = 5552
)

func updateAdler32(c *plugin.Call) (heap.Oop, plugin.Failure) {
	sum, p, f := checked(c)
	if f != plugin.OK {
		return c.Fail(f)
	}
	a, b := sum&0xffff, sum>>16
	for len(p) > 0 {
		run := p[:min(len(p), adlerRun)]
		p = p[len(run):]
		for _, v := range run {
			a += uint32(v)
			b += a
		}
		a %= adlerModulus
		b %= adlerModulus
	}
	return c.ReturnUint(uint64(b<<16 | a))
}

// updateCRC32 leaves the inversion before and after to the image.
func updateCRC32(c *plugin.Call) (heap.Oop, plugin.Failure) {
	crc, p, f := checked(c)
	if f != plugin.OK {
		return c.Fail(f)
	}
	return c.ReturnUint(uint64(^crc32.Update(^crc, crc32.IEEETable, p)))
}
