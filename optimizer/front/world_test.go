package front_test

import (
	"github.com/sista-vm/sista/bytecode"
	"github.com/sista-vm/sista/counters"
	"github.com/sista-vm/sista/optimizer/front"
	"github.com/sista-vm/sista/optimizer/ir"
	"math"
	"math/big"
)

// world shows the machine of tests to the front end.
type world struct {
	m *machine
	// distrust tells which bets were lost; nil for none.
	distrust func(h front.Handle, pc int, r ir.Reason) bool
	// blind has no feedback, constant none of the bindings.
	blind    bool
	variable bool
}

func (w *world) oop(h front.Handle) ir.Oop {
	if h >= immediateHandles {
		return w.m.immediates[h-immediateHandles]
	}
	return ir.Oop(h) << 3
}

func (w *world) Method(h front.Handle) *front.Method {
	o := w.oop(h)
	if o&7 != 0 || int(h) >= len(w.m.objects) {
		return nil
	}
	x := w.m.at(o).method
	if x == nil || x.native != nil {
		return nil
	}
	return &x.Method
}

func (w *world) Literal(h front.Handle) front.Literal {
	o := w.oop(h)
	l := front.Literal{Class: w.m.classOf(o).index}
	if n, ok := w.m.IntegerValue(o); ok {
		l.Int = n
	}
	if n, ok := w.m.CharacterValue(o); ok {
		l.Int = n
	}
	if f, ok := w.m.FloatValue(o); ok {
		l.Float = f
	}
	if o&7 == 0 && w.m.at(o).big != nil {
		low := new(big.Int).And(w.m.at(o).big, new(big.Int).SetUint64(math.MaxUint64))
		l.Int = int64(low.Uint64())
	}
	if o&7 == 0 {
		l.Text = w.m.at(o).text
	}
	return l
}

func (w *world) found(x *testMethod) (front.Handle, bool) {
	if x == nil {
		return 0, false
	}
	return x.Handle, true
}

func (w *world) Lookup(class front.ClassIndex, selector front.Handle) (front.Handle, bool) {
	return w.found(w.m.lookup(w.m.classes[class], w.oop(selector)))
}

func (w *world) LookupSuper(class front.Handle, selector front.Handle) (front.Handle, bool) {
	o := w.oop(class)
	if o&7 != 0 || o == 0 || w.m.at(o).self == nil {
		return 0, false
	}
	return w.found(w.m.lookup(w.m.at(o).self.super, w.oop(selector)))
}

func facts(c *class) front.Class {
	return front.Class{Index: c.index, Name: c.name, Format: c.format, Fixed: len(c.fields)}
}

func (w *world) ClassFacts(class front.ClassIndex) (front.Class, bool) {
	c := w.m.classes[class]
	if c == nil {
		return front.Class{}, false
	}
	return facts(c), true
}

func (w *world) InstanceClass(h front.Handle) (front.Class, bool) {
	o := w.oop(h)
	if o&7 != 0 || w.m.at(o).self == nil {
		return front.Class{}, false
	}
	return facts(w.m.at(o).self), true
}

func (w *world) ClassHandle(class front.ClassIndex) front.Handle {
	return front.Handle(w.m.classes[class].oop >> 3)
}

func (w *world) Binding(association front.Handle) (front.Handle, bool) {
	if w.variable {
		return 0, false
	}
	o := w.oop(association)
	if o&7 != 0 || w.m.at(o).class.name != "Association" {
		return 0, false
	}
	return w.m.handle(w.m.at(o).slots[1]), true
}

func (w *world) SpecialSelector(i int) (front.Handle, int) {
	s := bytecode.SpecialSelectors[i]
	return w.Selector(s.Name), s.NumArgs
}

func (w *world) Selector(text string) front.Handle { return w.m.handle(w.m.symbol(text)) }

func (w *world) Send(p counters.Path) (*counters.Send, int) {
	if w.blind {
		return nil, 0
	}
	return w.m.table.Send(p)
}

func (w *world) Blocks(p counters.Path) (blocks []front.Evaluated, others uint64) {
	e, _ := w.m.table.Evaluation(p)
	if w.blind || e == nil {
		return nil, 0
	}
	for _, c := range e.Cases {
		blocks = append(blocks, front.Evaluated{Block: w.m.handle(w.m.methods[c.Block].oop), Count: c.Count})
	}
	return blocks, e.Other
}

func (w *world) Branch(p counters.Path) (*counters.Branch, int) {
	if w.blind {
		return nil, 0
	}
	return w.m.table.Branch(p)
}

func (w *world) Loop(p counters.Path) (*counters.Loop, int)       { return w.m.table.Loop(p) }
func (w *world) Failure(p counters.Path) (*counters.Failure, int) { return w.m.table.Failure(p) }

func (w *world) Distrusted(h front.Handle, pc int, reason uint8) bool {
	return w.distrust != nil && w.distrust(h, pc, ir.Reason(reason))
}

// loopHeads answers the pcs that jumps back in a method lead to.
func loopHeads(x *testMethod) []int {
	var heads []int
	for in, err := range bytecode.SistaV1.All(x.Bytes) {
		if err == nil && in.Op == bytecode.Jump && in.Target <= in.PC {
			heads = append(heads, in.Target)
		}
	}
	return heads
}
