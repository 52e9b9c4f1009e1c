package heap

import "unsafe"

// The class table is two levels of arrays: the first 4096 slots of the hidden
// roots hold pages of 1024 classes, used pages first. Page 0 is reserved for
// the classes that the VM knows by number.
const (
	classPageSlots = 1024
	maxClassPages  = 4096
	hiddenSlots    = maxClassPages + 8
	// MournQueueRoot and the others are slots of the hidden roots after the class table.
	MarkStackRoot     = maxClassPages
	WeaklingStackRoot = maxClassPages + 1
	MournQueueRoot    = maxClassPages + 2
	RememberedSetRoot = maxClassPages + 3
	maxClassIndex     = 1<<22 - 1
)

// Slots of classes that the VM reads.
const (
	ClassSuperclass = 0
	ClassMethodDict = 1
	ClassFormat     = 2
)

// ClassAt answers the class with an index, or nil.
func (h *Heap) ClassAt(index uint32) Oop {
	if page := index >> 10; page < uint32(len(h.classPages)) {
		return h.classPages[page].Slot(int(index & (classPageSlots - 1)))
	}
	return h.Nil
}

// setClassAt writes an entry of the class table; its page exists.
func (h *Heap) setClassAt(index uint32, class Oop) {
	h.Store(h.classPages[index>>10], int(index&(classPageSlots-1)), class)
}

// SetClassAt puts a class at an index of its own choice and makes the index its
// hash: for the builder of an image. It is false when there is no memory for a page.
func (h *Heap) SetClassAt(index uint32, class Oop) bool {
	if index > maxClassIndex {
		return false
	}
	for int(index>>10) >= len(h.classPages) {
		if !h.addClassPage() {
			return false
		}
	}
	h.setClassAt(index, class)
	if class != h.Nil {
		class.setHash(index)
	}
	return true
}

// ClassOf answers the class of any oop, through the class table.
func (h *Heap) ClassOf(o Oop) Oop { return h.ClassAt(o.ClassIndex()) }

// ClassIndexOf answers the class index of a class, its identity hash, and enters it
// in the class table when it is not there. It is false when that cannot be.
func (h *Heap) ClassIndexOf(class Oop) (uint32, bool) {
	if hash := class.Header().Hash(); hash != 0 && h.ClassAt(hash) == class {
		return hash, true
	}
	return h.enterClass(class)
}

// enterClass gives a class the next free index.
func (h *Heap) enterClass(class Oop) (uint32, bool) {
	index := max(h.classHint, FirstFreeClass)
	for ; index <= maxClassIndex; index++ {
		if int(index>>10) >= len(h.classPages) && !h.addClassPage() {
			return 0, false
		}
		if h.ClassAt(index) == h.Nil {
			break
		}
	}
	if index > maxClassIndex {
		return 0, false
	}
	h.setClassAt(index, class)
	class.setHash(index)
	h.classHint = index + 1
	return index, true
}

// addClassPage appends a page to the class table.
func (h *Heap) addClassPage() bool {
	n := len(h.classPages)
	if n == maxClassPages {
		return false
	}
	page := h.AllocateOld(ClassArrayPun, FmtArray, classPageSlots)
	if page == Invalid {
		return false
	}
	h.Store(h.HiddenRoots, n, page)
	h.classPages = append(h.classPages, page)
	return true
}

// loadClassPages reads the class table pages out of the hidden roots.
func (h *Heap) loadClassPages() {
	h.classPages = h.classPages[:0]
	for i := range maxClassPages {
		page := h.HiddenRoots.Slot(i)
		if page == h.Nil {
			break
		}
		h.classPages = append(h.classPages, page)
	}
}

// EachClass calls f with every index in use and its class.
func (h *Heap) EachClass(f func(index uint32, class Oop)) {
	for p, page := range h.classPages {
		for i := range classPageSlots {
			if c := page.Slot(i); c != h.Nil {
				f(uint32(p*classPageSlots+i), c)
			}
		}
	}
}

// ClassPages answers, for machine code, where the addresses of the class table's pages are, and how
// many there are; until classes are entered or a collection.
func (h *Heap) ClassPages() (at uint64, n int) {
	return uint64(uintptr(unsafe.Pointer(unsafe.SliceData(h.classPages)))), len(h.classPages)
}

// IsClassInTable tells whether o is an entry of the class table.
func (h *Heap) IsClassInTable(o Oop) bool {
	if !o.IsObject() {
		return false
	}
	hash := o.Header().Hash()
	return hash != 0 && h.ClassAt(hash) == o
}

// InstSpec answers the shape of instances from the class's format word: the
// number of named fields, and the format of an instance with no odd units.
func (h *Heap) InstSpec(class Oop) (fixed int, f Format) {
	if !class.IsObject() || !class.Format().IsPointers() || class.NumSlots() <= ClassFormat {
		return 0, FmtForwarder
	}
	w := h.Follow(class.Slot(ClassFormat))
	if !w.IsInt() {
		return 0, FmtForwarder
	}
	return int(w.Int() & 0xffff), Format(w.Int()>>16) & FormatMask
}

// FixedFieldsOf answers the number of named fields of an object, from its class where
// the format alone does not tell.
func (h *Heap) FixedFieldsOf(o Oop) int {
	switch f := o.Format(); f {
	case FmtEmpty, FmtArray:
		return 0
	case FmtFixed, FmtEphemeron:
		return o.NumSlots()
	case FmtVariable, FmtWeak:
		fixed, _ := h.InstSpec(h.Follow(h.ClassOf(o)))
		return min(fixed, o.NumSlots())
	}
	return 0
}

// IndexableSize answers the number of indexable units of an object; that of
// compiled code counts its bytes, header and literals included.
func (h *Heap) IndexableSize(o Oop) int {
	f, n := o.Format(), o.NumSlots()
	switch {
	case f == FmtArray:
		return n
	case f == FmtVariable || f == FmtWeak:
		return n - h.FixedFieldsOf(o)
	case f < FmtWords64:
		return 0
	case f == FmtWords64:
		return n
	case f < FmtShorts:
		return n*2 - int(f&1)
	case f < FmtBytes:
		return n*4 - int(f&3)
	}
	return n*8 - int(f&7)
}
