package passes

import (
	"encoding/binary"

	"github.com/sista-vm/sista/optimizer/ir"
)

// A congruence gives values numbers, and parameters of a block the same one if they are
// always given values of the same number. That all of a type are is assumed first, and
// then proved wrong: so loops that carry the same under two names are found too.
type congruence struct {
	edges     []*ir.Edge // memory of split
	f         *controlFlow
	blocks    []*ir.Block // that have parameters which may be equal
	of        []int32     // by ID of value; 0: none yet
	last      int32
	constants map[constant]int32
}

type constant struct {
	op  ir.Op
	int int64
}

func newCongruence(f *controlFlow) *congruence {
	n := &congruence{f: f, of: make([]int32, f.f.NumValues()), constants: map[constant]int32{}}
	for _, b := range f.g.Order {
		if b.IsRoot() || len(b.Params) < 2 {
			continue
		}
		types := [256]int32{}
		for _, p := range b.Params {
			if types[p.Type] == 0 {
				n.last++
				types[p.Type] = n.last
			}
			n.of[p.ID] = types[p.Type]
		}
		n.blocks = append(n.blocks, b)
	}
	for changed := true; changed; {
		changed = false
		for _, b := range n.blocks {
			changed = n.split(b) || changed
		}
	}
	return n
}

// number answers that of any value.
func (n *congruence) number(v *ir.Value) int32 {
	v = n.f.s.Find(v)
	if x := n.of[v.ID]; x != 0 {
		return x
	}
	if isConstant(v) {
		k := constant{v.Op, v.Int}
		if n.constants[k] == 0 {
			n.last++
			n.constants[k] = n.last
		}
		n.of[v.ID] = n.constants[k]
		return n.of[v.ID]
	}
	n.last++
	n.of[v.ID] = n.last
	return n.last
}

func isConstant(v *ir.Value) bool { return v.Op >= ir.OpConstInt && v.Op <= ir.OpLiteral }

// split gives parameters of a block other numbers if an edge gives them different ones.
func (n *congruence) split(b *ir.Block) bool {
	n.edges = incoming(n.edges, n.f.g, b)
	edges := n.edges
	byKey := map[string]int32{}
	taken := map[int32]bool{} // numbers that stay with the first of a kind
	changed := false
	var key []byte
	next := make([]int32, 0, len(b.Params)) // the keys are all made of the numbers before
	for i, p := range b.Params {
		old := n.of[p.ID]
		key = binary.AppendUvarint(key[:0], uint64(old))
		for _, e := range edges {
			key = binary.AppendUvarint(key, uint64(n.number(e.Args[i])))
		}
		x, ok := byKey[string(key)]
		switch {
		case ok:
		case taken[old]:
			n.last++
			x = n.last
			changed = true
		default:
			x = old
		}
		byKey[string(key)], taken[old] = x, true
		next = append(next, x)
	}
	for i, p := range b.Params {
		n.of[p.ID] = next[i]
	}
	return changed
}
