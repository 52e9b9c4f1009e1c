package interp

import (
	"slices"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/plugin"
)

// The become primitives. The arrays name the objects; 128 exchanges them, each
// reference keeping its identity hash; the others turn the receiver's into the
// argument's and differ in whether the identity hash goes along.

func (in *Interp) installBecome() {
	in.prims[128] = takes(1, 1, func(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
		return in.become(c, true, false)
	})
	in.prims[72] = takes(1, 1, func(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
		return in.become(c, false, true)
	})
	in.prims[248] = takes(1, 1, func(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
		return in.become(c, false, false)
	})
	in.prims[249] = takes(2, 2, func(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
		copyHash, ok := c.Bool(1)
		if !ok {
			return c.Fail(plugin.BadArgument)
		}
		return in.become(c, false, copyHash)
	})
}

// become exchanges or forwards the elements of two Arrays.
func (in *Interp) become(c *plugin.Call, twoWay, copyHash bool) (heap.Oop, plugin.Failure) {
	r, a := c.Receiver, c.Arg(0)
	if !isArray(r) {
		return c.Fail(plugin.BadReceiver)
	}
	if !isArray(a) || a.NumSlots() != r.NumSlots() {
		return c.Fail(plugin.BadArgument)
	}
	in.interpretAll()
	from, to := in.oopsOf(r), in.oopsOf(a)
	if !in.contextsCanBecome(from) || !in.contextsCanBecome(to) || in.vmKnows(from, to, twoWay) {
		return c.Fail(plugin.Inappropriate)
	}
	if b := in.becomingOf(from, to, twoWay); !b.harmless(in) {
		// Garbage does not count.
		in.fullGCNow()
		n := c.NumArgs()
		r, a = in.stackAt(n), in.stackAt(n-1)
		from, to = in.oopsOf(r), in.oopsOf(a)
		if b = in.becomingOf(from, to, twoWay); !b.harmless(in) {
			return c.Fail(plugin.Inappropriate)
		}
	}
	if slices.ContainsFunc(from, isMethod) || slices.ContainsFunc(to, isMethod) {
		// Frames get what they run anew, and find out whether they can.
		in.divorceEverything()
		in.suspectClosures()
	}
	if slices.ContainsFunc(from, in.isContext) || slices.ContainsFunc(to, in.isContext) {
		in.suspectClosures()
	}
	in.killNaming(from, to)
	in.divorceAll(from)
	in.divorceAll(to)
	in.observer.Moving()
	err := in.heap.Become(from, to, twoWay, copyHash)
	in.resumeDivorced()
	if err != heap.BecomeOK {
		return c.Fail(becomeFailure(err))
	}
	in.flushMethodCache()
	return in.heap.Follow(r), plugin.OK
}

// contextsCanBecome tells that the running context, whose stack this primitive
// stands on, is not among some objects.
func (in *Interp) contextsCanBecome(objects []heap.Oop) bool {
	for _, o := range objects {
		if in.isContext(o) && isMarried(o) && marriedFrame(o) == in.fp {
			return false
		}
	}
	return true
}

// divorceAll puts the state of contexts in their slots, where a become finds it.
func (in *Interp) divorceAll(objects []heap.Oop) {
	for _, o := range objects {
		if in.isContext(o) && isMarried(o) {
			in.divorcePage(marriedFrame(o))
		}
	}
}

// divorceEverything leaves no frame.
func (in *Interp) divorceEverything() {
	in.divorced = in.contextOf(in.running())
	for i := range in.pages.pages {
		if p := &in.pages.pages[i]; p.used && in.dead == nil {
			in.spill(p)
		}
	}
}

func becomeFailure(err heap.BecomeError) plugin.Failure {
	switch err {
	case heap.BecomeImmutable:
		return plugin.NoModification
	case heap.BecomePinned:
		return plugin.Pinned
	case heap.BecomeNoMemory:
		return plugin.NoMemory
	case heap.BecomeBadSize:
		return plugin.BadArgument
	}
	return plugin.Inappropriate
}

func isArray(o heap.Oop) bool { return o.IsObject() && o.Format() == heap.FmtArray }

// oopsOf answers the elements of an Array.
func (in *Interp) oopsOf(array heap.Oop) []heap.Oop {
	elements := make([]heap.Oop, array.NumSlots())
	for i := range elements {
		elements[i] = in.follow(array.Slot(i))
	}
	return elements
}
