package vm

import (
	"fmt"
	"time"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/interp"
)

// Trace gets a line for each event of a kind; what nobody asks for costs nothing. The
// functions are called in the middle of things and must not call the VM.
type Trace struct {
	Compile func(line string) // compilations, and those given up
	Deopt   func(line string) // bets that machine code lost, and code thrown away
	IC      func(line string) // sends of machine code that are joined with their targets
	GC      func(line string) // garbage collections
	OSR     func(line string) // loops that go on in machine code
}

// trace has the interpreter tell what the configuration asks for.
func (v *VM) trace() {
	t := v.config.Trace
	var e interp.Events
	if t.IC != nil {
		e.Linked = func(l interp.Link) { t.IC(v.describeLink(l)) }
	}
	if t.GC != nil {
		e.Collected = func(c interp.Collection) { t.GC(describeCollection(c)) }
	}
	if t.OSR != nil {
		e.LoopEntered = func(method heap.Oop, pc int) { t.OSR(fmt.Sprintf("entered %s loop@%d", v.in.CodeName(method), pc)) }
	}
	v.in.SetEvents(e)
}

func (v *VM) describeLink(l interp.Link) string {
	if l.How == interp.Unlinked {
		return "unlinked all sends: a method may be another"
	}
	caller := "?"
	if l.Caller != heap.Invalid {
		caller = v.in.CodeName(l.Caller)
	}
	if l.How == interp.LinkedCall {
		return fmt.Sprintf("linked the call of %s in %s", v.in.CodeName(l.Selector), caller)
	}
	what := fmt.Sprintf("#%s in %s", v.heap.StringValue(l.Selector), caller)
	if l.Class == 0 {
		return "linked " + what
	}
	class := v.in.NameOfClass(v.heap.ClassAt(l.Class))
	switch l.How {
	case interp.LinkedValue:
		return fmt.Sprintf("linked %s: blocks are called", what)
	case interp.LinkedCache:
		return fmt.Sprintf("shared %s: %s is found in the cache of sends", what, class)
	}
	return fmt.Sprintf("linked %s: %s is called at once", what, class)
}

func describeCollection(c interp.Collection) string {
	took := c.Time.Round(time.Microsecond)
	if c.Full {
		return fmt.Sprintf("full %v: %d objects live, old space %d bytes of which %d are free", took, c.Marked, c.Old, c.Free)
	}
	return fmt.Sprintf("scavenge %v: %d bytes stay young, %d objects tenured, old space %d bytes of which %d are free",
		took, c.Survived, c.Tenured, c.Old, c.Free)
}
