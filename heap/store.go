package heap

// Store writes slot i of an object: the write barrier. Whether the object may be
// written at all (StoreCheckMask) is for the caller to ask.
func (h *Heap) Store(o Oop, i int, v Oop) {
	StoreWord(o.SlotAddr(i), uint64(v))
	if v < h.OldStart && v&TagMask == 0 && o >= h.OldStart {
		h.Remember(o)
	}
}

// Remember enters an old object in the remembered set: it may refer to young ones.
func (h *Heap) Remember(o Oop) {
	hd := o.Header()
	if hd&RememberedBit == 0 && o >= h.OldStart {
		o.SetHeader(hd | RememberedBit)
		h.remembered = append(h.remembered, o)
	}
}

// RememberedCount answers the size of the remembered set.
func (h *Heap) RememberedCount() int { return len(h.remembered) }

// Watch makes stores into an object call OnWatchedStore.
func (h *Heap) Watch(o Oop) { o.SetHeader(o.Header() | WatchedBit) }

// Unwatch ends what Watch began.
func (h *Heap) Unwatch(o Oop) { o.SetHeader(o.Header() &^ WatchedBit) }

// FireWatch tells whoever watches o that it is being changed.
func (h *Heap) FireWatch(o Oop) { h.FireWatchAt(o, -1) }

// FireWatchAt tells whoever watches o that slot i is being changed; if i is negative, any may be.
func (h *Heap) FireWatchAt(o Oop, i int) {
	if h.OnWatchedStore != nil {
		h.OnWatchedStore(o, i)
	}
}

// SetImmutable makes an object read-only or writable. It is false for objects
// the VM itself must write.
func (h *Heap) SetImmutable(o Oop, on bool) bool {
	if !o.IsObject() {
		return false
	}
	hd := o.Header()
	if !on {
		o.SetHeader(hd &^ ImmutableBit)
		return true
	}
	if hd.ClassIndex() == ClassContext || hd.ClassIndex() <= ClassLastPun {
		return false
	}
	o.SetHeader(hd | ImmutableBit)
	return true
}

// Pin keeps an object at its address. A young object is copied to old space, and
// leaves a forwarder; the object to use from then on is answered. It is false
// when there is no memory.
func (h *Heap) Pin(o Oop) (Oop, bool) {
	if !h.IsYoung(o) {
		o.SetHeader(o.Header() | PinnedBit)
		return o, true
	}
	hd := o.Header()
	c := h.AllocatePinned(hd.ClassIndex(), hd.Format(), o.NumSlots())
	if c == Invalid {
		return Invalid, false
	}
	copy(c.slotWords(), o.slotWords())
	c.SetHeader(c.Header() | hd&(HashMask<<HashShift|StoreCheckMask))
	if hasPointers(hd.Format()) {
		h.Remember(c)
	}
	classes := h.classesAmong([]Oop{o})
	h.forward(o, c)
	h.unforward(classes)
	return c, true
}

// Unpin lets collections move an object again.
func (h *Heap) Unpin(o Oop) { o.SetHeader(o.Header() &^ PinnedBit) }

// firstHash seeds the generator of identity hashes of an empty heap.
const firstHash = 13

// IdentityHash answers the identity hash of an object that is not a class, and
// draws one when it has none.
func (h *Heap) IdentityHash(o Oop) uint32 {
	if hash := o.Header().Hash(); hash != 0 {
		return hash
	}
	hash := uint32(0)
	for hash == 0 {
		h.LastHash *= 16807
		hash = uint32(h.LastHash+h.LastHash>>4) & HashMask
	}
	o.setHash(hash)
	return hash
}

func (o Oop) setHash(hash uint32) {
	o.SetHeader(o.Header()&^(HashMask<<HashShift) | Header(hash)<<HashShift)
}

// SetHash gives an object an identity hash of the caller's choice: for builders.
func (h *Heap) SetHash(o Oop, hash uint32) { o.setHash(hash) }

// SetClassIndex changes the class of an object.
func (o Oop) SetClassIndex(index uint32) { o.SetHeader(o.Header()&^ClassIndexMask | Header(index)) }
