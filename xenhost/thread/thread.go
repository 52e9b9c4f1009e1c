// Package thread is the threads of a guest: their registers, which of them can run, and
// what the others wait for.
//
// What it promises:
//   - There is one processor. Threads that can run take turns; one that runs on can be
//     sent to the end of the queue by a timer.
//   - A wait ends once: by a wake, by its time, or by a signal, and the thread's result says which.
//   - Nothing allocates, panics or blocks; the number of threads is limited, and Start tells.
//   - The package touches no hardware. Calls must not overlap: the kernel makes them with
//     interrupts masked.
package thread

// Regs is the registers of a thread, in the order in which Linux has them in the frame of a signal.
type Regs struct {
	R8, R9, R10, R11, R12, R13, R14, R15 uint64 // 0
	DI, SI, BP, BX, DX, AX, CX, SP       uint64 // 64
	IP, Flags                            uint64 // 128
}

// Context is a thread as the kernel's doors save and load it. The assembly knows the offsets:
//
//	  0  Regs
//	144  FS       base of the thread's own memory
//	152  Extended address of the saved extended state (x87, SSE, AVX)
//	160  Full     1: all of this was saved, by a trap; 0: only what a system call keeps
type Context struct {
	Regs
	FS       uint64
	Extended uint64
	Full     uint64
}

// Status is what a thread does.
type Status uint8

// What threads do.
const (
	Free    Status = iota // there is none
	Ready                 // runs or could
	Waiting               // for what Wait says
)

// Wait is what is waited for, beside the deadline.
type Wait uint8

// What is waited for.
const (
	Sleep  Wait = iota // the deadline alone
	Futex              // a wake of the address Key
	Events             // events of descriptors, to be stored at Key
	Input              // something to read from descriptor Key
)

// Forever is a deadline that never comes.
const Forever = 1<<64 - 1

// Thread is a thread.
type Thread struct {
	Context
	ID       uint64
	Status   Status
	Wait     Wait
	Key      uint64
	Deadline uint64 // in ns
	Late     uint64 // result of the system call when the deadline ends the wait
	AltStack uint64
	AltSize  uint64
	Mask     uint64 // signals that are held back, bit n-1 is signal n
	Pending  uint64
}

// Max is how many threads there can be. Go makes one for each goroutine that is in a long
// system call or locked to its thread.
const Max = 256

// Table is all threads. Number i has the ID i+1.
type Table struct {
	list [Max]Thread
	used int // those from here on were never used
	last int // who ran last
}

// Get answers the thread with an ID, or nil.
func (t *Table) Get(id uint64) *Thread {
	if id == 0 || id > uint64(t.used) || t.list[id-1].Status == Free {
		return nil
	}
	return &t.list[id-1]
}

// Start answers a new thread that is ready, with all else zero; nil if there are too many.
func (t *Table) Start() *Thread {
	for i := range t.list {
		x := &t.list[i]
		if x.Status != Free {
			continue
		}
		extended := x.Extended // it is kept for the next thread
		*x = Thread{ID: uint64(i + 1), Status: Ready}
		x.Extended = extended
		t.used = max(t.used, i+1)
		return x
	}
	return nil
}

// End ends a thread.
func (x *Thread) End() { x.Status = Free }

// Block makes a thread wait. Late is its result if the deadline comes first.
func (x *Thread) Block(w Wait, key, deadline, late uint64) {
	x.Status, x.Wait, x.Key, x.Deadline, x.Late = Waiting, w, key, deadline, late
}

// Resume ends the wait of a thread with a result.
func (x *Thread) Resume(result uint64) {
	x.Status, x.AX = Ready, result
}

// Waiter answers a thread that waits in this way for key, or nil.
func (t *Table) Waiter(w Wait, key uint64) *Thread {
	for i := range t.list[:t.used] {
		if x := &t.list[i]; x.Status == Waiting && x.Wait == w && x.Key == key {
			return x
		}
	}
	return nil
}

// WaiterOf answers any thread that waits in this way, or nil.
func (t *Table) WaiterOf(w Wait) *Thread {
	for i := range t.list[:t.used] {
		if x := &t.list[i]; x.Status == Waiting && x.Wait == w {
			return x
		}
	}
	return nil
}

// Expire ends the waits whose time has come and answers the next deadline.
func (t *Table) Expire(now uint64) (next uint64) {
	next = Forever
	for i := range t.list[:t.used] {
		x := &t.list[i]
		if x.Status != Waiting || x.Deadline == Forever {
			continue
		}
		if x.Deadline <= now {
			x.Resume(x.Late)
		} else {
			next = min(next, x.Deadline)
		}
	}
	return next
}

// Next answers whose turn it is, nil if none is ready. More tells whether others are.
func (t *Table) Next() (turn *Thread, more bool) {
	for k := 1; k <= t.used; k++ {
		i := t.last + k
		if i >= t.used {
			i -= t.used
		}
		if x := &t.list[i]; x.Status == Ready {
			if turn != nil {
				return turn, true
			}
			turn = x
		}
	}
	return turn, false
}

// Run records who runs.
func (t *Table) Run(x *Thread) { t.last = int(x.ID) - 1 }
