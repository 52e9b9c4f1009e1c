package kernel

import (
	"github.com/sista-vm/sista/xenhost/clock"
	"github.com/sista-vm/sista/xenhost/console"
	"github.com/sista-vm/sista/xenhost/mem"
	"github.com/sista-vm/sista/xenhost/thread"
)

// What a descriptor stands for.
type descriptorKind uint8

const (
	aFree    descriptorKind = iota
	aConsole                // standard input, output and error
	aPoller                 // epoll: there is one, whatever the number
	aCounter                // eventfd
	aStore                  // xenstore's ring
)

// entry is a descriptor. Those in the poller are reported when they are ready; with edges set,
// only when something has come since the last report.
type entry struct {
	kind    descriptorKind
	watched bool
	edges   bool
	fresh   bool   // something has come
	count   uint64 // of a counter
	data    uint64 // told with each report
}

const maxDescriptors = 64

var descriptorTable = [maxDescriptors]entry{{kind: aConsole}, {kind: aConsole}, {kind: aConsole}}

func descriptorAt(fd uint64) *entry {
	if fd >= maxDescriptors || descriptorTable[fd].kind == aFree {
		return nil
	}
	return &descriptorTable[fd]
}

func newDescriptor(k descriptorKind) uint64 {
	for i := range descriptorTable {
		if d := &descriptorTable[i]; d.kind == aFree {
			*d = entry{kind: k}
			return uint64(i)
		}
	}
	const emfile = 24
	return failure(emfile)
}

func closeDescriptor(fd uint64) uint64 {
	d := descriptorAt(fd)
	if d == nil {
		return failure(ebadf)
	}
	if d.kind != aConsole {
		d.kind = aFree
	}
	return 0
}

func write(fd, addr, n uint64) uint64 {
	d := descriptorAt(fd)
	switch {
	case d == nil:
		return failure(ebadf)
	case !space.Readable(addr, n):
		return failure(efault)
	case d.kind == aConsole:
		console.Write(bytesAt(addr, n))
		return n
	case d.kind == aStore:
		return storeWrite(bytesAt(addr, n))
	case d.kind == aCounter && n >= 8:
		d.count += load(addr)
		d.fresh = true
		wakePollers()
		return 8
	}
	return failure(mem.EINVAL)
}

func read(x *thread.Thread) (uint64, bool) {
	d := descriptorAt(x.DI)
	switch {
	case d == nil:
		return failure(ebadf), true
	case !space.Writable(x.SI, x.DX):
		return failure(efault), true
	case d.kind == aConsole:
		console.Poll()
		if n := console.In.Take(bytesAt(x.SI, x.DX)); n > 0 || x.DX == 0 {
			return uint64(n), true
		}
		x.Block(thread.Input, standardInput, thread.Forever, 0)
		return 0, false
	case d.kind == aStore:
		if n := storeRead(bytesAt(x.SI, x.DX)); n > 0 || x.DX == 0 {
			return uint64(n), true
		}
		storeReader = x.DI
		x.Block(thread.Input, x.DI, thread.Forever, 0)
		return 0, false
	case d.kind == aCounter && x.DX >= 8:
		if d.count == 0 {
			return failure(mem.EAGAIN), true
		}
		store(x.SI, d.count)
		d.count = 0
		return 8, true
	}
	return failure(mem.EINVAL), true
}

// standardInput is the descriptor that all who read the console wait for.
const standardInput = 0

// wakeInput gives those who wait for input what there is.
func wakeInput() {
	for console.In.Len() > 0 {
		x := threads.Waiter(thread.Input, standardInput)
		if x == nil {
			return
		}
		x.Resume(uint64(console.In.Take(bytesAt(x.SI, x.DX))))
	}
}

func fcntl(fd, what uint64) uint64 {
	const getFlags, readWrite, nonblocking = 3, 2, 0x800
	d := descriptorAt(fd)
	switch {
	case d == nil:
		return failure(ebadf)
	case what != getFlags:
		return 0
	case d.kind == aConsole, d.kind == aStore:
		return readWrite
	}
	return readWrite | nonblocking
}

// fstat tells that the console is a character device.
func fstat(fd, to uint64) uint64 {
	const size, mode, character = 144, 24, 0o020620
	switch {
	case descriptorAt(fd) == nil:
		return failure(ebadf)
	case !space.Writable(to, size):
		return failure(efault)
	}
	clear(bytesAt(to, size))
	store32(to+mode, character)
	return 0
}

// An epoll_event is 12 bytes: 0 events  4 data.
const (
	eventSize = 12
	eventIn   = 1
	eventEdge = 1 << 31
)

func epollCtl(x *thread.Thread) uint64 {
	const add, remove, change = 1, 2, 3
	d := descriptorAt(x.DX)
	switch {
	case d == nil:
		return failure(ebadf)
	case d.kind != aCounter:
		return failure(eperm)
	case x.SI == remove:
		d.watched = false
	case x.SI == add || x.SI == change:
		d.watched, d.edges, d.data = true, load32(x.R10)&eventEdge != 0, load(x.R10+4)
	default:
		return failure(mem.EINVAL)
	}
	return 0
}

func epollWait(x *thread.Thread) (uint64, bool) {
	if n := report(x.SI, x.DX); n > 0 {
		return n, true
	}
	switch milliseconds := int32(x.R10); {
	case milliseconds == 0:
		return 0, true
	case milliseconds < 0:
		x.Block(thread.Events, x.SI, thread.Forever, 0)
	default:
		x.Block(thread.Events, x.SI, clock.Now()+uint64(milliseconds)*1e6, 0)
	}
	return 0, false
}

// report stores at most room events and answers how many.
func report(to, room uint64) uint64 {
	n := uint64(0)
	for i := range descriptorTable {
		d := &descriptorTable[i]
		if n == room || !d.watched || d.kind == aFree || d.count == 0 || d.edges && !d.fresh {
			continue
		}
		d.fresh = false
		store32(to+n*eventSize, eventIn)
		store(to+n*eventSize+4, d.data)
		n++
	}
	return n
}

// wakePollers reports what is ready to a thread that waits for it.
func wakePollers() {
	x := threads.WaiterOf(thread.Events)
	if x == nil {
		return
	}
	if n := report(x.SI, x.DX); n > 0 {
		x.Resume(n)
	}
}
