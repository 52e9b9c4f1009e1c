package ir

import (
	"math"

	"github.com/sista-vm/sista/internal/wire"
)

// decoder reads what Encode wrote. After the first mistake what it makes is thrown away.
type decoder struct {
	*wire.Reader
	names  []string
	f      *Func
	values []*Value
	states []*State
}

func (d *decoder) name() string {
	if i := d.Below(uint64(len(d.names)), "a name"); d.Err() == nil {
		return d.names[i]
	}
	return ""
}

// optionalName reads a name or 0.
func (d *decoder) optionalName() (string, bool) {
	n := d.Below(uint64(len(d.names))+1, "a name")
	if n == 0 {
		return "", false
	}
	return d.names[n-1], true
}

func (d *decoder) small(what string) int { return int(d.Below(1<<31, what)) }

func (d *decoder) function() *Func {
	for range d.Count() {
		d.names = append(d.names, d.String())
	}
	d.f = NewFunc(d.String())
	d.tables()
	d.blockList()
	for range d.Count() {
		if d.Err() != nil {
			break
		}
		d.states = append(d.states, d.state())
	}
	for _, b := range d.f.Blocks {
		d.details(b)
	}
	return d.f
}

func (d *decoder) tables() {
	f := d.f
	if d.Bool() {
		f.Classes = map[int64]Class{}
		for range d.Count() {
			i := int64(d.small("a class index"))
			f.Classes[i] = Class{Name: d.String(), Format: d.Byte(), Fixed: d.small("fields")}
		}
	}
	if d.Bool() {
		f.Methods = map[string]Handle{}
		for range d.Count() {
			name := d.name()
			f.Methods[name] = Handle(d.small("a handle"))
		}
	}
	if d.Bool() {
		f.Floats = map[Handle]float64{}
		for range d.Count() {
			h := Handle(d.small("a handle"))
			f.Floats[h] = math.Float64frombits(d.Word())
		}
	}
}

func (d *decoder) blockList() {
	for range d.Count() {
		if d.Err() != nil {
			return
		}
		b := d.f.NewBlock()
		if name, ok := d.optionalName(); ok {
			b.OSR = &OSREntry{Method: name, PC: d.small("a pc")}
		}
		for range d.Count() {
			v := d.value(b, OpParam)
			v.Type = Type(d.Byte())
			if v.Type >= numTypes {
				d.Fail("type %d", v.Type)
				v.Type = TypeOop
			}
			v.Origin = d.origin()
			b.Params = append(b.Params, v)
		}
		n := d.Count()
		if n == 0 {
			d.Fail("a block without an end")
			return
		}
		for i := range n {
			op := Op(d.Byte())
			if op == OpInvalid || op >= numOps {
				d.Fail("operation %d", op)
				return
			}
			v := d.value(b, op)
			if i < n-1 {
				b.Values = append(b.Values, v)
			} else {
				b.End = v
			}
		}
	}
}

func (d *decoder) value(b *Block, op Op) *Value {
	v := d.f.NewValue(op)
	v.Block = b
	d.values = append(d.values, v)
	return v
}

func (d *decoder) use() *Value {
	if i := d.Below(uint64(len(d.values)), "a value"); d.Err() == nil {
		return d.values[i]
	}
	return nil
}

func (d *decoder) uses() []*Value {
	n := d.Count()
	if n == 0 || d.Err() != nil {
		return nil
	}
	list := make([]*Value, n)
	for i := range list {
		list[i] = d.use()
	}
	return list
}

func (d *decoder) state() *State {
	s := &State{}
	if n := d.Count(); n > 0 && d.Err() == nil {
		s.Virtuals = make([]*Virtual, n)
		for i := range s.Virtuals {
			s.Virtuals[i] = new(Virtual)
		}
	}
	for _, v := range s.Virtuals {
		v.Kind = VirtualKind(d.Byte())
		if int(v.Kind) >= len(virtualNames) {
			d.Fail("an object of kind %d", v.Kind)
		}
		v.Class = int64(d.small("a class index"))
		v.Slots = d.refs(s)
	}
	for range d.Count() {
		if d.Err() != nil {
			break
		}
		l := &Level{Mode: Mode(d.Byte())}
		if l.Mode > Resume {
			d.Fail("mode %d", l.Mode)
		}
		l.Method, l.PC = d.name(), d.small("a pc")
		l.Self, l.Closure, l.Context = d.ref(s), d.ref(s), d.ref(s)
		l.Temps, l.Stack = d.refs(s), d.refs(s)
		s.Levels = append(s.Levels, l)
	}
	return s
}

func (d *decoder) ref(s *State) Ref {
	n := d.Below(1+2*uint64(len(d.values)+len(s.Virtuals)), "a reference")
	switch i := (n - 1) / 2; {
	case n == 0:
	case n%2 == 1 && i < uint64(len(d.values)):
		return Ref{Value: d.values[i]}
	case n%2 == 0 && i < uint64(len(s.Virtuals)):
		return Ref{Virtual: s.Virtuals[i]}
	default:
		d.Fail("reference %d", n)
	}
	return Ref{}
}

func (d *decoder) refs(s *State) []Ref {
	n := d.Count()
	if n == 0 || d.Err() != nil {
		return nil
	}
	list := make([]Ref, n)
	for i := range list {
		list[i] = d.ref(s)
	}
	return list
}

func (d *decoder) details(b *Block) {
	for _, v := range b.Values {
		d.detail(v)
	}
	if b.End != nil {
		d.detail(b.End)
	}
	for range d.Count() {
		i := d.Below(uint64(len(d.f.Blocks)), "a block")
		if d.Err() != nil {
			return
		}
		b.Succs = append(b.Succs, Edge{To: d.f.Blocks[i], Count: d.Uint(), Args: d.uses()})
	}
}

func (d *decoder) detail(v *Value) {
	v.Args = d.uses()
	flags := d.Byte()
	if flags >= encodedSym<<1 {
		d.Fail("flags %#x", flags)
	}
	v.NoMark = flags&encodedNoMark != 0
	if flags&encodedInt != 0 {
		v.Int = d.Int()
	}
	if flags&encodedSym != 0 {
		v.Sym = d.name()
	}
	v.Origin = d.origin()
	if n := d.Below(uint64(len(d.states))+1, "a state"); n > 0 && d.Err() == nil {
		v.State = d.states[n-1]
		v.Reason = Reason(d.Byte())
	}
}

func (d *decoder) origin() *Origin {
	name, ok := d.optionalName()
	if !ok {
		return nil
	}
	return &Origin{Method: name, PC: d.small("a pc")}
}
