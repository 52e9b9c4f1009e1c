package asm

import (
	"github.com/twitchyliquid64/golang-asm/obj"
	"github.com/twitchyliquid64/golang-asm/obj/x86"
)

// Reg is a general register, by machine number.
type Reg uint8

// The general registers.
const (
	RAX Reg = iota
	RCX
	RDX
	RBX
	RSP
	RBP
	RSI
	RDI
	R8
	R9
	R10
	R11
	R12
	R13
	R14
	R15

	// NoBase is the Base of a Mem that has only an index.
	NoBase Reg = 0xFF
)

var regNames = [16]string{"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
	"r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"}

func (r Reg) String() string {
	if r > R15 {
		return "no register"
	}
	return regNames[r]
}

// XReg is a vector register, X0 to X15, by machine number.
type XReg uint8

// The vector registers.
const (
	X0 XReg = iota
	X1
	X2
	X3
	X4
	X5
	X6
	X7
	X8
	X9
	X10
	X11
	X12
	X13
	X14
	X15
)

// Width is the size of an operand.
type Width uint8

// The widths.
const (
	W8 Width = iota
	W16
	W32
	W64
)

// Mem is the operand at Base + Index*Scale + Disp. There is no index if Scale is 0,
// so Mem{Base: RBP, Disp: -8} is what it looks like.
type Mem struct {
	Base, Index Reg
	Scale       uint8 // 1, 2, 4 or 8
	Disp        int32

	relative uint8 // to what it is, if not to registers
	target   int32 // data word or label
}

const (
	toRegisters = iota
	toData
	toLabel
)

// At is the operand at base + disp.
func At(base Reg, disp int32) Mem { return Mem{Base: base, Disp: disp} }

// Indexed is the operand at base + index*scale + disp.
func Indexed(base, index Reg, scale uint8, disp int32) Mem {
	return Mem{Base: base, Index: index, Scale: scale, Disp: disp}
}

// Data is word number word of the code's data, which lies somewhere within reach:
// the instruction gets a [Ref].
func Data(word int) Mem { return Mem{relative: toData, target: int32(word)} }

// Code is the code at a label, for Lea.
func Code(l Label) Mem { return Mem{relative: toLabel, target: int32(l)} }

// Cond is a condition, by machine number.
type Cond uint8

// The conditions. Above and Below compare unsigned numbers and floats, Greater and Less signed ones.
const (
	Overflow Cond = iota
	NoOverflow
	Below // carry
	AboveEqual
	Equal // zero
	NotEqual
	BelowEqual
	Above
	Negative
	NotNegative
	Parity // unordered, after Ucomisd
	NoParity
	Less
	GreaterEqual
	LessEqual
	Greater
)

// Not is the opposite condition.
func (c Cond) Not() Cond { return c ^ 1 }

// The operands as the encoder takes them.

func (a *Assembler) reg(r Reg) obj.Addr {
	if r > R15 {
		a.failf("operand is %s", r)
		r = RAX
	}
	return obj.Addr{Type: obj.TYPE_REG, Reg: x86.REG_AX + int16(r)}
}

func (a *Assembler) xreg(r XReg) obj.Addr {
	if r > X15 {
		a.failf("there is no vector register %d", r)
		r = X0
	}
	return obj.Addr{Type: obj.TYPE_REG, Reg: x86.REG_X0 + int16(r)}
}

func imm(v int64) obj.Addr { return obj.Addr{Type: obj.TYPE_CONST, Offset: v} }

func (a *Assembler) mem(m Mem) obj.Addr {
	switch m.relative {
	case toData:
		return obj.Addr{Type: obj.TYPE_MEM, Name: obj.NAME_EXTERN, Sym: &a.data, Offset: int64(m.target) * 8}
	case toLabel:
		// Eight times the number, too: see refs.
		return obj.Addr{Type: obj.TYPE_MEM, Name: obj.NAME_EXTERN, Sym: &a.code, Offset: int64(m.target) * 8}
	}
	addr := obj.Addr{Type: obj.TYPE_MEM, Offset: int64(m.Disp)}
	if m.Base != NoBase {
		addr.Reg = a.reg(m.Base).Reg
	}
	switch m.Scale {
	case 0:
		if m.Base == NoBase {
			a.failf("operand has neither base nor index")
		}
	case 1, 2, 4, 8:
		if m.Index == RSP || m.Index > R15 {
			a.failf("%s is no index", m.Index)
			break
		}
		addr.Index, addr.Scale = a.reg(m.Index).Reg, int16(m.Scale)
	default:
		a.failf("an index is scaled by 1, 2, 4 or 8, not %d", m.Scale)
	}
	return addr
}
