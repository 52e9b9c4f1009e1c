package heap

// MaxSlots is the largest number of slots an allocation may ask for.
const MaxSlots = 1 << 40

// maxEdenSlots is the largest object made in eden; larger ones are born old.
const maxEdenSlots = 65535

// SizeOf answers the bytes of an object of n slots, headers included.
func SizeOf(n uint64) uint64 {
	switch {
	case n == 0:
		return 2 * Word
	case n >= OverflowSlots:
		return (n + 2) * Word
	}
	return (n + 1) * Word
}

// Size answers the bytes an object occupies, headers included.
func (o Oop) Size() uint64 {
	n := o.Header().SlotsByte()
	switch n {
	case 0:
		return 2 * Word
	case OverflowSlots:
		return (Load(uint64(o)-Word)&(1<<56-1) + 2) * Word
	}
	return (n + 1) * Word
}

// start answers the address where an object begins: its overflow word, or its header.
func (o Oop) start() uint64 {
	if o.Header().SlotsByte() == OverflowSlots {
		return uint64(o) - Word
	}
	return uint64(o)
}

// Allocate makes an object without ever collecting. Pointer slots hold nil, raw
// ones zero. The answer is Invalid when there is no memory left.
//
// Slots of the new object may be set without the write barrier until the next
// safepoint, wherever it came to lie.
func (h *Heap) Allocate(classIndex uint32, f Format, slots int) Oop {
	if uint(slots) < OverflowSlots {
		at := h.EdenFree
		end := at + uint64(max(slots, 1)+1)*Word
		if end <= h.EdenLimit {
			h.EdenFree = end
			StoreWord(at, uint64(MakeHeader(uint64(slots), f, classIndex)))
			h.fill(at+Word, end, f)
			return Oop(at)
		}
	}
	return h.allocateSlow(classIndex, f, slots)
}

// fill sets the slots between two addresses to nil or to zero.
func (h *Heap) fill(from, to uint64, f Format) {
	v := uint64(0)
	if f <= FmtEphemeron {
		v = uint64(h.Nil)
	} else if to-from >= 256 {
		clear(wordsAt(from, (to-from)/Word))
		return
	}
	for ; from < to; from += Word {
		StoreWord(from, v)
	}
}

func (h *Heap) allocateSlow(classIndex uint32, f Format, slots int) Oop {
	if slots < 0 || slots > MaxSlots {
		return Invalid
	}
	size := SizeOf(uint64(slots))
	large := slots > maxEdenSlots
	if h.stress || !large && h.EdenFree+size > h.EdenLimit && !h.stuck {
		h.wantScavenge()
	}
	if !large && h.EdenFree+size <= h.young.edenEnd {
		at := h.EdenFree
		h.EdenFree += size
		return h.initialize(at, classIndex, f, uint64(slots))
	}
	o := h.allocateOld(classIndex, f, slots)
	if o != Invalid && hasPointers(f) {
		// The creator fills it as if it were young.
		h.Remember(o)
	}
	h.considerFullGC()
	return o
}

func (h *Heap) wantScavenge() {
	if !h.needScavenge {
		h.needScavenge = true
		h.poll()
	}
}

func hasPointers(f Format) bool { return f <= FmtForwarder || f >= FmtMethod }

// initialize writes headers and slots of an object whose memory starts at an address.
func (h *Heap) initialize(at uint64, classIndex uint32, f Format, slots uint64) Oop {
	end := at + SizeOf(slots)
	if slots >= OverflowSlots {
		StoreWord(at, OverflowSlots<<SlotsShift|slots)
		at += Word
	}
	StoreWord(at, uint64(MakeHeader(slots, f, classIndex)))
	h.fill(at+Word, end, f)
	return Oop(at)
}

// AllocateOld makes an object in old space. Its slots are to be set by Store.
func (h *Heap) AllocateOld(classIndex uint32, f Format, slots int) Oop {
	if slots < 0 || slots > MaxSlots {
		return Invalid
	}
	return h.allocateOld(classIndex, f, slots)
}

// AllocatePinned makes an object in old space that no collection moves.
func (h *Heap) AllocatePinned(classIndex uint32, f Format, slots int) Oop {
	o := h.AllocateOld(classIndex, f, slots)
	if o != Invalid {
		o.SetHeader(o.Header() | PinnedBit)
	}
	return o
}

func (h *Heap) allocateOld(classIndex uint32, f Format, slots int) Oop {
	at := h.old.allocate(SizeOf(uint64(slots)))
	if at == 0 {
		if !h.needCompact {
			h.needFull, h.needCompact = true, true
			h.poll()
		}
		return Invalid
	}
	h.checkLowSpace()
	return h.initialize(at, classIndex, f, uint64(slots))
}

// checkLowSpace notices that less is left than the image wants to be told of. It
// asks for a full collection first: garbage is no shortage.
func (h *Heap) checkLowSpace() {
	if h.spaceIsLow(0) && !h.lowSuspected {
		h.lowSuspected, h.needFull = true, true
		h.poll()
	}
}

// reportLowSpace tells the image that less is left than it wants to be told of,
// once, after a full collection. One that was made to find out must have gained
// room for some more scavenges: else the next would soon follow, for little.
func (h *Heap) reportLowSpace() {
	margin := uint64(0)
	if h.lowSuspected {
		margin = 2 * h.NewSpaceBytes()
	}
	h.lowSuspected = false
	if h.spaceIsLow(margin) {
		h.LowSpaceThreshold = 0
		h.LowSpacePending = true
		h.poll()
	}
}

func (h *Heap) spaceIsLow(margin uint64) bool {
	return h.LowSpaceThreshold != 0 && h.BytesLeft() < h.LowSpaceThreshold+margin
}

// Clone makes a shallow copy with no identity hash, writable, unpinned and unwatched.
func (h *Heap) Clone(o Oop) Oop {
	hd := o.Header()
	n := o.NumSlots()
	c := h.Allocate(hd.ClassIndex(), hd.Format(), n)
	if c == Invalid {
		return Invalid
	}
	copy(c.slotWords(), o.slotWords())
	return c
}
