package bytecode

import "fmt"

// The limits of compiled code.
const (
	MaxLiterals = 1<<15 - 1
	MaxTemps    = 1<<6 - 1
	MaxArgs     = 1<<4 - 1

	SmallFrame = 16 // slots for arguments, temps and stack
	LargeFrame = 56
)

// A MethodHeader is the header of compiled code, a SmallInteger:
//
//	sign    29   28   27..24  23..18   17     16      15        14..0
//	SistaV1 free user numArgs numTemps large  primit. optimised numLiterals
//
// SistaV1 headers are negative because the smallest SmallInteger has been
// added to them.
type MethodHeader struct {
	NumLiterals  int
	NumTemps     int // arguments and, in full blocks, copied values included
	NumArgs      int
	Optimised    bool // no counters for this method
	HasPrimitive bool // the first bytecode is callPrimitive
	LargeFrame   bool
	UserFlag     bool
	FreeFlag     bool
	SistaV1      bool
}

const minSmallInteger = -1 << 60

// DecodeHeader takes the value of a header SmallInteger apart. Bits without a
// meaning are dropped.
func DecodeHeader(value int64) MethodHeader {
	bit := func(n uint) bool { return value>>n&1 != 0 }
	return MethodHeader{
		NumLiterals:  int(value & MaxLiterals),
		Optimised:    bit(15),
		HasPrimitive: bit(16),
		LargeFrame:   bit(17),
		NumTemps:     int(value >> 18 & MaxTemps),
		NumArgs:      int(value >> 24 & MaxArgs),
		UserFlag:     bit(28),
		FreeFlag:     bit(29),
		SistaV1:      value < 0,
	}
}

// Encode answers the value of the header SmallInteger.
func (h MethodHeader) Encode() (int64, error) {
	for _, field := range []struct {
		name       string
		value, max int
	}{
		{"literals", h.NumLiterals, MaxLiterals},
		{"temporaries", h.NumTemps, MaxTemps},
		{"arguments", h.NumArgs, MaxArgs},
	} {
		if field.value < 0 || field.value > field.max {
			return 0, fmt.Errorf("bytecode: method header: %d %s, the limit is %d", field.value, field.name, field.max)
		}
	}
	if h.NumArgs > h.NumTemps {
		return 0, fmt.Errorf("bytecode: method header: %d arguments among %d temporaries", h.NumArgs, h.NumTemps)
	}
	value := int64(h.NumLiterals) | int64(h.NumTemps)<<18 | int64(h.NumArgs)<<24
	for n, set := range map[uint]bool{15: h.Optimised, 16: h.HasPrimitive, 17: h.LargeFrame, 28: h.UserFlag, 29: h.FreeFlag} {
		if set {
			value |= 1 << n
		}
	}
	if h.SistaV1 {
		value += minSmallInteger
	}
	return value, nil
}

// Set answers the bytecode set of the code behind this header.
func (h MethodHeader) Set() *Set {
	if h.SistaV1 {
		return SistaV1
	}
	return V3PlusClosures
}

// StartPC answers the image's pc of the first bytecode: the 1-based index of
// its byte in the object.
func (h MethodHeader) StartPC() int { return (h.NumLiterals+1)*8 + 1 }

// FrameSize answers the number of slots an activation has for arguments,
// temps and stack.
func (h MethodHeader) FrameSize() int {
	if h.LargeFrame {
		return LargeFrame
	}
	return SmallFrame
}
