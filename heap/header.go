package heap

// Header is the 64-bit word an object pointer points at.
//
//	63      56 55 54 53                32 31 30 29 28    24 23 22 21           0
//	+---------+--+--+--------------------+--+--+--+--------+--+--+--------------+
//	|numSlots |M |  |   identityHash     |G |P |R | format |I |W |  classIndex  |
//	+---------+--+--+--------------------+--+--+--+--------+--+--+--------------+
//	M marked  G grey  P pinned  R remembered  I immutable (read-only)  W watched
//
// W is a bit Spur leaves unused; it is cleared in saved files. When numSlots is
// 255 the count is in the word before the header, under a byte of 255.
type Header uint64

// Fields of the header.
const (
	ClassIndexMask = 1<<22 - 1
	WatchedBit     = 1 << 22
	ImmutableBit   = 1 << 23
	FormatShift    = 24
	FormatMask     = 31
	RememberedBit  = 1 << 29
	PinnedBit      = 1 << 30
	GreyBit        = 1 << 31
	HashShift      = 32
	HashMask       = 1<<22 - 1
	MarkedBit      = 1 << 55
	SlotsShift     = 56
	OverflowSlots  = 255
	// StoreCheckMask is what every mutating store tests: read-only or watched.
	StoreCheckMask = ImmutableBit | WatchedBit
)

// Format is the five-bit shape of an object.
type Format uint8

// Formats. Odd counts of the indexable bit formats are in the low bits.
const (
	FmtEmpty     Format = 0  // no fields
	FmtFixed     Format = 1  // named fields only
	FmtArray     Format = 2  // indexable, no named fields
	FmtVariable  Format = 3  // named and indexable
	FmtWeak      Format = 4  // named strong, indexable weak
	FmtEphemeron Format = 5  // slot 0 is the key
	FmtForwarder Format = 7  // slot 0 is the target; in classes: immediate
	FmtWords64   Format = 9  // 64-bit units
	FmtWords32   Format = 10 // 32-bit units; low bit = odd unit unused
	FmtShorts    Format = 12 // 16-bit units; low 2 bits = unused units
	FmtBytes     Format = 16 // bytes; low 3 bits = unused bytes
	FmtMethod    Format = 24 // compiled code; low 3 bits = unused bytes
)

// Class indices the VM knows by number.
const (
	ClassFree         = 0
	ClassSmallInteger = 1
	ClassCharacter    = 2
	ClassBridge       = 3
	ClassSmallFloat   = 4
	ClassForwarder    = 8
	ClassArrayPun     = 16
	ClassWeakPun      = 17
	ClassLongsPun     = 18 // 32-bit units
	ClassWordsPun     = 19 // 64-bit units
	ClassLastPun      = 31
	ClassLargeNeg     = 32
	ClassLargePos     = 33
	ClassFloat        = 34
	ClassMessage      = 35
	ClassContext      = 36
	ClassBlock        = 37
	ClassFullBlock    = 38
	ClassByteArray    = 50
	ClassArray        = 51
	ClassByteString   = 52
	ClassBitmap       = 53
	FirstFreeClass    = 1024
)

// Header reads the header of an object.
func (o Oop) Header() Header { return Header(Load(uint64(o))) }

// SetHeader overwrites the header of an object.
func (o Oop) SetHeader(h Header) { StoreWord(uint64(o), uint64(h)) }

// ClassIndex answers the index of the class in the class table.
func (h Header) ClassIndex() uint32 { return uint32(h) & ClassIndexMask }

// Format answers the shape.
func (h Header) Format() Format { return Format(h>>FormatShift) & FormatMask }

// Hash answers the identity hash, 0 when none was drawn.
func (h Header) Hash() uint32 { return uint32(h>>HashShift) & HashMask }

// SlotsByte answers the eight-bit slot count; OverflowSlots means look before the header.
func (h Header) SlotsByte() uint64 { return uint64(h >> SlotsShift) }

// MakeHeader composes a header; slots above 254 are given as OverflowSlots.
func MakeHeader(slots uint64, f Format, classIndex uint32) Header {
	return Header(min(slots, OverflowSlots)<<SlotsShift | uint64(f)<<FormatShift | uint64(classIndex))
}

// NumSlots answers the number of 64-bit slots, a dummy slot of empty objects not counted.
func (o Oop) NumSlots() int {
	n := o.Header().SlotsByte()
	if n == OverflowSlots {
		n = Load(uint64(o)-Word) & (1<<56 - 1)
	}
	return int(n)
}

// Format answers the shape of an object (not of an immediate).
func (o Oop) Format() Format { return o.Header().Format() }

// ClassIndex answers the class index of an object or immediate.
func (o Oop) ClassIndex() uint32 {
	if o.IsImmediate() {
		return uint32(o & TagMask)
	}
	return o.Header().ClassIndex()
}

// SlotAddr answers the address of slot i (from 0).
func (o Oop) SlotAddr(i int) uint64 { return uint64(o) + Word + uint64(i)*Word }

// Slot reads slot i (from 0) as an oop, unchecked.
func (o Oop) Slot(i int) Oop { return Oop(Load(o.SlotAddr(i))) }

// Word reads slot i (from 0) as raw bits.
func (o Oop) Word(i int) uint64 { return Load(o.SlotAddr(i)) }

// SetSlotRaw writes slot i with no write barrier: for immediates, fresh young objects and raw bits.
func (o Oop) SetSlotRaw(i int, v Oop) { StoreWord(o.SlotAddr(i), uint64(v)) }

// SetWord writes slot i as raw bits.
func (o Oop) SetWord(i int, v uint64) { StoreWord(o.SlotAddr(i), v) }

// IsPointers tells formats whose slots are all oops.
func (f Format) IsPointers() bool { return f <= FmtEphemeron }

// IsBits tells formats of raw data other than compiled code.
func (f Format) IsBits() bool { return f >= FmtWords64 && f < FmtMethod }

// IsBytes tells byte formats other than compiled code.
func (f Format) IsBytes() bool { return f >= FmtBytes && f < FmtMethod }

// IsMethod tells compiled code.
func (f Format) IsMethod() bool { return f >= FmtMethod }

// IsForwarder tells whether o was left behind by a become.
func (o Oop) IsForwarder() bool { return o.IsObject() && o.Header().ClassIndex() == ClassForwarder }

// NumBytes answers the size in bytes of a byte object or method.
func (o Oop) NumBytes() int { return o.NumSlots()*Word - int(o.Format()&7) }
