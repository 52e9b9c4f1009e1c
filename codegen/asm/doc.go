// Package asm assembles machine code for x86-64 from typed calls, one instruction each.
//
// It stands on the encoder of Go's own assembler (packages obj and obj/x86 of
// golang-asm), which nothing else in the module imports.
//
// What it promises:
//   - An instruction is encoded as it is written: nothing is replaced, moved, padded or
//     dropped, and none changes flags that the processor's manual does not say it changes.
//   - Jumps reach any label. They are short where that is certain before encoding.
//   - A mistake (a label never bound, a bad operand) is an error of Assemble, never a
//     panic, never the end of the process.
//   - Each goroutine may have an [Assembler] of its own. One is reused with Reset.
//
// Operands are written destination first, as in Intel's manuals. [Disassemble] reads the
// code back; the tests check every form against it.
package asm
