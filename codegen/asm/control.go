package asm

import (
	"github.com/twitchyliquid64/golang-asm/obj"
	"github.com/twitchyliquid64/golang-asm/obj/x86"
)

// Jumps to labels are put together here, for the encoder ends the process over
// some that it does not like.

// Jmp jumps.
func (a *Assembler) Jmp(l Label) { a.jump(x86.ABYTE, 0xE9, 0x00EB, l) }

// Jcc jumps if c.
func (a *Assembler) Jcc(c Cond, l Label) {
	a.jump(x86.AWORD, 0x800F+int64(c&15)<<8, 0x0070+uint16(c&15), l)
}

// CallLabel calls code of this assembly.
func (a *Assembler) CallLabel(l Label) { a.jump(x86.ABYTE, 0xE8, 0, l) }

func (a *Assembler) jump(as obj.As, opcode int64, short uint16, l Label) {
	j := jump{short: short, to: l}
	j.opcode = a.emit(as, imm(opcode), obj.Addr{})
	j.displacement = a.emit(x86.ALONG, imm(0), obj.Addr{})
	a.jumps = append(a.jumps, j)
}

// JmpReg jumps to the address in r.
func (a *Assembler) JmpReg(r Reg) { a.emit(obj.AJMP, obj.Addr{}, a.reg(r)) }

// JmpMem jumps to the address in memory.
func (a *Assembler) JmpMem(m Mem) { a.emit(obj.AJMP, obj.Addr{}, a.mem(m)) }

// CallReg calls the address in r.
func (a *Assembler) CallReg(r Reg) { a.emit(obj.ACALL, obj.Addr{}, a.reg(r)) }

// CallMem calls the address in memory.
func (a *Assembler) CallMem(m Mem) { a.emit(obj.ACALL, obj.Addr{}, a.mem(m)) }

// Ret returns and pops n bytes above the return address.
func (a *Assembler) Ret(n uint16) {
	if n == 0 {
		a.emit(obj.ARET, obj.Addr{}, obj.Addr{})
		return
	}
	a.emit(x86.ABYTE, imm(0xC2), obj.Addr{})
	a.emit(x86.AWORD, imm(int64(n)), obj.Addr{})
}

// Push pushes a register.
func (a *Assembler) Push(r Reg) { a.emit(x86.APUSHQ, a.reg(r), obj.Addr{}) }

// PushMem pushes a word of memory.
func (a *Assembler) PushMem(m Mem) { a.emit(x86.APUSHQ, a.mem(m), obj.Addr{}) }

// PushImm pushes v, sign-extended.
func (a *Assembler) PushImm(v int32) { a.emit(x86.APUSHQ, imm(int64(v)), obj.Addr{}) }

// Pop pops a register.
func (a *Assembler) Pop(r Reg) { a.emit(x86.APOPQ, obj.Addr{}, a.reg(r)) }

// PopMem pops a word of memory.
func (a *Assembler) PopMem(m Mem) { a.emit(x86.APOPQ, obj.Addr{}, a.mem(m)) }

// Trap ends the program (INT3): what is never reached.
func (a *Assembler) Trap() { a.emit(x86.ABYTE, imm(0xCC), obj.Addr{}) }
