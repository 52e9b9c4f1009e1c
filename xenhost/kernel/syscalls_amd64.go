package kernel

import (
	"github.com/sista-vm/sista/xenhost/clock"
	"github.com/sista-vm/sista/xenhost/console"
	"github.com/sista-vm/sista/xenhost/cpu"
	"github.com/sista-vm/sista/xenhost/mem"
	"github.com/sista-vm/sista/xenhost/sig"
	"github.com/sista-vm/sista/xenhost/thread"
)

// The system calls that are answered; all others are ENOSYS.
const (
	sysRead         = 0
	sysWrite        = 1
	sysClose        = 3
	sysFstat        = 5
	sysMmap         = 9
	sysMprotect     = 10
	sysMunmap       = 11
	sysSigaction    = 13
	sysSigprocmask  = 14
	sysSigreturn    = 15
	sysIoctl        = 16
	sysYield        = 24
	sysMadvise      = 28
	sysNanosleep    = 35
	sysGetpid       = 39
	sysClone        = 56
	sysExit         = 60
	sysKill         = 62
	sysFcntl        = 72
	sysGetcwd       = 79
	sysReadlink     = 89
	sysSysinfo      = 99
	sysSigaltstack  = 131
	sysPrctl        = 157
	sysArchPrctl    = 158
	sysGettid       = 186
	sysFutex        = 202
	sysGetaffinity  = 204
	sysClockGettime = 228
	sysExitGroup    = 231
	sysEpollWait    = 232
	sysEpollCtl     = 233
	sysTgkill       = 234
	sysOpenat       = 257
	sysNewfstatat   = 262
	sysReadlinkat   = 267
	sysEpollPwait   = 281
	sysEventfd2     = 290
	sysEpollCreate1 = 291
	sysPrlimit64    = 302
	sysGetrandom    = 318
)

// Errors beyond those of package mem.
const (
	eperm     mem.Errno = 1
	enoent    mem.Errno = 2
	esrch     mem.Errno = 3
	eintr     mem.Errno = 4
	ebadf     mem.Errno = 9
	efault    mem.Errno = 14
	enodev    mem.Errno = 19
	enotty    mem.Errno = 25
	enosys    mem.Errno = 38
	etimedout mem.Errno = 110
)

// failure is how a system call answers an error.
func failure(e mem.Errno) uint64 { return -uint64(e) }

// result is what a call that may fail answers.
func result(v uint64, e mem.Errno) uint64 {
	if e != 0 {
		return failure(e)
	}
	return v
}

// serveSyscall serves the system call of the running thread.
func serveSyscall() {
	x := running()
	n := x.AX
	if optionTrace {
		trace(n, x)
	}
	// A call that blocks, ends the thread or returns from a signal sets the registers itself.
	if v, done := call(x, n); done {
		x.AX = v
	}
	if x.Status != thread.Ready || yielded {
		yielded = false
		schedule()
	}
	deliver()
}

// yielded is set by a thread that gives up its turn.
var yielded bool

func trace(n uint64, x *thread.Thread) {
	console.Print("[")
	console.PrintDecimal(x.ID)
	console.Print("] call ")
	console.PrintDecimal(n)
	for _, v := range [4]uint64{x.DI, x.SI, x.DX, x.R10} {
		console.Print(" ")
		console.PrintHex(v)
	}
	console.Print("\n")
}

// call answers the result, unless done is false.
func call(x *thread.Thread, n uint64) (v uint64, done bool) {
	switch n {
	case sysRead:
		return read(x)
	case sysWrite:
		return write(x.DI, x.SI, x.DX), true
	case sysClose:
		return closeDescriptor(x.DI), true
	case sysFstat:
		return fstat(x.DI, x.SI), true
	case sysMmap:
		return mmap(x), true
	case sysMprotect:
		return result(0, space.Protect(x.DI, x.SI, mem.Prot(x.DX&7))), true
	case sysMunmap:
		return result(0, space.Release(x.DI, x.SI)), true
	case sysMadvise:
		const dontNeed = 4
		if x.DX == dontNeed {
			return result(0, space.Discard(x.DI, x.SI)), true
		}
		return 0, true
	case sysSigaction:
		return sigaction(x.DI, x.SI, x.DX), true
	case sysSigprocmask:
		if x.DX != 0 {
			store(x.DX, x.Mask)
		}
		if x.SI != 0 && !sig.SetMask(x, x.DI, load(x.SI)) {
			return failure(mem.EINVAL), true
		}
		return 0, true
	case sysSigreturn:
		sig.Return(x, features.StateSize)
		return 0, false
	case sysSigaltstack:
		sig.AltStack(x, x.DI, x.SI)
		return 0, true
	case sysYield:
		yielded = true
		return 0, true
	case sysNanosleep:
		x.Block(thread.Sleep, 0, clock.Now()+timespec(x.DI), 0)
		return 0, false
	case sysGetpid:
		return pid, true
	case sysGettid:
		return x.ID, true
	case sysClone:
		return clone(x), true
	case sysExit:
		x.End()
		return 0, false
	case sysExitGroup:
		endProgram(x.DI)
	case sysKill:
		return tgkill(x.ID, x.SI), true
	case sysTgkill:
		return tgkill(x.SI, x.DX), true
	case sysFutex:
		return futex(x)
	case sysFcntl:
		return fcntl(x.DI, x.SI), true
	case sysIoctl:
		return failure(enotty), true
	case sysGetcwd:
		if x.SI < 2 {
			return failure(mem.EINVAL), true
		}
		copy(bytesAt(x.DI, 2), "/\x00")
		return 2, true
	case sysOpenat, sysNewfstatat, sysReadlinkat, sysReadlink:
		return failure(enoent), true
	case sysSysinfo:
		return sysinfo(x.DI), true
	case sysPrctl:
		return failure(mem.EINVAL), true
	case sysArchPrctl:
		const setFS = 0x1002
		if x.DI != setFS {
			return failure(mem.EINVAL), true
		}
		x.FS = x.SI
		return 0, true
	case sysGetaffinity:
		if x.SI < 8 {
			return failure(mem.EINVAL), true
		}
		store(x.DX, 1)
		return 8, true
	case sysClockGettime:
		const day, coarseDay = 0, 5
		now := clock.Now()
		if x.DI == day || x.DI == coarseDay {
			now += clock.Wall()
		}
		store(x.SI, now/1e9)
		store(x.SI+8, now%1e9)
		return 0, true
	case sysEpollCreate1:
		return newDescriptor(aPoller), true
	case sysEventfd2:
		return newDescriptor(aCounter), true
	case sysEpollCtl:
		return epollCtl(x), true
	case sysEpollWait, sysEpollPwait:
		return epollWait(x)
	case sysPrlimit64:
		if x.R10 != 0 {
			const descriptors = 1024
			store(x.R10, descriptors)
			store(x.R10+8, descriptors)
		}
		return 0, true
	case sysGetrandom:
		if !space.Writable(x.DI, x.SI) {
			return failure(efault), true
		}
		fillRandom(bytesAt(x.DI, x.SI))
		return x.SI, true
	}
	if n >= firstDoor {
		return door(x, n), true
	}
	return failure(enosys), true
}

// pid is the program's number.
const pid = 1

// timespec answers nanoseconds of a struct of seconds and nanoseconds.
func timespec(addr uint64) uint64 { return load(addr)*1e9 + load(addr+8) }

// timeout answers the deadline of a relative timespec; 0 is none.
func timeout(addr uint64) uint64 {
	if addr == 0 {
		return thread.Forever
	}
	return clock.Now() + timespec(addr)
}

func mmap(x *thread.Thread) uint64 {
	const isFixed, isAnonymous, isNoReplace = 0x10, 0x20, 0x100000
	if x.R10&isAnonymous == 0 {
		return failure(enodev)
	}
	place := mem.Anywhere
	if x.R10&isNoReplace != 0 {
		place = mem.NoReplace
	} else if x.R10&isFixed != 0 {
		place = mem.Replace
	}
	return result(space.Reserve(x.DI, x.SI, mem.Prot(x.DX&7), place))
}

func sigaction(signal, wanted, old uint64) uint64 {
	a := signals.Action(signal)
	if a == nil {
		return failure(mem.EINVAL)
	}
	if old != 0 {
		*(*sig.Action)(pointer(old)) = *a
	}
	if wanted != 0 {
		*a = *(*sig.Action)(pointer(wanted))
	}
	return 0
}

// clone makes a thread that starts as a copy of x, with its own stack.
func clone(x *thread.Thread) uint64 {
	const setTLS = 0x80000
	y := threads.Start()
	if y == nil {
		return failure(mem.EAGAIN)
	}
	if y.Extended == 0 {
		if y.Extended = newExtendedState(); y.Extended == 0 {
			y.End()
			return failure(mem.ENOMEM)
		}
	}
	y.Regs, y.FS, y.Mask = x.Regs, x.FS, x.Mask
	y.AX, y.SP = 0, x.SI
	if x.DI&setTLS != 0 {
		y.FS = x.R8
	}
	return y.ID
}

// tgkill sends a signal to a thread. What it waits for is interrupted.
func tgkill(id, signal uint64) uint64 {
	y := threads.Get(id)
	if y == nil {
		return failure(esrch)
	}
	if signal == 0 || signal > sig.Last {
		return failure(mem.EINVAL)
	}
	y.Pending |= 1 << (signal - 1)
	if y.Status == thread.Waiting && y.Pending&^y.Mask != 0 {
		y.Resume(failure(eintr))
	}
	return 0
}

func futex(x *thread.Thread) (uint64, bool) {
	const wait, wake, operation = 0, 1, 0x7f
	switch x.SI & operation {
	case wait:
		if load32(x.DI) != uint32(x.DX) {
			return failure(mem.EAGAIN), true
		}
		x.Block(thread.Futex, x.DI, timeout(x.R10), failure(etimedout))
		return 0, false
	case wake:
		n := uint64(0)
		for ; n < uint64(uint32(x.DX)); n++ {
			y := threads.Waiter(thread.Futex, x.DI)
			if y == nil {
				break
			}
			y.Resume(0)
		}
		return n, true
	}
	return failure(enosys), true
}

// sysinfo tells how much memory there is, and how much of it is free.
func sysinfo(to uint64) uint64 {
	const size, total, free, unit = 112, 32, 40, 104
	if !space.Writable(to, size) {
		return failure(efault)
	}
	clear(bytesAt(to, size))
	store(to, clock.Now()/1e9)
	store(to+total, space.Frames.Total()*mem.PageSize)
	store(to+free, space.Frames.Free()*mem.PageSize)
	store32(to+unit, 1)
	return 0
}

// fillRandom fills p with random bytes of the processor. A processor that has none leaves us what
// can be had of the unsteadiness of its time-stamp counter.
func fillRandom(p []byte) {
	for len(p) > 0 {
		v := random()
		for i := 0; i < 8 && len(p) > 0; i++ {
			p[0] = byte(v)
			p, v = p[1:], v>>8
		}
	}
}

func random() uint64 {
	for range 16 {
		if features.RDRand {
			if v, ok := cpu.Random(); ok {
				return v
			}
		}
	}
	for range 64 {
		jitter ^= cpu.TSC()
		jitter *= 0x9e3779b97f4a7c15
		jitter ^= jitter >> 29
	}
	return jitter
}

var jitter uint64 = 0x2545f4914f6cdd1d
