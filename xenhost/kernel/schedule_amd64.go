package kernel

import (
	"unsafe"

	"github.com/sista-vm/sista/xenhost/apic"
	"github.com/sista-vm/sista/xenhost/clock"
	"github.com/sista-vm/sista/xenhost/console"
	"github.com/sista-vm/sista/xenhost/cpu"
	"github.com/sista-vm/sista/xenhost/thread"
	"github.com/sista-vm/sista/xenhost/xen"
)

// quantum is how long a thread runs while others wait for their turn, in nanoseconds.
const quantum = 10_000_000

// slack is how much too early or late the timer may be without being set again.
const slack = 50_000

// armed is when the timer will interrupt; thread.Forever when it will not.
var armed uint64 = thread.Forever

// idled is the time for which nothing could run, in nanoseconds.
var idled uint64

// waitedTicks is the same in ticks of the time-stamp counter, with those of measuring the clock.
var waitedTicks uint64

// schedule chooses who runs, and waits while nobody can.
func schedule() {
	for {
		now := clock.Now()
		next := threads.Expire(now)
		x, more := threads.Next()
		if x != nil {
			threads.Run(x)
			current = addressOf(unsafe.Pointer(x))
			if more {
				next = min(next, now+quantum)
			}
			setTimer(next, now)
			return
		}
		setTimer(next, now)
		start := cpu.TSC()
		cpu.WaitForInterrupt()
		waitedTicks += cpu.TSC() - start
		idled += clock.Now() - now
	}
}

// setTimer sees to it that the timer interrupts at a time, or before.
func setTimer(at, now uint64) {
	if at == thread.Forever || armed <= at+slack && armed > now {
		return
	}
	armed = at
	if onXen {
		xen.SetTimer(max(at, now+1))
		return
	}
	span := uint64(0)
	if at > now {
		span = at - now
	}
	apic.OneShot(vectorTimer, span)
}

// measure finds out the rates of the counter and of the timer together.
func measure() {
	apic.MaskOld()
	at := apic.Physical()
	if at != 0 {
		at += DirectMap
	}
	apic.Enable(at, vectorSpurious)
	start := cpu.TSC()
	apic.SetRate(clock.Measure(apic.StartCount, apic.StopCount))
	waitedTicks += cpu.TSC() - start
}

// startInterrupts lets the timer and the console interrupt.
func startInterrupts() {
	if onXen {
		startXenEvents()
		return
	}
	apic.Route(DirectMap+apic.IOPhysical, console.SerialLine, vectorConsole)
	console.SerialInterrupts()
}

// serveInterrupt notes what has happened; threads that wait for it become ready.
func serveInterrupt(vector uint64) {
	switch vector {
	case vectorEvents:
		xen.Pending(serveEvent)
		return
	case vectorTimer:
		armed = thread.Forever
	case vectorConsole:
		console.Poll()
		wakeInput()
	case vectorSpurious:
		return
	default:
		countInterrupt(vector)
	}
	apic.Done()
}
