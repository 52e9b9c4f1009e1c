package codegen

import (
	"encoding/binary"
	"slices"

	"github.com/sista-vm/sista/native"
	"github.com/sista-vm/sista/optimizer/ir"
)

// pool is the literals of a function, by handle.
type pool struct {
	handles []int64
	index   map[int64]int64
}

func newPool() *pool { return &pool{index: map[int64]int64{}} }

func (p *pool) add(handle int64) int64 {
	i, ok := p.index[handle]
	if !ok {
		i = int64(len(p.handles))
		p.handles = append(p.handles, handle)
		p.index[handle] = i
	}
	return i
}

// stateTable knows which states were made already, by state and places of its values.
type stateTable map[string]int

// stateAt answers the number of a state at the current instruction. On a slow path
// what was in registers is in memory.
func (e *emitter) stateAt(st *stateUse, pt *point) int {
	at := e.pos
	if e.in.slow || e.in.call {
		at += posLost
	}
	if e.places == nil {
		e.places = make([]loc, len(e.vregs))
	}
	key := binary.AppendUvarint(e.key[:0], uint64(st.number))
	for _, v := range st.vals {
		l := e.where(v, at)
		if e.in.slow && l.isReg() {
			l = e.memory[v]
		}
		if l == locNone {
			e.fail("v%d is in a state at %d and nowhere", v, at)
		}
		e.places[v] = l
		key = binary.AppendUvarint(key, uint64(l))
	}
	e.key = key
	if i, ok := e.states[string(key)]; ok {
		return i
	}
	s := e.state(st.state)
	i := len(e.out.States)
	e.out.States = append(e.out.States, s)
	e.states[string(key)] = i
	return i
}

func (e *emitter) state(s *ir.State) native.State {
	ref := func(r ir.Ref) native.Loc {
		switch {
		case r.Virtual != nil:
			return native.Loc{Kind: native.IsVirtual, Index: int64(slices.Index(s.Virtuals, r.Virtual))}
		case r.Value == nil:
			return native.Loc{}
		}
		return e.valueLoc(r.Value)
	}
	refs := func(rs []ir.Ref) []native.Loc {
		if len(rs) == 0 {
			return nil
		}
		ls := make([]native.Loc, len(rs))
		for i, r := range rs {
			if ls[i] = ref(r); ls[i].Kind == native.None {
				ls[i].Kind = native.IsSpecial // nothing is nil
			}
		}
		return ls
	}
	var out native.State
	for _, l := range s.Levels {
		h, ok := e.fn.Methods[l.Method]
		if !ok {
			e.fail("no handle of method %q", l.Method)
		}
		out.Levels = append(out.Levels, native.Level{
			Resume: l.Mode == ir.Resume, Method: int(e.literals.add(int64(h))), PC: l.PC,
			Self: ref(l.Self), Closure: ref(l.Closure), Context: ref(l.Context),
			Temps: refs(l.Temps), Stack: refs(l.Stack)})
	}
	for _, v := range s.Virtuals {
		out.Virtuals = append(out.Virtuals, native.Virtual{Kind: native.VirtualKind(v.Kind), Class: v.Class, Slots: refs(v.Slots)})
	}
	return out
}

// valueLoc answers where a value of a state is.
func (e *emitter) valueLoc(v *ir.Value) native.Loc {
	if n, ok := konst(v); ok {
		return native.Loc{Kind: native.IsConst, Repr: native.ReprInt, Index: n}
	}
	if n, ok := constWord(v); ok {
		return native.Loc{Kind: native.IsConst, Index: n}
	}
	switch r := v.Root(); r.Op {
	case ir.OpConstFloat:
		return native.Loc{Kind: native.IsConst, Repr: native.ReprFloat, Index: r.Int}
	case ir.OpConstBool:
		return native.Loc{Kind: native.IsConst, Repr: native.ReprBool, Index: r.Int}
	case ir.OpLiteral:
		switch ir.Handle(r.Int) {
		case ir.HandleNil:
			return native.Loc{Kind: native.IsSpecial, Index: 0}
		case ir.HandleFalse:
			return native.Loc{Kind: native.IsSpecial, Index: 1}
		case ir.HandleTrue:
			return native.Loc{Kind: native.IsSpecial, Index: 2}
		}
		return native.Loc{Kind: native.IsLiteral, Index: e.literals.add(r.Int)}
	}
	loc := native.Loc{}
	v, loc.Add = e.described(v)
	switch v.Type {
	case ir.TypeInt:
		if !e.tagged[v.ID] {
			loc.Repr = native.ReprInt
		}
	case ir.TypeFloat:
		loc.Repr = native.ReprFloat
	case ir.TypeBool:
		loc.Repr = native.ReprBool
	}
	switch l := e.places[e.vregOf[v.ID]]; {
	case l.isArg():
		loc.Kind, loc.Index = native.InArg, int64(l.arg())
	case l.isSlot():
		loc.Kind, loc.Index = native.InSlot, int64(l.slot())
	case l.reg().isX():
		loc.Kind, loc.Index = native.InXReg, int64(l.reg()-rX0)
	default:
		loc.Kind, loc.Index = native.InReg, int64(l.reg())
	}
	return loc
}
