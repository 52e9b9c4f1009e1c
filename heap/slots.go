package heap

// strongSlots answers how many of the first slots are oops to be traced, of an
// object that is not weak: contexts to the top of their stack, the literals of code.
func (o Oop) strongSlots() int {
	hd := o.Header()
	switch f := hd.Format(); {
	case f == FmtVariable && hd.ClassIndex() == ClassContext:
		return o.contextSlots()
	case f <= FmtEphemeron:
		return o.NumSlots()
	case f == FmtForwarder:
		return 1
	case f >= FmtMethod:
		if m := o.Slot(0); m.IsInt() {
			return min(int(m.Int()&0x7fff)+1, o.NumSlots())
		}
	}
	return 0
}

// Slots of contexts.
const (
	ContextSender   = 0
	ContextPC       = 1
	ContextStackp   = 2
	ContextMethod   = 3
	ContextClosure  = 4
	ContextReceiver = 5
	ContextTemps    = 6
)

// contextSlots answers how many slots of a context are live.
func (o Oop) contextSlots() int {
	n := o.NumSlots()
	if sp := o.Slot(ContextStackp); sp.IsInt() {
		return min(ContextTemps+int(max(sp.Int(), 0)), n)
	}
	return min(ContextTemps, n)
}
