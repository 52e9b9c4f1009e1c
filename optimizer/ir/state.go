package ir

// A Mode says how the interpreter goes on in a level of a state.
type Mode uint8

// The modes.
const (
	// Reexecute: the bytecode at pc has not been executed yet.
	Reexecute Mode = iota
	// Resume: the bytecode at pc was a send whose receiver and arguments are gone
	// from the stack; its result is pushed, and the next bytecode executed. The
	// result is the value the state belongs to, or what the level within answers.
	Resume
)

var modeNames = [...]string{"reexecute", "resume"}

func (m Mode) String() string { return modeNames[m] }

// A State is what the interpreter needs to go on in place of compiled code: the
// activations, innermost first, and the objects they refer to that do not exist.
// States are shared between values, and levels between states: the activations around inlined code
// are the same for all that it does. Neither is ever changed, except by Func.Rewrite,
// which heeds that; whoever changes one otherwise changes a Clone.
type State struct {
	Levels   []*Level
	Virtuals []*Virtual

	epoch uint32 // of the last walk that came here
}

// A Level is one activation.
type Level struct {
	Mode    Mode
	Method  string // names the code; what it means is for the owner of the function
	PC      int
	Self    Ref
	Closure Ref // the block activated; nothing in a method
	Context Ref // the activation's context; nothing if none was made
	Temps   []Ref
	Stack   []Ref

	epoch uint32 // of the last walk that came here
	at    ID     // of the block where that was, for the verifier
}

// A Ref is a value, an object to be made, or nothing.
type Ref struct {
	Value   *Value
	Virtual *Virtual
}

// A Virtual describes an object that was removed and is made when its state is
// used. Objects may refer to each other.
type Virtual struct {
	Kind  VirtualKind
	Class int64 // of all but a float or context
	Slots []Ref // named fields or elements in order; of a float its one unboxed value; of an either two
}

// A VirtualKind says how an object is made.
type VirtualKind uint8

// The kinds.
const (
	VirtualObject  VirtualKind = iota // named fields
	VirtualArray                      // elements
	VirtualFloat                      // a Float
	VirtualContext                    // the context of the level that refers to it as such
	VirtualEither                     // its first slot, an oop, or if that is absent a Float of the second
)

var virtualNames = [...]string{"object", "array", "float", "context", "either"}

func (k VirtualKind) String() string { return virtualNames[k] }

// ValueRef makes a reference to a value.
func ValueRef(v *Value) Ref { return Ref{Value: v} }

func (k VirtualKind) hasClass() bool { return k == VirtualObject || k == VirtualArray }

// Refs calls f with the place of every reference of the state.
func (s *State) Refs(f func(*Ref)) {
	for _, l := range s.Levels {
		l.Refs(f)
	}
	for _, v := range s.Virtuals {
		for i := range v.Slots {
			f(&v.Slots[i])
		}
	}
}

// Refs calls f with the place of every reference of the level.
func (l *Level) Refs(f func(*Ref)) {
	f(&l.Self)
	f(&l.Closure)
	f(&l.Context)
	for i := range l.Temps {
		f(&l.Temps[i])
	}
	for i := range l.Stack {
		f(&l.Stack[i])
	}
}

// Values calls f with every value the state refers to.
func (s *State) Values(f func(*Value)) {
	for _, l := range s.Levels {
		l.Values(f)
	}
	for _, v := range s.Virtuals {
		eachValue(v.Slots, f)
	}
}

// Values calls f with every value the level refers to.
func (l *Level) Values(f func(*Value)) {
	if v := l.Self.Value; v != nil {
		f(v)
	}
	if v := l.Closure.Value; v != nil {
		f(v)
	}
	if v := l.Context.Value; v != nil {
		f(v)
	}
	eachValue(l.Temps, f)
	eachValue(l.Stack, f)
}

func eachValue(rs []Ref, f func(*Value)) {
	for i := range rs {
		if v := rs[i].Value; v != nil {
			f(v)
		}
	}
}

// A Walk goes over the states of a function and comes to each level once.
type Walk struct{ epoch uint32 }

// NewWalk starts a walk; there is one at a time.
func (f *Func) NewWalk() Walk {
	f.epoch++
	return Walk{f.epoch}
}

// Values calls f with the values that a state refers to, but for those of states and levels
// that the walk has been to.
func (w Walk) Values(s *State, f func(*Value)) {
	if s.epoch == w.epoch {
		return
	}
	s.epoch = w.epoch
	for _, l := range s.Levels {
		if l.epoch != w.epoch {
			l.epoch = w.epoch
			l.Values(f)
		}
	}
	for _, v := range s.Virtuals {
		eachValue(v.Slots, f)
	}
}

// Clone answers a copy that shares only values.
func (s *State) Clone() *State {
	c := &State{Levels: make([]*Level, len(s.Levels))}
	for i, l := range s.Levels {
		c.Levels[i] = l.Clone()
	}
	if virtuals := c.copyVirtuals(s); virtuals != nil {
		c.Refs(func(r *Ref) {
			if r.Virtual != nil {
				r.Virtual = virtuals[r.Virtual]
			}
		})
	}
	return c
}

// Clone answers a copy that shares values and objects.
func (l *Level) Clone() *Level {
	c := new(Level)
	*c = *l
	refs := make([]Ref, len(l.Temps)+len(l.Stack)) // the memory of both
	n := copy(refs, l.Temps)
	copy(refs[n:], l.Stack)
	c.Temps, c.Stack = refs[:n:n], refs[n:]
	return c
}

// copyVirtuals gives the state the objects of another, and answers which are copies of which.
func (c *State) copyVirtuals(s *State) map[*Virtual]*Virtual {
	if len(s.Virtuals) == 0 {
		return nil
	}
	c.Virtuals = make([]*Virtual, len(s.Virtuals))
	virtuals := make(map[*Virtual]*Virtual, len(s.Virtuals))
	for i, v := range s.Virtuals {
		c.Virtuals[i] = &Virtual{Kind: v.Kind, Class: v.Class, Slots: append([]Ref(nil), v.Slots...)}
		virtuals[v] = c.Virtuals[i]
	}
	return virtuals
}

// Map answers a copy with other values in place of those it refers to. It shares the levels that
// stay as they are.
func (s *State) Map(f func(*Value) *Value) *State {
	return s.MapRefs(func(r Ref) Ref {
		if r.Value != nil {
			r.Value = f(r.Value)
		}
		return r
	})
}

// MapRefs is Map for references to values and objects. Objects of which f makes references are to be
// added to the copy.
func (s *State) MapRefs(f func(Ref) Ref) *State {
	c := &State{Levels: make([]*Level, len(s.Levels))}
	if virtuals := c.copyVirtuals(s); virtuals != nil {
		of := f
		f = func(r Ref) Ref {
			if r.Virtual != nil {
				r.Virtual = virtuals[r.Virtual]
			}
			return of(r)
		}
	}
	for i, l := range s.Levels {
		c.Levels[i] = l.mapped(f)
	}
	for _, v := range c.Virtuals {
		for i := range v.Slots {
			v.Slots[i] = f(v.Slots[i])
		}
	}
	return c
}

// mapped answers the level itself if nothing in it changes.
func (l *Level) mapped(f func(Ref) Ref) *Level {
	c := l
	fresh := func() *Level {
		if c == l {
			c = l.Clone()
		}
		return c
	}
	if r := f(l.Self); r != l.Self {
		fresh().Self = r
	}
	if r := f(l.Closure); r != l.Closure {
		fresh().Closure = r
	}
	if r := f(l.Context); r != l.Context {
		fresh().Context = r
	}
	for i, x := range l.Temps {
		if r := f(x); r != x {
			fresh().Temps[i] = r
		}
	}
	for i, x := range l.Stack {
		if r := f(x); r != x {
			fresh().Stack[i] = r
		}
	}
	return c
}
