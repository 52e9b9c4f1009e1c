package interp

import (
	"math"

	"github.com/sista-vm/sista/heap"
)

// Requests of other goroutines (external semaphores, posted functions, the timer,
// interrupts) and of the collector lower the stack limit; the next activation or
// backward jump comes here.

const limitRaised = math.MaxUint64

// raise makes the interpreter come to poll soon. Any goroutine may call it.
func (in *Interp) raise() {
	in.nat.StackLimit.Store(limitRaised)
	select {
	case in.request.wake <- struct{}{}:
	default:
	}
}

// resetLimit puts the stack limit back to that of the running page, unless a
// request is waiting.
func (in *Interp) resetLimit() {
	in.nat.StackLimit.Store(in.pageLimit)
	if in.request.pending.Load() {
		in.nat.StackLimit.Store(limitRaised)
	}
	if s, f := in.heap.NeedsGC(); s || f {
		in.nat.StackLimit.Store(limitRaised)
	}
}

// post leaves a request and raises.
func (in *Interp) post(f func(r *requests)) {
	in.request.mu.Lock()
	f(&in.request)
	in.request.pending.Store(true)
	in.request.mu.Unlock()
	in.raise()
}

// SignalSemaphore signals the semaphore at an index (from 1) of the external
// objects table. Any goroutine may call it.
func (in *Interp) SignalSemaphore(index int) {
	if index > 0 {
		in.post(func(r *requests) { r.signals[index]++ })
	}
}

// Post runs f on the interpreter's goroutine at the next safepoint. Any goroutine may call it.
func (in *Interp) Post(f func()) { in.post(func(r *requests) { r.posted = append(r.posted, f) }) }

// PostQuiet is Post for an f that runs no Smalltalk code and makes no objects: machine code goes on after it.
func (in *Interp) PostQuiet(f func()) { in.post(func(r *requests) { r.quiet = append(r.quiet, f) }) }

// RunQuiet runs what was posted with PostQuiet. It is called at a safepoint.
func (in *Interp) RunQuiet() { in.runQuiet() }

// runQuiet runs what was posted for machine code to go on after.
func (in *Interp) runQuiet() {
	r := &in.request
	if !r.pending.Load() {
		return
	}
	r.mu.Lock()
	quiet := r.quiet
	r.quiet = nil
	r.pending.Store(len(r.posted) > 0 || len(r.signals) > 0 || r.interrupt || r.stop)
	r.mu.Unlock()
	for _, f := range quiet {
		f()
	}
}

// Interrupt signals the image's user-interrupt semaphore. Any goroutine may call it.
func (in *Interp) Interrupt() { in.post(func(r *requests) { r.interrupt = true }) }

// Stop makes Run return ErrStopped. Any goroutine may call it.
func (in *Interp) Stop() {
	in.post(func(r *requests) {
		if !r.stop {
			r.stop = true
			close(r.stopping)
		}
	})
}

// Unstop takes back a Stop that came too late to be met.
func (in *Interp) Unstop() {
	in.request.mu.Lock()
	in.request.unstop()
	in.request.mu.Unlock()
}

func (r *requests) unstop() {
	if r.stop {
		r.stop, r.stopping = false, make(chan struct{})
	}
}

// poll does everything that waits for a safepoint. The running frame is complete
// and its pc is that of its next bytecode.
func (in *Interp) poll() {
	in.Stats.InterruptChecks++
	in.nat.StackLimit.Store(in.pageLimit)
	if in.sp < in.pageLimit {
		in.stackOverflow()
		if in.dead != nil {
			return
		}
	}
	in.collectIfNeeded()
	in.checkLowSpace()
	in.checkEvents()
	in.resetLimit()
}

func (in *Interp) checkLowSpace() {
	if h := in.heap; h.LowSpacePending {
		h.LowSpacePending = false
		h.LowSpaceThreshold = 0
		in.heap.SetSpecial(specialLowSpaceProcess, in.activeProcess())
		in.signalSpecial(specialLowSpace)
	}
}

// checkEvents delivers the requests of other goroutines and the timer.
func (in *Interp) checkEvents() {
	in.runQuiet()
	if in.request.pending.Load() {
		r := &in.request
		r.mu.Lock()
		signals, posted, interrupt, stop := r.signals, r.posted, r.interrupt, r.stop
		if len(signals) > 0 {
			r.signals = map[int]int{}
		}
		r.posted, r.interrupt = nil, false
		r.unstop()
		r.pending.Store(false)
		r.mu.Unlock()
		if interrupt {
			in.signalSpecial(specialInterrupt)
		}
		if len(signals) > 0 {
			in.signalExternal(signals)
		}
		for _, f := range posted {
			f()
		}
		if stop {
			in.halt(ErrStopped)
		}
	}
	in.checkTimer()
	if in.heap.PendingFinalization {
		in.heap.PendingFinalization = false
		in.signalSpecial(specialFinalization)
	}
}

// signalExternal signals semaphores of the external objects table, lower indices first.
func (in *Interp) signalExternal(signals map[int]int) {
	for _, i := range sortedKeys(signals) {
		for n := signals[i]; n > 0; n-- {
			table := in.follow(in.heap.Special(specialExternalObjects))
			if !table.IsObject() || table.Format() != heap.FmtArray || i > table.NumSlots() {
				break
			}
			sem := in.follow(table.Slot(i - 1))
			if !in.isSemaphore(sem) {
				break
			}
			in.signal(sem)
		}
	}
}

// timer is the image's one wake-up.
type timer struct {
	wakeUp int64 // microseconds since 1901, UTC; 0: none
	until  int64 // monotonic time of the armed alarm
	cancel func() bool
}

// setTimer arms the timer semaphore for a time, or disarms it with 0.
func (in *Interp) setTimer(utc int64) {
	t := &in.timer
	if t.cancel != nil {
		t.cancel()
		t.cancel = nil
	}
	t.wakeUp = utc
	if utc == 0 {
		return
	}
	in.armTimer()
}

func (in *Interp) armTimer() {
	c := in.host.Clock
	delay := max(0, in.timer.wakeUp-c.UTC())
	if delay == 0 {
		in.timer.until = 0
		in.post(func(*requests) {})
		return
	}
	delay = min(delay, 3600*1000*1000) // come by when the wall clock is set
	in.timer.until = c.Monotonic() + delay*1000
	in.timer.cancel = c.AfterFunc(in.timer.until, func() {
		in.post(func(*requests) {})
	})
}

func (in *Interp) checkTimer() {
	t := &in.timer
	if t.wakeUp == 0 {
		return
	}
	if in.host.Clock.UTC() >= t.wakeUp {
		in.setTimer(0)
		in.signalSpecial(specialTimer)
		return
	}
	if in.host.Clock.Monotonic() >= t.until {
		in.armTimer()
	}
}

// relinquish passes up to us microseconds until something happens.
func (in *Interp) relinquish(us int64) {
	if in.request.pending.Load() {
		return
	}
	c := in.host.Clock
	start := c.Monotonic()
	if w := in.timer.wakeUp; w != 0 {
		us = min(us, max(0, w-c.UTC()))
	}
	if us <= 0 {
		return
	}
	c.Wait(start+us*1000, in.request.wake)
	in.Stats.IdleMicroseconds += uint64(c.Monotonic()-start) / 1000
}

// noProcess is met when no process can run. Images keep an idle process against that.
func (in *Interp) noProcess() {
	in.fatal("no process can run: every process waits, and nothing is left to wake one")
}
