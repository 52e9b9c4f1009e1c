//go:build linux && amd64

package native

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/sista-vm/sista/codegen/asm"
	"github.com/sista-vm/sista/host/hostos"
	"golang.org/x/sys/unix"
)

// emitSpin emits a loop of n rounds that polls, with values in all registers; what they add
// up to tells whether they survived. It leaves by ExitNew at the end, the sums in AX and CX.
func emitSpin(a *asm.Assembler, n int64) {
	inLoop := []asm.Reg{asm.RBX, asm.RBP, asm.RSI, asm.RDI, asm.R8, asm.R9, asm.R10, asm.R11, asm.R12, asm.R13, asm.R14}
	for i, r := range inLoop {
		a.MovImm(r, int64(i+1))
	}
	for x := asm.X1; x <= asm.X15; x++ {
		a.MovImm(asm.RAX, 1)
		a.IntToFloat(asm.W64, x, asm.RAX)
	}
	a.XX(asm.FXor, asm.X0, asm.X0)
	a.MovImm(asm.RDX, n)
	a.Zero(asm.RAX)
	loop, goOn, poll := a.NewLabel(), a.NewLabel(), a.NewLabel()
	a.Bind(loop)
	for _, r := range inLoop {
		a.RR(asm.Add, asm.W64, asm.RAX, r)
	}
	a.XX(asm.FAdd, asm.X0, asm.X1)
	a.XX(asm.FAdd, asm.X0, asm.X15)
	a.RM(asm.Cmp, asm.W64, asm.RSP, asm.At(asm.R15, OffStackLimit))
	a.Jcc(asm.Below, poll)
	a.Bind(goOn)
	a.Unary(asm.Dec, asm.W64, asm.RDX)
	a.Jcc(asm.NotEqual, loop)
	a.Truncate(asm.W64, asm.RCX, asm.X0)
	leave(a, ExitNew)
	a.Trap()
	// Out of line: live registers go to the stack.
	a.Bind(poll)
	live := append([]asm.Reg{asm.RAX, asm.RDX}, inLoop...)
	for _, r := range live {
		a.Push(r)
	}
	a.RI(asm.Sub, asm.W64, asm.RSP, 24)
	for i, x := range []asm.XReg{asm.X0, asm.X1, asm.X15} {
		a.StoreX(asm.W64, asm.At(asm.RSP, int32(8*i)), x)
	}
	leave(a, ExitPoll)
	for i, x := range []asm.XReg{asm.X0, asm.X1, asm.X15} {
		a.LoadX(asm.W64, x, asm.At(asm.RSP, int32(8*i)))
	}
	a.RI(asm.Add, asm.W64, asm.RSP, 24)
	for i := range live {
		a.Pop(live[len(live)-1-i])
	}
	a.Jmp(goOn)
}

// spin runs emitSpin's code and answers how often it was interrupted.
func (m *machine) spin(t *testing.T, p *Placed, n int64) (polls int) {
	m.start(p)
	for {
		Enter(&m.Context)
		switch m.Exit {
		case ExitPoll:
			polls++
			m.StackLimit.Store(0)
			runtime.Gosched()
			continue
		case ExitNew:
			if m.Args[0] != uint64(66*n) || m.Args[1] != uint64(2*n) {
				t.Errorf("registers were changed: sums %d and %d, want %d and %d", m.Args[0], m.Args[1], 66*n, 2*n)
			}
		default:
			t.Errorf("exit %d at %#x", m.Exit, m.PC)
		}
		return polls
	}
}

// storm makes Go's runtime as restless as it can be until it is stopped, above all on this
// goroutine's thread.
func storm(t *testing.T) (stop func()) {
	runtime.LockOSThread()
	thread := syscall.Gettid()
	percent := debug.SetGCPercent(1)
	var profile bytes.Buffer
	if err := pprof.StartCPUProfile(&profile); err != nil {
		t.Fatal(err)
	}
	var done atomic.Bool
	var wait sync.WaitGroup
	wait.Go(func() {
		for !done.Load() {
			runtime.GC()
		}
	})
	wait.Go(func() {
		for !done.Load() {
			for _, s := range []syscall.Signal{syscall.SIGURG, syscall.SIGPROF} {
				_ = unix.Tgkill(os.Getpid(), thread, s)
				_ = syscall.Kill(os.Getpid(), s)
			}
			time.Sleep(20 * time.Microsecond)
		}
	})
	return func() {
		done.Store(true)
		wait.Wait()
		pprof.StopCPUProfile()
		debug.SetGCPercent(percent)
		runtime.UnlockOSThread()
		if profile.Len() == 0 {
			t.Error("no profile")
		}
	}
}

// TestInterruption spins in machine code while the world is stopped all the time. Without
// the handler the collections could not begin before the loop ends.
func TestInterruption(t *testing.T) {
	defer storm(t)()
	m := newMachine(t)
	const n = 5e6
	p := m.place(t, assemble(t, func(a *asm.Assembler) { emitSpin(a, n) }))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	polls, rounds := 0, 0
	for polls < 10 || after.NumGC < before.NumGC+3 {
		if rounds++; rounds == 1000 {
			t.Fatalf("interrupted %d times, %d collections", polls, after.NumGC-before.NumGC)
		}
		polls += m.spin(t, p, n)
		runtime.ReadMemStats(&after)
	}
}

// TestGoInterrupts spins in machine code while another goroutine stops the world, and nobody else sends
// signals: what tryInterruption takes for granted.
func TestGoInterrupts(t *testing.T) {
	m := newMachine(t)
	const n = 5e6
	p := m.place(t, assemble(t, func(a *asm.Assembler) { emitSpin(a, n) }))
	var stop atomic.Bool
	var wait sync.WaitGroup
	wait.Go(func() {
		for !stop.Load() {
			runtime.ReadMemStats(new(runtime.MemStats)) // stops the world
		}
	})
	defer wait.Wait()
	defer stop.Store(true)
	for rounds := 0; m.spin(t, p, n) == 0; rounds++ {
		if rounds == 1000 {
			t.Fatal("Go does not interrupt machine code")
		}
	}
}

// TestStormAtTheBorder has signals meet entering and leaving, on both stacks.
func TestStormAtTheBorder(t *testing.T) {
	defer storm(t)()
	m := newMachine(t)
	p := m.place(t, assemble(t, func(a *asm.Assembler) {
		a.Zero(asm.RAX)
		top := a.Here()
		a.Unary(asm.Inc, asm.W64, asm.RAX)
		leave(a, ExitHash)
		a.Jmp(top)
	}))
	q := m.place(t, assemble(t, func(a *asm.Assembler) { a.Ret(0) }))
	m.start(p)
	for i := range uint64(5_000_000) {
		Enter(&m.Context)
		if m.Exit != ExitHash || m.Args[0] != i+1 || m.SP != m.top(0) {
			t.Fatalf("round %d: exit %d with %d", i, m.Exit, m.Args[0])
		}
		if i%4 == 0 {
			pc := m.PC
			m.stack[len(m.stack)-2] = m.Stubs[ExitReturn]
			m.PC, m.SP = q.Entry(), m.top(1)
			Enter(&m.Context)
			if m.Exit != ExitReturn || m.SP != m.top(0) {
				t.Fatalf("round %d: exit %d", i, m.Exit)
			}
			m.PC = pc
		}
	}
}

// TestTwoMachines spins on two goroutines in zones of their own, one of which comes and goes.
func TestTwoMachines(t *testing.T) {
	defer storm(t)()
	const n = 5e6
	var wait sync.WaitGroup
	m := newMachine(t)
	p := m.place(t, assemble(t, func(a *asm.Assembler) { emitSpin(a, n) }))
	code := assemble(t, func(a *asm.Assembler) { emitSpin(a, n/10) })
	wait.Go(func() {
		for range 5 {
			m.spin(t, p, n)
		}
	})
	wait.Go(func() {
		for range 20 {
			other := newMachine(t)
			q, err := other.zone.Place(code)
			if err != nil {
				t.Error(err)
				return
			}
			other.spin(t, q, n/10)
			if err := other.zone.Close(); err != nil {
				t.Error(err)
			}
		}
	})
	wait.Wait()
}

// TestFault has machine code fault in different ways, with all registers kept; Go's
// own faults are as ever.
func TestFault(t *testing.T) {
	m := newMachine(t)
	fault := func(signal syscall.Signal, emit func(a *asm.Assembler)) {
		t.Helper()
		at := asm.Label(0)
		var as *asm.Assembler
		p := m.place(t, assemble(t, func(a *asm.Assembler) {
			as = a
			fillRegisters(a)
			at = a.Here()
			emit(a)
			a.Trap()
		}))
		m.start(p)
		Enter(&m.Context)
		pc := p.Text() + uint64(as.Offset(at))
		if signal == syscall.SIGTRAP {
			pc++ // the processor has gone on
		}
		if m.Exit != ExitFault || m.FaultSignal != uint64(signal) || m.PC != pc {
			t.Errorf("%s: exit %d with %s at %#x, want %#x", signal, m.Exit, syscall.Signal(m.FaultSignal), m.PC, pc)
		}
		m.checkRegisters(t)
		m.zone.Free(p)
	}
	var nowhere *int
	for range 100 {
		fault(syscall.SIGSEGV, func(a *asm.Assembler) { a.Load(asm.W8, asm.R9, asm.At(asm.RAX, 0)) })
		fault(syscall.SIGFPE, func(a *asm.Assembler) { a.Unary(asm.IDiv, asm.W64, asm.RCX) })
		fault(syscall.SIGTRAP, func(a *asm.Assembler) { a.Trap() })
		func() {
			defer func() {
				if recover() == nil {
					t.Error("Go's own fault was lost")
				}
			}()
			*nowhere = 1
		}()
	}
	// The text cannot be written, and the address is told.
	p := m.place(t, assemble(t, func(a *asm.Assembler) {
		a.Lea(asm.RAX, asm.Code(a.Here()))
		a.Store(asm.W8, asm.At(asm.RAX, 0), asm.RAX)
		a.Trap()
	}))
	m.start(p)
	Enter(&m.Context)
	if m.Exit != ExitFault || m.FaultAddr != p.Text() {
		t.Errorf("writing to text: exit %d, address %#x, want %#x", m.Exit, m.FaultAddr, p.Text())
	}
	if got, want := m.Fault(), fmt.Sprintf("signal 11 at pc %#x, address %#x, sp %#x, fp 0x0", m.PC, p.Text(), m.top(0)); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	// Data cannot be executed.
	c := assemble(t, func(a *asm.Assembler) {
		a.Lea(asm.RAX, asm.Data(0))
		a.JmpReg(asm.RAX)
	})
	c.Raw = []uint64{0xC3C3C3C3C3C3C3C3}
	q := m.place(t, c)
	m.start(q)
	Enter(&m.Context)
	if m.Exit != ExitFault || m.PC != q.Data() {
		t.Errorf("executing data: exit %d at %#x, want %#x", m.Exit, m.PC, q.Data())
	}
}

// TestHandlersGo checks that handlers are there while a zone has code, and no longer.
func TestHandlersGo(t *testing.T) {
	installed := func() bool {
		a, err := getAction(syscall.SIGURG)
		if err != nil {
			t.Fatal(err)
		}
		return a.handler == handlers[0]
	}
	m, n := newMachine(t), newMachine(t)
	if installed() {
		t.Error("installed before there is code")
	}
	m.place(t, spin(1))
	n.place(t, spin(1))
	if !installed() {
		t.Error("not installed with code there")
	}
	if err := m.zone.Close(); err != nil {
		t.Fatal(err)
	}
	if !installed() {
		t.Error("uninstalled though a zone is left")
	}
	if err := n.zone.Close(); err != nil {
		t.Fatal(err)
	}
	if installed() {
		t.Error("left behind")
	}
}

// TestHandlersChain has somebody else's handlers there before ours: they are called for all that
// is not machine code's, and for interruptions of machine code too, and are back in the end.
func TestHandlersChain(t *testing.T) {
	page, err := syscall.Mmap(-1, 0, 4096, syscall.PROT_READ|syscall.PROT_WRITE|syscall.PROT_EXEC, syscall.MAP_PRIVATE|syscall.MAP_ANON)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Munmap(page)
	calls := (*[2]uint64)(unsafe.Pointer(&page[0])) // of those of SIGURG and of SIGSEGV
	theirs := [2]sigaction{}
	code := 64
	for i, s := range []syscall.Signal{syscall.SIGURG, syscall.SIGSEGV} {
		goes, err := getAction(s)
		if err != nil {
			t.Fatal(err)
		}
		theirs[i] = goes
		theirs[i].handler = uint64(uintptr(unsafe.Pointer(&page[code])))
		b := []byte{0x49, 0xBB} // mov r11, address
		b = binary.LittleEndian.AppendUint64(b, uint64(uintptr(unsafe.Pointer(&calls[i]))))
		b = append(b, 0xF0, 0x49, 0xFF, 0x03, 0x49, 0xBB) // lock inc qword [r11]; mov r11, handler
		b = binary.LittleEndian.AppendUint64(b, goes.handler)
		b = append(b, 0x41, 0xFF, 0xE3) // jmp r11
		code += copy(page[code:], b)
		if err := setAction(s, theirs[i]); err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := setAction(s, goes); err != nil {
				t.Error(err)
			}
		}()
	}
	count := func(i int) uint64 { return atomic.LoadUint64(&calls[i]) }
	m := newMachine(t)
	p := m.place(t, assemble(t, func(a *asm.Assembler) { emitSpin(a, 5e6) }))
	if a, err := getAction(syscall.SIGURG); err != nil || a.handler != handlers[0] {
		t.Fatalf("not installed: %v", err)
	}
	// A signal that meets Go code.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	before := count(0)
	if err := unix.Tgkill(os.Getpid(), syscall.Gettid(), syscall.SIGURG); err != nil {
		t.Fatal(err)
	}
	if count(0) == before {
		t.Error("SIGURG in Go code is not passed on")
	}
	// One that meets machine code: there is no other way for Go's handler to learn of it.
	stop := storm(t)
	polls := 0
	before = count(0)
	for round := 0; polls < 10; round++ {
		if round == 1000 {
			t.Fatalf("interrupted %d times", polls)
		}
		polls += m.spin(t, p, 5e6)
	}
	stop()
	if n := count(0) - before; n < uint64(polls) {
		t.Errorf("machine code was interrupted %d times, and %d signals passed on", polls, n)
	}
	// A fault of machine code is ours alone, one of Go code is not.
	q := m.place(t, assemble(t, func(a *asm.Assembler) {
		a.Zero(asm.RAX)
		a.Load(asm.W8, asm.RAX, asm.At(asm.RAX, 0))
		a.Trap()
	}))
	m.start(q)
	Enter(&m.Context)
	if m.Exit != ExitFault || count(1) != 0 {
		t.Errorf("exit %d; %d faults passed on", m.Exit, count(1))
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("Go's own fault was lost")
			}
		}()
		var nowhere *int
		*nowhere = 1
	}()
	if count(1) != 1 {
		t.Errorf("%d faults passed on, want 1", count(1))
	}
	if err := m.zone.Close(); err != nil {
		t.Fatal(err)
	}
	for i, s := range []syscall.Signal{syscall.SIGURG, syscall.SIGSEGV} {
		if a, err := getAction(s); err != nil || a != theirs[i] {
			t.Errorf("%s: %+v, %v, want %+v", s, a, err, theirs[i])
		}
	}
}

// TestNotInterrupted has a process whose Go does not interrupt: there is no machine
// code then, for collections would wait for it.
func TestNotInterrupted(t *testing.T) {
	const marker = "SISTA_NATIVE_TEST_NOT_INTERRUPTED"
	if os.Getenv(marker) != "" {
		var c Context
		if _, err := NewZone(&c, hostos.Memory(), 0, 512<<10, 0); err == nil || !strings.Contains(err.Error(), "does not interrupt") {
			t.Errorf("zone without interruption: %v", err)
		}
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestNotInterrupted$")
	cmd.Env = append(os.Environ(), marker+"=1", "GODEBUG=asyncpreemptoff=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
