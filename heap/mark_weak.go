package heap

// What follows marking: ephemerons, weak objects, and what only names the dead.

// fate tells whether an oop is known to live, and what it is without forwarders.
func (m *marker) fate(o Oop) (now Oop, lives bool) {
	for n := 0; ; n++ {
		if o&TagMask != 0 || m.side.isMarked(uint64(o)) {
			return o, true
		}
		if !o.IsForwarder() {
			return o, false
		}
		if n == maxChain {
			panic(damage{uint64(o)})
		}
		o = o.Slot(0)
	}
}

// settleEphemerons traces the ephemerons whose keys turn out to live, and fires
// all that are left when no more keys do.
func (m *marker) settleEphemerons() {
	for len(m.ephemerons) > 0 {
		waiting := m.ephemerons
		m.ephemerons = nil
		dead := waiting[:0]
		for _, e := range waiting {
			if _, lives := m.fate(e.Slot(0)); lives {
				m.scanSlots(e, 0, e.NumSlots())
			} else {
				dead = append(dead, e)
			}
		}
		if len(dead) < len(waiting) {
			m.drain()
			m.ephemerons = append(dead, m.ephemerons...)
			continue
		}
		for _, e := range dead {
			if e.Format() == FmtEphemeron { // may be listed twice
				m.h.fire(e)
			}
		}
		for _, e := range dead {
			m.scanSlots(e, 0, e.NumSlots())
		}
		m.drain()
	}
}

// clearWeaklings sets weak slots to nil whose referents are not marked.
func (m *marker) clearWeaklings() {
	for _, o := range m.weaklings {
		bereaved := false
		for i, n := m.h.FixedFieldsOf(o), o.NumSlots(); i < n; i++ {
			v := o.Slot(i)
			now, lives := m.fate(v)
			if !lives {
				now, bereaved = m.h.Nil, true
			}
			if now != v {
				m.h.Store(o, i, now)
			}
		}
		if bereaved {
			m.h.bereave(o)
		}
	}
}

// expungeClasses takes out of the class table the classes that are not marked, and
// those found at an index that is not theirs any more. The caches hear of it first.
func (m *marker) expungeClasses() {
	h := m.h
	var gone []uint32
	h.EachClass(func(index uint32, c Oop) {
		if index < FirstFreeClass {
			return
		}
		if hash := c.Header().Hash(); !m.side.isMarked(uint64(c)) || hash != index && h.ClassAt(hash) == c {
			gone = append(gone, index)
		}
	})
	if len(gone) == 0 {
		return
	}
	h.mutator.ClassesExpunged(gone)
	for _, index := range gone {
		h.setClassAt(index, h.Nil)
	}
	h.classHint = min(h.classHint, gone[0])
}

// forgetDead takes dead objects out of the remembered set.
func (m *marker) forgetDead() {
	h := m.h
	live := h.remembered[:0]
	for _, o := range h.remembered {
		if m.side.isMarked(uint64(o)) {
			live = append(live, o)
		}
	}
	h.remembered = live
}
