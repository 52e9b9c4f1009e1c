package jit

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/sista-vm/sista/counters"
	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/optimizer/front"
	"github.com/sista-vm/sista/optimizer/ir"
)

// World answers the questions of one compilation. It implements front.World. After
// the translation only its handles are used.
type World struct {
	*Compilation
	program *Program
	table   *counters.Table
	objects []heap.Oop // by handle - 1
	handles map[heap.Oop]front.Handle
	moved   bool           // handles is to be made again
	names   map[string]int // indices in objects
}

var _ front.World = (*World)(nil)

// Begin makes the world of a compilation. [World.End] ends it.
func (p *Program) Begin() *World {
	p.Renew()
	h := p.heap
	w := &World{Compilation: &Compilation{}, program: p, table: p.in.Feedback(), handles: map[heap.Oop]front.Handle{}, names: map[string]int{}}
	if w.table == nil {
		w.table = counters.New(counters.DefaultPolicy())
	}
	for _, o := range []heap.Oop{h.Nil, h.True, h.False} {
		w.Handle(o)
	}
	p.open = append(p.open, w)
	return w
}

// End gives up the handles; the compilation goes on to depend on the answers it got.
func (w *World) End() {
	w.program.open = slices.DeleteFunc(w.program.open, func(x *World) bool { return x == w })
}

// Cancel ends it, and the interest in the answers too.
func (w *World) Cancel() {
	w.End()
	w.program.drop(w.Compilation)
}

// Handle answers the handle of an object.
func (w *World) Handle(o heap.Oop) front.Handle {
	if w.moved {
		w.moved = false
		clear(w.handles)
		for i, x := range w.objects {
			w.handles[x] = front.Handle(i + 1)
		}
	}
	if h, ok := w.handles[o]; ok {
		return h
	}
	w.objects = append(w.objects, o)
	h := front.Handle(len(w.objects))
	w.handles[o] = h
	return h
}

// Object answers what a handle names, Invalid for 0 and what is no handle.
func (w *World) Object(h front.Handle) heap.Oop {
	if h < 1 || int(h) > len(w.objects) {
		return heap.Invalid
	}
	return w.objects[h-1]
}

func (w *World) inquire(k key) *question { return w.program.inquire(w.Compilation, k) }

// Method implements front.World.
func (w *World) Method(h front.Handle) *front.Method {
	in, o := w.program.in, w.Object(h)
	if o == heap.Invalid {
		return nil
	}
	c, ok := in.Code(o)
	if !ok {
		return nil
	}
	w.inquire(key{kind: code, object: o})
	m := &front.Method{Handle: h, ID: in.MethodID(o), Name: w.name(o), Bytes: slices.Clone(c.Bytes), Sista: c.Sista,
		Args: c.Args, Temps: c.Temps, Block: c.Block, Primitive: c.Primitive, Function: in.NamedPrimitive(o), Heat: in.Heat(o)}
	for i := range c.Literals {
		m.Literals = append(m.Literals, w.Handle(in.Literal(o, i)))
	}
	if c.Block {
		m.Copied = w.program.copied(o, c.Outer)
	}
	if class := in.MethodClass(o); class != w.program.heap.Nil {
		m.Owner = w.Handle(class)
	}
	return m
}

// name answers a name for code that no other code in this compilation has.
func (w *World) name(o heap.Oop) string {
	name := w.program.in.CodeName(o)
	unique := name
	for n := 2; ; n++ {
		i := slices.Index(w.objects, o)
		if j, taken := w.names[unique]; !taken || j == i {
			w.names[unique] = i
			return unique
		}
		unique = name + " #" + strconv.Itoa(n)
	}
}

// Literal implements front.World.
func (w *World) Literal(h front.Handle) front.Literal {
	o := w.Object(h)
	if o == heap.Invalid {
		return front.Literal{}
	}
	l := front.Literal{Class: front.ClassIndex(o.ClassIndex())}
	switch {
	case o.IsInt():
		l.Int = o.Int()
		l.Text = strconv.FormatInt(l.Int, 10)
	case o.IsChar():
		l.Int = int64(o.Char())
		l.Text = fmt.Sprintf("%q", rune(o.Char()))
	default:
		if f, ok := w.program.heap.FloatValue(o); ok {
			l.Float = f
			l.Text = strconv.FormatFloat(f, 'g', -1, 64)
			break
		}
		l.Int, _ = w.program.heap.LowBits(o)
		l.Text = w.program.text(o)
	}
	return l
}

// text describes an object: the characters of a String or Symbol, the name of a class or of code.
func (p *Program) text(o heap.Oop) string {
	switch {
	case !o.IsObject():
		return "?"
	case o == p.heap.Nil:
		return "nil"
	case o == p.heap.True:
		return "true"
	case o == p.heap.False:
		return "false"
	case o.Format().IsBytes():
		return p.heap.StringValue(o)
	case o.Format().IsMethod():
		return p.in.CodeName(o)
	}
	if isClass(o) && p.heap.Follow(o.Slot(heap.ClassFormat)).IsInt() {
		if name := p.in.NameOfClass(o); name != "?" {
			return name
		}
	}
	return "a " + p.in.ClassName(o)
}

// found answers the handle of a method that a lookup found.
func (w *World) found(q *question) (front.Handle, bool) {
	if q.oop == heap.Invalid {
		return 0, false
	}
	return w.Handle(q.oop), true
}

// Lookup implements front.World.
func (w *World) Lookup(class front.ClassIndex, selector front.Handle) (front.Handle, bool) {
	s := w.Object(selector)
	if s == heap.Invalid || class < 0 || class > heap.ClassIndexMask {
		return 0, false
	}
	return w.found(w.inquire(key{kind: lookup, class: uint32(class), selector: s}))
}

// LookupSuper implements front.World.
func (w *World) LookupSuper(class front.Handle, selector front.Handle) (front.Handle, bool) {
	c, s := w.Object(class), w.Object(selector)
	if c == heap.Invalid || s == heap.Invalid {
		return 0, false
	}
	return w.found(w.inquire(key{kind: lookupAbove, object: c, selector: s}))
}

// ClassFacts implements front.World.
func (w *World) ClassFacts(class front.ClassIndex) (front.Class, bool) {
	if class < 0 || class > heap.ClassIndexMask {
		return front.Class{}, false
	}
	q := w.inquire(key{kind: classFacts, class: uint32(class)})
	return q.facts, q.oop != heap.Invalid
}

// InstanceClass implements front.World.
func (w *World) InstanceClass(class front.Handle) (front.Class, bool) {
	c := w.Object(class)
	if c == heap.Invalid {
		return front.Class{}, false
	}
	q := w.inquire(key{kind: instances, object: c})
	return q.facts, q.oop != heap.Invalid
}

// ClassHandle implements front.World.
func (w *World) ClassHandle(class front.ClassIndex) front.Handle {
	if class < 0 || class > heap.ClassIndexMask {
		return 0
	}
	q := w.inquire(key{kind: classFacts, class: uint32(class)})
	if q.oop == heap.Invalid {
		return 0
	}
	return w.Handle(q.oop)
}

// maxChanges is how often a global may have changed to be believed to change no more.
const maxChanges = 2

// Binding implements front.World.
func (w *World) Binding(association front.Handle) (front.Handle, bool) {
	a := w.Object(association)
	if a == heap.Invalid {
		return 0, false
	}
	k := key{kind: binding, object: a}
	w.program.rebuild()
	if q := w.program.index[k]; q != nil && q.changes > maxChanges {
		return 0, false // code depends on it no more, and stores into it go unnoticed
	}
	q := w.inquire(k)
	if q.oop == heap.Invalid || q.changes > maxChanges {
		return 0, false
	}
	return w.Handle(q.oop), true
}

// SpecialSelector implements front.World.
func (w *World) SpecialSelector(i int) (front.Handle, int) {
	if i < 0 {
		return 0, 0
	}
	q := w.inquire(key{kind: special, class: uint32(i)})
	if q.oop == heap.Invalid {
		return 0, 0
	}
	return w.Handle(q.oop), q.args
}

// Selector implements front.World.
func (w *World) Selector(text string) front.Handle {
	p := w.program
	o := p.symbols[text]
	if o == nil {
		s := p.in.FindSymbol(text)
		if s == heap.Invalid {
			return 0
		}
		o = &s
		p.symbols[text] = o
	}
	return w.Handle(*o)
}

// Send implements front.World.
func (w *World) Send(p counters.Path) (*counters.Send, int) { return w.table.Send(p) }

// Blocks implements front.World.
func (w *World) Blocks(p counters.Path) (blocks []front.Evaluated, others uint64) {
	e, _ := w.table.Evaluation(p)
	if e == nil || w.inquire(key{kind: closures}).args == 0 {
		return nil, 0
	}
	for _, c := range e.Cases {
		x := front.Evaluated{Count: c.Count}
		if m := w.program.in.MethodOf(c.Block); m != heap.Invalid {
			x.Block = w.Handle(m)
		}
		blocks = append(blocks, x)
	}
	return blocks, e.Other
}

// Branch implements front.World.
func (w *World) Branch(p counters.Path) (*counters.Branch, int) { return w.table.Branch(p) }

// Loop implements front.World.
func (w *World) Loop(p counters.Path) (*counters.Loop, int) { return w.table.Loop(p) }

// Failure implements front.World.
func (w *World) Failure(p counters.Path) (*counters.Failure, int) { return w.table.Failure(p) }

// Distrusted implements front.World.
func (w *World) Distrusted(method front.Handle, pc int, reason uint8) bool {
	o := w.Object(method)
	return o != heap.Invalid && w.program.LostBets(w.program.in.MethodID(o), pc, reason) >= distrust(w.table.Policy(), reason)
}

// distrust answers how many lost bets are enough for a bet not to be made again. What was never
// seen to be executed was bet on for want of a better guess.
func distrust(p counters.Policy, reason uint8) int {
	switch ir.Reason(reason) {
	case ir.ReasonColdBranch, ir.ReasonColdSend:
		return 1
	case ir.ReasonContext:
		return p.DistrustInlined
	}
	return p.Distrust
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
