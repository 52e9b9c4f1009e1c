package sig

import (
	"testing"
	"unsafe"

	"github.com/sista-vm/sista/xenhost/thread"
)

const stateSize = 832

// place answers an address of n bytes, aligned to 64.
func place(t *testing.T, n int) uint64 {
	b := make([]byte, n+64)
	t.Cleanup(func() { b[0] = 0 })
	return (uint64(uintptr(unsafe.Pointer(&b[0]))) + 63) &^ 63
}

func newThread(t *testing.T) (x *thread.Thread, stack uint64) {
	var table thread.Table
	x = table.Start()
	x.Extended = place(t, stateSize)
	stack = place(t, 16<<10)
	x.SP, x.IP, x.Flags, x.R14, x.AX = stack+16<<10-8, 0x401000, 0x246, 14, 99
	return x, stack
}

func TestPushAndReturn(t *testing.T) {
	var s Table
	*s.Action(SIGURG) = Action{Handler: 0x1234, Restorer: 0x5678, Mask: 1 << (SIGFPE - 1)}
	x, _ := newThread(t)
	x.Full = 1
	store(x.Extended+160, 0xabcdef) // part of XMM0
	before := *x
	if !s.Push(x, Info{Signal: SIGURG, Code: -6, Address: 0x77, Error: 4, Trap: 14}, stateSize) {
		t.Fatal("the signal has a handler")
	}
	if x.IP != 0x1234 || x.DI != SIGURG || x.SP%16 != 8 || x.SP >= before.SP-redZone || load(x.SP) != 0x5678 {
		t.Errorf("%+v", x.Regs)
	}
	if x.Mask != 1<<(SIGFPE-1)|1<<(SIGURG-1) {
		t.Errorf("mask %#x", x.Mask)
	}
	uc, info := x.DX, x.SI
	// What Go's runtime reads: uc_mcontext.gregs from offset 40 on.
	for name, c := range map[string][2]uint64{
		"r14": {40 + 6*8, 14}, "rax": {40 + 13*8, 99}, "rsp": {40 + 15*8, before.SP}, "rip": {40 + 16*8, 0x401000},
		"eflags": {40 + 17*8, 0x246}, "err": {192, 4}, "trapno": {200, 14}, "cr2": {216, 0x77},
	} {
		if got := load(uc + c[0]); got != c[1] {
			t.Errorf("%s is %#x, want %#x", name, got, c[1])
		}
	}
	if uint32(load(info)) != SIGURG || int32(load(info+8)) != -6 || load(info+16) != 0x77 {
		t.Error("siginfo is wrong")
	}
	if state := load(uc + 224); state%64 != 0 || load(state+160) != 0xabcdef {
		t.Error("extended state is wrong")
	}
	// The handler changes where the thread goes on, and returns.
	store(uc+40+16*8, 0x402000)
	clear(bytes(x.Extended, stateSize))
	x.SP += 8
	Return(x, stateSize)
	if x.IP != 0x402000 || x.R14 != 14 || x.SP != before.SP || x.Mask != 0 || x.Flags != 0x246 || load(x.Extended+160) != 0xabcdef {
		t.Errorf("after the handler: %+v", x.Regs)
	}
}

func TestAlternateStack(t *testing.T) {
	var s Table
	*s.Action(SIGSEGV) = Action{Handler: 0x1234, Flags: onStack}
	x, _ := newThread(t)
	alt := place(t, 8<<10)
	record := place(t, 24)
	store(record, alt)
	store(record+16, 8<<10)
	AltStack(x, record, 0)
	s.Push(x, Info{Signal: SIGSEGV}, stateSize)
	if x.SP < alt || x.SP >= alt+8<<10 {
		t.Errorf("the handler's stack pointer is %#x, the stack at %#x", x.SP, alt)
	}
	first := x.SP
	x.Mask = 0
	s.Push(x, Info{Signal: SIGSEGV}, stateSize)
	if x.SP >= first {
		t.Error("a second handler writes over the first one's frame")
	}
	AltStack(x, 0, record)
	if load(record) != alt || load(record+8) != 0 || load(record+16) != 8<<10 {
		t.Error("the stack is told wrongly")
	}
	store(record+8, disabled)
	AltStack(x, record, 0)
	if x.AltStack != 0 {
		t.Error("it is still there")
	}
}

func TestDefaults(t *testing.T) {
	var s Table
	x, _ := newThread(t)
	if !s.Push(x, Info{Signal: SIGURG}, stateSize) || x.IP != 0x401000 {
		t.Error("SIGURG without a handler does nothing")
	}
	if s.Push(x, Info{Signal: SIGSEGV}, stateSize) {
		t.Error("SIGSEGV without a handler is fatal")
	}
	s.Action(SIGSEGV).Handler = ignore
	if !s.Push(x, Info{Signal: SIGSEGV}, stateSize) {
		t.Error("an ignored signal does nothing")
	}
	if s.Action(0) != nil || s.Action(65) != nil || s.Action(64) == nil {
		t.Error("signals go from 1 to 64")
	}
}

func TestTake(t *testing.T) {
	x, _ := newThread(t)
	x.Pending = 1<<(SIGURG-1) | 1<<(SIGSEGV-1)
	x.Mask = 1 << (SIGSEGV - 1)
	if n := Take(x); n != SIGURG {
		t.Errorf("took %d", n)
	}
	if n := Take(x); n != 0 {
		t.Errorf("took %d, which is held back", n)
	}
	if !SetMask(x, Unblock, 1<<(SIGSEGV-1)) || Take(x) != SIGSEGV {
		t.Error("it is not held back any more")
	}
	if SetMask(x, 7, 0) {
		t.Error("there is no such way")
	}
}

// TestFresh pins what a processor starts with: FCW and MXCSR of FXSAVE's layout.
func TestFresh(t *testing.T) {
	at := place(t, stateSize)
	Fresh(at, stateSize)
	if uint16(load(at)) != 0x37f || uint32(load(at+24)) != 0x1f80 || load(at+512) != 0 {
		t.Error("fresh state is wrong")
	}
}
