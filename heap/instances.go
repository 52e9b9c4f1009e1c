package heap

import (
	"math"
	"math/big"
	"slices"
)

// AllocError is why an instance could not be made.
type AllocError int

// Reasons of AllocError.
const (
	OK       AllocError = iota
	BadClass            // instances cannot be made this way
	NoMemory
	BadSize
)

func (e AllocError) Error() string {
	return [...]string{"no error", "class cannot be instantiated this way", "out of memory", "bad size"}[e]
}

// NewFixed is `new`: an instance of a class without indexable fields.
func (h *Heap) NewFixed(class Oop) (Oop, AllocError) {
	fixed, f := h.InstSpec(class)
	if f != FmtEmpty && f != FmtFixed && f != FmtEphemeron {
		return Invalid, BadClass
	}
	return h.instantiate(class, f, fixed)
}

// NewIndexed is `new:`: an instance with n indexable units.
func (h *Heap) NewIndexed(class Oop, n int) (Oop, AllocError) {
	if n < 0 || n > MaxSlots {
		return Invalid, BadSize
	}
	fixed, f := h.InstSpec(class)
	slots := 0
	switch f {
	case FmtArray, FmtVariable, FmtWeak:
		slots = fixed + n
	case FmtWords64:
		slots = n
	case FmtWords32:
		slots = (n + 1) / 2
		f += Format(n & 1)
	case FmtShorts:
		slots = (n + 3) / 4
		f += Format(-n & 3)
	case FmtBytes:
		slots = (n + 7) / 8
		f += Format(-n & 7)
	case FmtEmpty, FmtFixed, FmtEphemeron:
		if n != 0 {
			return Invalid, BadClass
		}
		slots = fixed
	default:
		return Invalid, BadClass
	}
	return h.instantiate(class, f, slots)
}

// NewMethod makes compiled code of a class: a header, literals that are nil, and
// zero bytes, byteCount of them.
func (h *Heap) NewMethod(class Oop, header Oop, byteCount int) (Oop, AllocError) {
	if _, f := h.InstSpec(class); f != FmtMethod {
		return Invalid, BadClass
	}
	if byteCount < 0 || byteCount > MaxSlots || !header.IsInt() {
		return Invalid, BadSize
	}
	literals := int(header.Int() & 0x7fff)
	bytes := (literals+1)*Word + byteCount
	m, err := h.instantiate(class, FmtMethod+Format(-bytes&7), (bytes+7)/8)
	if err != OK {
		return Invalid, err
	}
	m.SetSlotRaw(0, header)
	for i := 1; i <= literals; i++ {
		m.SetSlotRaw(i, h.Nil)
	}
	return m, OK
}

func (h *Heap) instantiate(class Oop, f Format, slots int) (Oop, AllocError) {
	index, ok := h.ClassIndexOf(class)
	if !ok {
		return Invalid, NoMemory
	}
	o := h.Allocate(index, f, slots)
	if o == Invalid {
		return Invalid, NoMemory
	}
	return o, OK
}

// NewArray makes an Array of nils.
func (h *Heap) NewArray(n int) Oop { return h.Allocate(ClassArray, FmtArray, n) }

// NewBytes makes a ByteArray.
func (h *Heap) NewBytes(b []byte) Oop { return newBytes(h, ClassByteArray, b) }

// NewString makes a ByteString of the bytes of s.
func (h *Heap) NewString(s string) Oop { return newBytes(h, ClassByteString, s) }

func newBytes[T []byte | string](h *Heap, classIndex uint32, b T) Oop {
	o := h.Allocate(classIndex, FmtBytes+Format(-len(b)&7), (len(b)+7)/8)
	if o != Invalid {
		copy(o.Bytes(), b)
	}
	return o
}

// NewFloat makes a Float, immediate whenever it can be.
func (h *Heap) NewFloat(f float64) Oop {
	if o, ok := FromSmallFloat(f); ok {
		return o
	}
	o := h.Allocate(ClassFloat, FmtWords32, 1)
	if o != Invalid {
		o.SetWord(0, math.Float64bits(f))
	}
	return o
}

// FloatValue answers the value of a Float, immediate or boxed.
func (h *Heap) FloatValue(o Oop) (float64, bool) {
	if o.IsSmallFloat() {
		return o.SmallFloat(), true
	}
	if o.IsObject() && o.ClassIndex() == ClassFloat && o.NumSlots() == 1 {
		return math.Float64frombits(o.Word(0)), true
	}
	return 0, false
}

// NewInt64 makes an Integer.
func (h *Heap) NewInt64(i int64) Oop {
	if FitsInt(i) {
		return FromInt(i)
	}
	if i < 0 {
		return h.newMagnitude(ClassLargeNeg, -uint64(i))
	}
	return h.newMagnitude(ClassLargePos, uint64(i))
}

// NewUint64 makes an Integer.
func (h *Heap) NewUint64(u uint64) Oop {
	if u <= MaxSmallInt {
		return FromInt(int64(u))
	}
	return h.newMagnitude(ClassLargePos, u)
}

// newMagnitude makes a large integer of at most eight bytes, least significant first.
func (h *Heap) newMagnitude(classIndex uint32, u uint64) Oop {
	n := 8
	for u>>(8*(n-1)) == 0 {
		n--
	}
	o := h.Allocate(classIndex, FmtBytes+Format(8-n), 1)
	if o != Invalid {
		o.SetWord(0, u)
	}
	return o
}

// NewBig makes an Integer, small whenever it can be.
func (h *Heap) NewBig(b *big.Int) Oop {
	if b.IsInt64() {
		return h.NewInt64(b.Int64())
	}
	index := uint32(ClassLargePos)
	if b.Sign() < 0 {
		index = ClassLargeNeg
	}
	mag := b.Bytes()
	slices.Reverse(mag)
	return newBytes(h, index, mag)
}

// isLarge tells whether o is a large integer.
func isLarge(o Oop) bool {
	if !o.IsObject() {
		return false
	}
	c := o.ClassIndex()
	return (c == ClassLargePos || c == ClassLargeNeg) && o.Format().IsBytes()
}

// IntValue64 answers the value of an Integer, small or large, that fits 64 signed bits.
func (h *Heap) IntValue64(o Oop) (int64, bool) {
	if o.IsInt() {
		return o.Int(), true
	}
	if !isLarge(o) {
		return 0, false
	}
	u, ok := magnitude64(o)
	if o.ClassIndex() == ClassLargeNeg {
		return -int64(u), ok && u <= 1<<63
	}
	return int64(u), ok && u < 1<<63
}

// LowBits answers the value of an Integer, small or large, modulo 2^64.
func (h *Heap) LowBits(o Oop) (n int64, ok bool) {
	if o.IsInt() {
		return o.Int(), true
	}
	if !isLarge(o) {
		return 0, false
	}
	u := uint64(0)
	for i, b := range o.Bytes()[:min(8, o.NumBytes())] {
		u |= uint64(b) << (8 * i)
	}
	if o.ClassIndex() == ClassLargeNeg {
		return -int64(u), true
	}
	return int64(u), true
}

// Uint64Value answers the value of a non-negative Integer that fits 64 bits.
func (h *Heap) Uint64Value(o Oop) (uint64, bool) {
	if o.IsInt() {
		return uint64(o.Int()), o.Int() >= 0
	}
	if !isLarge(o) {
		return 0, false
	}
	u, ok := magnitude64(o)
	return u, ok && (u == 0 || o.ClassIndex() == ClassLargePos)
}

// magnitude64 answers the magnitude of a large integer, normalized or not.
func magnitude64(o Oop) (u uint64, ok bool) {
	for i, b := range o.Bytes() {
		if i >= 8 {
			if b != 0 {
				return 0, false
			}
			continue
		}
		u |= uint64(b) << (8 * i)
	}
	return u, true
}

// BigValue answers the value of an Integer, small or large.
func (h *Heap) BigValue(o Oop) (*big.Int, bool) {
	if o.IsInt() {
		return big.NewInt(o.Int()), true
	}
	if !isLarge(o) {
		return nil, false
	}
	mag := slices.Clone(o.Bytes())
	slices.Reverse(mag)
	b := new(big.Int).SetBytes(mag)
	if o.ClassIndex() == ClassLargeNeg {
		b.Neg(b)
	}
	return b, true
}
