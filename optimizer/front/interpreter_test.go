package front_test

import (
	"errors"
	"fmt"

	"github.com/sista-vm/sista/bytecode"
	"github.com/sista-vm/sista/counters"
	"github.com/sista-vm/sista/optimizer/ir"
)

// An activation runs a method or block in the interpreter, or stands for one in
// compiled code, of which a context knows.
type activation struct {
	method  *testMethod
	pc      int
	self    ir.Oop
	closure ir.Oop // 0 in a method
	temps   []ir.Oop
	stack   []ir.Oop
	caller  *activation
	context ir.Oop // 0 if none was made
	home    bool   // of a method
	over    bool
	loops   map[int]int
}

// A failure is an error that no handler of the program takes.
type failure struct{ class string }

func (f *failure) Error() string { return "unhandled " + f.class }

// A nonLocal return leaves the activation of a context.
type nonLocal struct {
	home  ir.Oop
	value ir.Oop
}

func (*nonLocal) Error() string { return "non-local return" }
func (*nonLocal) Leaves() bool  { return true }

// errLimit ends programs that say nothing.
var errLimit = errors.New("too many steps")

const (
	maxSteps = 400_000
	maxDepth = 300
)

func (a *activation) push(o ir.Oop) { a.stack = append(a.stack, o) }
func (a *activation) top() ir.Oop   { return a.stack[len(a.stack)-1] }
func (a *activation) pop() ir.Oop   { return a.popN(1)[0] }

func (a *activation) popN(n int) []ir.Oop {
	at := len(a.stack) - n
	os := append([]ir.Oop(nil), a.stack[at:]...)
	a.stack = a.stack[:at]
	return os
}

// path names the bytecode that an activation is at.
func (a *activation) path(pc int) counters.Path {
	sites := []counters.Site{{Method: a.method.ID, PC: uint32(pc)}}
	for c := a.caller; c != nil && len(sites) < counters.LimitDepth; c = c.caller {
		sites = append(sites, counters.Site{Method: c.method.ID, PC: uint32(c.pc)})
	}
	return counters.MakePath(sites...)
}

// send looks a method up and runs it.
func (m *machine) send(caller *activation, from *class, selector ir.Oop, rcvr ir.Oop, args []ir.Oop) (ir.Oop, error) {
	x := m.lookup(from, selector)
	if m.gathering && caller != nil {
		id := counters.Method(0)
		if x != nil {
			id = x.ID
		}
		m.table.CountSend(caller.path(caller.pc), counters.Class(m.classOf(rcvr).index), id)
	}
	if x == nil {
		return m.signal("MessageNotUnderstood")
	}
	return m.invoke(caller, x, rcvr, args)
}

// invoke runs a method: its primitive, compiled code, or bytecodes.
func (m *machine) invoke(caller *activation, x *testMethod, rcvr ir.Oop, args []ir.Oop) (ir.Oop, error) {
	if m.depth++; m.depth > maxDepth {
		return 0, errLimit
	}
	defer func() { m.depth-- }()
	if x.native != nil {
		return x.native(m, rcvr, args)
	}
	if x.Primitive != 0 {
		v, ok, err := m.primitive(caller, x, rcvr, args)
		if ok || err != nil {
			return v, err
		}
		if m.gathering && caller != nil {
			m.table.CountFailure(caller.path(caller.pc), 1)
		}
	}
	if f := m.compiled[x]; f != nil && !m.stale {
		return m.enter(f, f.Entry(), append([]ir.Oop{rcvr}, args...))
	}
	a := &activation{method: x, self: rcvr, temps: make([]ir.Oop, x.Temps), caller: caller, home: true}
	a.begin(args)
	if x.Primitive != 0 {
		a.pc = 3
		if in, _ := bytecode.SistaV1.Decode(x.Bytes, 3); in.Op == bytecode.StoreTemp {
			a.pc = in.Next()
		}
	}
	return m.run(a)
}

func (a *activation) begin(values []ir.Oop) {
	for i := range a.temps {
		a.temps[i] = nilOop
	}
	copy(a.temps, values)
}

// evaluate runs a block.
func (m *machine) evaluate(caller *activation, closure ir.Oop, args []ir.Oop) (ir.Oop, error) {
	if m.depth++; m.depth > maxDepth {
		return 0, errLimit
	}
	defer func() { m.depth-- }()
	if !m.IsObject(closure) || m.at(closure).class.index != classFullBlock {
		return 0, errors.New("a block is none")
	}
	c := m.at(closure)
	x := m.at(c.slots[1]).method
	if x.Args != len(args) {
		return m.signal("WrongArgumentCount")
	}
	if m.gathering && caller != nil {
		m.table.CountEvaluation(caller.path(caller.pc), x.ID)
	}
	if f := m.compiled[x]; f != nil && !m.stale {
		return m.enter(f, f.Entry(), append([]ir.Oop{closure}, args...))
	}
	a := &activation{method: x, self: c.slots[3], closure: closure, temps: make([]ir.Oop, x.Temps), caller: caller}
	a.begin(append(append([]ir.Oop(nil), args...), c.slots[4:]...))
	return m.run(a)
}

// run executes an activation to its end.
func (m *machine) run(a *activation) (ir.Oop, error) {
	a.method.used = true
	v, err := m.execute(a)
	return m.ended(a, v, err)
}

// ended widows the context of an activation, and takes a non-local return to it.
func (m *machine) ended(a *activation, v ir.Oop, err error) (ir.Oop, error) {
	a.over = true
	if a.context != 0 {
		m.at(a.context).activation = nil
		if n, ok := err.(*nonLocal); ok && n.home == a.context {
			return n.value, nil
		}
	}
	return v, err
}

// contextOf makes the context of an activation.
func (m *machine) contextOf(a *activation) ir.Oop {
	if a.context == 0 {
		a.context = m.add(&object{class: m.classes[classContext], activation: a})
	}
	return a.context
}

// execute interprets until the activation returns.
func (m *machine) execute(a *activation) (ir.Oop, error) {
	for {
		if m.steps++; m.steps > maxSteps {
			return 0, errLimit
		}
		m.gathering = m.gathering && m.steps < m.gatherTo
		in, err := bytecode.SistaV1.Decode(a.method.Bytes, a.pc)
		if err != nil {
			return 0, err
		}
		next := in.Next()
		switch in.Op.Class() {
		case bytecode.ClassReturn:
			return m.returning(a, &in)
		case bytecode.ClassJump:
			if in.Target <= a.pc {
				if m.gathering {
					m.table.CountLoop(a.path(a.pc), 1)
				}
				if f := m.osr[osrPlace{a.method, in.Target}]; f != nil && !m.stale && a.context == 0 {
					if a.loops == nil {
						a.loops = map[int]int{}
					}
					if a.loops[in.Target]++; a.loops[in.Target]%3 == 2 {
						return m.enterLoop(f, a)
					}
				}
			}
			next = in.Target
		case bytecode.ClassBranch:
			b := a.pop()
			if b != trueOop && b != falseOop {
				return m.signal("NonBooleanReceiver")
			}
			taken := (b == trueOop) == (in.Op == bytecode.JumpIfTrue)
			if m.gathering {
				m.table.CountBranch(a.path(a.pc), taken)
			}
			if taken {
				next = in.Target
			}
		case bytecode.ClassSend:
			v, err := m.sending(a, &in)
			if err != nil {
				return 0, err
			}
			a.push(v)
		default:
			if err := m.simple(a, &in); err != nil {
				return 0, err
			}
		}
		a.pc = next
	}
}

func (m *machine) returning(a *activation, in *bytecode.Instruction) (ir.Oop, error) {
	var v ir.Oop
	switch in.Op {
	case bytecode.BlockReturnNil:
		return nilOop, nil
	case bytecode.BlockReturnTop:
		return a.pop(), nil
	case bytecode.ReturnReceiver:
		v = a.self
	case bytecode.ReturnTrue:
		v = trueOop
	case bytecode.ReturnFalse:
		v = falseOop
	case bytecode.ReturnNil:
		v = nilOop
	default:
		v = a.pop()
	}
	if a.closure == 0 {
		return v, nil
	}
	for c := a.closure; ; {
		context := m.at(c).slots[0]
		if context == nilOop {
			return 0, fmt.Errorf("%s: a non-local return without a context", a.method.Name)
		}
		home := m.at(context).activation
		if home == nil {
			return m.signal("BlockCannotReturn")
		}
		if home.home {
			return 0, &nonLocal{context, v}
		}
		c = home.closure
	}
}

func (m *machine) sending(a *activation, in *bytecode.Instruction) (ir.Oop, error) {
	var from *class
	if in.Op == bytecode.SendDirectedSuper {
		from = m.at(a.pop()).self.super
	}
	if in.Op == bytecode.SendSpecial {
		return m.special(a, in)
	}
	args := a.popN(in.NumArgs)
	rcvr := a.pop()
	switch in.Op {
	case bytecode.Send:
		from = m.classOf(rcvr)
	case bytecode.SendSuper:
		from = a.method.owner.super
	}
	return m.send(a, from, a.method.literals[in.Index], rcvr, args)
}

// special does a special send: identity and class at once, the rest as sends, which
// have the same answers.
func (m *machine) special(a *activation, in *bytecode.Instruction) (ir.Oop, error) {
	args := a.popN(in.NumArgs)
	rcvr := a.pop()
	name := bytecode.SpecialSelectors[in.Index].Name
	if m.gathering && (name == "class") {
		m.table.CountSend(a.path(a.pc), counters.Class(m.classOf(rcvr).index), 0)
	}
	switch name {
	case "==":
		return m.boolean(rcvr == args[0]), nil
	case "~~":
		return m.boolean(rcvr != args[0]), nil
	case "class":
		return m.classOf(rcvr).oop, nil
	}
	return m.send(a, m.classOf(rcvr), m.symbol(name), rcvr, args)
}

// simple executes what only moves values.
func (m *machine) simple(a *activation, in *bytecode.Instruction) error {
	remote := func() *ir.Oop { return &m.at(a.temps[in.Vector]).slots[in.Index] }
	literal := func() ir.Oop { return a.method.literals[in.Index] }
	switch in.Op {
	case bytecode.PushReceiverVariable:
		a.push(m.at(a.self).slots[in.Index])
	case bytecode.PushLiteralVariable:
		a.push(m.at(literal()).slots[1])
	case bytecode.PushLiteral:
		a.push(literal())
	case bytecode.PushTemp:
		a.push(a.temps[in.Index])
	case bytecode.PushRemoteTemp:
		a.push(*remote())
	case bytecode.PushReceiver:
		a.push(a.self)
	case bytecode.PushTrue:
		a.push(trueOop)
	case bytecode.PushFalse:
		a.push(falseOop)
	case bytecode.PushNil:
		a.push(nilOop)
	case bytecode.PushInteger:
		a.push(m.Integer(int64(in.Value)))
	case bytecode.PushCharacter:
		a.push(m.Character(int64(in.Value)))
	case bytecode.PushNewArray:
		o, err := m.NewArray(classArray, int64(in.Index))
		if err != nil {
			return err
		}
		if in.FromStack {
			m.at(o).slots = a.popN(in.Index)
		}
		a.push(o)
	case bytecode.PushFullClosure:
		copied := a.popN(in.NumCopied)
		outer := nilOop
		if !in.IgnoreOuter {
			outer = m.contextOf(a)
		}
		slots := append([]ir.Oop{outer, literal(), m.Integer(int64(m.at(literal()).method.Args)), a.self}, copied...)
		a.push(m.add(&object{class: m.classes[classFullBlock], slots: slots}))
	case bytecode.Dup:
		a.push(a.top())
	case bytecode.Pop:
		a.pop()
	case bytecode.StoreReceiverVariable:
		m.at(a.self).slots[in.Index] = a.top()
	case bytecode.PopIntoReceiverVariable:
		m.at(a.self).slots[in.Index] = a.pop()
	case bytecode.StoreLiteralVariable:
		m.at(literal()).slots[1] = a.top()
	case bytecode.PopIntoLiteralVariable:
		m.at(literal()).slots[1] = a.pop()
	case bytecode.StoreTemp:
		a.temps[in.Index] = a.top()
	case bytecode.PopIntoTemp:
		a.temps[in.Index] = a.pop()
	case bytecode.StoreRemoteTemp:
		*remote() = a.top()
	case bytecode.PopIntoRemoteTemp:
		*remote() = a.pop()
	case bytecode.Nop, bytecode.CallPrimitive:
	default:
		return fmt.Errorf("the interpreter has no %v", in.Op)
	}
	return nil
}

// enter runs compiled code, and goes on in the interpreter where it is left.
func (m *machine) enter(f *ir.Func, at *ir.Block, args []ir.Oop) (ir.Oop, error) {
	m.entered++
	e := &ir.Evaluator{Machine: m, Leave: m.leave}
	out, err := e.RunAt(f, at, args...)
	if errors.Is(err, ir.ErrFuel) {
		return 0, errLimit
	}
	if err != nil {
		return 0, m.cause(err)
	}
	switch out.Kind {
	case ir.Returned:
		return out.Value, nil
	case ir.ReturnedNonLocally:
		return 0, errors.New("compiled code returned non-locally")
	}
	if m.left != nil {
		m.left[out.Reason]++
	}
	if m.leftAt != nil {
		m.leftAt(f, &out)
	}
	return m.resume(f, &out)
}

// cause answers the error that sent code ended with.
func (m *machine) cause(err error) error {
	var f *failure
	var r *returnFrom
	var resumed *resumption
	switch {
	case errors.As(err, &resumed):
		return resumed
	case errors.As(err, &f):
		return f
	case errors.As(err, &r):
		return r
	case errors.Is(err, errLimit):
		return errLimit
	}
	return err
}

// enterLoop goes on with an activation in compiled code.
func (m *machine) enterLoop(f *ir.Func, a *activation) (ir.Oop, error) {
	args := []ir.Oop{a.self}
	if a.closure != 0 {
		args = append(args, a.closure)
	}
	args = append(append(args, a.temps...), a.stack...)
	return m.enter(f, f.Entry(), args)
}

// resume lays the activations that compiled code stood for, and runs them.
func (m *machine) resume(f *ir.Func, out *ir.Outcome) (ir.Oop, error) {
	var as []*activation
	for i := range out.Frames {
		l := &out.Frames[i]
		x := m.methodAt(f.Methods[l.Method])
		if x == nil || x.Name != l.Method {
			return 0, fmt.Errorf("no method %q in the function's table", l.Method)
		}
		if len(l.Temps) != x.Temps {
			return 0, fmt.Errorf("%s has %d temporaries, a state %d", x.Name, x.Temps, len(l.Temps))
		}
		a := &activation{method: x, pc: l.PC, self: l.Self, temps: l.Temps, stack: l.Stack, home: !x.Block}
		if x.Block {
			a.closure = l.Closure
		}
		if l.Context != nilOop {
			c := m.at(l.Context)
			if c.class.index != classContext || c.activation == nil {
				return 0, fmt.Errorf("%s: the context of a state is none, or dead", x.Name)
			}
			a.context, c.activation = l.Context, a
		}
		as = append(as, a)
	}
	for i, a := range as[1:] {
		as[i].caller = a
	}
	v, err := out.Value, out.Cause
	if _, left := err.(leaveAfter); left {
		err = nil
	}
	for i, a := range as {
		resumes := out.Frames[i].Mode == ir.Resume
		if i == 0 && resumes && out.Cause == nil {
			return 0, errors.New("a state resumes without a result")
		}
		if err == nil {
			if resumes {
				in, derr := bytecode.SistaV1.Decode(a.method.Bytes, a.pc)
				if derr != nil || in.Op.Class() != bytecode.ClassSend {
					return 0, fmt.Errorf("%s resumes behind pc %d, which is no send", a.method.Name, a.pc)
				}
				a.push(v)
				a.pc = in.Next()
			}
			v, err = m.execute(a)
		}
		v, err = m.ended(a, v, err)
	}
	return v, err
}

func (m *machine) methodAt(h ir.Handle) *testMethod {
	if h <= 0 || int(h) >= len(m.objects) {
		return nil
	}
	return m.objects[h].method
}
