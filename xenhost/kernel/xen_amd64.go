package kernel

import (
	"github.com/sista-vm/sista/xenhost/apic"
	"github.com/sista-vm/sista/xenhost/clock"
	"github.com/sista-vm/sista/xenhost/console"
	"github.com/sista-vm/sista/xenhost/mem"
	"github.com/sista-vm/sista/xenhost/pvh"
	"github.com/sista-vm/sista/xenhost/thread"
	"github.com/sista-vm/sista/xenhost/xen"
)

// askMemory asks Xen for the memory map that the start info does not have.
func askMemory() {
	for i := range xen.Memory() {
		if info.MemoryCount < pvh.MaxMemory {
			e := xen.MemoryEntryAt(i)
			info.Memory[info.MemoryCount] = pvh.MemoryEntry{Address: e.Address, Size: e.Size, Type: e.Type}
			info.MemoryCount++
		}
	}
}

// startXenClock takes Xen's time.
func startXenClock() {
	apic.MaskOld()
	// Xen takes the layout of the shared page from the mode that the processor is in at this call.
	if !xen.Receive(vectorEvents) {
		fatal("Xen does not deliver events by a vector", vectorEvents)
	}
	p, ok := space.Frames.Alloc(0)
	if !ok || !xen.MapShared(DirectMap, p) {
		fatal("Xen does not show its page of shared information; domain memory in KiB", space.Frames.Total()*4)
	}
	clock.UseRecord(xen.TimeRecord())
	clock.SetWall(xen.Wall())
}

// timerPort is the port of the timer's events.
var timerPort uint32

func startXenEvents() {
	port, ok := xen.BindTimer()
	if !ok {
		fatal("Xen has no timer for us", 0)
	}
	timerPort = port
	xen.Unmask(port)
	if port, ok := console.Port(); ok {
		xen.Unmask(port)
	}
	if r, ok := xen.OpenStore(DirectMap); ok {
		storeRing = r
		xen.Unmask(r.Port)
	}
}

// storeRing is xenstore's ring, and storeReader the descriptor of the thread that reads it.
var (
	storeRing   xen.Ring
	storeReader uint64
)

// storePatience is how often the store is asked to make room, or to answer.
const storePatience = 100_000

// storeWrite puts all of p into the ring, or as much as the store takes in good time.
func storeWrite(p []byte) uint64 {
	done := 0
	for range storePatience {
		n := storeRing.Put(p[done:])
		if done += n; n > 0 {
			xen.Notify(storeRing.Port)
		}
		if done == len(p) {
			break
		}
		xen.Yield()
	}
	if done == 0 && len(p) > 0 {
		return failure(mem.EAGAIN)
	}
	return uint64(done)
}

func storeRead(p []byte) int {
	n := storeRing.Take(p)
	if n > 0 {
		xen.Notify(storeRing.Port)
	}
	return n
}

func wakeStore() {
	x := threads.Waiter(thread.Input, storeReader)
	if x == nil || storeReader == standardInput {
		return
	}
	if n := storeRead(bytesAt(x.SI, x.DX)); n > 0 {
		x.Resume(uint64(n))
	}
}

// exitMessage is a request to the store: write, with the path, 0 and the value after the header.
var exitMessage = [64]byte{0: 11, 4: 0xff, 5: 0xff, 6: 0xff, 7: 0x7f}

// exitPath is where the exit code is in the store, in the domain's folder.
const exitPath = "data/exit\x00"

// recordExit writes the exit code to the store, and waits until it is there, but not for ever.
func recordExit(code uint64) {
	if !storeRing.Open() {
		return
	}
	const header, length = 16, 12
	n := header + copy(exitMessage[header:], exitPath)
	for unit := uint64(100); unit > 0; unit /= 10 {
		if code >= unit || unit == 1 {
			exitMessage[n] = '0' + byte(code/unit%10)
			n++
		}
	}
	exitMessage[length] = byte(n - header)
	var dropped [64]byte
	for storeRing.Take(dropped[:]) > 0 { // answers that nobody will read
	}
	storeWrite(exitMessage[:n])
	for i := 0; i < storePatience && storeRing.Ready() == 0; i++ {
		xen.Yield()
	}
}

// serveEvent notes an event of Xen.
func serveEvent(port uint32) {
	if port == timerPort {
		armed = thread.Forever
		return
	}
	if storeRing.Open() && port == storeRing.Port {
		wakeStore()
		return
	}
	if p, ok := console.Port(); ok && p == port {
		console.Poll()
		wakeInput()
		return
	}
	countEvent(port)
}

// endDomain ends the domain. A fatal error is told to the toolstack as a crash; Xen's first domain
// ends the machine.
func endDomain(code uint64) {
	recordExit(code)
	console.Drain()
	switch {
	case info.FirstDomain:
		xen.Shutdown(xen.Reboot)
	case crashed:
		xen.Shutdown(xen.Crash)
	default:
		xen.Shutdown(xen.PowerOff)
	}
}
