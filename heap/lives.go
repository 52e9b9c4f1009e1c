package heap

// Lives tells whether an object was marked by the full collection under way: for
// [Mutator].AfterMark, to let go of what refers to the dead.
func (h *Heap) Lives(o Oop) bool { return h.side.isMarked(uint64(o)) }
