package thread

import (
	"testing"
	"unsafe"
)

// TestLayout pins what the assembly of the kernel's doors relies on.
func TestLayout(t *testing.T) {
	var c Context
	for name, is := range map[string][2]uintptr{
		"R15":      {unsafe.Offsetof(c.R15), 56},
		"DI":       {unsafe.Offsetof(c.DI), 64},
		"AX":       {unsafe.Offsetof(c.AX), 104},
		"SP":       {unsafe.Offsetof(c.SP), 120},
		"IP":       {unsafe.Offsetof(c.IP), 128},
		"Flags":    {unsafe.Offsetof(c.Flags), 136},
		"FS":       {unsafe.Offsetof(c.FS), 144},
		"Extended": {unsafe.Offsetof(c.Extended), 152},
		"Full":     {unsafe.Offsetof(c.Full), 160},
		"Thread":   {unsafe.Offsetof(Thread{}.Context), 0},
	} {
		if is[0] != is[1] {
			t.Errorf("%s is at %d, not %d", name, is[0], is[1])
		}
	}
}

func TestTurns(t *testing.T) {
	var table Table
	a, b, c := table.Start(), table.Start(), table.Start()
	var order []uint64
	for range 4 {
		x, more := table.Next()
		if !more {
			t.Error("others are ready")
		}
		table.Run(x)
		order = append(order, x.ID)
	}
	if order[0] != 2 || order[1] != 3 || order[2] != 1 || order[3] != 2 {
		t.Errorf("turns: %v", order)
	}
	b.Block(Sleep, 0, 100, 0)
	c.End()
	if x, more := table.Next(); x != a || more {
		t.Errorf("turn of %v, more %v", x, more)
	}
	if table.Get(3) != nil || table.Get(0) != nil || table.Get(99) != nil {
		t.Error("threads that are none")
	}
	c.Extended = 77
	if d := table.Start(); d != c || d.ID != 3 || d.Extended != 77 {
		t.Error("a free place is used again, with its area of extended state")
	}
}

func TestWaits(t *testing.T) {
	var table Table
	a, b := table.Start(), table.Start()
	a.Block(Futex, 0x1000, 50, 110)
	b.Block(Futex, 0x2000, Forever, 0)
	if x, _ := table.Next(); x != nil {
		t.Error("nobody is ready")
	}
	if next := table.Expire(49); next != 50 || a.Status != Waiting {
		t.Errorf("next deadline %d", next)
	}
	if next := table.Expire(50); next != Forever || a.Status != Ready || a.AX != 110 {
		t.Errorf("next deadline %d, result %d", next, a.AX)
	}
	if table.Waiter(Futex, 0x1000) != nil {
		t.Error("a wait ends once")
	}
	x := table.Waiter(Futex, 0x2000)
	if x != b || table.WaiterOf(Futex) != b || table.WaiterOf(Events) != nil {
		t.Fatal("b waits")
	}
	x.Resume(0)
	if b.Status != Ready || b.AX != 0 {
		t.Error("b was woken")
	}
}

func TestLimit(t *testing.T) {
	var table Table
	for range Max {
		if table.Start() == nil {
			t.Fatal("too few")
		}
	}
	if table.Start() != nil {
		t.Error("too many")
	}
}
