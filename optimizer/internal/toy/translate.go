package toy

import "github.com/sista-vm/sista/optimizer/ir"

// Translate makes IR of the program's main method, with calls inlined.
func Translate(p *Program) *ir.Func { return translate(p, false) }

// TranslateOSR does, with an OSR entry at every loop of the main method.
func TranslateOSR(p *Program) *ir.Func { return translate(p, true) }

func translate(p *Program, osr bool) *ir.Func {
	m := p.Main()
	t := &translator{p: p, f: ir.NewFunc(m.Name), osr: osr}
	t.b = t.f.NewBlock()
	var args []*ir.Value
	for range numArgs {
		args = append(args, t.b.AddParam(ir.TypeOop))
	}
	result := t.method(m, args, nil)
	t.b.Return(result)
	return t.f
}

type translator struct {
	p    *Program
	f    *ir.Func
	osr  bool
	b    *ir.Block
	m    *Method
	pc   int
	regs []*ir.Value
	out  []ir.Level // activations around the one translated
}

// level describes the current activation.
func (t *translator) level(mode ir.Mode) ir.Level {
	l := ir.Level{Mode: mode, Method: t.m.Name, PC: t.pc}
	for _, v := range t.regs {
		l.Temps = append(l.Temps, ir.ValueRef(v))
	}
	return l
}

func (t *translator) state(mode ir.Mode) *ir.State {
	s := &ir.State{Levels: append([]ir.Level{t.level(mode)}, t.out...)}
	return s.Clone()
}

func (t *translator) again() *ir.State { return t.state(ir.Reexecute) }

// method translates a method into the current block and answers its result, in
// the block that is current then. Every block of it has all registers as parameters.
func (t *translator) method(m *Method, args []*ir.Value, out []ir.Level) *ir.Value {
	m0, pc0, regs0, out0 := t.m, t.pc, t.regs, t.out
	t.m, t.pc, t.out = m, 0, out
	null := t.b.Literal(ir.HandleNil)
	t.regs = append([]*ir.Value(nil), args...)
	for len(t.regs) < m.Regs {
		t.regs = append(t.regs, null)
	}
	blocks := map[int]*ir.Block{}
	loops := map[int]bool{}
	leader := func(pc int) {
		if blocks[pc] == nil {
			b := t.f.NewBlock()
			for range t.regs {
				b.AddParam(ir.TypeOop)
			}
			blocks[pc] = b
		}
	}
	for pc, i := range m.Code {
		if i.Op == Jump || i.Op == JumpIfFalse {
			leader(int(i.N))
			leader(pc + 1)
			loops[int(i.N)] = loops[int(i.N)] || int(i.N) <= pc
		}
	}
	if t.osr && out == nil {
		t.entries(blocks, loops)
	}
	end := t.f.NewBlock()
	result := end.AddParam(ir.TypeOop)
	open := true
	for pc, i := range m.Code {
		t.pc = pc
		if b := blocks[pc]; b != nil {
			if open {
				if loops[pc] {
					t.b.Anchor(ir.ReasonAnchor, t.again())
				}
				t.b.Jump(ir.To(b, t.regs...))
			}
			t.b, t.regs, open = b, append([]*ir.Value(nil), b.Params...), true
		}
		switch i.Op {
		case Jump:
			if int(i.N) <= pc {
				t.b.Poll(ir.ReasonRequest, t.again())
			}
			t.b.Jump(ir.To(blocks[int(i.N)], t.regs...))
			open = false
		case JumpIfFalse:
			c := t.b.OopEq(t.regs[i.A], t.b.Literal(ir.HandleFalse))
			t.b.Branch(c, ir.To(blocks[int(i.N)], t.regs...), ir.To(blocks[pc+1], t.regs...))
			open = false
		case Return:
			t.b.Jump(ir.To(end, t.regs[i.A]))
			open = false
		default:
			if v := t.instruction(i); v != nil {
				t.regs[i.A] = v
			}
		}
	}
	t.m, t.pc, t.regs, t.out = m0, pc0, regs0, out0
	t.b = end
	return result
}

// entries makes a block for each loop that takes an interpreter frame.
func (t *translator) entries(blocks map[int]*ir.Block, loops map[int]bool) {
	for pc := range t.m.Code {
		if !loops[pc] {
			continue
		}
		b := t.f.NewBlock()
		b.OSR = &ir.OSREntry{Method: t.m.Name, PC: pc}
		for range t.m.Regs {
			b.AddParam(ir.TypeOop)
		}
		b.Jump(ir.To(blocks[pc], b.Params...))
	}
}

// instruction translates what does not jump; the answer is for register A, or nil.
func (t *translator) instruction(i Instr) *ir.Value {
	b := t.b
	s := t.again()
	switch i.Op {
	case Const:
		return b.ConstSmi(i.N)
	case MakeFloat:
		return b.BoxFloat(b.ConstFloat(float64(i.N)/4), ir.ReasonNoMemory, s)
	case Move:
		return t.regs[i.B]
	case Add, Sub, Mul, Less:
		if i.Floats {
			return t.floats(i, s)
		}
		return t.integers(i, s)
	case Same:
		return b.FromBool(b.OopEq(t.regs[i.B], t.regs[i.C]))
	case NewPoint:
		return b.New(ClassPoint, ir.ReasonNoMemory, s, t.regs[i.B], t.regs[i.C])
	case GetSlot:
		return b.LoadSlot(b.GuardClass(t.regs[i.B], ClassPoint, ir.ReasonWrongClass, s), i.N)
	case PutSlot:
		o := b.GuardClass(t.regs[i.B], ClassPoint, ir.ReasonWrongClass, s)
		b.GuardWritable(o, ir.ReasonReadOnly, s)
		b.StoreSlot(o, t.regs[i.A], i.N)
		return nil
	case NewArray:
		return b.NewArray(b.ConstInt(i.N), ClassArray, ir.ReasonNoMemory, s)
	case At, AtPut:
		o := b.GuardClass(t.regs[i.B], ClassArray, ir.ReasonWrongClass, s)
		n := b.Untag(b.GuardSmi(t.regs[i.C], ir.ReasonNotSmallInteger, s))
		n = b.GuardIndex(n, b.Size(o, 0), ir.ReasonIndexOutOfBounds, s)
		if i.Op == At {
			return b.LoadElement(o, n)
		}
		b.GuardWritable(o, ir.ReasonReadOnly, s)
		b.StoreElement(o, n, t.regs[i.A])
		return nil
	case Event:
		return b.Send(t.regs[i.B], "event", ir.HandleNone, ir.ReasonInvalidated, t.state(ir.Resume), t.regs[i.C])
	default: // Call
		out := append([]ir.Level{t.level(ir.Resume)}, t.out...)
		return t.method(t.p.Methods[i.N], []*ir.Value{t.regs[i.B], t.regs[i.C]}, out)
	}
}

func (t *translator) integers(i Instr, s *ir.State) *ir.Value {
	b := t.b
	x := b.Untag(b.GuardSmi(t.regs[i.B], ir.ReasonNotSmallInteger, s))
	y := b.Untag(b.GuardSmi(t.regs[i.C], ir.ReasonNotSmallInteger, s))
	switch i.Op {
	case Less:
		return b.FromBool(b.ILt(x, y))
	case Add:
		return b.Tag(b.IAddO(x, y, ir.ReasonOverflow, s))
	case Sub:
		return b.Tag(b.ISubO(x, y, ir.ReasonOverflow, s))
	}
	return b.Tag(b.IMulO(x, y, ir.ReasonOverflow, s))
}

func (t *translator) floats(i Instr, s *ir.State) *ir.Value {
	b := t.b
	x := b.UnboxFloat(b.GuardFloat(t.regs[i.B], ir.ReasonNotFloat, s))
	y := b.UnboxFloat(b.GuardFloat(t.regs[i.C], ir.ReasonNotFloat, s))
	switch i.Op {
	case Less:
		return b.FromBool(b.FLt(x, y))
	case Add:
		return b.BoxFloat(b.FAdd(x, y), ir.ReasonNoMemory, s)
	case Sub:
		return b.BoxFloat(b.FSub(x, y), ir.ReasonNoMemory, s)
	}
	return b.BoxFloat(b.FMul(x, y), ir.ReasonNoMemory, s)
}
