package kernel

import (
	"github.com/sista-vm/sista/xenhost/apic"
	"github.com/sista-vm/sista/xenhost/clock"
	"github.com/sista-vm/sista/xenhost/console"
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
}

// serveEvent notes an event of Xen.
func serveEvent(port uint32) {
	if port == timerPort {
		armed = thread.Forever
		return
	}
	if p, ok := console.Port(); ok && p == port {
		console.Poll()
		wakeInput()
	}
}

// endDomain ends the domain. A fatal error is told to the toolstack as a crash; Xen's first domain
// ends the machine.
func endDomain() {
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
