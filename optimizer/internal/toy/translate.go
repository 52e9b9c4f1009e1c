package toy

import "github.com/sista-vm/sista/optimizer/ir"

// A Shape says what of the control flow of a function is up to a front end.
type Shape struct {
	OSR     bool // every loop of the main method has an OSR entry
	Entries bool // ways into a loop lead through blocks of their own, with all registers as parameters
	Direct  bool // no anchors
}

// RandomShape answers a shape that a seed determines.
func RandomShape(seed uint64) Shape {
	return Shape{OSR: seed%4 == 3, Entries: seed/4%2 == 1, Direct: seed/8%8 == 7}
}

// Translate makes IR of the program's main method, with calls inlined.
func Translate(p *Program, shape Shape) *ir.Func {
	m := p.Main()
	t := &translator{p: p, f: ir.NewFunc(m.Name), shape: shape}
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
	p      *Program
	f      *ir.Func
	shape  Shape
	b      *ir.Block
	blocks map[int]*ir.Block // of the method translated, by pc
	loops  map[int]bool      // loops start there
	m      *Method
	pc     int
	regs   []*ir.Value
	out    []*ir.Level // activations around the one translated
}

// level describes the current activation.
func (t *translator) level(mode ir.Mode) *ir.Level {
	l := &ir.Level{Mode: mode, Method: t.m.Name, PC: t.pc}
	for _, v := range t.regs {
		l.Temps = append(l.Temps, ir.ValueRef(v))
	}
	return l
}

func (t *translator) state(mode ir.Mode) *ir.State {
	return &ir.State{Levels: append([]*ir.Level{t.level(mode)}, t.out...)}
}

func (t *translator) again() *ir.State { return t.state(ir.Reexecute) }

// method translates a method into the current block and answers its result, in
// the block that is current then. Every block of it has all registers as parameters.
func (t *translator) method(m *Method, args []*ir.Value, out []*ir.Level) *ir.Value {
	outer := *t
	t.m, t.pc, t.out = m, 0, out
	null := t.b.Literal(ir.HandleNil)
	t.regs = append([]*ir.Value(nil), args...)
	for len(t.regs) < m.Regs {
		t.regs = append(t.regs, null)
	}
	blocks, loops := map[int]*ir.Block{}, map[int]bool{}
	t.blocks, t.loops = blocks, loops
	leader := func(pc int) {
		if blocks[pc] == nil {
			blocks[pc] = t.newBlock()
		}
	}
	for pc, i := range m.Code {
		if i.Op == Jump || i.Op == JumpIfFalse {
			leader(int(i.N))
			leader(pc + 1)
			loops[int(i.N)] = loops[int(i.N)] || int(i.N) <= pc
		}
	}
	if t.shape.OSR && out == nil {
		b, regs := t.b, t.regs
		t.entries()
		t.b, t.regs = b, regs
	}
	end := t.f.NewBlock()
	result := end.AddParam(ir.TypeOop)
	open := true
	for pc, i := range m.Code {
		t.pc = pc
		if b := blocks[pc]; b != nil {
			if open {
				t.b.Jump(t.edge(pc))
			}
			t.b, t.regs, open = b, append([]*ir.Value(nil), b.Params...), true
		}
		switch i.Op {
		case Jump:
			if int(i.N) <= pc {
				t.b.Poll(ir.ReasonRequest, t.again())
			}
			t.b.Jump(t.edge(int(i.N)))
			open = false
		case JumpIfFalse:
			c := t.b.OopEq(t.regs[i.A], t.b.Literal(ir.HandleFalse))
			yes := t.edge(int(i.N))
			t.b.Branch(c, yes, t.edge(pc+1))
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
	*t = outer
	t.b = end
	return result
}

// newBlock makes a block that has all registers as parameters.
func (t *translator) newBlock() *ir.Block {
	b := t.f.NewBlock()
	for range t.regs {
		b.AddParam(ir.TypeOop)
	}
	return b
}

// edge answers the way from the current block to a pc. Into a loop it leads past an
// anchor: in the current block or one of its own.
func (t *translator) edge(pc int) ir.Edge {
	to := t.blocks[pc]
	if !t.loops[pc] || pc < t.pc {
		return ir.To(to, t.regs...)
	}
	b0, pc0, regs0 := t.b, t.pc, t.regs
	defer func() { t.b, t.pc, t.regs = b0, pc0, regs0 }()
	e := ir.To(to, t.regs...)
	if t.shape.Entries {
		t.b = t.newBlock()
		e = ir.To(t.b, t.regs...)
		t.regs = t.b.Params
	}
	t.pc = pc
	if !t.shape.Direct {
		t.b.Anchor(ir.ReasonAnchor, t.again())
	}
	if t.shape.Entries {
		t.b.Jump(ir.To(to, t.regs...))
	}
	return e
}

// entries makes a block for each loop that takes an interpreter frame.
func (t *translator) entries() {
	for pc := range t.m.Code {
		if !t.loops[pc] {
			continue
		}
		t.b = t.newBlock()
		t.b.OSR = &ir.OSREntry{Method: t.m.Name, PC: pc}
		t.regs = t.b.Params
		t.b.Jump(t.edge(pc))
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
		return b.BoxFloat(b.ConstFloat(i.float()), ir.ReasonNoMemory, s)
	case Move:
		return t.regs[i.B]
	case Add, Sub, Mul, Less:
		if i.Floats {
			return t.floats(i, s)
		}
		return t.integers(i, s)
	case Integer:
		return t.integerOp(i, s)
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
		out := append([]*ir.Level{t.level(ir.Resume)}, t.out...)
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

func (t *translator) integerOp(i Instr, s *ir.State) *ir.Value {
	b := t.b
	x := b.Untag(b.GuardSmi(t.regs[i.B], ir.ReasonNotSmallInteger, s))
	y := b.Untag(b.GuardSmi(t.regs[i.C], ir.ReasonNotSmallInteger, s))
	op := integerOps[i.N]
	switch op {
	case ir.OpISar, ir.OpIShlO:
		y = b.GuardIndex(y, b.ConstInt(maxShift+1), ir.ReasonIndexOutOfBounds, s)
		if op == ir.OpIShlO {
			return b.Tag(b.IShlO(x, y, ir.ReasonOverflow, s))
		}
	case ir.OpIDiv, ir.OpIMod, ir.OpIQuo, ir.OpIRem:
		b.GuardFalse(b.IEq(y, b.ConstInt(0)), ir.ReasonDivisionByZero, s)
	}
	v := t.f.NewValue(op, x, y)
	b.Append(v)
	return b.Tag(b.IAddO(v, b.ConstInt(0), ir.ReasonOverflow, s))
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
