package ir

import (
	"errors"
	"fmt"
)

// Verify checks that a function is well formed:
//
//  1. There is an entry; it is no target of an edge, nor are OSR blocks.
//
//  2. Names of values and blocks are unique and below the function's bounds, a
//     value is in the list of its block only, parameters are params, no other
//     value is. No two lists of values share memory.
//
//  3. A block ends with a terminator, which is nowhere else, and has as many
//     successors as that asks for; they are blocks of the function.
//
//  4. Arguments fit their op in number and type; edges fit the parameters of their
//     target. The answer's type is that of the op, a parameter has one but none,
//     parameters of OSR blocks are oops.
//
//  5. A definition dominates its uses: arguments, states, edges. In blocks that
//     cannot be reached only existence is checked.
//
//  6. What can leave has a reason and a state; nothing else has. An allocation may
//     have none, but for contexts.
//
//  7. The innermost level of a state re-executes, unless the value is a call;
//     that of a call resumes. All levels around it resume. A level says where it is.
//
//  8. Objects in a state belong to it, a float has one unboxed value, other
//     objects refer to what can be stored in one. Conditions are in no state.
//
//  9. Constants are in range: SmallIntegers, conditions, widths, slots. A context
//     is that of a level of its state.
//
//  10. Classes of new objects and methods of states are in the function's tables,
//     if it has them.
//
//  11. No effect lies between two values that would execute the same bytecode again;
//     see effects.
//
// Not checked: that values marked partial are reached only under their conditions,
// that NoMark is true. Differential tests and the evaluator find those.
func (f *Func) Verify() error {
	v := &verifier{f: f, defs: make([]*Value, f.nextValue), index: make([]int32, f.nextValue), blocks: make([]*Block, f.nextBlock), walk: f.NewWalk()}
	v.names()
	if v.errs == nil {
		v.g = NewGraph(f)
		for _, b := range f.Blocks {
			v.block(b)
		}
		if v.errs == nil {
			v.effects()
		}
	}
	return errors.Join(v.errs...)
}

type verifier struct {
	f      *Func
	g      *Graph
	defs   []*Value // by ID: what is in the function
	index  []int32  // by ID: place in the block; of parameters negative
	blocks []*Block // by ID
	walk   Walk     // over states
	errs   []error
}

// maxErrors bounds what one Verify reports.
const maxErrors = 20

func (v *verifier) fail(at fmt.Stringer, format string, args ...any) {
	if len(v.errs) < maxErrors {
		v.errs = append(v.errs, fmt.Errorf("ir: %s: %v: %s", v.f.Name, at, fmt.Sprintf(format, args...)))
	}
}

func (v *verifier) names() {
	if len(v.f.Blocks) == 0 {
		v.errs = append(v.errs, fmt.Errorf("ir: %s: no blocks", v.f.Name))
		return
	}
	lengths := 0
	for _, b := range v.f.Blocks {
		if b.ID < 0 || b.ID >= v.f.nextBlock || v.blocks[b.ID] != nil || b.fn != v.f {
			v.fail(b, "name of a block not unique or not the function's")
			return
		}
		v.blocks[b.ID] = b
		if b.End == nil {
			v.fail(b, "no terminator")
			continue
		}
		at := int32(-len(b.Params))
		b.Each(func(x *Value) {
			if x.ID < 0 || x.ID >= v.f.nextValue || v.defs[x.ID] != nil {
				v.fail(x, "name of a value not unique or not the function's")
				return
			}
			v.defs[x.ID], v.index[x.ID] = x, at
			lengths++
			if x.Block != b {
				v.fail(x, "listed in %v but says it is in %v", b, x.Block)
			}
			if x.Op == OpInvalid || x.Op >= numOps {
				v.fail(x, "no such op")
			} else if (x.Op == OpParam) != (at < 0) || x.Op.Info().Ends != (x == b.End) {
				v.fail(x, "%v in a place it cannot have", x.Op)
			}
			at++
		})
	}
	lists := make(map[**Value]bool, lengths)
	list := func(at fmt.Stringer, vs []*Value) {
		if len(vs) > 0 {
			if lists[&vs[0]] {
				v.fail(at, "shares a list of values with another")
			}
			lists[&vs[0]] = true
		}
	}
	for _, b := range v.f.Blocks {
		list(b, b.Params)
		b.Each(func(x *Value) { list(x, x.Args) })
		for _, e := range b.Succs {
			list(b, e.Args)
			switch {
			case int(e.To.ID) >= len(v.blocks) || v.blocks[e.To.ID] != e.To:
				v.fail(b, "successor %v is not in the function", e.To)
			case e.To.IsRoot():
				v.fail(b, "edge to %v, where execution starts", e.To)
			}
		}
	}
}

func (v *verifier) block(b *Block) {
	b.Each(func(x *Value) { v.value(b, x) })
	if b.OSR != nil && (b.OSR.Method == "" || b.OSR.PC < 0) {
		v.fail(b, "OSR entry says not where it is")
	}
	if n := b.End.Op.numSuccs(); n != len(b.Succs) {
		v.fail(b, "%v has %d successors, not %d", b.End.Op, len(b.Succs), n)
	}
	for _, e := range b.Succs {
		if len(e.Args) != len(e.To.Params) {
			v.fail(b, "%d arguments for %d parameters of %v", len(e.Args), len(e.To.Params), e.To)
			continue
		}
		for i, a := range e.Args {
			if v.use(b.End, a) && !a.Type.Fits(e.To.Params[i].Type) {
				v.fail(b, "argument %v:%v for parameter %v:%v", a, a.Type, e.To.Params[i], e.To.Params[i].Type)
			}
		}
	}
}

// use checks that a is defined when x is executed.
func (v *verifier) use(x, a *Value) bool {
	if a == nil {
		v.fail(x, "use of no value")
		return false
	}
	if int(a.ID) >= len(v.defs) || v.defs[a.ID] != a {
		v.fail(x, "use of %v, which is not in the function", a)
		return false
	}
	if v.g.Reachable(x.Block) {
		d := a.Block
		if d == x.Block {
			if v.index[a.ID] >= v.index[x.ID] {
				v.fail(x, "use of %v, whose definition does not dominate it", a)
			}
		} else if !v.g.Reachable(d) || !v.g.Dominates(d, x.Block) {
			v.fail(x, "use of %v, whose definition does not dominate it", a)
		}
	}
	return true
}

func (v *verifier) value(b *Block, x *Value) {
	info := x.Op.Info()
	switch {
	case len(x.Args) < len(info.Args) && !(info.Variadic && len(x.Args) == len(info.Args)-1),
		len(x.Args) > len(info.Args) && !info.Variadic:
		v.fail(x, "%v with %d arguments", x.Op, len(x.Args))
		return
	case x.Op == OpParam && (x.Type == TypeNone || x.Type >= numTypes):
		v.fail(x, "parameter of type none")
	case x.Op == OpParam && b.OSR != nil && x.Type != TypeOop:
		v.fail(x, "OSR parameter is no oop")
	case x.Op != OpParam && x.Type != info.Result:
		v.fail(x, "%v answers %v, not %v", x.Op, info.Result, x.Type)
	case x.NoMark && !info.Barrier:
		v.fail(x, "nomark on %v", x.Op)
	}
	for i, a := range x.Args {
		want := info.Args[min(i, len(info.Args)-1)]
		if v.use(x, a) && !a.Type.Fits(want) {
			v.fail(x, "argument %d of %v is %v:%v, not %v", i, x.Op, a, a.Type, want)
		}
	}
	v.aux(x, info)
	switch {
	case !info.Deopts:
		if x.State != nil || x.Reason != ReasonNone {
			v.fail(x, "%v has a state", x.Op)
		}
	case x.State == nil && x.MayLackState():
		if x.Reason != ReasonNone {
			v.fail(x, "reason without a state")
		}
	case x.State == nil || len(x.State.Levels) == 0:
		v.fail(x, "%v without a state", x.Op)
	case x.Reason == ReasonNone || x.Reason >= numReasons:
		v.fail(x, "%v without a reason", x.Op)
	default:
		v.state(x, x.State)
	}
}

func (v *verifier) aux(x *Value, info *OpInfo) {
	ok := true
	switch info.Aux {
	case AuxBool:
		ok = x.Int == 0 || x.Int == 1
	case AuxHandle:
		ok = x.Int > int64(HandleNone)
	case AuxClass:
		ok = x.Int > 0 && x.Int < 1<<22
		if info.Allocates {
			v.class(x, x.Int)
		}
	case AuxSlot:
		ok = x.Int >= 0 && x.Int < 1<<16
	case AuxWidth:
		ok = x.Int == 4 || x.Int == 8 || (x.Int == 1 || x.Int == 2) && x.Op != OpLoadFloat && x.Op != OpStoreFloat
	case AuxUnit:
		ok = x.Int == 0 || x.Int == 1 || x.Int == 2 || x.Int == 4 || x.Int == 8
	case AuxSymbol:
		ok = x.Sym != "" && x.Int >= 0
	case AuxInt:
		switch x.Op {
		case OpConstSmi:
			ok = FitsSmallInteger(x.Int)
		case OpNewContext:
			ok = x.Int >= 0 && x.State != nil && x.Int < int64(len(x.State.Levels))
		}
	}
	if !ok {
		v.fail(x, "%v of %s", x.Op, x.auxString())
	}
}

// class checks that the class of an object to be made is described.
func (v *verifier) class(x *Value, index int64) {
	if _, ok := v.f.Classes[index]; v.f.Classes != nil && !ok {
		v.fail(x, "class #%d is not described", index)
	}
}

func (v *verifier) state(x *Value, s *State) {
	for i, l := range s.Levels {
		switch {
		case i > 0 && l.Mode != Resume:
			v.fail(x, "level %d does not resume", i)
		case i == 0 && l.Mode == Resume && !x.Op.Info().Call:
			v.fail(x, "%v resumes with a result it has not", x.Op)
		case i == 0 && l.Mode != Resume && x.Op.Info().Call:
			v.fail(x, "%v would be executed again", x.Op)
		}
		if l.Method == "" || l.PC < 0 {
			v.fail(x, "level %d says not where it is", i)
		}
	}
	var own map[*Virtual]bool
	if len(s.Virtuals) > 0 {
		own = map[*Virtual]bool{}
	}
	for _, o := range s.Virtuals {
		own[o] = true
		if o.Kind == VirtualFloat && (len(o.Slots) != 1 || o.Slots[0].Value == nil || o.Slots[0].Value.Type != TypeFloat) {
			v.fail(x, "float in the state without its value")
		}
		if o.Kind == VirtualEither && (len(o.Slots) != 2 || o.Slots[1].Value == nil || o.Slots[1].Value.Type != TypeFloat) {
			v.fail(x, "either in the state without an oop and a float")
		}
		if o.Kind == VirtualContext && (len(o.Slots) > 0 || levelsOf(s, o) != 1) {
			v.fail(x, "context in the state that is not of one of its levels")
		}
		if o.Kind.hasClass() && (o.Class <= 0 || o.Class >= 1<<22) {
			v.fail(x, "object of class %d in the state", o.Class)
		} else if o.Kind.hasClass() {
			v.class(x, o.Class)
		}
	}
	any := false // reference to an object
	ref := func(r *Ref) {
		switch {
		case r.Virtual != nil && (r.Value != nil || !own[r.Virtual]):
			v.fail(x, "state refers to an object that is not its own")
		case r.Value != nil && v.use(x, r.Value) && (r.Value.Type == TypeBool || r.Value.Type == TypeNone):
			v.fail(x, "%v:%v in a state", r.Value, r.Value.Type)
		}
		any = any || r.Virtual != nil
	}
	for _, l := range s.Levels {
		// What is defined where the level was met before is defined in all that that dominates.
		if l.epoch == v.walk.epoch && v.g.Reachable(x.Block) && v.g.Dominates(v.blocks[l.at], x.Block) {
			continue
		}
		if _, ok := v.f.Methods[l.Method]; v.f.Methods != nil && !ok {
			v.fail(x, "method %q has no handle", l.Method)
		}
		any = false
		l.Refs(ref)
		if !any && v.g.Reachable(x.Block) {
			l.epoch, l.at = v.walk.epoch, x.Block.ID
		}
	}
	for _, o := range s.Virtuals {
		for i := range o.Slots {
			ref(&o.Slots[i])
		}
	}
}

// levelsOf counts the levels whose context an object is.
func levelsOf(s *State, o *Virtual) int {
	n := 0
	for _, l := range s.Levels {
		if l.Context.Virtual == o {
			n++
		}
	}
	return n
}
