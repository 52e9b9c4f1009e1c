package toy

import (
	"errors"
	"fmt"
	"math"

	"github.com/sista-vm/sista/optimizer/ir"
)

// An Op is an instruction of the register language.
type Op uint8

// The instructions. r are registers, n is the number in the instruction.
const (
	Const       Op = iota // r[A] := n
	MakeFloat             // r[A] := n / 4, or far more
	Move                  // r[A] := r[B]
	Add                   // r[A] := r[B] + r[C]
	Sub                   // r[A] := r[B] - r[C]
	Mul                   // r[A] := r[B] * r[C]
	Less                  // r[A] := r[B] < r[C]
	Integer               // r[A] := r[B] (operation n of integerOps) r[C]
	Same                  // r[A] := r[B] == r[C]
	NewPoint              // r[A] := Point(r[B], r[C])
	GetSlot               // r[A] := slot n of r[B]
	PutSlot               // slot n of r[B] := r[A]
	NewArray              // r[A] := Array of n
	At                    // r[A] := r[B] at: r[C], from 0
	AtPut                 // r[B] at: r[C] put: r[A]
	Event                 // r[A] := event with r[B] and r[C]
	Jump                  // to n
	JumpIfFalse           // to n if r[A] is false
	Call                  // r[A] := method n with r[B] and r[C]
	Return                // r[A]
)

var opNames = [...]string{"const", "float", "move", "add", "sub", "mul", "less", "integer", "same", "point", "getslot",
	"putslot", "array", "at", "atput", "event", "jump", "jumpiffalse", "call", "return"}

// An Instr is one instruction. Floats says what the translation bets on.
type Instr struct {
	Op      Op
	A, B, C int
	N       int64
	Floats  bool
}

// float answers what MakeFloat makes: now and then something that is no immediate.
func (i Instr) float() float64 {
	if i.N%4 == 3 {
		return math.Ldexp(float64(i.N), 200)
	}
	return float64(i.N) / 4
}

func (i Instr) String() string {
	return fmt.Sprintf("%s r%d r%d r%d %d %v", opNames[i.Op], i.A, i.B, i.C, i.N, i.Floats)
}

// A Method has two arguments, in its first registers; the others start as nil.
type Method struct {
	Name string
	Regs int
	Code []Instr
}

// numArgs is the number of arguments of every method.
const numArgs = 2

// A Program is a list of methods; the last is the one to run. Calls go to earlier ones.
type Program struct{ Methods []*Method }

// Main answers the method to run.
func (p *Program) Main() *Method { return p.Methods[len(p.Methods)-1] }

func (p *Program) String() string {
	s := ""
	for _, m := range p.Methods {
		s += m.Name + ":\n"
		for pc, i := range m.Code {
			s += fmt.Sprintf("  %d %v\n", pc, i)
		}
	}
	return s
}

// A frame is an activation of the interpreter.
type frame struct {
	m    *Method
	pc   int
	regs []ir.Oop
}

// ErrSteps says that a program ran too long.
var ErrSteps = errors.New("toy: too many steps")

const maxSteps = 20000

func (p *Program) named(name string) (*Method, error) {
	for _, m := range p.Methods {
		if m.Name == name {
			return m, nil
		}
	}
	return nil, fmt.Errorf("toy: no method %q", name)
}

func enter(m *Method, args []ir.Oop) *frame {
	f := &frame{m: m, regs: make([]ir.Oop, m.Regs)}
	copy(f.regs, args)
	return f
}

// Call runs a method.
func (p *Program) Call(h *Heap, name string, args []ir.Oop) (ir.Oop, error) {
	m, err := p.named(name)
	if err != nil {
		return 0, err
	}
	return p.run(h, []*frame{enter(m, args)})
}

// Resume goes on where compiled code was left.
func (p *Program) Resume(h *Heap, left []ir.Frame) (ir.Oop, error) {
	var stack []*frame
	for i := len(left) - 1; i >= 0; i-- {
		m, err := p.named(left[i].Method)
		if err != nil {
			return 0, err
		}
		if len(left[i].Temps) != m.Regs || left[i].PC >= len(m.Code) {
			return 0, fmt.Errorf("toy: frame of %s does not fit: %+v", m.Name, left[i])
		}
		if (left[i].Mode == ir.Resume) != (i > 0) {
			return 0, fmt.Errorf("toy: mode of frame %d: %v", i, left[i].Mode)
		}
		stack = append(stack, &frame{m: m, pc: left[i].PC, regs: left[i].Temps})
	}
	return p.run(h, stack)
}

// run executes the top frame until the first one returns. The pc of frames below
// is that of their call.
func (p *Program) run(h *Heap, stack []*frame) (v ir.Oop, err error) {
	for range maxSteps {
		if v, stack, err = p.next(h, stack); err != nil || len(stack) == 0 {
			return v, err
		}
	}
	return 0, ErrSteps
}

// next executes an instruction and answers the frames after it; if there are none
// left, v is the answer of the first.
func (p *Program) next(h *Heap, stack []*frame) (v ir.Oop, after []*frame, err error) {
	f := stack[len(stack)-1]
	i := f.m.Code[f.pc]
	switch i.Op {
	case Return:
		v := f.regs[i.A]
		stack = stack[:len(stack)-1]
		if len(stack) == 0 {
			return v, nil, nil
		}
		f = stack[len(stack)-1]
		f.regs[f.m.Code[f.pc].A] = v
		f.pc++
	case Call:
		stack = append(stack, enter(p.Methods[i.N], []ir.Oop{f.regs[i.B], f.regs[i.C]}))
	case Jump:
		f.pc = int(i.N)
	case JumpIfFalse:
		if f.regs[i.A] == False {
			f.pc = int(i.N)
		} else {
			f.pc++
		}
	default:
		if err := step(h, f, i); err != nil {
			return 0, stack, err
		}
		f.pc++
	}
	return 0, stack, nil
}

// step executes an instruction that does not jump. One whose operands are wrong
// logs that and answers nil.
func step(h *Heap, f *frame, i Instr) error {
	r := f.regs
	var err error
	v := Nil
	switch i.Op {
	case Const:
		v = h.Integer(i.N)
	case MakeFloat:
		v, err = h.Float(i.float())
	case Move:
		v = r[i.B]
	case Add, Sub, Mul, Less:
		v, err = arithmetic(h, i, r[i.B], r[i.C])
	case Integer:
		n, ok := integer(h, i, r[i.B], r[i.C])
		if !ok {
			return wrong(h, f, i)
		}
		v = h.Integer(n)
	case Same:
		v = boolean(r[i.B] == r[i.C])
	case NewPoint:
		v, err = h.New(ClassPoint, []ir.Oop{r[i.B], r[i.C]})
	case NewArray:
		v, err = h.NewArray(ClassArray, i.N)
	case Event:
		v, err = h.Send("event", []ir.Oop{r[i.B], r[i.C]})
	case GetSlot:
		if h.ClassIndex(r[i.B]) != ClassPoint {
			return wrong(h, f, i)
		}
		v, err = h.Slot(r[i.B], i.N)
	case PutSlot:
		if h.ClassIndex(r[i.B]) != ClassPoint {
			return wrong(h, f, i)
		}
		return h.SetSlot(r[i.B], i.N, r[i.A])
	case At, AtPut:
		n, ok := h.IntegerValue(r[i.C])
		size, _ := h.Size(r[i.B], 0)
		if !ok || h.ClassIndex(r[i.B]) != ClassArray || n < 0 || n >= size {
			return wrong(h, f, i)
		}
		if i.Op == AtPut {
			return h.SetElement(r[i.B], n, r[i.A])
		}
		v, err = h.Element(r[i.B], n)
	}
	r[i.A] = v
	return err
}

func wrong(h *Heap, f *frame, i Instr) error {
	h.Log = append(h.Log, fmt.Sprintf("wrong operands in %s at %d", f.m.Name, f.pc))
	if i.Op != PutSlot && i.Op != AtPut {
		f.regs[i.A] = Nil
	}
	return nil
}

func boolean(b bool) ir.Oop {
	if b {
		return True
	}
	return False
}

// arithmetic on integers answers a Float where the integer does not fit; other
// operands are taken for their floats, and what is no number for 0.
func arithmetic(h *Heap, i Instr, x, y ir.Oop) (ir.Oop, error) {
	op := map[Op]ir.Op{Add: ir.OpIAddO, Sub: ir.OpISubO, Mul: ir.OpIMulO}[i.Op]
	a, ok1 := h.IntegerValue(x)
	b, ok2 := h.IntegerValue(y)
	if ok1 && ok2 {
		if i.Op == Less {
			return boolean(a < b), nil
		}
		if r, fits, _ := ir.CheckedOp(op, a, b); fits {
			return h.Integer(r), nil
		}
	}
	f, g := number(h, x), number(h, y)
	switch i.Op {
	case Less:
		return boolean(f < g), nil
	case Add:
		return h.Float(f + g)
	case Sub:
		return h.Float(f - g)
	}
	return h.Float(f * g)
}

// integerOps are the operations of Integer.
var integerOps = [...]ir.Op{ir.OpIDiv, ir.OpIMod, ir.OpIQuo, ir.OpIRem, ir.OpIAnd, ir.OpIOr, ir.OpIXor, ir.OpISar, ir.OpIShlO}

// maxShift bounds distances of shifts.
const maxShift = 62

// integer answers an operation on SmallIntegers that is a SmallInteger.
func integer(h *Heap, i Instr, x, y ir.Oop) (r int64, ok bool) {
	a, ok1 := h.IntegerValue(x)
	b, ok2 := h.IntegerValue(y)
	op := integerOps[i.N]
	shifts := op == ir.OpISar || op == ir.OpIShlO
	if !ok1 || !ok2 || shifts && (b < 0 || b > maxShift) {
		return 0, false
	}
	if op == ir.OpIShlO {
		r, ok, _ = ir.CheckedOp(op, a, b)
		return r, ok
	}
	r, ok = ir.IntOp(op, a, b)
	return r, ok && ir.FitsSmallInteger(r)
}

func number(h *Heap, o ir.Oop) float64 {
	if n, ok := h.IntegerValue(o); ok {
		return float64(n)
	}
	f, _ := h.FloatValue(o)
	return f
}
