package ir

import "fmt"

// stateParser reads one state; names of objects are known only inside it.
type stateParser struct {
	*parser
	virtuals map[ID]*Virtual
	defined  map[ID]bool
}

func (p *parser) state() *State {
	sp := &stateParser{p, map[ID]*Virtual{}, map[ID]bool{}}
	s := &State{}
	p.need("{")
	for first := true; !p.take("}"); first = false {
		if !first {
			p.need(";")
		}
		if p.isNamed('o') {
			s.Virtuals = append(s.Virtuals, sp.virtual())
		} else {
			if len(s.Virtuals) > 0 {
				p.fail("level after an object")
			}
			s.Levels = append(s.Levels, sp.level())
		}
	}
	for id := range sp.virtuals {
		if !sp.defined[id] {
			p.fail("o%d is not defined", id)
		}
	}
	return s
}

func (p *stateParser) object() *Virtual {
	id := p.id('o')
	v := p.virtuals[id]
	if v == nil {
		v = &Virtual{}
		p.virtuals[id] = v
	}
	return v
}

func (p *stateParser) ref() Ref {
	switch {
	case p.take("_"):
		return Ref{}
	case p.isNamed('o'):
		return Ref{Virtual: p.object()}
	}
	return Ref{Value: p.value()}
}

func (p *stateParser) refs() []Ref {
	var rs []Ref
	p.need("[")
	for !p.take("]") {
		rs = append(rs, p.ref())
	}
	return rs
}

func (p *stateParser) level() *Level {
	l := new(Level)
	switch {
	case p.take(Resume.String()):
		l.Mode = Resume
	default:
		p.need(Reexecute.String())
	}
	l.Method = p.str()
	p.need("@")
	l.PC = int(p.integer(32))
	p.need("self")
	l.Self = p.ref()
	if p.take("closure") {
		l.Closure = p.ref()
	}
	if p.take("context") {
		l.Context = p.ref()
	}
	p.need("temps")
	l.Temps = p.refs()
	p.need("stack")
	l.Stack = p.refs()
	return l
}

// virtual reads a description; they are numbered from 0 in order.
func (p *stateParser) virtual() *Virtual {
	id := ID(len(p.defined))
	if p.tokens[0].text != fmt.Sprintf("o%d", id) {
		p.fail("want o%d, got %v", id, p.tokens[0])
	}
	v := p.object()
	p.defined[id] = true
	p.need("=")
	name := p.name()
	for k, n := range virtualNames {
		if n == name {
			v.Kind = VirtualKind(k)
			if v.Kind.hasClass() {
				v.Class = p.integer(64)
			}
			v.Slots = p.refs()
			return v
		}
	}
	p.fail("no kind of object %q", name)
	return nil
}
