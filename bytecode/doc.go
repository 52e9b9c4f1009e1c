// Package bytecode knows the two bytecode sets of 64-bit Spur images, SistaV1
// and V3PlusClosures, and is the one place that does.
//
// Each set is one table (sistav1.go, v3.go) whose rows name a range of byte
// values, the length of the instruction, the set-independent operation it
// stands for and how its operands are found. Everything else is derived from
// the tables and from the operation table in op.go:
//
//   - [Set.Decode] gives the instruction at a pc with its extension bytes
//     folded in; [Set.All] walks a method.
//   - [Instruction.Effect] and [Op.Class] tell what an instruction does to the
//     stack and to control.
//   - [List] prints code the way the symbolic listings of Squeak do.
//   - [Verify] proves that code can be executed without leaving its frame,
//     its literals or itself.
//   - [Append] and [Assembler] encode SistaV1 in its shortest forms.
//   - [MethodHeader] takes apart the header word of compiled code.
//
// The package promises to be a leaf: it imports nothing of this module, sees
// code as byte slices and literals through small descriptions, and never
// panics on bytes, whatever they are.
//
// A pc inside this package is an offset into the bytecodes, counted from 0 at
// the first bytecode. Images count from 1 at the first byte of the object;
// [MethodHeader.StartPC] is the distance.
package bytecode
