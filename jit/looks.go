package jit

import (
	"time"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/interp"
)

// In mode Async a method is compiled twice if it runs often: at first with a small budget, so that
// code is there soon for all that is hot, and then in full. Machine code counts nothing. Instead there
// are looks at which code runs, as long as any might be compiled in full.

// looks is the state of that.
type looks struct {
	timer *time.Timer // nil: none is under way
	every time.Duration
}

// maxLookShift limits how much rarer looks get that find nothing.
const maxLookShift = 10

func (l *looks) end() {
	if l.timer != nil {
		l.timer.Stop()
		l.timer = nil
	}
}

// look has looks taken, or taken more often again.
func (b *Broker) look() {
	if b.work == nil {
		return
	}
	l := &b.looks
	every := time.Duration(b.policy.LookEvery) * time.Microsecond
	if l.timer != nil && l.every == every {
		return
	}
	l.every = every
	b.nextLook()
}

func (b *Broker) nextLook() {
	l := &b.looks
	l.end()
	l.timer = time.AfterFunc(l.every, func() { b.in.PostQuiet(b.looked) })
}

// looked counts for the innermost code that runs and could be more.
func (b *Broker) looked() {
	l := &b.looks
	if l.timer == nil {
		return // at an end
	}
	var found *unit
	b.in.Running(int(b.policy.LookDepth), func(c interp.Compiled) bool {
		if u := b.byCode[c]; u != nil && u.limited && !u.renewed {
			found = u
		}
		return found == nil
	})
	base := time.Duration(b.policy.LookEvery) * time.Microsecond
	switch {
	case found != nil:
		l.every = base
		if found.seen++; found.seen >= b.policy.FullAfter && len(b.work) == 0 {
			b.complete(found)
		}
	case l.every >= base<<maxLookShift:
		l.end() // until there is new code
		return
	default:
		l.every *= 2
	}
	b.nextLook()
}

// complete has code compiled in full.
func (b *Broker) complete(u *unit) {
	m := b.in.MethodOf(u.place.method)
	if b.units[u.place] != u || m == heap.Invalid {
		u.limited = false
		return
	}
	u.renewed = true
	j := b.translate(m, u.place, false)
	j.old = u
	_ = b.make(j) // if nothing comes of it the code stays
}
