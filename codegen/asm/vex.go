package asm

import (
	"fmt"
	"strings"

	"golang.org/x/arch/x86/x86asm"
)

// Instructions with three operands begin with a prefix VEX, which the decoder does not know:
//
//	C5  R' vvvv' L pp
//	C4  R' X' B' mmmmm   W vvvv' L pp
//
// Those that are assembled here are read as the instruction with two operands that has the same
// operands otherwise.

// vexMove is read in place of those that have no form with two operands: mov r64, r/m64.
const vexMove = 0x8B

var vexNames = map[[3]byte]string{ // map of opcodes, prefix, opcode
	{2, 1, 0xF7}: "shlx", {2, 2, 0xF7}: "sarx", {2, 3, 0xF7}: "shrx", {3, 3, 0xF0}: "rorx",
}

// decodeVex reads an instruction with the prefix; n is 0 if there is none that is known.
func decodeVex(code []byte) (text string, n int) {
	var p1, p2 byte
	switch {
	case len(code) > 4 && code[0] == 0xC5:
		p1, p2, n = code[1]&0x80|0x61, code[1]&0x7F, 2
	case len(code) > 5 && code[0] == 0xC4:
		p1, p2, n = code[1], code[2], 3
	default:
		return "", 0
	}
	opcodes, prefix, opcode := p1&31, p2&3, code[n]
	rex := byte(0x40) | (p1>>5^7)&7 | p2>>7<<3
	third := int(p2>>3&15 ^ 15)
	name := vexNames[[3]byte{opcodes, prefix, opcode}]
	var b []byte
	switch {
	case name != "":
		b = append(b, rex, vexMove)
	case opcodes == 1:
		if prefix > 0 {
			b = append(b, [...]byte{0, 0x66, 0xF3, 0xF2}[prefix])
		}
		b = append(b, rex, 0x0F, opcode)
	default:
		return "", 0
	}
	head := len(b)
	i, err := x86asm.Decode(append(b, code[n+1:]...), 64)
	if err != nil {
		return "", 0
	}
	n += 1 + i.Len - head
	text = intel(i, 0)
	op, operands, _ := strings.Cut(text, " ")
	first, second, _ := strings.Cut(operands, ", ")
	switch {
	case name == "rorx" && n < len(code):
		return fmt.Sprintf("rorx %s, %s, %#x", first, second, code[n]), n + 1
	case name == "rorx":
		return "", 0
	case name != "":
		return fmt.Sprintf("%s %s, %s, %s", name, first, second, Reg(third)), n
	}
	return fmt.Sprintf("v%s %s, xmm%d, %s", op, first, third, second), n
}
