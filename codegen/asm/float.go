package asm

import (
	"github.com/twitchyliquid64/golang-asm/obj"
	"github.com/twitchyliquid64/golang-asm/obj/x86"
)

// FOp is an instruction on the low float of vector registers, unless it says otherwise.
type FOp uint8

// The operations.
const (
	FAdd FOp = iota
	FSub
	FMul
	FDiv
	FSqrt     // dst = root of src
	FMin      // src if one is NaN or both are zeros
	FMax      // the same
	Ucomisd   // flags: Above, Below, Equal; Parity if unordered (then Below and Equal, too)
	FToFloat4 // dst = src as 32-bit float
	FToFloat8 // dst = src, a 32-bit float
	FXor      // of all 128 bits, and so on: in memory, aligned to 16
	FAnd
	FAndNot // dst = src &^ dst
	FOr
)

var fops = [...]obj.As{
	FAdd: x86.AADDSD, FSub: x86.ASUBSD, FMul: x86.AMULSD, FDiv: x86.ADIVSD, FSqrt: x86.ASQRTSD,
	FMin: x86.AMINSD, FMax: x86.AMAXSD, Ucomisd: x86.AUCOMISD,
	FToFloat4: x86.ACVTSD2SS, FToFloat8: x86.ACVTSS2SD,
	FXor: x86.AXORPS, FAnd: x86.AANDPS, FAndNot: x86.AANDNPS, FOr: x86.AORPS,
}

func (a *Assembler) fop(op FOp) obj.As {
	if int(op) >= len(fops) {
		a.failf("no float operation %d", op)
		return obj.ANOP
	}
	return fops[op]
}

// XX does dst op= src.
func (a *Assembler) XX(op FOp, dst, src XReg) { a.emit(a.fop(op), a.xreg(src), a.xreg(dst)) }

// XM does dst op= [m].
func (a *Assembler) XM(op FOp, dst XReg, m Mem) { a.emit(a.fop(op), a.mem(m), a.xreg(dst)) }

// The operations with three operands, of AVX.
var fops3 = [...]obj.As{
	FAdd: x86.AVADDSD, FSub: x86.AVSUBSD, FMul: x86.AVMULSD, FDiv: x86.AVDIVSD, FMin: x86.AVMINSD, FMax: x86.AVMAXSD,
	FXor: x86.AVXORPS, FAnd: x86.AVANDPS, FAndNot: x86.AVANDNPS, FOr: x86.AVORPS,
}

func (a *Assembler) fop3(op FOp) obj.As {
	if int(op) >= len(fops3) || fops3[op] == 0 {
		a.failf("no float operation %d of three operands", op)
		return obj.ANOP
	}
	return fops3[op]
}

// Float3 does dst = x op y (AVX).
func (a *Assembler) Float3(op FOp, dst, x, y XReg) {
	a.emit(a.fop3(op), a.xreg(y), a.xreg(dst)).RestArgs = []obj.Addr{a.xreg(x)}
}

// Float3M does dst = x op [m] (AVX).
func (a *Assembler) Float3M(op FOp, dst, x XReg, m Mem) {
	a.emit(a.fop3(op), a.mem(m), a.xreg(dst)).RestArgs = []obj.Addr{a.xreg(x)}
}

// MovX copies all of a vector register.
func (a *Assembler) MovX(dst, src XReg) { a.emit(x86.AMOVAPS, a.xreg(src), a.xreg(dst)) }

// LoadX loads a float of W64 or W32 and clears the rest of the register.
func (a *Assembler) LoadX(w Width, dst XReg, m Mem) { a.emit(a.moves(w), a.mem(m), a.xreg(dst)) }

// StoreX stores a float of W64 or W32.
func (a *Assembler) StoreX(w Width, m Mem, src XReg) { a.emit(a.moves(w), a.xreg(src), a.mem(m)) }

func (a *Assembler) moves(w Width) obj.As {
	return byWidth(a, [4]obj.As{0, 0, x86.AMOVSS, x86.AMOVSD}, w)
}

var bitMoves = [4]obj.As{0, 0, x86.AMOVL, x86.AMOVQ}

// BitsToX copies the bits of a general register, W64 or W32, and clears the rest of dst.
func (a *Assembler) BitsToX(w Width, dst XReg, src Reg) {
	a.emit(byWidth(a, bitMoves, w), a.reg(src), a.xreg(dst))
}

// XToBits copies the low bits of a vector register, W64 or W32, zero-extended.
func (a *Assembler) XToBits(w Width, dst Reg, src XReg) {
	a.emit(byWidth(a, bitMoves, w), a.xreg(src), a.reg(dst))
}

// IntToFloat converts a signed integer of W64 or W32. The upper half of dst stays, so
// clear dst first (FXor) where its last use may be far.
func (a *Assembler) IntToFloat(w Width, dst XReg, src Reg) {
	a.emit(byWidth(a, [4]obj.As{0, 0, x86.ACVTSL2SD, x86.ACVTSQ2SD}, w), a.reg(src), a.xreg(dst))
}

// Truncate converts a float towards zero; the smallest integer if it does not fit or is NaN.
func (a *Assembler) Truncate(w Width, dst Reg, src XReg) {
	a.emit(byWidth(a, [4]obj.As{0, 0, x86.ACVTTSD2SL, x86.ACVTTSD2SQ}, w), a.xreg(src), a.reg(dst))
}

// SignBits sets dst to the signs of the two floats of src.
func (a *Assembler) SignBits(dst Reg, src XReg) { a.emit(x86.AMOVMSKPD, a.xreg(src), a.reg(dst)) }
