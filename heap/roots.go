package heap

import "fmt"

// Mutator is the roots and caches outside the heap.
type Mutator interface {
	// VisitRoots calls visit for every root: registers, and the slots of all frames.
	VisitRoots(visit func(slot *Oop))
	// MarkRoots calls visit for the strong roots of a full mark: registers and the
	// frames of the active stack page.
	MarkRoots(visit func(slot *Oop))
	// MarkMarried is called for a married context that was marked (its sender slot
	// is a SmallInteger), to visit the frames of its page once.
	MarkMarried(ctx Oop, visit func(slot *Oop))
	// AfterMark follows marking; stack pages that nobody visited can go.
	AfterMark()
	// Moved tells that objects may have other addresses.
	Moved()
	// ClassesExpunged tells that class indices are about to be free for other classes.
	ClassesExpunged(indices []uint32)
	// BecameClasses tells that classes, or what their indices mean, changed in a become.
	BecameClasses(indices []uint32)
	// UnforwardRoots follows forwarders in all roots, after a become.
	UnforwardRoots(follow func(Oop) Oop)
}

// noMutator has no roots.
type noMutator struct{}

func (noMutator) VisitRoots(func(*Oop))        {}
func (noMutator) MarkRoots(func(*Oop))         {}
func (noMutator) MarkMarried(Oop, func(*Oop))  {}
func (noMutator) AfterMark()                   {}
func (noMutator) Moved()                       {}
func (noMutator) ClassesExpunged([]uint32)     {}
func (noMutator) BecameClasses([]uint32)       {}
func (noMutator) UnforwardRoots(func(Oop) Oop) {}

// handleTable is the Go variables that hold oops, in a stable order.
type handleTable struct {
	slots []*Oop
	index map[*Oop]int
}

// AddHandle makes collections update *p, and keep what it refers to.
func (h *Heap) AddHandle(p *Oop) {
	t := &h.handles
	if t.index == nil {
		t.index = make(map[*Oop]int)
	}
	if _, ok := t.index[p]; ok {
		return
	}
	t.index[p] = len(t.slots)
	t.slots = append(t.slots, p)
}

// RemoveHandle ends what AddHandle began.
func (h *Heap) RemoveHandle(p *Oop) {
	t := &h.handles
	i, ok := t.index[p]
	if !ok {
		return
	}
	delete(t.index, p)
	last := len(t.slots) - 1
	if i != last {
		t.slots[i] = t.slots[last]
		t.index[t.slots[i]] = i
	}
	t.slots[last] = nil
	t.slots = t.slots[:last]
}

// ownRoots visits the roots the heap itself holds.
func (h *Heap) ownRoots(visit func(*Oop)) {
	for _, p := range []*Oop{&h.Nil, &h.False, &h.True, &h.Specials, &h.HiddenRoots, &h.FreeLists} {
		if *p != Invalid {
			visit(p)
		}
	}
	for i := range h.mourners {
		visit(&h.mourners[i])
	}
	for _, p := range h.handles.slots {
		if *p != Invalid {
			visit(p)
		}
	}
}

// Special answers slot i of the special objects array.
func (h *Heap) Special(i int) Oop {
	if i < 0 || i >= h.Specials.NumSlots() {
		return h.Nil
	}
	return h.Specials.Slot(i)
}

// SetSpecial writes slot i of the special objects array.
func (h *Heap) SetSpecial(i int, v Oop) {
	if i >= 0 && i < h.Specials.NumSlots() {
		h.Store(h.Specials, i, v)
	}
}

// Bool answers true or false.
func (h *Heap) Bool(b bool) Oop {
	if b {
		return h.True
	}
	return h.False
}

// NextMourner takes an object off the mourn queue, Invalid when it is empty.
func (h *Heap) NextMourner() Oop {
	n := len(h.mourners)
	if n == 0 {
		return Invalid
	}
	o := h.mourners[0]
	if h.mourners = h.mourners[1:]; n == 1 {
		h.mourners = nil
	}
	return o
}

// Mourners answers the mourn queue, for saving.
func (h *Heap) Mourners() []Oop { return append([]Oop(nil), h.mourners...) }

// AddMourner puts an object on the mourn queue, for loading.
func (h *Heap) AddMourner(o Oop) { h.mourners = append(h.mourners, o) }

// Bootstrap makes the first objects of a new image, in the order every image
// has them: nil, false, true, free lists, hidden roots, class table page 0.
// Their class indices are 0 until the builder sets them.
func (h *Heap) Bootstrap() error {
	if h.Nil != Invalid {
		return fmt.Errorf("heap: nil exists already")
	}
	for _, o := range []struct {
		p     *Oop
		class uint32
		f     Format
		slots int
	}{
		{&h.Nil, 0, FmtEmpty, 0}, {&h.False, 0, FmtEmpty, 0}, {&h.True, 0, FmtEmpty, 0},
		{&h.FreeLists, ClassWordsPun, FmtWords64, 64},
		{&h.HiddenRoots, ClassArrayPun, FmtArray, hiddenSlots},
	} {
		if *o.p = h.AllocateOld(o.class, o.f, o.slots); *o.p == Invalid {
			return fmt.Errorf("heap: %w", NoMemory)
		}
	}
	if !h.addClassPage() {
		return fmt.Errorf("heap: %w", NoMemory)
	}
	return nil
}

// Roots names the objects an image file points out.
type Roots struct {
	Nil, False, True, FreeLists, HiddenRoots, Specials Oop
}

// AdoptImage makes the contents of segments that were added the heap's own. What the
// roots name has been checked by the caller.
func (h *Heap) AdoptImage(r Roots) {
	h.Nil, h.False, h.True = r.Nil, r.False, r.True
	h.FreeLists, h.HiddenRoots, h.Specials = r.FreeLists, r.HiddenRoots, r.Specials
	h.loadClassPages()
	h.classHint = uint32(max(len(h.classPages)-1, 1)) * classPageSlots
	h.old.usedAtGC = h.old.used()
}
