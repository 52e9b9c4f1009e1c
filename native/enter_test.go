//go:build linux && amd64

package native

import (
	"math"
	"testing"
	"unsafe"

	"github.com/sista-vm/sista/codegen/asm"
)

func TestOffsets(t *testing.T) {
	var c Context
	for name, p := range map[string][2]uint64{
		"StackLimit": {uint64(unsafe.Offsetof(c.StackLimit)), 0},
		"Free":       {uint64(unsafe.Offsetof(c.Free)), 8},
		"FreeLimit":  {uint64(unsafe.Offsetof(c.FreeLimit)), 16},
		"Nil":        {uint64(unsafe.Offsetof(c.Nil)), 24},
		"False":      {uint64(unsafe.Offsetof(c.False)), 32},
		"True":       {uint64(unsafe.Offsetof(c.True)), 40},
		"OldStart":   {uint64(unsafe.Offsetof(c.OldStart)), 48},
		"Stubs":      {uint64(OffStub(0)), 136},
		"stub 3":     {uint64(OffStub(3)), 160},
	} {
		if p[0] != p[1] {
			t.Errorf("%s is at %d, want %d", name, p[0], p[1])
		}
	}
	if OffStackLimit > 127 {
		t.Error("polls take an instruction with a long displacement")
	}
}

// TestStubs leaves by each stub that is called, and goes on after it.
func TestStubs(t *testing.T) {
	m := newMachine(t)
	for x := ExitSend; x < ExitFault; x++ {
		after := asm.Label(0)
		var a0 *asm.Assembler
		p := m.place(t, assemble(t, func(a *asm.Assembler) {
			a0 = a
			a.Push(asm.RAX)
			a.MovImm(asm.RAX, 11)
			a.MovImm(asm.RCX, 12)
			a.MovImm(asm.RDX, 13)
			a.MovImm(asm.R10, 14)
			leave(a, x)
			after = a.Here()
			// What Enter was given is pushed; so is fp.
			a.Push(asm.RAX)
			a.Push(asm.RBP)
			leave(a, x)
			a.Trap()
		}))
		m.start(p)
		m.FP, m.Args = 0x1234, [3]uint64{77}
		Enter(&m.Context)
		second := uint64(12)
		if x == ExitSend || x == ExitValue || x == ExitCall {
			second = 14
		}
		if m.Exit != x || m.Args != [3]uint64{11, second, 13} {
			t.Errorf("exit %d: %d with %d", x, m.Exit, m.Args)
		}
		if m.SP != m.top(1) || m.FP != 0x1234 || m.PC != p.Text()+uint64(a0.Offset(after)) {
			t.Errorf("exit %d: sp %#x fp %#x pc %#x, want %#x 0x1234 %#x", x, m.SP, m.FP, m.PC, m.top(1), p.Text()+uint64(a0.Offset(after)))
		}
		m.FP, m.Args[0] = 0x4321, 99
		Enter(&m.Context)
		end := len(m.stack) - 1
		if m.SP != m.top(3) || m.stack[end-1] != 77 || m.stack[end-2] != 99 || m.stack[end-3] != 0x4321 {
			t.Errorf("exit %d: went on with stack %x", x, m.stack[end-4:])
		}
		m.zone.Free(p)
	}
}

// TestReturn calls code whose return address is a stub.
func TestReturn(t *testing.T) {
	m := newMachine(t)
	p := m.place(t, assemble(t, func(a *asm.Assembler) {
		a.Push(asm.RBP)
		a.Mov(asm.W64, asm.RBP, asm.RSP)
		a.Load(asm.W64, asm.RAX, asm.At(asm.RBP, 16)) // argument
		a.RM(asm.Add, asm.W64, asm.RAX, asm.At(asm.RBP, 24))
		a.Mov(asm.W64, asm.RSP, asm.RBP)
		a.Pop(asm.RBP)
		a.Ret(16)
	}))
	for _, x := range []Exit{ExitReturn, ExitReturnBase, ExitReturnHooked} {
		m.start(p)
		end := len(m.stack) - 1
		m.stack[end-1], m.stack[end-2], m.stack[end-3] = 40, 2, m.Stubs[x]
		m.SP, m.FP = m.top(3), 0x5678
		Enter(&m.Context)
		if m.Exit != x || m.Args[0] != 42 || m.SP != m.top(0) || m.FP != 0x5678 {
			t.Errorf("exit %d: %d with %d, sp %#x, fp %#x", x, m.Exit, m.Args, m.SP, m.FP)
		}
	}
}

// fillRegisters gives all registers but RSP and R15 values.
func fillRegisters(a *asm.Assembler) {
	for x := asm.X0; x <= asm.X15; x++ {
		a.MovImm(asm.RAX, int64(math.Float64bits(float64(x)+0.5)))
		a.BitsToX(asm.W64, x, asm.RAX)
	}
	for r := asm.RAX; r < asm.R15; r++ {
		if r != asm.RSP {
			a.MovImm(r, 0x0123_4567_89AB_CD00+int64(r))
		}
	}
}

func (m *machine) checkRegisters(t *testing.T) {
	t.Helper()
	for r, got := range m.Regs {
		want := 0x0123_4567_89AB_CD00 + uint64(r)
		switch asm.Reg(r) {
		case asm.RSP:
			want = m.top(0)
		case asm.R15:
			want = uint64(uintptr(unsafe.Pointer(&m.Context)))
		}
		if got != want {
			t.Errorf("register %s is %#x, want %#x", asm.Reg(r), got, want)
		}
	}
	for x, bits := range m.XRegs {
		if got := math.Float64frombits(bits); got != float64(x)+0.5 {
			t.Errorf("vector register %d is %v", x, got)
		}
	}
	if m.SP != m.top(0) || m.FP != m.Regs[asm.RBP] {
		t.Errorf("sp %#x, fp %#x", m.SP, m.FP)
	}
}

func TestDeoptKeepsRegisters(t *testing.T) {
	m := newMachine(t)
	p := m.place(t, assemble(t, func(a *asm.Assembler) {
		fillRegisters(a)
		leave(a, ExitDeopt)
		a.Trap()
	}))
	m.start(p)
	if live := clobbered(&m.Context); live != 45 {
		t.Errorf("Go's own values are %v after machine code", live)
	}
	if m.Exit != ExitDeopt || m.PC != p.Text()+uint64(len(p.Code().Bytes)-1) {
		t.Fatalf("exit %d at %#x", m.Exit, m.PC)
	}
	m.checkRegisters(t)
}

// clobbered has integers and floats live over machine code that uses all registers,
// and needs Go's own registers right after it: zeroes are of X15, a function value of R14.
//
//go:noinline
func clobbered(c *Context) float64 {
	var f [10]float64
	for i := range f {
		f[i] = float64(i)
	}
	a, b, d := f[1], f[2], f[3]
	Enter(c)
	var zero [8]uint64
	for _, z := range zero {
		a += float64(z)
	}
	grow(64) // compares with the stack bound of the goroutine in R14
	return f[0] + a + b + d + f[4] + f[5] + f[6] + f[7] + f[8] + f[9]
}

//go:noinline
func grow(n int) (sum int) {
	var big [512]int
	big[n] = n
	if n > 0 {
		sum = grow(n - 1)
	}
	return sum + big[n]
}

func TestEnterAfterReuse(t *testing.T) {
	m := newMachine(t)
	p := m.place(t, assemble(t, func(a *asm.Assembler) { leave(a, ExitPoll) }))
	if m.serialize != 0 {
		t.Error("fresh memory is taken for used")
	}
	m.zone.Free(p)
	p = m.place(t, assemble(t, func(a *asm.Assembler) { leave(a, ExitNew) }))
	if m.serialize == 0 {
		t.Error("used memory is taken for fresh")
	}
	m.start(p)
	Enter(&m.Context)
	if m.serialize != 0 || m.Exit != ExitNew {
		t.Errorf("exit %d, serialize %d", m.Exit, m.serialize)
	}
}

func BenchmarkEnterAndLeave(b *testing.B) {
	m := newMachine(b)
	p := m.place(b, assemble(b, func(a *asm.Assembler) {
		top := a.Here()
		leave(a, ExitPoll)
		a.Jmp(top)
	}))
	m.start(p)
	for b.Loop() {
		Enter(&m.Context)
	}
}

func BenchmarkCallAndReturn(b *testing.B) {
	m := newMachine(b)
	p := m.place(b, assemble(b, func(a *asm.Assembler) { a.Ret(0) }))
	m.stack[len(m.stack)-2] = m.Stubs[ExitReturn]
	for b.Loop() {
		m.PC, m.SP = p.Entry(), m.top(1)
		Enter(&m.Context)
	}
}

//go:noinline
func enter3(c *Context) { enter2(c); c.Args[2]++ }

//go:noinline
func enter2(c *Context) { enter1(c); c.Args[2]++ }

//go:noinline
func enter1(c *Context) { Enter(c); c.Args[2]++ }

func BenchmarkEnterAndLeaveNested(b *testing.B) {
	m := newMachine(b)
	p := m.place(b, assemble(b, func(a *asm.Assembler) {
		top := a.Here()
		leave(a, ExitPoll)
		a.Jmp(top)
	}))
	m.start(p)
	for b.Loop() {
		enter3(&m.Context)
	}
}

func BenchmarkCallAndReturnNested(b *testing.B) {
	m := newMachine(b)
	p := m.place(b, assemble(b, func(a *asm.Assembler) { a.Ret(0) }))
	m.stack[len(m.stack)-2] = m.Stubs[ExitReturn]
	for b.Loop() {
		m.PC, m.SP = p.Entry(), m.top(1)
		enter3(&m.Context)
	}
}
