package heap

// What a scavenge does with weak objects, ephemerons and the remembered set.

// fate tells whether an oop is known to live, and what it is now. Nothing is copied.
func (s *scavenger) fate(o Oop) (now Oop, lives bool) {
	for {
		v := uint64(o)
		if v&TagMask != 0 || v >= s.oldStart || v-s.future < s.futureArea {
			return o, true
		}
		if Load(v)&ClassIndexMask != ClassForwarder {
			return o, false
		}
		o = Oop(Load(v + Word))
	}
}

// scanRemembered scans the old objects that may refer to young ones, and keeps
// those that still do.
func (s *scavenger) scanRemembered() {
	h := s.h
	set := h.remembered
	h.remembered = s.spare[:0]
	threshold := s.tenureBelow
	if len(set) > rememberedRedZone {
		s.tenureBelow = s.oldStart
	}
	for _, o := range set {
		if f := o.Format(); f == FmtWeak || f == FmtEphemeron {
			s.unsettled = append(s.unsettled, o)
			s.scanObject(o)
			continue
		}
		if s.scanObject(o) {
			h.remembered = append(h.remembered, o)
		} else {
			o.SetHeader(o.Header() &^ RememberedBit)
		}
	}
	s.tenureBelow = threshold
	s.spare = set[:0]
}

// settleRemembered keeps the weak objects and ephemerons of the remembered set that
// still refer to young objects.
func (s *scavenger) settleRemembered() {
	for _, o := range s.unsettled {
		o.SetHeader(o.Header() &^ RememberedBit)
		for _, v := range o.slotWords() {
			if v&TagMask == 0 && v < s.oldStart {
				s.h.Remember(o)
				break
			}
		}
	}
}

// settleEphemerons traces the ephemerons whose keys turn out to live, and fires
// those whose keys nobody else reaches. Of several with one dead key the first
// fires; the others see a key that lives, and fire in a later collection.
func (s *scavenger) settleEphemerons() {
	for len(s.ephemerons) > 0 {
		waiting := s.ephemerons
		s.ephemerons = nil
		dead := waiting[:0]
		for _, e := range waiting {
			if _, lives := s.fate(e.Slot(0)); lives {
				s.scanOld(e)
			} else {
				dead = append(dead, e)
			}
		}
		if len(dead) < len(waiting) {
			s.scanCopies()
			s.ephemerons = append(dead, s.ephemerons...)
			continue
		}
		var fired []Oop
		for _, e := range dead {
			if _, lives := s.fate(e.Slot(0)); !lives {
				s.h.fire(e)
				s.survivor(uint64(e.Slot(0)))
			}
			fired = append(fired, e)
		}
		for _, e := range fired {
			s.scanOld(e)
		}
		s.scanCopies()
	}
}

// scanOld scans all slots of an object that was set aside, and remembers it if it
// is old and refers to young ones.
func (s *scavenger) scanOld(o Oop) {
	from := uint64(o) + Word
	if s.scan(from, from+uint64(o.NumSlots())*Word) {
		s.h.Remember(o)
	}
}

// fire queues an ephemeron for its owner to mourn; all its slots are strong from now on.
func (h *Heap) fire(e Oop) {
	e.SetHeader(e.Header()&^(FormatMask<<FormatShift) | Header(FmtFixed)<<FormatShift)
	h.mourners = append(h.mourners, e)
	h.PendingFinalization = true
	h.Stats.EphemeronsFired++
}

// clearWeaklings sets weak slots to nil whose referents did not survive.
func (s *scavenger) clearWeaklings() {
	for _, o := range s.weaklings {
		bereaved, young := false, false
		for i, n := s.h.FixedFieldsOf(o), o.NumSlots(); i < n; i++ {
			v, lives := s.fate(o.Slot(i))
			if !lives {
				v, bereaved = s.h.Nil, true
			}
			young = young || s.h.IsYoung(v)
			o.SetSlotRaw(i, v)
		}
		if bereaved {
			s.h.bereave(o)
		}
		if young {
			s.h.Remember(o)
		}
	}
}

// bereave notes that a weak object lost a referent.
func (h *Heap) bereave(o Oop) {
	h.PendingFinalization = true
	h.Stats.WeakCleared++
	if h.QueueBereavedWeaklings {
		h.mourners = append(h.mourners, o)
	}
}
