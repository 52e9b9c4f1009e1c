package heap

// BecomeError is why a become was refused; nothing was changed then.
type BecomeError int

// Reasons of BecomeError.
const (
	BecomeOK BecomeError = iota
	BecomeBadElement
	BecomeImmutable
	BecomePinned
	BecomeNoMemory
	BecomeBadSize
)

func (e BecomeError) Error() string {
	return [...]string{"no error", "an immediate cannot become another object", "object is read-only",
		"object is pinned", "out of memory", "numbers of objects differ"}[e]
}

// Follow answers what a chain of forwarders ends in, or o itself.
func (h *Heap) Follow(o Oop) Oop {
	for n := 0; o.IsForwarder(); n++ {
		if n == maxChain {
			panic(damage{uint64(o)})
		}
		o = o.Slot(0)
	}
	return o
}

// forward makes o a forwarder to another object or an immediate.
//
//	header: class index 8, format 7, hash and slot count as before, slot 0 the target
//
// An empty object gets slot count 1: it always had memory for one.
func (h *Heap) forward(o, to Oop) {
	hd := o.Header()
	hd &^= ClassIndexMask | StoreCheckMask | FormatMask<<FormatShift | PinnedBit | GreyBit
	hd |= ClassForwarder | Header(FmtForwarder)<<FormatShift
	if hd.SlotsByte() == 0 {
		hd |= 1 << SlotsShift
	}
	o.SetHeader(hd)
	h.Store(o, 0, to)
	if h.IsYoung(o) {
		h.forwarders.young = true
	} else {
		h.forwarders.old = true
	}
}

// forwarders tells whether there may be references to forwarders in new space, and in old space.
// A scavenge removes those to the former, a full collection all.
type forwarders struct{ young, old bool }

// Forwarders tells whether there may be references to forwarders, and whether it takes a full collection to
// remove them.
func (h *Heap) Forwarders() (any, full bool) {
	return h.forwarders.young || h.forwarders.old, h.forwarders.old
}

// Become makes every reference to from[i] one to to[i], and for twoWay every
// reference to to[i] one to from[i], pair after pair. References are corrected
// lazily, through forwarders, except for roots, the class table and the special
// objects. Objects of one size exchange their contents in place.
//
// In a two-way become each reference keeps its identity hash, or with copyHash the
// hashes go with the contents. In a one-way become the target keeps its own hash,
// or with copyHash takes that of from[i].
func (h *Heap) Become(from, to []Oop, twoWay, copyHash bool) BecomeError {
	if len(from) != len(to) {
		return BecomeBadSize
	}
	if err := h.checkBecome(from, to, twoWay, copyHash); err != BecomeOK {
		return err
	}
	// Classes are recognized while their hashes still tell.
	classes := h.classesAmong(from)
	if twoWay {
		classes = append(classes, h.classesAmong(to)...)
		if !h.exchange(from, to, copyHash) {
			return BecomeNoMemory
		}
	} else {
		h.forwardAll(from, to, copyHash)
	}
	h.Stats.Becomes++
	h.unforward(classes)
	return BecomeOK
}

// forwardAll is a one-way become. Of several pairs with one source the last counts.
func (h *Heap) forwardAll(from, to []Oop, copyHash bool) {
	sources := make([]Oop, len(from))
	for i, a := range from {
		sources[i] = h.Follow(a)
	}
	for i, a := range sources {
		b := h.Follow(to[i])
		if a == b {
			continue
		}
		if !a.IsForwarder() {
			h.noticeBecome(a)
		}
		hash := a.Header().Hash()
		h.forward(a, b)
		if copyHash && hash != 0 {
			b.setHash(hash)
		}
	}
}

// noticeBecome tells watchers of o.
func (h *Heap) noticeBecome(o Oop) {
	if o.Header()&WatchedBit != 0 {
		h.FireWatch(o)
	}
}

// checkBecome tells what stands in the way of a become.
func (h *Heap) checkBecome(from, to []Oop, twoWay, copyHash bool) BecomeError {
	for i := range from {
		a, b := h.Follow(from[i]), h.Follow(to[i])
		if err := h.canBecome(a); err != BecomeOK {
			return err
		}
		switch {
		case twoWay:
			if err := h.canBecome(b); err != BecomeOK {
				return err
			}
		case !b.IsObject():
			if copyHash || h.IsClassInTable(a) {
				return BecomeBadElement
			}
		case copyHash && b.Header()&ImmutableBit != 0:
			return BecomeBadElement
		}
	}
	return BecomeOK
}

// canBecome tells whether o can turn into another object.
func (h *Heap) canBecome(o Oop) BecomeError {
	if !o.IsObject() || o == h.Nil || o == h.True || o == h.False {
		return BecomeBadElement
	}
	switch hd := o.Header(); {
	case hd.ClassIndex() <= ClassLastPun:
		return BecomeBadElement
	case hd&PinnedBit != 0:
		return BecomePinned
	case hd&ImmutableBit != 0:
		return BecomeImmutable
	}
	return BecomeOK
}

// Outcome answers what references to each object that takes part in a become will
// lead to. It changes nothing.
func (h *Heap) Outcome(from, to []Oop, twoWay bool) map[Oop]Oop {
	if twoWay {
		_, contents := h.exchanged(from, to)
		return contents
	}
	next := make(map[Oop]Oop, len(from))
	last := func(o Oop) Oop { // as forwardAll will follow it
		for n, ok := next[o]; ok; n, ok = next[o] {
			o = n
		}
		return o
	}
	for i := range from {
		if a, b := h.Follow(from[i]), last(h.Follow(to[i])); a != b {
			next[a] = b
		}
	}
	for o := range next {
		// All on the way have the same end: a long way is gone once.
		for end := last(o); o != end; {
			o, next[o] = next[o], end
		}
	}
	return next
}

// exchanged answers the objects of a two-way become, and whose contents a reference
// to each gets in the end: pairs may share objects.
func (h *Heap) exchanged(from, to []Oop) (refs []Oop, contents map[Oop]Oop) {
	refs = make([]Oop, 0, 2*len(from))
	contents = make(map[Oop]Oop, 2*len(from))
	for i := range from {
		a, b := h.Follow(from[i]), h.Follow(to[i])
		for _, o := range [2]Oop{a, b} {
			if _, ok := contents[o]; !ok {
				contents[o] = o
				refs = append(refs, o)
			}
		}
		contents[a], contents[b] = contents[b], contents[a]
	}
	return refs, contents
}

// exchange is a two-way become. All memory is taken before the first change.
func (h *Heap) exchange(from, to []Oop, copyHash bool) bool {
	refs, contents := h.exchanged(from, to)
	copies := make([]Oop, len(refs)) // Invalid: unchanged, or exchanged in place
	for i, r := range refs {
		c := contents[r]
		if c == r || contents[c] == r && c.NumSlots() == r.NumSlots() {
			continue
		}
		if copies[i] = h.Clone(c); copies[i] == Invalid {
			return false
		}
		keep, hash := r.Header()&WatchedBit, r.Header().Hash()
		if copyHash {
			hash = c.Header().Hash()
		}
		copies[i].SetHeader(copies[i].Header() | keep)
		copies[i].setHash(hash)
	}
	for i, r := range refs {
		switch c := contents[r]; {
		case c == r:
		case copies[i] != Invalid:
			h.noticeBecome(r)
			h.forward(r, copies[i])
		case r < c: // once for the two of them
			h.noticeBecome(r)
			h.noticeBecome(c)
			h.swap(r, c, copyHash)
		}
	}
	return true
}

// swap exchanges the contents of two objects of one size. What tells about the
// place, not the object, stays: remembered and watched.
func (h *Heap) swap(a, b Oop, copyHash bool) {
	const stays = RememberedBit | WatchedBit
	stay := Header(stays)
	if !copyHash {
		stay |= HashMask << HashShift
	}
	ha, hb := a.Header(), b.Header()
	a.SetHeader(ha&stay | hb&^stay)
	b.SetHeader(hb&stay | ha&^stay)
	wa, wb := a.slotWords(), b.slotWords()
	for i, w := range wa {
		wa[i], wb[i] = wb[i], w
	}
	h.Remember(a)
	h.Remember(b)
}

// classesAmong answers the indices of the classes among objects.
func (h *Heap) classesAmong(objects []Oop) []uint32 {
	var indices []uint32
	for _, o := range objects {
		if o = h.Follow(o); h.IsClassInTable(o) {
			indices = append(indices, o.Header().Hash())
		}
	}
	return indices
}

// unforward follows forwarders wherever none may be after a become: in the
// class table, the special objects and all roots. The indices are those of
// classes that took part.
func (h *Heap) unforward(classes []uint32) {
	if len(classes) > 0 {
		h.unforwardClassTable()
	}
	h.ownRoots(func(p *Oop) { *p = h.Follow(*p) })
	if h.Specials != Invalid {
		for i := range h.Specials.NumSlots() {
			if v := h.Specials.Slot(i); v.IsForwarder() {
				h.Store(h.Specials, i, h.Follow(v))
			}
		}
	}
	h.mutator.UnforwardRoots(h.Follow)
	if len(classes) > 0 {
		h.mutator.BecameClasses(classes)
	}
}

// unforwardClassTable follows the entries of the class table. A class that has
// no index of its own, or one that is another's, gets the one it is found at. A
// class may now stand at two indices: the next full collection corrects the
// instances and frees the index that is not its hash.
func (h *Heap) unforwardClassTable() {
	h.EachClass(func(index uint32, c Oop) {
		if !c.IsForwarder() {
			return
		}
		c = h.Follow(c)
		h.setClassAt(index, c)
	})
	h.EachClass(func(index uint32, c Oop) {
		if hash := c.Header().Hash(); hash == 0 || h.ClassAt(hash) != c {
			c.setHash(index)
		}
	})
}
