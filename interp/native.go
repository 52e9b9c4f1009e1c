package interp

import (
	"slices"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/native"
)

// compiled is machine code in use.
type compiled struct {
	placed *native.Placed
	code   *native.Code
	method heap.Oop
	osr    int // the pc of the loop it is entered at; -1 if it is called
	dead   bool
	called bool   // by way of Go, or new, since ForgetCalls
	young  bool   // a literal may be a young object
	number uint64 // of template code
}

// Compiled names machine code for whoever made it.
type Compiled struct{ c *compiled }

// Placed answers where the code lies.
func (c Compiled) Placed() *native.Placed { return c.c.placed }

// literal answers the address of a literal.
func (c *compiled) literal(i int) uint64 { return c.placed.Data() + 8*uint64(i) }

// cells calls f with the address of every send cell.
func (c *compiled) cells(f func(addr uint64)) {
	at := c.placed.Data() + 8*uint64(len(c.code.Literals))
	for range c.code.Cells {
		f(at)
		at += 8 * native.ICWords
	}
}

// Words of a send cell, in bytes.
const (
	cellClass    = 0
	cellEntry    = 8
	cellSelector = 16
	cellArgc     = 24
	noClass      = 1<<64 - 1 // in a cell that was not linked
)

// machineCode is all code of a virtual machine.
type machineCode struct {
	zone     *native.Zone
	hooks    NativeHooks
	all      []*compiled
	byMethod map[heap.Oop]*compiled
	osr      map[osrKey]*compiled
	loops    map[heap.Oop]bool // methods with code in osr, or that had some
	byPlace  map[*native.Placed]*compiled
	points   [numPoints]point // safepoints found lately
	killed   bool             // some code in all is dead
	// How often code was shunned since the last collection for it, and how often it is to be.
	shunned, patience int
	moved             bool // methods have, so the maps are to be made again

	wanted     map[heap.Oop]bool      // methods whose first call is to be told of
	templates  map[heap.Oop]*compiled // template code by method
	numbered   []*compiled            // the same by number, from 1
	unnumbered int                    // below it all numbers, less 1, are taken
}

type osrKey struct {
	method heap.Oop
	pc     int
}

// NativeHooks are told what machine code meets. They run at safepoints, with the frame of the
// code the running one, and do not run Smalltalk code.
type NativeHooks struct {
	// Deopt tells that a bet was lost at a safepoint, for a reason of the optimizer's.
	Deopt func(c Compiled, s *native.Safepoint)
	// Asked tells that code is left at a safepoint because somebody asked for an activation that was inlined.
	Asked func(c Compiled, s *native.Safepoint, level int)
	// Template makes template code of a method and publishes it; it tells whether there is some now.
	Template func(method heap.Oop) bool
	// Freed tells that code is gone.
	Freed func(c Compiled)
	// Wanted tells of the first call of a method that [Interp.Want] named, before it happens: code may be
	// published for it. It may be in the middle of a send.
	Wanted func(method heap.Oop)
}

// EnableNative lets machine code run. It is called before anything runs.
func (in *Interp) EnableNative(zone *native.Zone, hooks NativeHooks) {
	in.code = &machineCode{zone: zone, hooks: hooks, byMethod: map[heap.Oop]*compiled{}, osr: map[osrKey]*compiled{}, loops: map[heap.Oop]bool{},
		byPlace: map[*native.Placed]*compiled{}, templates: map[heap.Oop]*compiled{}}
	in.nat.InitStubs()
	in.sends = new(native.SendCache)
	in.nat.SetSends(in.sends)
	in.enableSwitches()
	in.retSista = in.nat.Stubs[native.ExitReturn]
	in.retBase = in.nat.Stubs[native.ExitReturnBase]
	in.retHook = in.nat.Stubs[native.ExitReturnHooked]
}

// Publish makes code, placed in the zone, that of a method or block; with osr not negative, of
// the loop at that pc in it. Literals are the objects its handles name; those of template code are
// not needed.
func (in *Interp) Publish(method heap.Oop, placed *native.Placed, osr int, literals, selectors []heap.Oop) Compiled {
	c := &compiled{placed: placed, code: placed.Code(), method: method, osr: osr, young: true, called: true}
	for i, o := range literals {
		st(c.literal(i), uint64(o))
	}
	i := 0
	c.cells(func(a uint64) {
		st(a+cellSelector, uint64(selectors[i]))
		st(a+cellArgc, uint64(heap.FromInt(int64(c.code.Cells[i].Argc))))
		in.unlink(a, c.code.Cells[i].Call)
		i++
	})
	m := in.code
	if c.isTemplate() {
		m.setNumber(c, method)
	} else if t := m.templates[method]; t != nil && osr < 0 {
		in.unlinkFrom(t) // better code is there
	}
	m.all = append(m.all, c)
	m.byPlace[placed] = c
	m.enter(c)
	in.flushMethod(method)
	return Compiled{c}
}

func (m *machineCode) enter(c *compiled) {
	if c.dead {
		return
	}
	if c.isTemplate() {
		m.templates[c.method] = c
	} else if c.osr >= 0 {
		m.osr[osrKey{c.method, c.osr}], m.loops[c.method] = c, true
	} else {
		m.byMethod[c.method] = c
	}
}

// unlinkFrom makes cells that call code look their targets up.
func (in *Interp) unlinkFrom(c *compiled) {
	in.forgetSends()
	lo := c.placed.Text()
	hi := lo + uint64(len(c.code.Bytes))
	in.keptSends = slices.DeleteFunc(in.keptSends, func(t native.SendTarget) bool { return t.Entry >= lo && t.Entry < hi })
	for _, other := range in.code.all {
		i := 0
		other.cells(func(a uint64) {
			if e := ld(a + cellEntry); e >= lo && e < hi {
				in.unlink(a, other.code.Cells[i].Call)
			}
			i++
		})
	}
}

// unlink makes a cell look its target up.
func (in *Interp) unlink(cell uint64, call bool) {
	st(cell+cellClass, noClass)
	x := native.ExitSend
	if call {
		x = native.ExitCall
	}
	st(cell+cellEntry, in.nat.Stubs[x])
}

// Kill ends the use of code. Frames of it go on in the interpreter.
func (in *Interp) Kill(which Compiled) {
	c := which.c
	if c.dead {
		return
	}
	m := in.code
	c.dead, m.killed = true, true
	if c.isTemplate() {
		delete(m.templates, c.method)
	} else if c.osr >= 0 {
		delete(m.osr, osrKey{c.method, c.osr})
	} else if m.byMethod[c.method] == c {
		delete(m.byMethod, c.method)
	}
	in.flushMethod(c.method)
	in.unlinkFrom(c)
}

// bury frees the code that was killed. No frame of it is left after that. It is called before
// machine code runs on, and before a collection.
func (in *Interp) bury() {
	m := in.code
	if m == nil || !m.killed {
		return
	}
	in.observer.Renew()
	m.killed = false
	for i := range in.pages.pages {
		p := &in.pages.pages[i]
		if p.used && in.dead == nil {
			in.freezeDead(p)
		}
		if p.used && in.dead == nil {
			in.buryTemplates(p)
		}
	}
	if in.dead != nil {
		return
	}
	m.points = [numPoints]point{}
	clear(in.switchPoints[:])
	for _, c := range m.all {
		if c.dead {
			delete(m.byPlace, c.placed)
			if c.isTemplate() {
				m.numbered[c.number-1] = nil
				m.unnumbered = min(m.unnumbered, int(c.number-1))
			}
			if m.hooks.Freed != nil {
				m.hooks.Freed(Compiled{c})
			}
			m.zone.Free(c.placed)
		}
	}
	m.all = slices.DeleteFunc(m.all, func(c *compiled) bool { return c.dead })
}

// freezeDead freezes the frames of a page that are of code that was killed.
func (in *Interp) freezeDead(p *stackPage) {
	npc := uint64(0)
	in.eachFrame(p, func(fp, _ uint64) {
		if frameIsNative(fp) && in.dead == nil && in.frozen(fp) == nil {
			if npc == 0 {
				npc = headPC(fp)
			}
			if c := in.compiledAt(npc); c == nil || c.dead {
				in.freeze(fp, npc)
			}
		}
		npc = in.frameRet(fp)
	})
}

// compiledAt answers the code that holds an address.
func (in *Interp) compiledAt(pc uint64) *compiled {
	p := in.code.zone.Find(pc)
	if p == nil {
		return nil
	}
	return in.code.byPlace[p]
}

// compiledFor answers the code that a method or block is called in; while feedback is gathered
// that is none of the templates'.
func (in *Interp) compiledFor(method heap.Oop) *compiled {
	if in.code == nil {
		return nil
	}
	c := in.code.byMethod[method]
	if c == nil && !in.gathers() {
		c = in.code.templates[method]
	}
	if c != nil {
		c.called = true
	}
	return c
}

// visitCode visits the objects that code names: all, or those that may be young.
func (in *Interp) visitCode(all bool, visit func(*heap.Oop)) {
	if in.code == nil {
		return
	}
	if all {
		in.code.visitWanted(visit)
	}
	for _, c := range in.code.all {
		if !all && !c.young {
			continue
		}
		each := func(p *heap.Oop) {
			visit(p)
			c.young = c.young || in.heap.IsYoung(*p)
		}
		c.young = false
		was := c.method
		c.visit(each)
		in.code.moved = in.code.moved || c.method != was
	}
}

// markCode visits the objects that code with frames on a page names. All other code keeps none.
func (in *Interp) markCode(p *stackPage, visit func(*heap.Oop)) {
	if in.code == nil {
		return
	}
	var last *compiled
	in.eachCode(p, func(c *compiled) {
		if c != last { // of a recursion
			last = c
			c.visit(visit)
		}
	})
}

// eachCode calls f with the code of every frame on a page that goes on in it.
func (in *Interp) eachCode(p *stackPage, f func(c *compiled)) {
	npc := uint64(0)
	in.eachFrame(p, func(fp, _ uint64) {
		if frameIsNative(fp) && in.frozen(fp) == nil {
			if npc == 0 {
				npc = headPC(fp)
			}
			if c := in.compiledAt(npc); c != nil {
				f(c)
			}
		}
		npc = in.frameRet(fp)
	})
}

// visit visits the objects that code names.
func (c *compiled) visit(visit func(*heap.Oop)) {
	visit(&c.method)
	for i := range c.code.Literals {
		visit((*heap.Oop)(heap.Pointer(c.literal(i))))
	}
	c.cells(func(a uint64) { visit((*heap.Oop)(heap.Pointer(a + cellSelector))) })
}

// killNaming kills the code with literals among some objects, which are about to become others: it takes them for
// what they were.
func (in *Interp) killNaming(objects ...[]heap.Oop) {
	if in.code == nil {
		return
	}
	set := map[heap.Oop]bool{}
	for _, list := range objects {
		for _, o := range list {
			set[o] = true
		}
	}
	in.observer.Becoming(set)
	for _, c := range in.code.all {
		for i := range c.code.Literals {
			if !c.dead && !c.isTemplate() && set[heap.Oop(ld(c.literal(i)))] {
				in.Kill(Compiled{c})
			}
		}
	}
}

// codeMoved finds methods again that may have moved.
func (in *Interp) codeMoved() {
	if m := in.code; m != nil && m.moved {
		m.moved = false
		clear(m.byMethod)
		clear(m.osr)
		clear(m.loops)
		clear(m.templates)
		for _, c := range m.all {
			m.enter(c)
		}
	}
}
