package heap

import (
	"math"
	"math/bits"
	"unsafe"
)

// Oop is an ordinary object pointer: the address of an object's header, or an
// immediate value, told apart by the low three bits.
//
//	000  object, address of its header
//	001  SmallInteger   signed value << 3 | 1
//	010  Character      code point   << 3 | 2
//	100  SmallFloat64   rotated and biased IEEE bits << 3 | 4
//
// An Oop is never a Go pointer: objects live in memory that Go's collector does
// not know.
type Oop uint64

// Invalid is no object at all. Allocators answer it when memory is short.
const Invalid Oop = 0

// Tags of the immediate kinds; they are class indices too.
const (
	TagMask        = 7
	TagInt         = 1
	TagChar        = 2
	TagFloat       = 4
	tagShift       = 3
	MaxSmallInt    = 1<<60 - 1
	MinSmallInt    = -1 << 60
	MaxCharacter   = 1<<30 - 1
	smallFloatBias = 896 << 53
)

// Word is the size of a slot and of the alignment of objects, in bytes.
const Word = 8

// Load reads the word at an address outside Go's heap.
func Load(addr uint64) uint64 { return *(*uint64)(unsafe.Add(nil, uintptr(addr))) }

// StoreWord writes the word at an address outside Go's heap.
func StoreWord(addr, v uint64) { *(*uint64)(unsafe.Add(nil, uintptr(addr))) = v }

// Pointer answers the address as a pointer for bulk access to memory outside Go's heap.
func Pointer(addr uint64) unsafe.Pointer { return unsafe.Add(nil, uintptr(addr)) }

// IsImmediate tells whether o carries its value in itself.
func (o Oop) IsImmediate() bool { return o&TagMask != 0 }

// IsObject tells whether o points at a header. Invalid is an object by this test.
func (o Oop) IsObject() bool { return o&TagMask == 0 }

// IsInt tells whether o is a SmallInteger.
func (o Oop) IsInt() bool { return o&TagMask == TagInt }

// IsChar tells whether o is a Character.
func (o Oop) IsChar() bool { return o&TagMask == TagChar }

// IsSmallFloat tells whether o is an immediate float.
func (o Oop) IsSmallFloat() bool { return o&TagMask == TagFloat }

// Int answers the value of a SmallInteger.
func (o Oop) Int() int64 { return int64(o) >> tagShift }

// Char answers the code point of a Character.
func (o Oop) Char() uint32 { return uint32(o >> tagShift) }

// FromInt makes a SmallInteger of a value for which FitsInt holds.
func FromInt(i int64) Oop { return Oop(uint64(i)<<tagShift | TagInt) }

// FitsInt tells whether i is in SmallInteger range.
func FitsInt(i int64) bool { return i >= MinSmallInt && i <= MaxSmallInt }

// FromChar makes a Character.
func FromChar(c uint32) Oop { return Oop(uint64(c)<<tagShift | TagChar) }

// SmallFloat answers the value of an immediate float.
func (o Oop) SmallFloat() float64 {
	r := uint64(o) >> tagShift
	if r > 1 {
		r += smallFloatBias
	}
	return math.Float64frombits(bits.RotateLeft64(r, -1))
}

// FromSmallFloat makes an immediate float; ok is false when f must be boxed:
// NaN, infinities, and exponents outside the middle quarter of the range.
func FromSmallFloat(f float64) (o Oop, ok bool) {
	r := bits.RotateLeft64(math.Float64bits(f), 1)
	if r > 1 {
		// Exponents 896..1151 stay, except 2^-127 exactly, whose pattern is that of zero.
		if r -= smallFloatBias; r <= 1 || r >= 1<<61 {
			return 0, false
		}
	}
	return Oop(r<<tagShift | TagFloat), true
}
