package asm

import (
	"fmt"
	"strings"

	"golang.org/x/arch/x86/x86asm"
)

// Instruction is an instruction read back from code.
type Instruction struct {
	Offset int
	Bytes  []byte
	Text   string // in Intel's notation; "?" for a byte that starts no instruction
}

// Disassemble reads code. Jumps show their target as offset in code; name, if it is not
// nil, may answer something better, or nothing,
// for an offset.
func Disassemble(code []byte, name func(offset int) string) []Instruction {
	place := func(offset int) string {
		if name != nil {
			if s := name(offset); s != "" {
				return s
			}
		}
		return fmt.Sprintf("%#x", offset)
	}
	var list []Instruction
	for at := 0; at < len(code); {
		if text, n := decodeVex(code[at:]); n > 0 {
			list = append(list, Instruction{at, code[at : at+n], text})
			at += n
			continue
		}
		i, err := x86asm.Decode(code[at:], 64)
		n, text := i.Len, "?"
		if err != nil || n == 0 {
			n = 1
		} else {
			text = intel(i, at)
			if r, ok := i.Args[0].(x86asm.Rel); ok {
				op, _, _ := strings.Cut(text, " ")
				text = op + " " + place(at+n+int(r))
			}
		}
		list = append(list, Instruction{at, code[at : at+n], text})
		at += n
	}
	return list
}

// intel writes an instruction in Intel's notation.
func intel(i x86asm.Inst, at int) string {
	for k, arg := range i.Args {
		if m, ok := arg.(x86asm.Mem); ok {
			m.Disp = int64(int32(m.Disp)) // which the decoder leaves unsigned
			i.Args[k] = m
		}
	}
	return strings.ToLower(x86asm.IntelSyntax(i, uint64(at), nil))
}
