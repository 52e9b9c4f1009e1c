package jit

import (
	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/interp"
	"github.com/sista-vm/sista/native"
	"github.com/sista-vm/sista/optimizer/ir"
)

// The end of code: it loses its bets, or the program changes under it.

// noBet tells the reasons for leaving code that say nothing about its bets.
func noBet(r ir.Reason) bool {
	switch r {
	case ir.ReasonNone, ir.ReasonNoMemory, ir.ReasonInvalidated, ir.ReasonRequest, ir.ReasonStress, ir.ReasonAnchor:
		return true
	}
	return false
}

// deoptimized is called when code was left at a guard that failed.
func (b *Broker) deoptimized(c interp.Compiled, s *native.Safepoint) {
	u, r := b.byCode[c], ir.Reason(s.Reason)
	if u == nil || noBet(r) || s.State < 0 {
		return
	}
	if state := c.Placed().State(s.State); state != nil {
		b.lose(u, c, &state.Levels[0], r)
	}
}

// asked is called when somebody asks for an activation that was inlined, at a safepoint of code.
func (b *Broker) asked(c interp.Compiled, s *native.Safepoint, level int) {
	u, state := b.byCode[c], c.Placed().State(s.State)
	if u != nil && state != nil && level+1 < len(state.Levels) {
		b.lose(u, c, &state.Levels[level+1], ir.ReasonContext)
	}
}

// lose notes that code of a unit lost a bet made in an activation. Saved feedback, which has losses of its own, is not
// recalled for that: a warmed program may lose a bet in its first iteration, which is no time for it.
func (b *Broker) lose(u *unit, c interp.Compiled, l *native.Level, r ir.Reason) {
	method := b.in.MethodID(c.Literal(l.Method))
	lost := b.program.LoseBet(method, l.PC, uint8(r))
	b.stats.Deopts[r.String()]++
	if r != ir.ReasonContext {
		u.deopts++
	}
	if lost >= distrust(b.policy, uint8(r)) {
		u.learned++
	}
	if r == ir.ReasonContext && u.learned == 0 {
		return // it may be a tool that looks at the stack now and then
	}
	b.in.GatherNow()
	if b.opts.LogDeopt != nil {
		where := "?"
		if m := b.in.MethodOf(method); m != heap.Invalid {
			where = b.in.CodeName(m)
		}
		b.logDeopt("left %s: %s in %s@%d", u.name, r, where, l.PC)
	}
	// Code that leaves now and then is better than none: it is used until there is better code.
	patience := power(b.policy.RecompileFactor, b.losses[u.place])
	if u.renewed || u.learned < patience && u.deopts < b.policy.MaxDeopts*patience {
		return
	}
	u.renewed = true
	b.in.PostQuiet(func() { b.renew(u) })
}

// renew has code made that knows of the bets that were lost.
func (b *Broker) renew(u *unit) {
	m := b.in.MethodOf(u.place.method)
	if b.units[u.place] != u || m == heap.Invalid {
		return
	}
	b.losses[u.place]++
	b.logDeopt("renewed %s: lost %d bets", u.name, u.deopts)
	j := b.translate(m, u.place, u.quick)
	j.old = u
	b.make(j)
}

func power(x, n uint64) uint64 {
	r := uint64(1)
	for range min(n, 30) {
		r *= x
	}
	return r
}

// invalidated is called when an answer that a compilation got is not true any more.
func (b *Broker) invalidated(c *Compilation, why string) {
	u, ok := c.user.(*unit)
	if !ok || !u.placed {
		return // under way: finish sees it
	}
	if u.template {
		b.in.Kill(u.code)
		return
	}
	b.stats.Invalidated++
	b.logDeopt("invalidated %s: %s", u.name, why)
	b.retire(u, b.policy.CompileAfter)
}

// retire ends the use of code. Its place may be compiled again when it was hot for a while.
func (b *Broker) retire(u *unit, after uint64) {
	if b.units[u.place] == u {
		delete(b.units, u.place)
	}
	b.in.Kill(u.code)
	if m := b.in.MethodOf(u.place.method); m != heap.Invalid {
		b.in.Cool(m, after)
	}
}

// freed is called when no frame of code is left.
func (b *Broker) freed(c interp.Compiled) {
	if u := b.byCode[c]; u != nil {
		delete(b.byCode, c)
		b.program.drop(u.comp)
		if b.units[u.place] == u {
			delete(b.units, u.place)
		}
	}
}
