package native

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"
	"unsafe"
)

// Go's scheduler interrupts a goroutine with SIGURG. Its handler can do nothing with
// machine code, which runs on until it polls, so ours goes first: when the pc is in a
// zone, it raises the stack limit of the context in R15. The faults of machine code
// (SIGSEGV and its like) become an exit. All else is Go's handlers'.
//
// Handlers can neither lock nor allocate. They find zones in a table of fixed size.
// Entries are written while handlers may read them on other threads; whatever mixture they
// read, they write only to a context that is both in the table and in R15.

// zoneRange is an entry: the addresses of a zone. Hi is 0 in a free one.
type zoneRange struct {
	lo, hi uint64
	c      *Context
}

const maxZones = 256

var (
	zones     [maxZones]zoneRange
	zonesUsed uint64 // entries beyond were never used

	// goHandlers are those that were there before, by signal.
	goHandlers [maxSignal]uint64

	// handlers are ours: of interruptions and of faults.
	handlers [2]uint64

	zonesLock sync.Mutex
	zonesOpen int
)

const maxSignal = 32

var hooked = []struct {
	signal  syscall.Signal
	handler int
}{
	{syscall.SIGURG, 0}, {syscall.SIGSEGV, 1}, {syscall.SIGBUS, 1}, {syscall.SIGFPE, 1}, {syscall.SIGILL, 1}, {syscall.SIGTRAP, 1},
}

// sigaction is the kernel's.
type sigaction struct {
	handler  uint64
	flags    uint64
	restorer uint64
	mask     uint64
}

func getAction(s syscall.Signal) (sigaction, error) {
	var a sigaction
	_, _, e := syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, uintptr(s), 0, uintptr(unsafe.Pointer(&a)), 8, 0, 0)
	if e != 0 {
		return a, fmt.Errorf("native: handler of %s: %w", s, e)
	}
	return a, nil
}

func setAction(s syscall.Signal, a sigaction) error {
	_, _, e := syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, uintptr(s), uintptr(unsafe.Pointer(&a)), 0, 8, 0, 0)
	if e != 0 {
		return fmt.Errorf("native: handler of %s: %w", s, e)
	}
	return nil
}

// Supported answers why machine code cannot run here; nil if it can.
func Supported() error {
	for _, h := range hooked {
		a, err := getAction(h.signal)
		if err != nil {
			return err
		}
		if a.handler <= 1 { // default or ignored
			return fmt.Errorf("native: Go has no handler of %s", h.signal)
		}
	}
	return nil
}

// publish makes a zone known to the handlers, and the first one installs them.
func publish(z *Zone) error {
	zonesLock.Lock()
	defer zonesLock.Unlock()
	i := 0
	for i < maxZones && zones[i].hi != 0 {
		i++
	}
	if i == maxZones {
		return fmt.Errorf("native: more than %d zones", maxZones)
	}
	r := &zones[i]
	r.c = z.c
	atomic.StoreUint64(&r.lo, z.start)
	atomic.StoreUint64(&r.hi, z.start+z.distance+z.data.size)
	atomic.StoreUint64(&zonesUsed, max(zonesUsed, uint64(i+1)))
	if zonesOpen++; zonesOpen > 1 {
		return nil
	}
	if err := install(); err != nil {
		zonesOpen--
		atomic.StoreUint64(&r.hi, 0)
		return errors.Join(err, uninstall())
	}
	return nil
}

// unpublish undoes publish.
func unpublish(z *Zone) {
	zonesLock.Lock()
	defer zonesLock.Unlock()
	for i := range zones {
		if r := &zones[i]; r.hi != 0 && r.lo == z.start {
			atomic.StoreUint64(&r.hi, 0)
			r.c = nil
		}
	}
	if zonesOpen--; zonesOpen == 0 {
		_ = uninstall() // then ours stay, and do nothing but call the others
	}
}

func install() error {
	for _, h := range hooked {
		a, err := getAction(h.signal)
		if err != nil {
			return err
		}
		if a.handler == handlers[h.handler] {
			continue
		}
		atomic.StoreUint64(&goHandlers[h.signal], a.handler)
		a.handler = handlers[h.handler]
		if err := setAction(h.signal, a); err != nil {
			return err
		}
	}
	return nil
}

// uninstall puts back those handlers that are still ours.
func uninstall() error {
	var errs []error
	for _, h := range hooked {
		a, err := getAction(h.signal)
		if err == nil && a.handler == handlers[h.handler] {
			a.handler = goHandlers[h.signal]
			err = setAction(h.signal, a)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
