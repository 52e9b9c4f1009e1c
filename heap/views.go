package heap

import "unsafe"

// Views of raw objects stay valid until the next safepoint: the memory is
// outside Go's heap and the object may move in a collection.

func wordsAt(addr, n uint64) []uint64 { return unsafe.Slice((*uint64)(Pointer(addr)), n) }

// slotWords answers all slots as raw words.
func (o Oop) slotWords() []uint64 { return wordsAt(uint64(o)+Word, uint64(o.NumSlots())) }

// Bytes views the bytes of an object of bits or of compiled code, those of a
// method with header and literals. Units that are not bytes are seen as they lie in memory.
func (o Oop) Bytes() []byte {
	n := o.NumSlots() * Word
	switch f := o.Format(); {
	case f >= FmtBytes:
		n -= int(f & 7)
	case f >= FmtShorts:
		n -= int(f&3) * 2
	case f > FmtWords64:
		n -= int(f&1) * 4
	}
	return unsafe.Slice((*byte)(Pointer(uint64(o)+Word)), n)
}

// Words views all slots of an object.
func (o Oop) Words() []uint64 { return o.slotWords() }

// Words32 views the units of an object of 32-bit units, or all memory of another one.
func (o Oop) Words32() []uint32 {
	n := o.NumSlots() * 2
	if f := o.Format(); f == FmtWords32+1 {
		n--
	}
	return unsafe.Slice((*uint32)(Pointer(uint64(o)+Word)), n)
}

// Words16 views the units of an object of 16-bit units, or all memory of another one.
func (o Oop) Words16() []uint16 {
	n := o.NumSlots() * 4
	if f := o.Format(); f >= FmtShorts && f < FmtBytes {
		n -= int(f & 3)
	}
	return unsafe.Slice((*uint16)(Pointer(uint64(o)+Word)), n)
}

// StringValue copies the bytes of a byte object.
func (h *Heap) StringValue(o Oop) string {
	if !o.IsObject() || !o.Format().IsBytes() {
		return ""
	}
	return string(o.Bytes())
}
