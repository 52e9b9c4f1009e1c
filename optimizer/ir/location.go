package ir

// A Location is the piece of memory that a load or store goes to: enough to tell
// whether two of them may be the same.
type Location struct {
	Class AliasSet
	Obj   *Value // refinements stripped: see Root
	Slot  int64  // of a named field; width of raw units
	Index *Value // of an element or unit
}

// Root answers the value that guards only say more about.
func (v *Value) Root() *Value {
	for v.Op.Info().Refines {
		v = v.Args[0]
	}
	return v
}

// Location answers where a load or store goes; ok is false for other ops.
func (v *Value) Location() (l Location, ok bool) {
	switch v.Op {
	case OpLoadSlot, OpStoreSlot:
		return Location{AliasSlots, v.Args[0].Root(), v.Int, nil}, true
	case OpLoadElement, OpStoreElement:
		return Location{AliasElements, v.Args[0].Root(), 0, v.Args[1].Root()}, true
	case OpLoadRaw, OpStoreRaw, OpLoadFloat, OpStoreFloat:
		return Location{AliasRaw, v.Args[0].Root(), v.Int, v.Args[1].Root()}, true
	}
	return Location{}, false
}

// Stored answers what a store puts at its location.
func (v *Value) Stored() *Value { return v.Args[len(v.Args)-1] }

// Same tells whether two locations are surely the same.
func (l Location) Same(m Location) bool {
	return l.Class == m.Class && l.Obj == m.Obj && l.Slot == m.Slot &&
		(l.Index == m.Index || isConst(l.Index) && isConst(m.Index) && l.Index.Int == m.Index.Int)
}

func isConst(v *Value) bool { return v != nil && v.Op == OpConstInt }

// MayAlias tells whether two locations may share memory.
func (l Location) MayAlias(m Location) bool {
	if l.Class != m.Class || Distinct(l.Obj, m.Obj) {
		return false
	}
	switch l.Class {
	case AliasSlots:
		return l.Slot == m.Slot
	case AliasElements:
		return !(isConst(l.Index) && isConst(m.Index) && l.Index.Int != m.Index.Int)
	}
	// Units of different widths overlap; of one width they are like elements.
	return !(l.Slot == m.Slot && isConst(l.Index) && isConst(m.Index) && l.Index.Int != m.Index.Int)
}

// Distinct tells whether two roots are surely different objects: two allocations,
// or an allocation and an object that was there before the function started.
// Around a loop one allocation makes many objects, but a value names the last.
func Distinct(x, y *Value) bool {
	if x == y {
		return false
	}
	fresh := func(v *Value) bool { return v.Op.Info().Allocates && v.Op != OpBoxFloat }
	old := func(v *Value) bool {
		return v.Op == OpLiteral || v.Op == OpParam && v.Block == v.Block.fn.Entry()
	}
	return fresh(x) && (fresh(y) || old(y)) || fresh(y) && old(x)
}
