// Package codegen translates functions of the optimizer's intermediate representation
// to x86-64 machine code that keeps the contract of package native.
//
// [Compile] promises code that does what the function says, or leaves by a state
// where a guard fails; maps of every return address where Go may look at the frame;
// and no Go panic on functions that pass ir's verifier. It touches no heap and keeps
// no state between calls, so functions may be compiled on any goroutine.
//
// # Stages
//
//	range      which integers are surely SmallIntegers, and so stay tagged
//	lower      values to machine instructions over virtual registers
//	liveness   what is live at the ends of blocks
//	regalloc   linear scan: a register or stack slot for every piece of a lifetime
//	resolve    moves between the pieces, within blocks and over edges
//	emit       instructions to bytes, slow paths and deoptimizations out of line
//	maps       safepoints and states
//
// # Integers
//
// An untagged integer of the IR that surely fits a SmallInteger may be kept as the
// SmallInteger: n<<3|1. Then untag and tag are nothing, addition and subtraction take
// one instruction more or less and set the overflow flag exactly when the answer is
// no SmallInteger, and a tagged index addresses words directly. All others are plain.
//
// # Memory of a value
//
// A value that is live over a call has a slot of the frame, is stored there once,
// after its definition, and loaded before its next use in a register. Slow paths that
// come back store what is live in registers, and load it again: out of line, so
// that the fast path pays nothing.
//
// # Registers
//
// R15 is the context, RBP and RSP are the frame's. R11 and X15 are never allocated:
// moves that go in circles, and long constants, need them.
package codegen
