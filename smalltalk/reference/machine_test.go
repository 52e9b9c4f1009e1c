package reference

import (
	"fmt"
	"testing"

	"github.com/sista-vm/sista/bytecode"
	"github.com/sista-vm/sista/smalltalk/ast"
	"github.com/sista-vm/sista/smalltalk/compiler"
)

// A machine executes what the compiler makes of a program over the evaluator's
// values and kernel: a difference between the two is a mistake of the compiler.
type machine struct {
	ev       *evaluator
	compiled map[*method]*compiler.Method
	literals map[*compiler.Code][]object
	options  compiler.Options
	steps    int
}

const maxInstructions = 4_000_000

// newMachine makes the evaluator of a program execute bytecodes.
func newMachine(p *Program, options compiler.Options) (*evaluator, error) {
	ev, err := newEvaluator(p)
	if err != nil {
		return nil, err
	}
	m := &machine{ev: ev, compiled: map[*method]*compiler.Method{}, literals: map[*compiler.Code][]object{}, options: options}
	ev.run = m.activate
	return ev, nil
}

// classEnv is the environment of the methods of a class.
type classEnv struct {
	ev    *evaluator
	class *class
}

func (e classEnv) InstanceVariables() []string { return e.class.instVars }
func (e classEnv) MayBeContext() bool          { return false }
func (e classEnv) MethodClass() (compiler.Binding, bool) {
	return compiler.Binding{Name: e.class.name}, true
}

func (e classEnv) Binding(_, name string) (compiler.Binding, bool) {
	return compiler.Binding{Name: name}, e.ev.classes[name] != nil
}

func (m *machine) compile(x *method) (*compiler.Method, error) {
	if c := m.compiled[x]; c != nil {
		return c, nil
	}
	c, err := compiler.Compile(ast.NewSource("", x.source), x.node, classEnv{m.ev, x.class}, m.options)
	if err != nil {
		return nil, err
	}
	if err := bytecode.Verify(c.Describe()); err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", x.selector, err, c.Listing())
	}
	m.compiled[x] = c
	return c, nil
}

// A frame is an activation of compiled code.
type frame struct {
	code  *compiler.Code
	home  *activation
	temps []object
	stack []object
	block bool
}

func (f *frame) push(v object) { f.stack = append(f.stack, v) }
func (f *frame) top() object   { return f.stack[len(f.stack)-1] }
func (f *frame) pop() object   { return f.popN(1)[0] }

// popN takes values off the stack, the deepest first.
func (f *frame) popN(n int) []object {
	at := len(f.stack) - n
	values := append([]object(nil), f.stack[at:]...)
	f.stack = f.stack[:at]
	return values
}

func (m *machine) activate(x *method, receiver object, args []object) (object, error) {
	if err := m.ev.enter(); err != nil {
		return nil, err
	}
	defer func() { m.ev.calls-- }()
	c, err := m.compile(x)
	if err != nil {
		return nil, err
	}
	home := &activation{receiver: receiver, method: x}
	f := &frame{code: &c.Code, home: home, temps: make([]object, c.Header.NumTemps)}
	copy(f.temps, args)
	v, err := m.execute(f)
	home.returned = true
	if r, ok := err.(*nonLocalReturn); ok && r.home == home {
		return r.value, nil
	}
	return v, err
}

// A compiledClosure is a closure of compiled code.
type compiledClosure struct {
	m      *machine
	code   *compiler.Code
	home   *activation
	copied []object
}

func (c *compiledClosure) numArgs() int { return c.code.Header.NumArgs }

func (c *compiledClosure) value(_ *evaluator, args []object) (object, error) {
	f := &frame{code: c.code, home: c.home, temps: make([]object, c.code.Header.NumTemps), block: true}
	copy(f.temps, args)
	copy(f.temps[len(args):], c.copied)
	return c.m.execute(f)
}

func (m *machine) literal(code *compiler.Code, i int) object {
	list := m.literals[code]
	if list == nil {
		for _, l := range code.Literals {
			list = append(list, m.object(l))
		}
		m.literals[code] = list
	}
	return list[i]
}

func (m *machine) object(l compiler.Literal) object {
	switch l := l.(type) {
	case compiler.Integer:
		return l.Value
	case compiler.Float:
		return float64(l)
	case compiler.Character:
		return character(l)
	case compiler.String:
		return newText(string(l))
	case compiler.Symbol:
		return m.ev.symbol(string(l))
	case compiler.Constant:
		return map[ast.ConstantKind]object{ast.True: true, ast.False: false}[ast.ConstantKind(l)]
	case compiler.Binding:
		return m.ev.classes[l.Name]
	case compiler.Array:
		a := &array{literal: true}
		for _, e := range l {
			a.elements = append(a.elements, m.object(e))
		}
		return a
	}
	return nil
}

// execute runs a frame until it returns.
func (m *machine) execute(f *frame) (object, error) {
	for pc := 0; ; {
		m.steps++
		if m.steps > maxInstructions {
			return nil, openf("more than %d instructions", maxInstructions)
		}
		in, err := bytecode.SistaV1.Decode(f.code.Bytecodes, pc)
		if err != nil {
			return nil, err
		}
		pc = in.Next()
		switch in.Op.Class() {
		case bytecode.ClassReturn:
			return m.returning(f, &in)
		case bytecode.ClassJump:
			pc = in.Target
		case bytecode.ClassBranch:
			b, ok := f.pop().(bool)
			if !ok {
				return m.ev.signal("NonBooleanReceiver")
			}
			if b == (in.Op == bytecode.JumpIfTrue) {
				pc = in.Target
			}
		case bytecode.ClassSend:
			v, err := m.sending(f, &in)
			if err != nil {
				return nil, err
			}
			f.push(v)
		default:
			if err := m.simple(f, &in); err != nil {
				return nil, err
			}
		}
	}
}

func (m *machine) returning(f *frame, in *bytecode.Instruction) (object, error) {
	var v object
	switch in.Op {
	case bytecode.BlockReturnNil:
		return nil, nil
	case bytecode.BlockReturnTop:
		return f.pop(), nil
	case bytecode.ReturnReceiver:
		v = f.home.receiver
	case bytecode.ReturnTrue:
		v = true
	case bytecode.ReturnFalse:
		v = false
	case bytecode.ReturnTop:
		v = f.pop()
	}
	if !f.block {
		return v, nil
	}
	if f.home.returned {
		return m.ev.signal("BlockCannotReturn")
	}
	return nil, &nonLocalReturn{f.home, v}
}

func (m *machine) sending(f *frame, in *bytecode.Instruction) (object, error) {
	var start *class
	if in.Op == bytecode.SendDirectedSuper {
		start = f.pop().(*class).super
	}
	args := f.popN(in.NumArgs)
	receiver := f.pop()
	switch in.Op {
	case bytecode.SendSpecial:
		return m.ev.send(receiver, bytecode.SpecialSelectors[in.Index].Name, args...)
	case bytecode.SendSuper:
		start = f.home.method.class.super
	case bytecode.Send:
		start = m.ev.classOf(receiver)
	}
	selector := string(m.literal(f.code, in.Index).(*text).chars)
	return m.ev.sendFrom(start, receiver, selector, args)
}

// simple executes what only moves values.
func (m *machine) simple(f *frame, in *bytecode.Instruction) error {
	remote := func() *object { return &f.temps[in.Vector].(*array).elements[in.Index] }
	switch in.Op {
	case bytecode.PushReceiverVariable:
		f.push(f.home.receiver.(*instance).slots[in.Index])
	case bytecode.PushLiteralVariable, bytecode.PushLiteral:
		f.push(m.literal(f.code, in.Index))
	case bytecode.PushTemp:
		f.push(f.temps[in.Index])
	case bytecode.PushRemoteTemp:
		f.push(*remote())
	case bytecode.PushReceiver:
		f.push(f.home.receiver)
	case bytecode.PushTrue:
		f.push(true)
	case bytecode.PushFalse:
		f.push(false)
	case bytecode.PushNil:
		f.push(nil)
	case bytecode.PushInteger:
		f.push(integer(in.Value))
	case bytecode.PushCharacter:
		f.push(character(in.Value))
	case bytecode.PushThisContext:
		return openf("thisContext")
	case bytecode.PushNewArray:
		a := &array{elements: make([]object, in.Index)}
		if in.FromStack {
			a.elements = f.popN(in.Index)
		}
		f.push(a)
	case bytecode.PushFullClosure:
		b := f.code.Literals[in.Index].(*compiler.Block)
		f.push(&compiledClosure{m: m, code: &b.Code, home: f.home, copied: f.popN(in.NumCopied)})
	case bytecode.Dup:
		f.push(f.top())
	case bytecode.Pop:
		f.pop()
	case bytecode.StoreReceiverVariable:
		f.home.receiver.(*instance).slots[in.Index] = f.top()
	case bytecode.PopIntoReceiverVariable:
		f.home.receiver.(*instance).slots[in.Index] = f.pop()
	case bytecode.StoreTemp:
		f.temps[in.Index] = f.top()
	case bytecode.PopIntoTemp:
		f.temps[in.Index] = f.pop()
	case bytecode.StoreRemoteTemp:
		*remote() = f.top()
	case bytecode.PopIntoRemoteTemp:
		*remote() = f.pop()
	case bytecode.CallPrimitive: // a quick one: the code behind it does the same
	default:
		return fmt.Errorf("the machine has no %v", in.Op)
	}
	return nil
}

// compare runs a program in the evaluator and in the machine.
func compareProgram(t *testing.T, p *Program) Outcome {
	t.Helper()
	want, err := Evaluate(p)
	if err != nil {
		t.Fatalf("%v\n%s", err, p)
	}
	for _, options := range []compiler.Options{{}, {CleanBlocks: true}} {
		ev, err := newMachine(p, options)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ev.evaluate(p.Expression)
		if err != nil {
			t.Fatalf("%v\n%s", err, p)
		}
		// A limit may be met by the one and not by the other.
		if want.Kind != Unspecified && got.Kind != Unspecified && got != want {
			t.Errorf("compiled code: %v, want %v\n%s", got, want, p)
		}
		if want.Kind == Value && got.Kind == Unspecified {
			t.Errorf("compiled code: %v, want %v\n%s", got, want, p)
		}
	}
	return want
}

func TestMachine(t *testing.T) {
	for _, test := range evaluateTests {
		compareProgram(t, &Program{Classes: point, Expression: test.expression})
	}
}
