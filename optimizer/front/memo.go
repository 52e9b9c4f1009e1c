package front

// A memo is a world that is asked for methods and literals once.
type memo struct {
	World
	methods  map[Handle]*Method
	literals map[Handle]Literal
}

func newMemo(w World) *memo {
	return &memo{w, map[Handle]*Method{}, map[Handle]Literal{}}
}

// Method answers the code of a method.
func (m *memo) Method(h Handle) *Method {
	x, ok := m.methods[h]
	if !ok {
		x = m.World.Method(h)
		m.methods[h] = x
	}
	return x
}

// Literal describes an object.
func (m *memo) Literal(h Handle) Literal {
	l, ok := m.literals[h]
	if !ok {
		l = m.World.Literal(h)
		m.literals[h] = l
	}
	return l
}
