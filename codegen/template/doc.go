// Package template makes machine code of methods and blocks quickly: it copies pieces that
// codegen/asm assembled once, and fills in their operands. It takes no bets and knows no
// objects; the code lasts until the optimizer has come by.
//
// What it promises:
//   - The code does what the interpreter does, bytecode by bytecode, on the interpreter's
//     frame (native.Template). Wherever it is left, that frame is complete: the operand
//     stack in memory, the pc slot naming the next bytecode.
//   - It can be entered at the start, at every send's return, at every jump's target, and at
//     most other bytecodes (Template.Entries).
//   - What is rare is left to the interpreter (native.Need).
//   - Every activation and every back edge is counted in Context.Trip.
//   - Compiling is one pass over the bytecodes after one that finds the jumps' targets.
//
// Between bytecodes values that were pushed may not be on the stack yet: they are pending
// (pending.go). All pending values are pushed before the code can be left, and
// where paths join. So most pushes become operands of what takes the values.
//
// The code is in two parts: what is likely, and after it what is not.
package template
