package front

import (
	"slices"

	"github.com/sista-vm/sista/optimizer/ir"
)

// A madeLevel remembers whose activation a level of states is: its context
// is filled in at the end.
type madeLevel struct {
	level *ir.Level
	scope *scope
}

// reexecute answers the state before the running bytecode.
func (s *scope) reexecute() *ir.State { return s.state(ir.Reexecute, s.in.PC, 0) }

// resume answers the state behind the running send, whose receiver and arguments,
// n operands, are gone.
func (s *scope) resume(n int) *ir.State { return s.state(ir.Resume, s.in.PC, n) }

func (s *scope) state(mode ir.Mode, pc, dropped int) *ir.State {
	return s.stateOf(s.levelAt(mode, pc, s.slots[:len(s.slots)-dropped]))
}

// startState answers the state at the start of the activation. Its context is made with it.
func (s *scope) startState() *ir.State {
	return s.stateOf(s.describe(ir.Reexecute, s.startPC, s.startSlots))
}

// stateOf answers the state of a level. The levels around it are those of all states of the activation.
func (s *scope) stateOf(l *ir.Level) *ir.State {
	levels := make([]*ir.Level, 1+len(s.outer))
	levels[0] = l
	copy(levels[1:], s.outer)
	return &ir.State{Levels: levels}
}

// levelAt describes the activation.
func (s *scope) levelAt(mode ir.Mode, pc int, slots []*ir.Value) *ir.Level {
	l := s.describe(mode, pc, slots)
	s.levels = append(s.levels, madeLevel{l, s})
	return l
}

func (s *scope) describe(mode ir.Mode, pc int, slots []*ir.Value) *ir.Level {
	s.names[s.method.Name] = s.method.Handle
	l := &ir.Level{Mode: mode, Method: s.method.Name, PC: pc, Self: ir.ValueRef(slots[selfSlot])}
	if s.closure != nil {
		l.Closure = ir.ValueRef(s.closure)
	}
	refs := make([]ir.Ref, len(slots)-1) // the memory of temporaries and operands
	for i, v := range slots[1:] {
		refs[i].Value = v
	}
	temps := s.method.Temps
	l.Temps, l.Stack = refs[:temps:temps], refs[temps:]
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
	for _, m := range t.levels {
		if c := m.scope.context; c != nil {
			m.level.Context = ir.ValueRef(c)
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
