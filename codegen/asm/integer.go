package asm

import (
	"math"

	"github.com/twitchyliquid64/golang-asm/obj"
	"github.com/twitchyliquid64/golang-asm/obj/x86"
)

// Op is an instruction with two operands, of which the first is changed (but see Cmp, Test and BitTest).
type Op uint8

// The operations.
const (
	Add Op = iota
	Sub
	And
	Or
	Xor
	Cmp     // first - second, flags only
	Test    // first & second, flags only
	IMul    // signed; the first is a register; not for W8
	BitTest // carry = bit number second of first; not for W8; an immediate or register second
	Xchg
)

var ops = [...][4]obj.As{
	Add:     {x86.AADDB, x86.AADDW, x86.AADDL, x86.AADDQ},
	Sub:     {x86.ASUBB, x86.ASUBW, x86.ASUBL, x86.ASUBQ},
	And:     {x86.AANDB, x86.AANDW, x86.AANDL, x86.AANDQ},
	Or:      {x86.AORB, x86.AORW, x86.AORL, x86.AORQ},
	Xor:     {x86.AXORB, x86.AXORW, x86.AXORL, x86.AXORQ},
	Cmp:     {x86.ACMPB, x86.ACMPW, x86.ACMPL, x86.ACMPQ},
	Test:    {x86.ATESTB, x86.ATESTW, x86.ATESTL, x86.ATESTQ},
	IMul:    {0, x86.AIMULW, x86.AIMULL, x86.AIMULQ},
	BitTest: {0, x86.ABTW, x86.ABTL, x86.ABTQ},
	Xchg:    {x86.AXCHGB, x86.AXCHGW, x86.AXCHGL, x86.AXCHGQ},
}

// UnaryOp is an instruction with one operand.
type UnaryOp uint8

// The operations.
const (
	Neg UnaryOp = iota
	Not
	Inc
	Dec
	IDiv // RDX:RAX by the operand: quotient to RAX, remainder to RDX
	Div
	Mul // RDX:RAX = RAX * operand, unsigned
)

var unaryOps = [...][4]obj.As{
	Neg:  {x86.ANEGB, x86.ANEGW, x86.ANEGL, x86.ANEGQ},
	Not:  {x86.ANOTB, x86.ANOTW, x86.ANOTL, x86.ANOTQ},
	Inc:  {x86.AINCB, x86.AINCW, x86.AINCL, x86.AINCQ},
	Dec:  {x86.ADECB, x86.ADECW, x86.ADECL, x86.ADECQ},
	IDiv: {x86.AIDIVB, x86.AIDIVW, x86.AIDIVL, x86.AIDIVQ},
	Div:  {x86.ADIVB, x86.ADIVW, x86.ADIVL, x86.ADIVQ},
	Mul:  {x86.AMULB, x86.AMULW, x86.AMULL, x86.AMULQ},
}

// ShiftOp is a shift or rotation.
type ShiftOp uint8

// The operations.
const (
	Shl ShiftOp = iota
	Shr
	Sar
	Rol
	Ror
)

var shiftOps = [...][4]obj.As{
	Shl: {x86.ASHLB, x86.ASHLW, x86.ASHLL, x86.ASHLQ},
	Shr: {x86.ASHRB, x86.ASHRW, x86.ASHRL, x86.ASHRQ},
	Sar: {x86.ASARB, x86.ASARW, x86.ASARL, x86.ASARQ},
	Rol: {x86.AROLB, x86.AROLW, x86.AROLL, x86.AROLQ},
	Ror: {x86.ARORB, x86.ARORW, x86.ARORL, x86.ARORQ},
}

// pick finds the instruction of a width, or records that there is none.
func pick[O ~uint8](a *Assembler, table [][4]obj.As, op O, w Width) obj.As {
	if int(op) >= len(table) || w > W64 || table[op][w] == 0 {
		a.failf("no operation %d of width %d", op, w)
		return obj.ANOP
	}
	return table[op][w]
}

// byWidth is pick where there is one operation only.
func byWidth(a *Assembler, table [4]obj.As, w Width) obj.As {
	if w > W64 || table[w] == 0 {
		a.failf("no operation of width %d", w)
		return obj.ANOP
	}
	return table[w]
}

func (a *Assembler) op(op Op, w Width, first, second obj.Addr) {
	as := pick(a, ops[:], op, w)
	if op == Cmp {
		a.emit(as, first, second)
		return
	}
	a.emit(as, second, first)
}

// RR does dst op= src.
func (a *Assembler) RR(op Op, w Width, dst, src Reg) { a.op(op, w, a.reg(dst), a.reg(src)) }

// RM does dst op= [m].
func (a *Assembler) RM(op Op, w Width, dst Reg, m Mem) {
	if op == Test {
		a.op(op, w, a.mem(m), a.reg(dst)) // the only form there is, and the same
		return
	}
	if op == BitTest {
		a.failf("the bits tested are in a register or memory, not their number")
	}
	a.op(op, w, a.reg(dst), a.mem(m))
}

// MR does [m] op= src.
func (a *Assembler) MR(op Op, w Width, m Mem, src Reg) {
	if op == IMul {
		a.failf("a product goes to a register")
	}
	a.op(op, w, a.mem(m), a.reg(src))
}

// RI does dst op= v, which is sign-extended.
func (a *Assembler) RI(op Op, w Width, dst Reg, v int32) {
	if op == IMul {
		a.IMulImm(w, dst, dst, v)
		return
	}
	a.op(op, w, a.reg(dst), a.immediate(op, w, v))
}

// MI does [m] op= v, which is sign-extended.
func (a *Assembler) MI(op Op, w Width, m Mem, v int32) {
	a.op(op, w, a.mem(m), a.immediate(op, w, v))
}

// immediate checks that a value fits the width.
func (a *Assembler) immediate(op Op, w Width, v int32) obj.Addr {
	switch {
	case op == Xchg || op == IMul:
		a.failf("operation %d takes no immediate", op)
	case op == BitTest && (v < 0 || v >= 8<<w):
		a.failf("bit %d of width %d", v, w)
	default:
		return a.fitting(w, v)
	}
	return imm(0)
}

// fitting is an immediate that is valid read as signed or unsigned number of the width.
func (a *Assembler) fitting(w Width, v int32) obj.Addr {
	switch {
	case w == W8 && (v < math.MinInt8 || v > math.MaxUint8), w == W16 && (v < math.MinInt16 || v > math.MaxUint16):
		a.failf("immediate %d does not fit width %d", v, w)
	case w == W8:
		v = int32(int8(v))
	case w == W16:
		v = int32(int16(v))
	}
	return imm(int64(v))
}

// IMulImm does dst = src * v.
func (a *Assembler) IMulImm(w Width, dst, src Reg, v int32) {
	as := byWidth(a, [4]obj.As{0, x86.AIMUL3W, x86.AIMUL3L, x86.AIMUL3Q}, w)
	p := a.emit(as, imm(int64(v)), a.reg(dst))
	p.RestArgs = []obj.Addr{a.reg(src)}
}

// Unary does op r.
func (a *Assembler) Unary(op UnaryOp, w Width, r Reg) { a.unary(op, w, a.reg(r)) }

// UnaryM does op [m].
func (a *Assembler) UnaryM(op UnaryOp, w Width, m Mem) { a.unary(op, w, a.mem(m)) }

func (a *Assembler) unary(op UnaryOp, w Width, operand obj.Addr) {
	as := pick(a, unaryOps[:], op, w)
	if op >= IDiv {
		a.emit(as, operand, obj.Addr{})
		return
	}
	a.emit(as, obj.Addr{}, operand)
}

// SignRDX fills RDX with the sign of RAX (CQO; CDQ for W32), before a division.
func (a *Assembler) SignRDX(w Width) {
	a.emit(byWidth(a, [4]obj.As{0, 0, x86.ACDQ, x86.ACQO}, w), obj.Addr{}, obj.Addr{})
}

// Shift does r op= n.
func (a *Assembler) Shift(op ShiftOp, w Width, r Reg, n uint8) {
	if int(n) >= 8<<w {
		a.failf("shift by %d of width %d", n, w)
	}
	a.emit(pick(a, shiftOps[:], op, w), imm(int64(n)), a.reg(r))
}

// ShiftCL does r op= CL, which counts modulo 64 for W64 and modulo 32 else.
func (a *Assembler) ShiftCL(op ShiftOp, w Width, r Reg) {
	a.emit(pick(a, shiftOps[:], op, w), obj.Addr{Type: obj.TYPE_REG, Reg: x86.REG_CX}, a.reg(r))
}

// ShiftBy does dst = src op n, modulo 64 of it, and leaves the flags alone (BMI2). Op is Shl, Shr or Sar.
func (a *Assembler) ShiftBy(op ShiftOp, dst, src, n Reg) {
	as, ok := map[ShiftOp]obj.As{Shl: x86.ASHLXQ, Shr: x86.ASHRXQ, Sar: x86.ASARXQ}[op]
	if !ok {
		a.failf("no shift %d by a register", op)
		return
	}
	a.emit(as, a.reg(n), a.reg(dst)).RestArgs = []obj.Addr{a.reg(src)}
}

// Rotate does dst = src rotated right by n, and leaves the flags alone (BMI2).
func (a *Assembler) Rotate(dst, src Reg, n uint8) {
	if n >= 64 {
		a.failf("rotation by %d", n)
	}
	a.emit(x86.ARORXQ, imm(int64(n)), a.reg(dst)).RestArgs = []obj.Addr{a.reg(src)}
}

// Mov copies a register; W32 clears the upper half.
func (a *Assembler) Mov(w Width, dst, src Reg) {
	switch w {
	case W64:
		a.emit(x86.AMOVQ, a.reg(src), a.reg(dst))
	case W32:
		a.emit(x86.AMOVL, a.reg(src), a.reg(dst))
	default:
		a.ZeroExtend(w, dst, src)
	}
}

var (
	zeroExtending = [4]obj.As{x86.AMOVBLZX, x86.AMOVWLZX, x86.AMOVL, x86.AMOVQ}
	signExtending = [4]obj.As{x86.AMOVBQSX, x86.AMOVWQSX, x86.AMOVLQSX, x86.AMOVQ}
	stores        = [4]obj.As{x86.AMOVB, x86.AMOVW, x86.AMOVL, x86.AMOVQ}
)

// ZeroExtend copies the lower part of src, w wide, to all of dst.
func (a *Assembler) ZeroExtend(w Width, dst, src Reg) {
	a.emit(byWidth(a, zeroExtending, w), a.reg(src), a.reg(dst))
}

// SignExtend copies the lower part of src, w wide, to all of dst.
func (a *Assembler) SignExtend(w Width, dst, src Reg) {
	a.emit(byWidth(a, signExtending, w), a.reg(src), a.reg(dst))
}

// Load loads all of dst from memory w wide, zero-extended.
func (a *Assembler) Load(w Width, dst Reg, m Mem) {
	a.emit(byWidth(a, zeroExtending, w), a.mem(m), a.reg(dst))
}

// LoadSigned loads all of dst from memory w wide, sign-extended.
func (a *Assembler) LoadSigned(w Width, dst Reg, m Mem) {
	a.emit(byWidth(a, signExtending, w), a.mem(m), a.reg(dst))
}

// Store stores the lower part of src.
func (a *Assembler) Store(w Width, m Mem, src Reg) {
	a.emit(byWidth(a, stores, w), a.reg(src), a.mem(m))
}

// StoreImm stores v, sign-extended.
func (a *Assembler) StoreImm(w Width, m Mem, v int32) {
	a.emit(byWidth(a, stores, w), a.fitting(w, v), a.mem(m))
}

// MovImm loads a constant in the shortest way that leaves the flags alone.
func (a *Assembler) MovImm(dst Reg, v int64) {
	if v >= 0 && v <= math.MaxUint32 {
		a.emit(x86.AMOVL, imm(int64(int32(v))), a.reg(dst))
		return
	}
	a.emit(x86.AMOVQ, imm(v), a.reg(dst))
}

// Zero clears dst, and changes the flags.
func (a *Assembler) Zero(dst Reg) { a.RR(Xor, W32, dst, dst) }

// Lea loads an address.
func (a *Assembler) Lea(dst Reg, m Mem) { a.emit(x86.ALEAQ, a.mem(m), a.reg(dst)) }

// Lea32 loads the lower half of an address.
func (a *Assembler) Lea32(dst Reg, m Mem) { a.emit(x86.ALEAL, a.mem(m), a.reg(dst)) }

// BitScanReverse sets dst to the number of the highest bit of src; only flags if src is 0.
func (a *Assembler) BitScanReverse(dst, src Reg) { a.emit(x86.ABSRQ, a.reg(src), a.reg(dst)) }

// BitScanForward sets dst to the number of the lowest bit of src; only flags if src is 0.
func (a *Assembler) BitScanForward(dst, src Reg) { a.emit(x86.ABSFQ, a.reg(src), a.reg(dst)) }

var setccs = [16]obj.As{x86.ASETOS, x86.ASETOC, x86.ASETCS, x86.ASETCC, x86.ASETEQ, x86.ASETNE, x86.ASETLS, x86.ASETHI,
	x86.ASETMI, x86.ASETPL, x86.ASETPS, x86.ASETPC, x86.ASETLT, x86.ASETGE, x86.ASETLE, x86.ASETGT}

// Set sets the lowest byte of dst to 1 or 0, and leaves its others.
func (a *Assembler) Set(c Cond, dst Reg) { a.emit(setccs[c&15], obj.Addr{}, a.reg(dst)) }

var cmovs = [16][4]obj.As{
	{0, 0, x86.ACMOVLOS, x86.ACMOVQOS}, {0, 0, x86.ACMOVLOC, x86.ACMOVQOC},
	{0, 0, x86.ACMOVLCS, x86.ACMOVQCS}, {0, 0, x86.ACMOVLCC, x86.ACMOVQCC},
	{0, 0, x86.ACMOVLEQ, x86.ACMOVQEQ}, {0, 0, x86.ACMOVLNE, x86.ACMOVQNE},
	{0, 0, x86.ACMOVLLS, x86.ACMOVQLS}, {0, 0, x86.ACMOVLHI, x86.ACMOVQHI},
	{0, 0, x86.ACMOVLMI, x86.ACMOVQMI}, {0, 0, x86.ACMOVLPL, x86.ACMOVQPL},
	{0, 0, x86.ACMOVLPS, x86.ACMOVQPS}, {0, 0, x86.ACMOVLPC, x86.ACMOVQPC},
	{0, 0, x86.ACMOVLLT, x86.ACMOVQLT}, {0, 0, x86.ACMOVLGE, x86.ACMOVQGE},
	{0, 0, x86.ACMOVLLE, x86.ACMOVQLE}, {0, 0, x86.ACMOVLGT, x86.ACMOVQGT},
}

// Cmov copies src if c; W32 clears the upper half in any case.
func (a *Assembler) Cmov(c Cond, w Width, dst, src Reg) {
	a.emit(pick(a, cmovs[:], c, w), a.reg(src), a.reg(dst))
}

// CmovM loads if c; memory is read in any case.
func (a *Assembler) CmovM(c Cond, w Width, dst Reg, m Mem) {
	a.emit(pick(a, cmovs[:], c, w), a.mem(m), a.reg(dst))
}
