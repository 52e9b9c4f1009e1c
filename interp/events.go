package interp

import (
	"time"

	"github.com/sista-vm/sista/heap"
)

// Events are told what happens underneath a program, for tools. Each may be nil, and costs
// nothing then. They are called in the middle of things: they neither make objects nor run
// Smalltalk.
type Events struct {
	// Linked: a send of machine code found a target in machine code.
	Linked func(Link)
	// Collected: a collection is over.
	Collected func(Collection)
	// LoopEntered: machine code took over a frame at the head of a loop.
	LoopEntered func(method heap.Oop, pc int)
}

// A Link joins a send of machine code with what it calls.
type Link struct {
	How      LinkKind
	Caller   heap.Oop // the method whose code has the send; Invalid if it is not known
	Selector heap.Oop // of a call, the method
	Class    uint32   // index, of the receiver; 0 if any
}

// A LinkKind says what a send does from now on.
type LinkKind uint8

// The kinds.
const (
	// LinkedCell: the cell of the send calls the target for receivers of this class.
	LinkedCell LinkKind = iota
	// LinkedCache: the cell is for another class; the target is in the cache that sends look in next.
	LinkedCache
	// LinkedValue: the cell calls the code of closures, whichever comes.
	LinkedValue
	// LinkedCall: the cell calls a method that is known.
	LinkedCall
	// Unlinked: all cells look their targets up again, for a method may be another.
	Unlinked
)

// A Collection is one of the garbage collector's.
type Collection struct {
	Full     bool
	Time     time.Duration
	Survived uint64 // bytes that stay young after it
	Tenured  uint64 // objects moved to old space
	Marked   uint64 // objects that live, of a full collection
	Old      uint64 // bytes of old space, free ones too
	Free     uint64 // bytes free in it
}

// noClassIndex is the class of a link that is for all.
const noClassIndex = 0

// SetEvents sets who is told. It is called while nothing runs.
func (in *Interp) SetEvents(e Events) { in.events = e }

// Counted answers the activations and back edges of interpreted code, while feedback is gathered, as far as
// they were sampled.
func (in *Interp) Counted() uint64 { return in.feedback.counted }

// collected times a collection and tells of it.
func (in *Interp) collected(full bool, collect func()) {
	if in.events.Collected == nil {
		collect()
		return
	}
	s := &in.heap.Stats
	tenured, start := s.Tenured, time.Now()
	collect()
	c := Collection{Full: full, Time: time.Since(start), Survived: s.SurvivedBytes, Tenured: s.Tenured - tenured,
		Old: in.heap.OldBytes(), Free: in.heap.FreeOldBytes()}
	if full {
		c.Marked = s.Marked
	}
	in.events.Collected(c)
}

// linked tells that a cell was linked.
func (in *Interp) linked(how LinkKind, cell uint64, class uint32) {
	if in.events.Linked == nil {
		return
	}
	l := Link{How: how, Caller: heap.Invalid, Class: class}
	if how != Unlinked {
		l.Selector = heap.Oop(ld(cell + cellSelector))
		for _, c := range in.code.all {
			c.cells(func(addr uint64) {
				if addr == cell {
					l.Caller = c.method
				}
			})
		}
	}
	in.events.Linked(l)
}
