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
// States are shared between values and never changed, except by Func.Rewrite,
// which heeds that; whoever changes one otherwise changes a Clone.
type State struct {
	Levels   []Level
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
	for i := range s.Levels {
		l := &s.Levels[i]
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
	for _, v := range s.Virtuals {
		for i := range v.Slots {
			f(&v.Slots[i])
		}
	}
}

// Values calls f with every value the state refers to.
func (s *State) Values(f func(*Value)) {
	each := func(rs []Ref) {
		for i := range rs {
			if v := rs[i].Value; v != nil {
				f(v)
			}
		}
	}
	for i := range s.Levels {
		l := &s.Levels[i]
		each([]Ref{l.Self, l.Closure, l.Context})
		each(l.Temps)
		each(l.Stack)
	}
	for _, v := range s.Virtuals {
		each(v.Slots)
	}
}

// Clone answers a copy that shares only values.
func (s *State) Clone() *State { return s.copied(nil) }

// Map answers a copy with other values in place of those it refers to.
func (s *State) Map(f func(*Value) *Value) *State { return s.copied(f) }

// copied answers a copy with values that f gives, or with the same if f is nil.
func (s *State) copied(f func(*Value) *Value) *State {
	c := &State{Levels: append([]Level(nil), s.Levels...)}
	n := 0
	for i := range s.Levels {
		n += len(s.Levels[i].Temps) + len(s.Levels[i].Stack)
	}
	refs := make([]Ref, 0, n) // the memory of all temps and stacks
	list := func(rs []Ref) []Ref {
		refs = append(refs, rs...)
		return refs[len(refs)-len(rs) : len(refs) : len(refs)]
	}
	for i := range c.Levels {
		l := &c.Levels[i]
		l.Temps, l.Stack = list(l.Temps), list(l.Stack)
	}
	if f == nil && len(s.Virtuals) == 0 {
		return c
	}
	var virtuals map[*Virtual]*Virtual
	if len(s.Virtuals) > 0 {
		c.Virtuals = make([]*Virtual, len(s.Virtuals))
		virtuals = make(map[*Virtual]*Virtual, len(s.Virtuals))
		for i, v := range s.Virtuals {
			c.Virtuals[i] = &Virtual{Kind: v.Kind, Class: v.Class, Slots: append([]Ref(nil), v.Slots...)}
			virtuals[v] = c.Virtuals[i]
		}
	}
	c.Refs(func(r *Ref) {
		if r.Value != nil && f != nil {
			r.Value = f(r.Value)
		}
		if r.Virtual != nil {
			r.Virtual = virtuals[r.Virtual]
		}
	})
	return c
}
