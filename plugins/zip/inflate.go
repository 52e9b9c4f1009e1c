package zip

import (
	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/plugin"
)

// InflateStream, behind what it inherits:
//
//	0 state      bit 0: this is the last block; 0 between blocks
//	1 bitBuf     2 bitPos: bits read ahead, and how many
//	3 source     4 sourcePos: index of the last byte read   5 sourceLimit
//
// Decoded bytes are appended to the collection behind readLimit, as long as
// there is room; the image makes more.
const (
	inflateState = iota
	inflateBitBuf
	inflateBitPos
	inflateSource
	inflateSourcePos
	inflateSourceLimit
	inflateVars    = 8
	inflateTooMany = 13 // an InflateStream has at least as many variables, what it inherits from has fewer
)

const (
	endOfBlock     = 256
	stateLastBlock = 1
	maxCodeBits    = 16 // longest piece of a code that a table decodes at once
)

// bitReader takes bits from the source, the lowest first.
type bitReader struct {
	source []byte
	pos    int // bytes taken
	buf    uint64
	have   int
	short  bool // the source had too few
}

func (r *bitReader) bits(n int) int {
	for r.have < n {
		if r.pos >= len(r.source) {
			r.short = true
			return 0
		}
		r.buf |= uint64(r.source[r.pos]) << r.have
		r.pos++
		r.have += 8
	}
	v := int(r.buf & (1<<n - 1))
	r.buf >>= n
	r.have -= n
	return v
}

// decode reads a value by a Huffman table. Its first word has in the top byte the
// number of bits to look at first; a word with bits 24..29 leads on to another
// table (offset in the low half, bits to look at in the top byte); others are values.
func (r *bitReader) decode(table []uint32) (v uint32, ok bool) {
	n, at := table[0]>>24, 1
	for range 64 {
		if n > maxCodeBits {
			return 0, false
		}
		i := at + r.bits(int(n))
		if r.short {
			return 0, true
		}
		if i >= len(table) || i < 0 {
			return 0, false
		}
		v := table[i]
		if v&0x3F000000 == 0 {
			return v, true
		}
		n, at = v>>24, int(v&0xffff)-1
	}
	return 0, false
}

// inflater is one call's work.
type inflater struct {
	bitReader
	limit     int // index in the source up to which a symbol may begin
	out       []byte
	n         int // decoded bytes in out
	ended     bool
	starved   bool // the source ends inside a symbol
	lit, dist []uint32
}

// extraBits bounds the extra bits a code may have, so that the buffer holds them.
const extraBits = 24

// step decodes one symbol. It is false when the tables or the data are bad; where there is
// too little room or source it leaves everything as it was and more is false.
func (f *inflater) step() (more, ok bool) {
	before := f.bitReader
	undo := func() (bool, bool) {
		f.starved = f.short
		f.bitReader = before
		return false, true
	}
	v, ok := f.decode(f.lit)
	switch {
	case !ok:
		return false, false
	case f.short:
		return undo()
	case v < endOfBlock:
		f.out[f.n] = byte(v)
		f.n++
		return true, true
	case v == endOfBlock:
		f.ended = true
		return false, true
	}
	length, ok1 := f.extended(v&0xffff, int(v>>16)-1)
	v, ok2 := f.decode(f.dist)
	if !ok2 {
		return false, false
	}
	distance, ok3 := f.extended(v&0xffff, int(v>>16))
	if f.short {
		return undo()
	}
	if !ok1 || !ok3 || distance < 1 || distance > f.n {
		return false, false
	}
	// One byte stays free, as in the image's code.
	if f.n+length >= len(f.out) {
		return undo()
	}
	for range length {
		f.out[f.n] = f.out[f.n-distance]
		f.n++
	}
	return true, true
}

func (f *inflater) extended(base uint32, extra int) (int, bool) {
	if extra > extraBits {
		return 0, false
	}
	v := int(base)
	if extra > 0 {
		v += f.bits(extra)
	}
	return v, true
}

// inflateBlock: literal table, distance table.
func inflateBlock(c *plugin.Call) (heap.Oop, plugin.Failure) {
	r := c.Receiver
	lit, dist := plugin.Raw32(c.Arg(0)), plugin.Raw32(c.Arg(1))
	if len(lit) == 0 || len(dist) == 0 {
		return c.Fail(plugin.BadArgument)
	}
	if !plugin.IsPointers(r) {
		return c.Fail(plugin.BadReceiver)
	}
	base, ok := inherited(c, r, inflateTooMany)
	if !ok || r.NumSlots() < base+inflateVars {
		return c.Fail(plugin.BadReceiver)
	}
	v := fields{c: c, o: r}
	f := inflater{
		bitReader: bitReader{source: v.bytes(base + inflateSource), pos: v.natural(base + inflateSourcePos),
			buf: uint64(v.natural(base + inflateBitBuf)), have: v.natural(base + inflateBitPos)},
		limit: v.natural(base + inflateSourceLimit),
		out:   v.bytes(streamCollection),
		n:     v.natural(streamReadLimit),
		lit:   lit, dist: dist,
	}
	state := v.natural(base + inflateState)
	if v.bad || f.have > 32 || f.pos > len(f.source) || f.n > len(f.out) || f.limit > len(f.source) ||
		c.Field(r, streamCollection) == c.Field(r, base+inflateSource) {
		return c.Fail(plugin.BadReceiver)
	}
	if !writable(c, r, streamCollection) {
		return c.Fail(plugin.NoModification)
	}
	start := f.n
	for f.n < len(f.out)-1 && f.pos <= f.limit {
		more, ok := f.step()
		if !ok {
			return c.Fail(plugin.Generic)
		}
		if !more {
			break
		}
	}
	if f.starved && f.n == start {
		// Not even a symbol: let the image find the end of its source.
		return c.Fail(plugin.Generic)
	}
	if f.ended {
		state &= stateLastBlock
	}
	setInt(r, streamReadLimit, f.n)
	setInt(r, base+inflateState, state)
	setInt(r, base+inflateBitBuf, int(f.buf))
	setInt(r, base+inflateBitPos, f.have)
	setInt(r, base+inflateSourcePos, f.pos)
	return c.ReturnReceiver()
}
