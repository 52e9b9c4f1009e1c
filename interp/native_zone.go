package interp

import (
	"slices"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/native"
)

// NewZone makes the memory for this machine's code, in the heap's window. The error
// tells why there can be none here.
func (in *Interp) NewZone(most uint64) (*native.Zone, error) {
	start, size := in.heap.CodeArea()
	return native.NewZone(&in.nat, in.heap.Memory(), start, size, most)
}

// CodeOnStack answers the machine code that has frames.
func (in *Interp) CodeOnStack() map[Compiled]bool {
	found := map[Compiled]bool{}
	for i := range in.pages.pages {
		if p := &in.pages.pages[i]; p.used {
			in.eachCode(p, func(c *compiled) { found[Compiled{c}] = true })
		}
	}
	return found
}

// Running calls f with the machine code of the running activation and of its callers, of n
// frames at most, the innermost first, until f answers false. It is called at a safepoint.
func (in *Interp) Running(n int, f func(Compiled) bool) {
	if in.code == nil || in.fp == 0 {
		return
	}
	npc := uint64(0)
	if frameIsNative(in.fp) {
		npc = headPC(in.fp)
	}
	for fp := in.fp; fp != 0 && n > 0; n-- {
		if frameIsNative(fp) {
			if c := in.compiledAt(npc); c != nil && !f(Compiled{c}) {
				return
			}
		}
		npc, fp = ld(fp+frameRet), callerFrame(fp)
	}
}

// CalledCode tells whether code was called, or entered at its loop, since the last ForgetCalls.
func (in *Interp) CalledCode(c Compiled) bool { return c.c.called }

// ForgetCalls begins anew to see what code is called. Calls that machine code is linked to are not
// seen, so it looks all of them up once more. It is called at a safepoint.
func (in *Interp) ForgetCalls() {
	for _, c := range in.code.all {
		c.called = false
	}
	in.unlinkSends()
}

// FreeCode gives the room of code back that was killed. It is called at a safepoint.
func (in *Interp) FreeCode() { in.bury() }

// Restored is code that lies in the zone as it did when it was saved, with its literals and cells.
type Restored struct {
	Method heap.Oop
	Placed *native.Placed
	Loop   int // as in Publish
}

// Restore makes code that was saved that of its methods, blocks and loops, before anything has run.
func (in *Interp) Restore(list []Restored) []Compiled {
	m := in.code
	all, names := make([]compiled, len(list)), make([]Compiled, len(list))
	m.all = slices.Grow(m.all, len(list))
	if len(m.byPlace) == 0 {
		m.byMethod, m.byPlace = make(map[heap.Oop]*compiled, len(list)), make(map[*native.Placed]*compiled, len(list))
	}
	for i, r := range list {
		c := &all[i]
		*c = compiled{placed: r.Placed, code: r.Placed.Head(), method: r.Method, osr: r.Loop}
		if c.isTemplate() {
			m.setNumber(c, r.Method)
		}
		m.all = append(m.all, c)
		m.byPlace[r.Placed] = c
		m.enter(c)
		names[i] = Compiled{c}
	}
	in.flushMethodCache()
	return names
}

// Live tells whether code is in use.
func (c Compiled) Live() bool { return !c.c.dead }

// Method answers whose code it is.
func (c Compiled) Method() heap.Oop { return c.c.method }

// Literal answers a literal of code of the optimizer.
func (c Compiled) Literal(i int) heap.Oop { return heap.Oop(ld(c.c.literal(i))) }

// Word answers a word of the data of code.
func (c Compiled) Word(i int) heap.Oop { return c.Literal(i) }

// Scavenging tells whether the collection under way moves young objects only.
func (in *Interp) Scavenging() bool { return in.scavenging }

// Want has NativeHooks.Wanted told of the first calls of methods, all of which are old.
func (in *Interp) Want(methods []heap.Oop) {
	m := in.code
	if m.wanted == nil {
		m.wanted = make(map[heap.Oop]bool, len(methods))
	}
	for _, o := range methods {
		m.wanted[o] = true
	}
}

// visitWanted follows the methods that are waited for.
func (m *machineCode) visitWanted(visit func(*heap.Oop)) {
	if len(m.wanted) == 0 {
		return
	}
	wanted := make(map[heap.Oop]bool, len(m.wanted))
	for o := range m.wanted {
		visit(&o)
		wanted[o] = true
	}
	m.wanted = wanted
}

// called tells of the first call of a method.
func (in *Interp) called(method heap.Oop) {
	if m := in.code; m.wanted[method] {
		delete(m.wanted, method)
		m.hooks.Wanted(method)
	}
}
