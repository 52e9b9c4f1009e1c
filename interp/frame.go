package interp

import "github.com/sista-vm/sista/heap"

// A frame on a stack page; stacks grow down. Interpreted and native frames are
// walked by the same code.
//
//	fp + 16 + 8*argc   receiver, or the closure of a block activation \  pushed by
//	fp + 16 ...        arguments, first one highest                   /  the caller
//	fp +  8            return address: retInterp, retBase or native code
//	fp +  0            caller's fp; 0 in the base frame of a page
//	fp -  8            method
//	fp - 16            flags: SmallInteger of argc | isBlock<<8 | isNative<<9
//	fp - 24            married context, or nil
//	fp - 32            receiver (self)
//	fp - 40            pc: SmallInteger in the context's convention; valid while not running
//	fp - 48 ...        temporaries that are not arguments, then the operand stack
//
// This is the frame of the interpreter. One of machine code ends with the word for a context, which
// is valid if the flags say so (flagContext), and has its own pc in the method's place: see package native.
//
// Above the receiver slot of a base frame is one word: the sender context, or nil.
// All words of the interpreter's but return address and caller's fp are oops, so that
// the collector can visit ranges.
const (
	frameRet      = 8
	frameCaller   = 0
	frameMethod   = -8
	frameFlags    = -16
	frameContext  = -24
	frameReceiver = -32
	framePC       = -40
	frameTemps    = -48
	// frameGap is the distance between argument and temporary addressing: temp i
	// is at fp+8+8*argc-8*i, less frameGap when it is not an argument.
	frameGap = 56
	// frameHeader counts the words from return address to pc slot.
	frameHeaderWords = 7

	flagArgcMask = 0xff
	flagBlock    = 1 << 8
	flagNative   = 1 << 9  // of machine code, see package native
	flagContext  = 1 << 10 // of such a frame: it has a word for a context
)

func (in *Interp) frameWord(fp uint64, off int64) heap.Oop {
	return heap.Oop(heap.Load(fp + uint64(off)))
}

func setFrameWord(fp uint64, off int64, v heap.Oop) { heap.StoreWord(fp+uint64(off), uint64(v)) }

// frameContextOf answers the married context of a frame, or nil.
func (in *Interp) frameContextOf(fp uint64) heap.Oop {
	if !hasContextWord(fp) {
		return in.nilOop
	}
	return in.frameWord(fp, frameContext)
}

// hasContextWord tells whether a frame's word for a context is valid.
func hasContextWord(fp uint64) bool {
	return heap.Load(fp+frameFlagsOff)>>3&(flagNative|flagContext) != flagNative
}

// setFrameContext gives a frame a context, or nil.
func setFrameContext(fp uint64, ctx heap.Oop) {
	setFrameWord(fp, frameContext, ctx)
	if frameIsNative(fp) {
		heap.StoreWord(fp+frameFlagsOff, heap.Load(fp+frameFlagsOff)|flagContext<<3)
	}
}

// frameArgc answers the number of arguments of the activation.
func frameArgc(fp uint64) int {
	return int(heap.Load(fp+frameFlagsOff)>>3) & flagArgcMask
}

const frameFlagsOff = ^uint64(15) // frameFlags as an unsigned offset

func frameIsBlock(fp uint64) bool { return heap.Load(fp+frameFlagsOff)>>3&flagBlock != 0 }

// tempAddr answers the address of temporary i (arguments first).
func tempAddr(fp uint64, i int) uint64 {
	argc := frameArgc(fp)
	a := fp + 8 + 8*uint64(argc) - 8*uint64(i)
	if i >= argc {
		a -= frameGap
	}
	return a
}

// frameTop answers the address of the receiver-or-closure slot: where a return leaves its result.
func frameTop(fp uint64) uint64 { return fp + 16 + 8*uint64(frameArgc(fp)) }
