package ir

import (
	"errors"
	"fmt"
	"math"
)

// ErrFuel says that an evaluation took too many steps.
var ErrFuel = errors.New("ir: out of fuel")

// datum is a value at run time: an oop, an integer, the bits of a float, 0 or 1.
type datum = uint64

type evaluation struct {
	*Evaluator
	fn   *Func
	data []datum
	have []bool
	fuel int
	left bool // a value deoptimized
	out  Outcome
}

// Run evaluates a function from its entry.
func (e *Evaluator) Run(f *Func, args ...Oop) (Outcome, error) { return e.RunAt(f, f.Entry(), args...) }

// RunAt evaluates a function from its entry or an OSR block.
func (e *Evaluator) RunAt(f *Func, b *Block, args ...Oop) (Outcome, error) {
	x := &evaluation{Evaluator: e, fn: f, data: make([]datum, f.NumValues()), have: make([]bool, f.NumValues()), fuel: e.Fuel}
	if x.fuel == 0 {
		x.fuel = DefaultFuel
	}
	if len(args) != len(b.Params) {
		return Outcome{}, fmt.Errorf("ir: %s: %d arguments for %d parameters", f.Name, len(args), len(b.Params))
	}
	for i, p := range b.Params {
		if err := x.set(p, datum(args[i])); err != nil {
			return Outcome{}, err
		}
	}
	for b != nil {
		next, err := x.block(b)
		if err != nil {
			return Outcome{}, err
		}
		b = next
	}
	return x.out, nil
}

func (x *evaluation) fail(v *Value, format string, args ...any) error {
	return fmt.Errorf("ir: %s: %s: %s", x.fn.Name, v.LongString(), fmt.Sprintf(format, args...))
}

// block executes a block and answers the next one, nil when the function is left.
func (x *evaluation) block(b *Block) (*Block, error) {
	for _, v := range b.Values {
		if x.fuel--; x.fuel < 0 {
			return nil, ErrFuel
		}
		d, err := x.value(v)
		if err == nil && !x.left && v.Type != TypeNone {
			err = x.set(v, d)
		}
		if err != nil {
			return nil, fmt.Errorf("ir: %s: %s: %w", x.fn.Name, v.LongString(), err)
		}
		if x.left {
			return nil, nil
		}
	}
	if x.fuel--; x.fuel < 0 {
		return nil, ErrFuel
	}
	return x.end(b, b.End)
}

func (x *evaluation) end(b *Block, v *Value) (*Block, error) {
	args, err := x.get(v.Args)
	if err != nil {
		return nil, x.fail(v, "%v", err)
	}
	e := 0
	switch v.Op {
	case OpJump:
	case OpBranch:
		if args[0] == 0 {
			e = 1
		}
	case OpReturn:
		x.out = Outcome{Kind: Returned, Value: Oop(args[0])}
		return nil, nil
	case OpNonLocal:
		x.out = Outcome{Kind: ReturnedNonLocally, Closure: Oop(args[0]), Value: Oop(args[1])}
		return nil, nil
	case OpDeopt:
		return nil, x.deopt(v, v.Reason)
	default:
		return nil, x.fail(v, "executed")
	}
	edge := b.Succs[e]
	args, err = x.get(edge.Args)
	if err != nil {
		return nil, x.fail(v, "%v", err)
	}
	// All arguments are read before the first parameter changes.
	for i, p := range edge.To.Params {
		if err := x.set(p, args[i]); err != nil {
			return nil, err
		}
	}
	return edge.To, nil
}

func (x *evaluation) get(vs []*Value) ([]datum, error) {
	ds := make([]datum, len(vs))
	for i, v := range vs {
		if !x.have[v.ID] {
			return nil, fmt.Errorf("%v was not executed", v)
		}
		ds[i] = x.data[v.ID]
	}
	return ds, nil
}

// set gives a value its datum, which must be what its type says.
func (x *evaluation) set(v *Value, d datum) error {
	ok := true
	switch v.Type {
	case TypeNone:
		ok = false
	case TypeSmi:
		_, ok = x.Machine.IntegerValue(Oop(d))
	case TypeObj:
		ok = x.Machine.IsObject(Oop(d))
	case TypeBool:
		ok = d <= 1
	}
	if !ok {
		return x.fail(v, "answers %#x, which is no %v", d, v.Type)
	}
	x.data[v.ID], x.have[v.ID] = d, true
	return nil
}

func fromBool(b bool) datum {
	if b {
		return 1
	}
	return 0
}

func fromFloat(f float64) datum { return math.Float64bits(f) }

// guard leaves unless ok; a test may want it to leave anyway.
func (x *evaluation) guard(v *Value, ok bool) error {
	switch {
	case !ok:
		return x.deopt(v, v.Reason)
	case x.Leave != nil && x.Leave(v):
		return x.deopt(v, ReasonStress)
	}
	return nil
}

// deopt makes the frames that a state describes.
func (x *evaluation) deopt(v *Value, reason Reason) error {
	frames, err := x.frames(v.State)
	x.left = true
	x.out = Outcome{Kind: Deoptimized, Reason: reason, Frames: frames}
	return err
}

func (x *evaluation) frames(s *State) ([]Frame, error) {
	m := &materializer{x: x, made: map[*Virtual]Oop{}}
	for _, o := range s.Virtuals {
		m.make(s, o)
	}
	for _, o := range s.Virtuals {
		m.fill(o)
	}
	var frames []Frame
	for _, l := range s.Levels {
		frames = append(frames, Frame{Mode: l.Mode, Method: l.Method, PC: l.PC, Self: m.ref(l.Self),
			Closure: m.ref(l.Closure), Context: m.ref(l.Context), Temps: m.refs(l.Temps), Stack: m.refs(l.Stack)})
	}
	return frames, m.err
}

// A materializer boxes what a state refers to and makes its objects; the first
// error stays.
type materializer struct {
	x    *evaluation
	made map[*Virtual]Oop
	err  error
}

func (m *materializer) keep(o Oop, err error) Oop {
	if m.err == nil {
		m.err = err
	}
	return o
}

// make makes an object without references to others, fill adds them.
func (m *materializer) make(s *State, o *Virtual) {
	if _, ok := m.made[o]; ok {
		return
	}
	switch o.Kind {
	case VirtualFloat:
		m.made[o] = m.ref(o.Slots[0])
	case VirtualEither:
		if of := o.Slots[0].Virtual; of != nil {
			m.make(s, of)
		}
		if m.made[o] = m.ref(o.Slots[0]); m.made[o] == Absent {
			m.made[o] = m.ref(o.Slots[1])
		}
	case VirtualContext:
		for _, l := range s.Levels {
			if l.Context.Virtual == o {
				m.made[o] = m.keep(m.x.Machine.NewContext(Frame{Mode: l.Mode, Method: l.Method, PC: l.PC, Self: m.ref(l.Self)}))
			}
		}
	case VirtualArray:
		m.made[o] = m.keep(m.x.Machine.NewArray(o.Class, int64(len(o.Slots))))
	case VirtualObject:
		slots := make([]Oop, len(o.Slots))
		for i := range slots {
			slots[i] = m.ref(Ref{})
		}
		m.made[o] = m.keep(m.x.Machine.New(o.Class, slots))
	}
}

func (m *materializer) fill(o *Virtual) {
	for i, r := range o.Slots {
		switch o.Kind {
		case VirtualArray:
			m.keep(0, m.x.Machine.SetElement(m.made[o], int64(i), m.ref(r)))
		case VirtualObject:
			m.keep(0, m.x.Machine.SetSlot(m.made[o], int64(i), m.ref(r)))
		}
	}
}

func (m *materializer) refs(rs []Ref) []Oop {
	os := make([]Oop, len(rs))
	for i, r := range rs {
		os[i] = m.ref(r)
	}
	return os
}

// ref answers the oop of a reference; nothing is nil.
func (m *materializer) ref(r Ref) Oop {
	if r.Virtual != nil {
		return m.made[r.Virtual]
	}
	if r.Value == nil {
		return m.keep(m.x.Machine.Literal(HandleNil))
	}
	ds, err := m.x.get([]*Value{r.Value})
	if err != nil {
		return m.keep(0, err)
	}
	switch r.Value.Type {
	case TypeInt:
		if n := int64(ds[0]); FitsSmallInteger(n) {
			return m.x.Machine.Integer(n)
		}
		return m.keep(m.x.Machine.LargeInteger(int64(ds[0])))
	case TypeFloat:
		return m.keep(m.x.Machine.Float(math.Float64frombits(ds[0])))
	}
	return Oop(ds[0])
}
