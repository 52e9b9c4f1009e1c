package asm

import (
	"fmt"
	"strings"
	"testing"
)

var widths = []Width{W8, W16, W32, W64}

// names of registers by width, as the disassembler writes them.
func name(r Reg, w Width) string {
	switch {
	case r >= R8:
		return r.String() + [4]string{"b", "w", "d", ""}[w]
	case w == W64:
		return r.String()
	case w == W32:
		return "e" + r.String()[1:]
	case w == W16:
		return r.String()[1:]
	case r < RSP:
		return r.String()[1:2] + "l"
	}
	return r.String()[1:] + "l"
}

var pointers = [4]string{"byte ptr ", "word ptr ", "dword ptr ", "qword ptr "}

// listing assembles what emit emits, and reads it back. Every instruction must be as
// short as maxSize says.
func listing(t *testing.T, emit func(a *Assembler)) string {
	t.Helper()
	a := New()
	emit(a)
	out, err := a.Assemble()
	if err != nil {
		return err.Error()
	}
	for p := a.first; p != nil; p = p.Link {
		if p.Isize > maxSize(p) {
			t.Errorf("%v: %d bytes, expected at most %d", p, p.Isize, maxSize(p))
		}
	}
	var l []string
	for _, i := range Disassemble(out.Bytes, nil) {
		l = append(l, i.Text)
	}
	return strings.Join(l, "; ")
}

func check(t *testing.T, want string, emit func(a *Assembler)) {
	t.Helper()
	if got := listing(t, emit); got != want {
		t.Errorf("%s: want %s", got, want)
	}
}

func TestTwoOperands(t *testing.T) {
	texts := map[Op]string{Add: "add", Sub: "sub", And: "and", Or: "or", Xor: "xor", Cmp: "cmp", Test: "test", IMul: "imul", BitTest: "bt", Xchg: "xchg"}
	m := Indexed(R13, R12, 8, -1)
	for op := Add; op <= Xchg; op++ {
		text := texts[op] + " "
		for _, w := range widths {
			mem := pointers[w] + "[r13+8*r12-0x1]"
			si, r9 := name(RSI, w), name(R9, w)
			if w == W8 && (op == IMul || op == BitTest) {
				check(t, fmt.Sprintf("asm: no operation %d of width 0", op), func(a *Assembler) { a.RR(op, w, RSI, R9) })
				continue
			}
			check(t, text+si+", "+r9, func(a *Assembler) { a.RR(op, w, RSI, R9) })
			switch op {
			case Test, Xchg:
				check(t, text+mem+", "+si, func(a *Assembler) { a.RM(op, w, RSI, m) })
			case BitTest:
				check(t, "asm: the bits tested are in a register or memory, not their number", func(a *Assembler) { a.RM(op, w, RSI, m) })
			default:
				check(t, text+si+", "+mem, func(a *Assembler) { a.RM(op, w, RSI, m) })
			}
			switch op {
			case IMul:
				check(t, "asm: a product goes to a register", func(a *Assembler) { a.MR(op, w, m, R9) })
				check(t, text+si+", "+si+", 0x5", func(a *Assembler) { a.RI(op, w, RSI, 5) })
				check(t, text+si+", "+r9+", 0x3e8", func(a *Assembler) { a.IMulImm(w, RSI, R9, 1000) })
			case Xchg:
				check(t, text+mem+", "+r9, func(a *Assembler) { a.MR(op, w, m, R9) })
				check(t, "asm: operation 9 takes no immediate", func(a *Assembler) { a.RI(op, w, RSI, 5) })
			default:
				check(t, text+mem+", "+r9, func(a *Assembler) { a.MR(op, w, m, R9) })
				check(t, text+si+", 0x5", func(a *Assembler) { a.RI(op, w, RSI, 5) })
				check(t, text+name(RAX, w)+", 0x5", func(a *Assembler) { a.RI(op, w, RAX, 5) })
				check(t, text+mem+", 0x5", func(a *Assembler) { a.MI(op, w, m, 5) })
			}
		}
	}
	check(t, "cmp rdx, 0x12345", func(a *Assembler) { a.RI(Cmp, W64, RDX, 0x12345) })
	check(t, "cmp rax, -0x80000000", func(a *Assembler) { a.RI(Cmp, W64, RAX, -1<<31) })
	check(t, "asm: immediate 1000 does not fit width 0", func(a *Assembler) { a.RI(Add, W8, RDX, 1000) })
	check(t, "asm: bit 64 of width 3", func(a *Assembler) { a.RI(BitTest, W64, RDX, 64) })
}

func TestOneOperand(t *testing.T) {
	texts := map[UnaryOp]string{Neg: "neg", Not: "not", Inc: "inc", Dec: "dec", IDiv: "idiv", Div: "div", Mul: "mul"}
	for op := Neg; op <= Mul; op++ {
		for _, w := range widths {
			check(t, texts[op]+" "+name(R11, w), func(a *Assembler) { a.Unary(op, w, R11) })
			check(t, texts[op]+" "+pointers[w]+"[rsp+0x10]", func(a *Assembler) { a.UnaryM(op, w, At(RSP, 16)) })
		}
	}
	shifts := map[ShiftOp]string{Shl: "shl", Shr: "shr", Sar: "sar", Rol: "rol", Ror: "ror"}
	for op := Shl; op <= Ror; op++ {
		for _, w := range widths {
			check(t, shifts[op]+" "+name(RDI, w)+", 0x3", func(a *Assembler) { a.Shift(op, w, RDI, 3) })
			check(t, shifts[op]+" "+name(RDI, w)+", cl", func(a *Assembler) { a.ShiftCL(op, w, RDI) })
		}
	}
	check(t, "asm: shift by 64 of width 3", func(a *Assembler) { a.Shift(Shl, W64, RAX, 64) })
	check(t, "cqo; cdq", func(a *Assembler) { a.SignRDX(W64); a.SignRDX(W32) })
	check(t, "bsr r10, rax; bsf rax, r10", func(a *Assembler) { a.BitScanReverse(R10, RAX); a.BitScanForward(RAX, R10) })
}

func TestMoves(t *testing.T) {
	zero := [4]string{"movzx esi, ", "movzx esi, ", "mov esi, ", "mov rsi, "}
	sign := [4]string{"movsx rsi, ", "movsx rsi, ", "movsxd rsi, ", "mov rsi, "}
	for _, w := range widths {
		mem := pointers[w] + "[rbp-0x8]"
		check(t, zero[w]+name(R8, w), func(a *Assembler) { a.Mov(w, RSI, R8) })
		check(t, zero[w]+name(RDI, w), func(a *Assembler) { a.ZeroExtend(w, RSI, RDI) })
		check(t, sign[w]+name(RDI, w), func(a *Assembler) { a.SignExtend(w, RSI, RDI) })
		check(t, zero[w]+mem, func(a *Assembler) { a.Load(w, RSI, At(RBP, -8)) })
		check(t, sign[w]+mem, func(a *Assembler) { a.LoadSigned(w, RSI, At(RBP, -8)) })
		check(t, "mov "+mem+", "+name(RDI, w), func(a *Assembler) { a.Store(w, At(RBP, -8), RDI) })
		check(t, "mov "+mem+", 0x7", func(a *Assembler) { a.StoreImm(w, At(RBP, -8), 7) })
	}
	for _, c := range []struct {
		value int64
		want  string
	}{
		{0, "mov r10d, 0x0"}, {1, "mov r10d, 0x1"}, {1 << 31, "mov r10d, -0x80000000"}, {1<<32 - 1, "mov r10d, -0x1"},
		{1 << 32, "mov r10, 0x100000000"}, {-1, "mov r10, -0x1"}, {-1 << 31, "mov r10, -0x80000000"},
		{-1<<31 - 1, "mov r10, 0xffffffff7fffffff"}, {1<<63 - 1, "mov r10, 0x7fffffffffffffff"},
	} {
		check(t, c.want, func(a *Assembler) { a.MovImm(R10, c.value) })
	}
	check(t, "xor eax, eax", func(a *Assembler) { a.Zero(RAX) })
}

// TestAddresses has every base and index, and displacements of all sizes.
func TestAddresses(t *testing.T) {
	for base := RAX; base <= R15; base++ {
		for _, d := range []struct {
			disp int32
			text string
		}{{0, ""}, {8, "+0x8"}, {-128, "-0x80"}, {128, "+0x80"}, {-1000, "-0x3e8"}, {1 << 30, "+0x40000000"}} {
			check(t, "mov rdx, qword ptr ["+base.String()+d.text+"]", func(a *Assembler) { a.Load(W64, RDX, At(base, d.disp)) })
			for index := RAX; index <= R15; index++ {
				if index == RSP {
					continue
				}
				want := fmt.Sprintf("lea rdx, ptr [%s+4*%s%s]", base, index, d.text)
				check(t, want, func(a *Assembler) { a.Lea(RDX, Indexed(base, index, 4, d.disp)) })
			}
		}
	}
	check(t, "lea edx, ptr [rax+r12+0x1]", func(a *Assembler) { a.Lea32(RDX, Indexed(RAX, R12, 1, 1)) })
	check(t, "lea rdx, ptr [2*rbx+0x10]", func(a *Assembler) { a.Lea(RDX, Indexed(NoBase, RBX, 2, 16)) })
	check(t, "asm: rsp is no index", func(a *Assembler) { a.Lea(RDX, Indexed(RAX, RSP, 2, 16)) })
	check(t, "asm: an index is scaled by 1, 2, 4 or 8, not 3", func(a *Assembler) { a.Lea(RDX, Indexed(RAX, RBX, 3, 16)) })
	check(t, "asm: operand has neither base nor index", func(a *Assembler) { a.Lea(RDX, At(NoBase, 0)) })
	check(t, "asm: operand is no register", func(a *Assembler) { a.Push(NoBase) })
}

func TestConditions(t *testing.T) {
	codes := []string{"o", "no", "b", "nb", "z", "nz", "be", "nbe", "s", "ns", "p", "np", "l", "nl", "le", "nle"}
	for i, code := range codes {
		c := Cond(i)
		check(t, "set"+code+" sil", func(a *Assembler) { a.Set(c, RSI) })
		check(t, "cmov"+code+" rsi, r8", func(a *Assembler) { a.Cmov(c, W64, RSI, R8) })
		check(t, "cmov"+code+" esi, r8d", func(a *Assembler) { a.Cmov(c, W32, RSI, R8) })
		check(t, "cmov"+code+" rsi, qword ptr [r8+0x1]", func(a *Assembler) { a.CmovM(c, W64, RSI, At(R8, 1)) })
		check(t, "cmov"+code+" esi, dword ptr [r8+0x1]", func(a *Assembler) { a.CmovM(c, W32, RSI, At(R8, 1)) })
		check(t, "j"+code+" 0x0", func(a *Assembler) { a.Jcc(c, a.Here()) })
	}
	if Less.Not() != GreaterEqual || Above.Not() != BelowEqual {
		t.Error("opposite conditions")
	}
}

func TestControl(t *testing.T) {
	check(t, "jmp r10; jmp qword ptr [r10+0x8]", func(a *Assembler) { a.JmpReg(R10); a.JmpMem(At(R10, 8)) })
	check(t, "call r10; call qword ptr [r10+0x8]; call qword ptr [r15+0x80]", func(a *Assembler) {
		a.CallReg(R10)
		a.CallMem(At(R10, 8))
		a.CallMem(At(R15, 0x80))
	})
	check(t, "call 0x0; ret; ret 0x10", func(a *Assembler) { a.CallLabel(a.Here()); a.Ret(0); a.Ret(16) })
	check(t, "push r12; push qword ptr [r12]; push 0x3; push 0x3e8", func(a *Assembler) {
		a.Push(R12)
		a.PushMem(At(R12, 0))
		a.PushImm(3)
		a.PushImm(1000)
	})
	check(t, "pop r12; pop qword ptr [r15]; int3", func(a *Assembler) { a.Pop(R12); a.PopMem(At(R15, 0)); a.Trap() })
}

func TestFloats(t *testing.T) {
	texts := map[FOp]string{FAdd: "addsd", FSub: "subsd", FMul: "mulsd", FDiv: "divsd", FSqrt: "sqrtsd", FMin: "minsd", FMax: "maxsd",
		Ucomisd: "ucomisd", FToFloat4: "cvtsd2ss", FToFloat8: "cvtss2sd", FXor: "xorps", FAnd: "andps", FAndNot: "andnps", FOr: "orps"}
	for op := FAdd; op <= FOr; op++ {
		mem := "qword ptr [rbp-0x8]"
		switch {
		case op >= FXor:
			mem = "xmm" + "word ptr [rbp-0x8]"
		case op == FToFloat8:
			mem = "dword ptr [rbp-0x8]"
		}
		check(t, texts[op]+" xmm1, xmm12", func(a *Assembler) { a.XX(op, X1, X12) })
		check(t, texts[op]+" xmm1, "+mem, func(a *Assembler) { a.XM(op, X1, At(RBP, -8)) })
	}
	check(t, "movaps xmm1, xmm15; movmskpd eax, xmm9", func(a *Assembler) { a.MovX(X1, X15); a.SignBits(RAX, X9) })
	check(t, "movsd xmm9, qword ptr [r9+0x8]; movsd qword ptr [r9+0x8], xmm9", func(a *Assembler) {
		a.LoadX(W64, X9, At(R9, 8))
		a.StoreX(W64, At(R9, 8), X9)
	})
	check(t, "movss xmm9, dword ptr [r9+0x8]; movss dword ptr [r9+0x8], xmm9", func(a *Assembler) {
		a.LoadX(W32, X9, At(R9, 8))
		a.StoreX(W32, At(R9, 8), X9)
	})
	check(t, "movq xmm9, r9; movq r9, xmm1; movd xmm9, r9d; movd r9d, xmm1", func(a *Assembler) {
		a.BitsToX(W64, X9, R9)
		a.XToBits(W64, R9, X1)
		a.BitsToX(W32, X9, R9)
		a.XToBits(W32, R9, X1)
	})
	check(t, "cvtsi2sd xmm10, rax; cvtsi2sd xmm10, eax; cvttsd2si r10, xmm1; cvttsd2si r10d, xmm1", func(a *Assembler) {
		a.IntToFloat(W64, X10, RAX)
		a.IntToFloat(W32, X10, RAX)
		a.Truncate(W64, R10, X1)
		a.Truncate(W32, R10, X1)
	})
	check(t, "asm: no operation of width 0", func(a *Assembler) { a.LoadX(W8, X0, At(RAX, 0)) })
	check(t, "asm: there is no vector register 16", func(a *Assembler) { a.MovX(X0, 16) })
}

func TestThreeOperands(t *testing.T) {
	for _, c := range []struct {
		op   ShiftOp
		want string
	}{{Shl, "shlx"}, {Shr, "shrx"}, {Sar, "sarx"}} {
		check(t, c.want+" rax, r9, rdi", func(a *Assembler) { a.ShiftBy(c.op, RAX, R9, RDI) })
		check(t, c.want+" r12, rsi, r15", func(a *Assembler) { a.ShiftBy(c.op, R12, RSI, R15) })
	}
	check(t, "asm: no shift 4 by a register", func(a *Assembler) { a.ShiftBy(Ror, RAX, R9, RDI) })
	check(t, "rorx rax, r9, 0x4; rorx r8, rbx, 0x3f", func(a *Assembler) { a.Rotate(RAX, R9, 4); a.Rotate(R8, RBX, 63) })
	check(t, "asm: rotation by 64", func(a *Assembler) { a.Rotate(RAX, R9, 64) })
	texts := map[FOp]string{FAdd: "vaddsd", FSub: "vsubsd", FMul: "vmulsd", FDiv: "vdivsd", FMin: "vminsd", FMax: "vmaxsd",
		FXor: "vxorps", FAnd: "vandps", FAndNot: "vandnps", FOr: "vorps"}
	for op := FAdd; op <= FOr; op++ {
		text, known := texts[op]
		if !known {
			check(t, fmt.Sprintf("asm: no float operation %d of three operands", op), func(a *Assembler) { a.Float3(op, X1, X2, X3) })
			continue
		}
		mem := "qword ptr "
		if op >= FXor {
			mem = "xmm" + "word ptr "
		}
		check(t, text+" xmm1, xmm2, xmm3", func(a *Assembler) { a.Float3(op, X1, X2, X3) })
		check(t, text+" xmm10, xmm12, xmm15", func(a *Assembler) { a.Float3(op, X10, X12, X15) })
		check(t, text+" xmm1, xmm9, "+mem+"[rbp-0x8]", func(a *Assembler) { a.Float3M(op, X1, X9, At(RBP, -8)) })
		check(t, text+" xmm1, xmm9, "+mem+"[r13+8*r12+0x12345]", func(a *Assembler) { a.Float3M(op, X1, X9, Indexed(R13, R12, 8, 0x12345)) })
		check(t, text+" xmm1, xmm9, "+mem+"[rip]", func(a *Assembler) { a.Float3M(op, X1, X9, Data(0)) })
	}
}
