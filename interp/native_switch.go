package interp

import (
	"unsafe"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/native"
)

// Sends of signal, wait and yield are linked to the switches of package native, which do what the primitives
// do where both processes are in machine code. What those need to know of code is found
// out when a process is switched by us.

// Numbers of the primitives that machine code does itself.
const (
	primitiveSignal = 85
	primitiveWait   = 86
	primitiveYield  = 167
)

// enableSwitches lets machine code switch processes.
func (in *Interp) enableSwitches() {
	in.switchPoints = new(native.SwitchPoints)
	area, _ := in.heap.StackArea()
	n := &in.nat
	n.Pages, n.PagesAt, n.Headroom = uint64(uintptr(unsafe.Pointer(&in.pages.native[0]))), area, pageHeadroom
	n.Points = uint64(uintptr(unsafe.Pointer(in.switchPoints)))
}

// switchOf answers the switch that does what an entry is for, if there is one.
func switchOf(e *cacheEntry) (s native.Switch, ok bool) {
	switch e.prim {
	case primitiveSignal:
		s = native.SwitchSignal
	case primitiveWait:
		s = native.SwitchWait
	case primitiveYield:
		s = native.SwitchYield
	default:
		return 0, false
	}
	return s, e.argc == 0
}

// linkSwitch links the cell of a send to the switch that does what its target does.
func (in *Interp) linkSwitch(cell uint64, e *cacheEntry) {
	s, ok := switchOf(e)
	if !ok {
		return
	}
	class := uint64(e.tag)
	if ld(cell+cellClass) == noClass {
		st(cell+cellClass, class)
		st(cell+cellEntry, s.Entries().Checked)
		in.linked(LinkedCell, cell, e.tag)
		return
	}
	t := &in.sends[native.SendPlace(e.selector, class)]
	if t.Selector == e.selector && t.Class == class {
		return // the switch was of no avail
	}
	*t = native.SendTarget{Selector: e.selector, Class: class, Entry: s.Entries().Found}
	in.linked(LinkedCache, cell, e.tag)
}

// switched takes over what switches have done since machine code was entered.
func (in *Interp) switched() {
	n := &in.nat
	for _, o := range n.Objects[:n.Written] {
		in.heap.Remember(heap.Oop(o))
	}
	n.Written = 0
	if n.Switches == 0 {
		return
	}
	in.Stats.ProcessSwitches += n.Switches
	in.Stats.NativeSwitches += n.Switches
	n.Switches = 0
	// The frame of a page that has just been left by its last return is not there any more.
	p := in.pageOf(n.SP - heap.Word)
	in.pages.active = p
	in.pageLimit = p.lo + pageHeadroom
}

// leaveReady tells switches that a process goes on in a frame of machine code that is the head of the page
// just left; and how one is left there.
func (in *Interp) leaveReady(fp uint64) {
	npc := headPC(fp)
	if in.frozen(fp) != nil || in.switchPoints == nil {
		return
	}
	c, s := in.levelsAt(npc)
	if len(s.Levels) != 1 || in.dead != nil {
		return
	}
	in.pages.active.Ready = fp
	p := native.SwitchPoint{PC: npc}
	if l := &s.Levels[0]; l.Context.Kind != native.IsVirtual {
		self, ok := in.fromFP(c, l.Self)
		closure := int64(0)
		if ok && l.Closure.Kind != native.None {
			closure, ok = in.fromFP(c, l.Closure)
		}
		if ok {
			method := c.literal(l.Method)
			p.Header = uint64(contextFixed+contextSlots(heap.Oop(ld(method))))<<56 | uint64(heap.FmtVariable)<<24 | heap.ClassContext
			p.Method, p.Self, p.Closure = method, self, closure
			if !c.code.OSR { // such code widows itself
				p.Hooks = 1
			}
		}
	}
	in.switchPoints[native.SwitchPlace(npc)] = p
}

// fromFP answers how far from fp an oop is, if it is in the frame.
func (in *Interp) fromFP(c *compiled, l native.Loc) (offset int64, ok bool) {
	if l.Repr != native.ReprOop || l.Add != 0 {
		return 0, false
	}
	switch l.Kind {
	case native.InSlot:
		return -int64(c.code.SlotsAt()) - 8*l.Index, true
	case native.InArg:
		return 16 + 8*l.Index, true
	}
	return 0, false
}
