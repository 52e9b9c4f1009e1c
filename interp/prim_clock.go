package interp

import (
	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/host"
	"github.com/sista-vm/sista/plugin"
)

// The clock primitives. Times of day are microseconds since the start of 1901; the
// coarse clocks tell the same as the others.

func (in *Interp) installClocks() {
	p := &in.prims
	p[135] = func(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
		return c.ReturnInt(in.millisecondClock())
	}
	p[137] = func(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
		return c.ReturnInt(in.localTime() / 1e6)
	}
	utc := func(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
		return c.ReturnInt(in.host.Clock.UTC())
	}
	local := func(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
		return c.ReturnInt(in.localTime())
	}
	p[240], p[245] = utc, utc
	p[241], p[246] = local, local
	p[243] = primAnswerReceiver // the host always knows the zone
	p[244] = takes(0, 1, func(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
		return in.timeAndOffset(c, in.host.Clock.UTC())
	})
}

// localTime answers microseconds since the start of 1901, local time.
func (in *Interp) localTime() int64 {
	return in.host.Clock.UTC() + int64(in.host.Clock.LocalOffset())*1e6
}

// timeAndOffset answers an Array, the argument if there is one, of a time and of the
// seconds by which local time is ahead.
func (in *Interp) timeAndOffset(c *plugin.Call, microseconds int64) (heap.Oop, plugin.Failure) {
	var pair heap.Oop
	if c.NumArgs() > 0 {
		pair = c.Arg(0)
		if !plugin.IsPointers(pair) || pair.NumSlots() < 2 {
			return c.Fail(plugin.BadArgument)
		}
		if !c.Writable(pair) {
			return c.Fail(plugin.NoModification)
		}
	} else if pair = in.heap.NewArray(2); pair == heap.Invalid {
		return c.Fail(plugin.NoMemory)
	}
	time := in.heap.NewInt64(microseconds)
	if time == heap.Invalid {
		return c.Fail(plugin.NoMemory)
	}
	in.heap.Store(pair, 0, time)
	in.heap.Store(pair, 1, heap.FromInt(int64(in.host.Clock.LocalOffset())))
	return pair, plugin.OK
}

// primUTCWithOffset tells microseconds since the start of 1970.
func primUTCWithOffset(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	return in.timeAndOffset(c, in.host.Clock.UTC()-host.EpochSeconds*1e6)
}

// primHighResClock answers nanoseconds since some moment.
func primHighResClock(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	return c.ReturnInt(in.host.Clock.Monotonic())
}
