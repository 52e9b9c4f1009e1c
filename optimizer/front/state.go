package front

import (
	"slices"

	"github.com/sista-vm/sista/optimizer/ir"
)

// A madeState remembers whose activations the levels of a state are: their contexts
// are filled in at the end.
type madeState struct {
	state  *ir.State
	scopes []*scope
	before *scope // the activation whose context is made with this state
}

// reexecute answers the state before the running bytecode.
func (s *scope) reexecute() *ir.State { return s.state(ir.Reexecute, s.in.PC, 0) }

// resume answers the state behind the running send, whose receiver and arguments,
// n operands, are gone.
func (s *scope) resume(n int) *ir.State { return s.state(ir.Resume, s.in.PC, n) }

func (s *scope) state(mode ir.Mode, pc, dropped int) *ir.State {
	return s.stateOf(s.levelAt(mode, pc, s.slots[:len(s.slots)-dropped]), nil)
}

// startState answers the state at the start of the activation.
func (s *scope) startState() *ir.State {
	return s.stateOf(s.levelAt(ir.Reexecute, s.startPC, s.startSlots), s)
}

func (s *scope) stateOf(l ir.Level, before *scope) *ir.State {
	levels := append([]ir.Level{l}, s.outer...)
	// Nothing in a state is shared with another, which Func.Rewrite relies on.
	state := (&ir.State{Levels: levels}).Clone()
	s.states = append(s.states, madeState{state: state, scopes: append([]*scope{s}, s.outerScopes...), before: before})
	return state
}

// levelAt describes the activation.
func (s *scope) levelAt(mode ir.Mode, pc int, slots []*ir.Value) ir.Level {
	s.names[s.method.Name] = s.method.Handle
	l := ir.Level{Mode: mode, Method: s.method.Name, PC: pc, Self: ir.ValueRef(slots[selfSlot])}
	if s.closure != nil {
		l.Closure = ir.ValueRef(s.closure)
	}
	firstOperand := tempSlot(s.method.Temps)
	for _, v := range slots[1:firstOperand] {
		l.Temps = append(l.Temps, ir.ValueRef(v))
	}
	for _, v := range slots[firstOperand:] {
		l.Stack = append(l.Stack, ir.ValueRef(v))
	}
	return l
}

// A mark is a place in a block, between values.
type mark struct {
	block *ir.Block
	index int
}

func (t *translator) markHere() mark { return mark{t.cur, len(t.cur.Values)} }

// insert puts a value at the start of an activation.
func (s *scope) insertAtStart(v *ir.Value) {
	at := s.start
	v.Block = at.block
	at.block.Values = slices.Insert(at.block.Values, at.index, v)
	for _, x := range s.scopes {
		if x.start.block == at.block && (x.start.index > at.index || x.level > s.level) {
			x.start.index++
		}
	}
}

// makeContext answers the context of the activation. It is made when the activation
// starts, so that there is one on every way.
func (s *scope) makeContext() *ir.Value {
	if s.context != nil {
		return s.context
	}
	v := s.fn.NewValue(ir.OpNewContext)
	v.Int = int64(s.level)
	v.Reason = ir.ReasonNoMemory
	v.State = s.startState()
	s.context = v
	s.insertAtStart(v)
	return v
}

// finish fills in what is known when all is translated: the contexts of states, the
// names of methods, the shapes of classes.
func (t *translator) finish() {
	t.fn.Origin = nil
	for _, m := range t.states {
		for i, s := range m.scopes {
			if s.context != nil && s != m.before {
				m.state.Levels[i].Context = ir.ValueRef(s.context)
			}
		}
	}
	for _, b := range t.fn.Blocks {
		for _, s := range t.endings[b] {
			if s.context != nil {
				b.Widow(s.context)
			}
		}
	}
	if t.fn.Classes == nil {
		t.fn.Classes = map[int64]ir.Class{}
	}
	t.fn.Methods = map[string]ir.Handle{}
	for name, h := range t.names {
		t.fn.Methods[name] = ir.Handle(h)
	}
}
