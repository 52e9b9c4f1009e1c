package kernel

import (
	"syscall"

	"github.com/sista-vm/sista/xenhost/mem"
	"github.com/sista-vm/sista/xenhost/thread"
	"github.com/sista-vm/sista/xenhost/xen"
)

// Services of the kernel that Linux does not have are system calls too, with numbers beyond
// those of Linux.
const (
	firstDoor    = 1 << 16
	doorCommit   = firstDoor + iota // addr, size
	doorDecommit                    // addr, size
	doorView                        // addr, size -> other address
	doorModule                      // number, addr of Module
	doorMap                         // number, offset, size, addr
	doorStatus                      // addr of Status
	doorStore                       // -> descriptor of xenstore's ring
	doorFrames                      // size -> physical address
	doorLine                        // number -> descriptor
	doorGrant                       // domain, physical address, 1 for reading only -> number
	doorEvents                      // domain, address of the port -> descriptor
	doorNotify                      // port
	doorMark                        // addr and size of a text
)

// door serves them.
func door(x *thread.Thread, n uint64) uint64 {
	switch n {
	case doorCommit:
		return result(0, space.Commit(x.DI, x.SI))
	case doorDecommit:
		return result(0, space.Decommit(x.DI, x.SI))
	case doorView:
		if e := space.Protect(x.DI, x.SI, mem.Read|mem.Exec); e != 0 {
			return failure(e)
		}
		return result(space.View(x.DI, x.SI, mem.Read|mem.Write))
	case doorModule:
		if x.DI >= uint64(moduleCount) {
			return failure(enoent)
		}
		store(x.SI, modules[x.DI].Size)
		return 0
	case doorMap:
		if x.DI >= uint64(moduleCount) {
			return failure(enoent)
		}
		m := modules[x.DI]
		if x.SI > m.Size || x.DX > (m.Size-x.SI+mem.PageSize-1)&^(mem.PageSize-1) {
			return failure(mem.EINVAL)
		}
		place := mem.Replace
		if x.R10 == 0 {
			place = mem.Anywhere
		}
		return result(space.MapPhysical(x.R10, x.DX, m.Address+x.SI, mem.Read|mem.Write, place))
	case doorStore:
		if !storeRing.Open() {
			return failure(enodev)
		}
		return newDescriptor(aStore)
	case doorStatus:
		fillStatus((*Status)(pointer(x.DI)))
		return 0
	case doorFrames:
		return allocateFrames(x.DI)
	case doorLine:
		return openLine(x.DI)
	case doorGrant:
		return grant(uint16(x.DI), x.SI, x.DX != 0)
	case doorEvents:
		return openEvents(uint16(x.DI), x.SI)
	case doorNotify:
		if xen.Present() {
			xen.Notify(uint32(x.DI))
		}
		return 0
	case doorMark:
		if optionTicks {
			printTicks(bytesAt(x.DI, min(x.SI, 80)))
		}
		return 0
	}
	return failure(enosys)
}

// Status is figures of the kernel.
type Status struct {
	TotalBytes, FreeBytes       uint64
	CommittedBytes, CommitLimit uint64
	Faults, Copies, HugePages   uint64
	IdleNanos, StartTSC         uint64
	Measured                    bool // kernel.ticks was said: Mark prints
}

func fillStatus(s *Status) {
	s.TotalBytes, s.FreeBytes = space.Frames.Total()*mem.PageSize, space.Frames.Free()*mem.PageSize
	s.CommittedBytes, s.CommitLimit = space.Committed()
	s.Faults, s.Copies, s.HugePages = space.Faults, space.Copies, space.HugePages
	s.IdleNanos, s.StartTSC = idled, startTSC
	s.Measured = optionTicks
}

// ask makes a system call; the program, not the kernel, calls it. What arguments point to stays
// where it is meanwhile.
//
//go:uintptrescapes
func ask(n, a, b, c, d uintptr) (uint64, error) {
	v, _, e := syscall.RawSyscall6(n, a, b, c, d, 0, 0)
	if e != 0 {
		return 0, e
	}
	return uint64(v), nil
}
