package native

import (
	"errors"
	"fmt"

	"github.com/sista-vm/sista/internal/wire"
)

// The maps of code are what nobody looks at while the code runs: where it leaves, what is in the frame
// there, which values it is for. Encoded, with n an unsigned number and i one that may be
// negative (package wire), and lists as their length and elements:
//
//	safepoints  list of: distance to the one before n, kind byte, oops: list of word,
//	            state+1 n, reason byte, value i
//	sizes       list of n, in bytes, of the states
//	states      each: levels, virtuals
//	relocs      list of: distance to the one before n, word n
//	lines       list of: distance to the one before n, difference of values i
//	entries     list of n     \
//	returns     list of n      } of template code, else nothing
//	sites       list of byte  /
//
//	level       resume byte, method n, pc n, self, closure, context, temps, stack
//	virtual     kind byte, class n, slots
//	loc         kind + 16*repr + 128 if there is something to add, byte; index i; add i
//
// Every list is of its length and its elements. The collector looks for safepoints of frames, so they come first; who
// leaves code, or walks a stack, wants one state.
func encodeMaps(c *Code) []byte {
	var w wire.Writer
	w.Uint(uint64(len(c.Safepoints)))
	at := 0
	for i := range c.Safepoints {
		s := &c.Safepoints[i]
		w.Uint(uint64(s.PC - at))
		at = s.PC
		w.Byte(byte(s.Kind))
		w.Uint(uint64(len(s.Oops)))
		for _, o := range s.Oops {
			w.Uint(o)
		}
		w.Uint(uint64(s.State + 1))
		w.Byte(s.Reason)
		w.Int(int64(s.Value))
	}
	w.Uint(uint64(len(c.States)))
	var states wire.Writer
	for i := range c.States {
		from := len(states.Bytes)
		encodeState(&states, &c.States[i])
		w.Uint(uint64(len(states.Bytes) - from))
	}
	w.Bytes = append(w.Bytes, states.Bytes...)
	w.Uint(uint64(len(c.Relocs)))
	at = 0
	for _, r := range c.Relocs {
		w.Int(int64(r.Offset - at))
		w.Uint(uint64(r.Word))
		at = r.Offset
	}
	w.Uint(uint64(len(c.Lines)))
	last := Line{}
	for _, l := range c.Lines {
		w.Uint(uint64(l.Offset - last.Offset))
		w.Int(int64(l.Value) - int64(last.Value))
		last = l
	}
	if t := c.Template; t != nil {
		for _, list := range [][]int32{t.Entries, t.Returns} {
			w.Uint(uint64(len(list)))
			for _, n := range list {
				w.Uint(uint64(n))
			}
		}
		w.Uint(uint64(len(t.Sites)))
		for _, s := range t.Sites {
			w.Byte(byte(s))
		}
	}
	return w.Bytes
}

func encodeState(w *wire.Writer, s *State) {
	w.Uint(uint64(len(s.Levels)))
	for i := range s.Levels {
		l := &s.Levels[i]
		w.Bool(l.Resume)
		w.Uint(uint64(l.Method))
		w.Uint(uint64(l.PC))
		encodeLoc(w, l.Self)
		encodeLoc(w, l.Closure)
		encodeLoc(w, l.Context)
		encodeLocs(w, l.Temps)
		encodeLocs(w, l.Stack)
	}
	w.Uint(uint64(len(s.Virtuals)))
	for i := range s.Virtuals {
		v := &s.Virtuals[i]
		w.Byte(byte(v.Kind))
		w.Uint(uint64(v.Class))
		encodeLocs(w, v.Slots)
	}
}

func encodeLocs(w *wire.Writer, list []Loc) {
	w.Uint(uint64(len(list)))
	for _, l := range list {
		encodeLoc(w, l)
	}
}

const (
	locRepr = 4 // bits of the kind
	locAdds = 1 << 7
)

func encodeLoc(w *wire.Writer, l Loc) {
	b := byte(l.Kind) | byte(l.Repr)<<locRepr
	if l.Add != 0 {
		b |= locAdds
	}
	w.Byte(b)
	w.Int(l.Index)
	if l.Add != 0 {
		w.Int(l.Add)
	}
}

var errMaps = errors.New("native: the maps of saved code are damaged")

// packedMaps are the maps of saved code, which are decoded in three steps: safepoints, single states, everything.
type packedMaps struct {
	all    []byte   // until the safepoints are decoded
	states []byte   // encoded, one behind the other
	ends   []uint32 // where each of them ends
	rest   []byte
}

// decodeMaps adds to code what encodeMaps has written.
func decodeMaps(c *Code, b []byte) error {
	m := packedMaps{all: b}
	err := m.safepoints(c)
	if err == nil {
		err = m.everything(c)
	}
	return err
}

// damaged takes away from code what may be wrong.
func (m *packedMaps) damaged(c *Code, err error) error {
	*m = packedMaps{}
	c.Relocs, c.Safepoints, c.States, c.Lines = nil, nil, nil, nil
	return fmt.Errorf("%w: %s: %w", errMaps, c.Name, err)
}

// safepoints decodes the safepoints, and makes room for states.
func (m *packedMaps) safepoints(c *Code) error {
	r := wire.NewReader(m.all)
	c.Safepoints = make([]Safepoint, r.Count())
	at := 0
	for i := range c.Safepoints {
		s := &c.Safepoints[i]
		at += int(r.Below(uint64(len(c.Bytes))+1, "distance"))
		s.PC = at
		s.Kind = Exit(r.Byte())
		if n := r.Count(); n > 0 {
			s.Oops = make([]uint64, n)
			for i := range s.Oops {
				s.Oops[i] = r.Uint()
			}
		}
		s.State = int(r.Uint()) - 1
		s.Reason = r.Byte()
		s.Value = int32(r.Int())
	}
	m.ends = make([]uint32, r.Count())
	end := uint64(0)
	for i := range m.ends {
		end += r.Below(uint64(r.Left())+1, "size of a state")
		m.ends[i] = uint32(end)
	}
	if end > uint64(r.Left()) {
		r.Fail("states of %d bytes", end)
		end = 0
	}
	m.states = r.Take(int(end))
	m.rest = r.Take(r.Left())
	m.all = nil
	for i := range c.Safepoints {
		if s := &c.Safepoints[i]; s.State < -1 || s.State >= len(m.ends) {
			r.Fail("safepoint with state %d of %d", s.State, len(m.ends))
		}
	}
	if err := r.End(); err != nil {
		return m.damaged(c, err)
	}
	return nil
}

// state decodes one state, if that has not been done.
func (m *packedMaps) state(c *Code, i int) error {
	if c.States == nil {
		c.States = make([]State, len(m.ends))
	}
	if c.States[i].Levels != nil {
		return nil
	}
	from := uint32(0)
	if i > 0 {
		from = m.ends[i-1]
	}
	r := wire.NewReader(m.states[from:m.ends[i]])
	decodeState(r, c, &c.States[i])
	if err := r.End(); err != nil {
		return m.damaged(c, err)
	}
	return nil
}

// everything decodes what is left.
func (m *packedMaps) everything(c *Code) error {
	if c.States == nil {
		c.States = make([]State, len(m.ends))
	}
	for i := range c.States {
		if err := m.state(c, i); err != nil {
			return err
		}
	}
	r := wire.NewReader(m.rest)
	c.Relocs = make([]Reloc, r.Count())
	at := 0
	for i := range c.Relocs {
		at += int(r.Int())
		c.Relocs[i] = Reloc{at, int(r.Below(uint64(c.dataWords()), "word"))}
		if at < 0 || at > len(c.Bytes)-4 {
			r.Fail("relocation at %d", at)
		}
	}
	c.Lines = make([]Line, r.Count())
	last := Line{}
	for i := range c.Lines {
		last.Offset += int(r.Below(uint64(len(c.Bytes))+1, "distance"))
		last.Value += int32(r.Int())
		c.Lines[i] = last
	}
	if t := c.Template; t != nil {
		decodeTemplate(r, c, t)
	}
	if err := r.End(); err != nil {
		return m.damaged(c, err)
	}
	*m = packedMaps{}
	return nil
}

func decodeTemplate(r *wire.Reader, c *Code, t *Template) {
	for _, list := range []*[]int32{&t.Entries, &t.Returns} {
		*list = make([]int32, r.Count())
		for i := range *list {
			(*list)[i] = int32(r.Below(uint64(len(c.Bytes)), "entry"))
		}
	}
	t.Sites = make([]Site, r.Count())
	for i := range t.Sites {
		t.Sites[i] = Site(r.Byte())
	}
	if len(t.Sites) != len(c.Cells) {
		r.Fail("%d kinds of sends for %d cells", len(t.Sites), len(c.Cells))
	}
}

func decodeState(r *wire.Reader, c *Code, s *State) {
	s.Levels = make([]Level, r.Count())
	for i := range s.Levels {
		l := &s.Levels[i]
		l.Resume = r.Bool()
		l.Method = int(r.Below(uint64(len(c.Literals)), "method"))
		l.PC = int(r.Below(1<<31, "pc"))
		l.Self, l.Closure, l.Context = decodeLoc(r), decodeLoc(r), decodeLoc(r)
		l.Temps, l.Stack = decodeLocs(r), decodeLocs(r)
	}
	if n := r.Count(); n > 0 {
		s.Virtuals = make([]Virtual, n)
	}
	for i := range s.Virtuals {
		v := &s.Virtuals[i]
		v.Kind = VirtualKind(r.Byte())
		v.Class = int64(r.Below(1<<22, "class"))
		v.Slots = decodeLocs(r)
	}
}

func decodeLocs(r *wire.Reader) []Loc {
	n := r.Count()
	if n == 0 {
		return nil
	}
	list := make([]Loc, n)
	for i := range list {
		list[i] = decodeLoc(r)
	}
	return list
}

func decodeLoc(r *wire.Reader) Loc {
	b := r.Byte()
	l := Loc{Kind: LocKind(b & (1<<locRepr - 1)), Repr: Repr(b &^ locAdds >> locRepr), Index: r.Int()}
	if b&locAdds != 0 {
		l.Add = r.Int()
	}
	return l
}
