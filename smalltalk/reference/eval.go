package reference

import (
	"fmt"
	"math/big"
	"strings"

	"github.com/sista-vm/sista/smalltalk/ast"
	"github.com/sista-vm/sista/smalltalk/parser"
)

// Limits of evaluation.
const (
	maxSteps = 400_000
	maxCalls = 300
	maxBits  = 20_000 // of an integer
	maxSize  = 10_000 // of a collection
)

// How evaluation ends other than with a value. Only these three and programming
// mistakes of the program's author come back as errors.
type (
	// A nonLocalReturn is a ^ on its way to the sender of its method.
	nonLocalReturn struct {
		home  *activation
		value object
	}
	// An unwinding is the value of a handler on its way to on:do:.
	unwinding struct {
		to    *handler
		value object
		retry bool // the receiver of on:do: is to run again
	}
	// A resumption is the value of a signal on its way to where it was signaled.
	resumption struct {
		exception *instance
		value     object
	}
	// A failure is an error that nobody handles.
	failure struct{ class string }
	// unspecified says why nothing can be said about the program.
	unspecified string
)

func (r *nonLocalReturn) Error() string { return "reference: return from " + r.home.method.selector }
func (u *unwinding) Error() string      { return "reference: return from a handler" }
func (r *resumption) Error() string     { return "reference: resumption" }
func (f *failure) Error() string        { return "reference: unhandled " + f.class }
func (u unspecified) Error() string     { return "reference: unspecified: " + string(u) }

func openf(format string, args ...any) error { return unspecified(fmt.Sprintf(format, args...)) }

// A handler is an active on:do:.
type handler struct {
	classes []*class
	block   object
	outer   *handler
}

type evaluator struct {
	classes   map[string]*class
	selectors map[string]bool // of the program's own methods
	symbols   map[string]*text
	literals  map[ast.Literal]object // those with an identity, made once
	handler   *handler               // the innermost one
	steps     int
	calls     int
	// run activates a method that is written in Smalltalk. Tests of the
	// compiler let compiled code run here.
	run func(m *method, receiver object, args []object) (object, error)
}

// newEvaluator makes the classes of a program.
func newEvaluator(p *Program) (*evaluator, error) {
	ev := &evaluator{classes: map[string]*class{}, selectors: map[string]bool{},
		symbols: map[string]*text{}, literals: map[ast.Literal]object{}}
	ev.run = ev.activate
	ev.addKernel()
	for _, c := range p.Classes {
		super := ev.classes[c.Superclass]
		if super == nil {
			return nil, fmt.Errorf("reference: %s: there is no class %s", c.Name, c.Superclass)
		}
		if ev.classes[c.Name] != nil {
			return nil, fmt.Errorf("reference: %s is defined twice", c.Name)
		}
		cls := &class{name: c.Name, super: super, methods: map[string]*method{}}
		cls.instVars = append(append(cls.instVars, super.instVars...), c.InstVars...)
		ev.classes[c.Name] = cls
		for _, source := range c.Methods {
			if _, err := ev.compile(cls, source); err != nil {
				return nil, err
			}
		}
	}
	return ev, nil
}

// compile adds a method to a class, or replaces one. What runs goes on as it was.
func (ev *evaluator) compile(c *class, source string) (*method, error) {
	node, err := parser.ParseMethod(ast.NewSource(c.name, source), parser.Options{})
	if err != nil {
		return nil, err
	}
	m := &method{selector: node.Selector, class: c, node: node, source: source}
	c.methods[m.selector] = m
	ev.selectors[m.selector] = true
	return m, nil
}

// classOf answers the class of a value.
func (ev *evaluator) classOf(v object) *class {
	switch v := v.(type) {
	case nil:
		return ev.classes["UndefinedObject"]
	case bool:
		return ev.classes["Boolean"]
	case *big.Int:
		return ev.classes["Integer"]
	case float64:
		return ev.classes["Float"]
	case character:
		return ev.classes["Character"]
	case *text:
		if v.symbol {
			return ev.classes["Symbol"]
		}
		return ev.classes["String"]
	case *array:
		if v.growing {
			return ev.classes["OrderedCollection"]
		}
		return ev.classes["Array"]
	case block:
		return ev.classes["BlockClosure"]
	case *instance:
		return v.class
	default:
		return ev.classes["Class"]
	}
}

// send sends a message.
func (ev *evaluator) send(receiver object, selector string, args ...object) (object, error) {
	return ev.sendFrom(ev.classOf(receiver), receiver, selector, args)
}

// sendFrom sends a message whose lookup begins at a class.
func (ev *evaluator) sendFrom(start *class, receiver object, selector string, args []object) (object, error) {
	m := start.lookup(selector)
	switch {
	case m == nil && (ev.selectors[selector] || strings.HasPrefix(selector, "zork")):
		return ev.signal("MessageNotUnderstood")
	case m == nil:
		return nil, openf("%s sent to an instance of %s", selector, start.name)
	case m.native != nil:
		if err := ev.step(); err != nil {
			return nil, err
		}
		return m.native(ev, receiver, args)
	}
	return ev.run(m, receiver, args)
}

func (ev *evaluator) step() error {
	ev.steps++
	if ev.steps > maxSteps {
		return openf("more than %d steps", maxSteps)
	}
	return nil
}

// enter counts an activation; the caller leaves with ev.calls--.
func (ev *evaluator) enter() error {
	ev.calls++
	if ev.calls > maxCalls {
		return openf("more than %d activations deep", maxCalls)
	}
	return ev.step()
}

// activate runs a method that is written in Smalltalk.
func (ev *evaluator) activate(m *method, receiver object, args []object) (object, error) {
	if err := ev.enter(); err != nil {
		return nil, err
	}
	defer func() { ev.calls-- }()
	home := &activation{receiver: receiver, method: m}
	s := &scope{home: home, vars: map[string]*object{}}
	s.declare(m.node.Params, args)
	s.declare(m.node.Body.Temps, nil)
	_, err := ev.statements(m.node.Body, s)
	home.returned = true
	if r, ok := err.(*nonLocalReturn); ok && r.home == home {
		return r.value, nil
	}
	if err != nil {
		return nil, err
	}
	return receiver, nil
}

// declare makes new variables, with these values or nil.
func (s *scope) declare(names []*ast.Variable, values []object) {
	for i, n := range names {
		v := new(object)
		if values != nil {
			*v = values[i]
		}
		s.vars[n.Name] = v
	}
}

// call evaluates a block.
func (ev *evaluator) call(b object, args ...object) (object, error) {
	if times, ok := b.(ignoringArgument); ok {
		b, args = times.block, nil
	}
	blk, ok := b.(block)
	if !ok {
		return nil, openf("something other than a block is evaluated")
	}
	if len(args) != blk.numArgs() {
		return ev.signal("WrongArgumentCount")
	}
	if err := ev.enter(); err != nil {
		return nil, err
	}
	defer func() { ev.calls-- }()
	return blk.value(ev, args)
}

func (c *closure) numArgs() int { return len(c.node.Params) }

func (c *closure) value(ev *evaluator, args []object) (object, error) {
	s := &scope{home: c.outer.home, outer: c.outer, vars: map[string]*object{}}
	s.declare(c.node.Params, args)
	s.declare(c.node.Body.Temps, nil)
	return ev.statements(c.node.Body, s)
}

// statements evaluates a sequence and answers the value of the last statement.
func (ev *evaluator) statements(seq *ast.Sequence, s *scope) (object, error) {
	var last object
	for _, st := range seq.Statements {
		if r, ok := st.(*ast.Return); ok {
			v, err := ev.eval(r.Value, s)
			if err != nil {
				return nil, err
			}
			if s.home.returned {
				return ev.signal("BlockCannotReturn")
			}
			return nil, &nonLocalReturn{s.home, v}
		}
		v, err := ev.eval(st.(ast.Expr), s)
		if err != nil {
			return nil, err
		}
		last = v
	}
	return last, nil
}

// eval evaluates an expression.
func (ev *evaluator) eval(e ast.Expr, s *scope) (object, error) {
	if err := ev.step(); err != nil {
		return nil, err
	}
	switch e := e.(type) {
	case *ast.Variable:
		return ev.variable(e, s)
	case *ast.Assign:
		v, err := ev.eval(e.Value, s)
		if err != nil {
			return nil, err
		}
		return v, ev.assign(e.Target.Name, v, s)
	case *ast.Send:
		receiver, err := ev.eval(e.Receiver, s)
		if err != nil {
			return nil, err
		}
		return ev.message(receiver, &e.Message, e.IsSuper(), s)
	case *ast.Cascade:
		receiver, err := ev.eval(e.Receiver, s)
		if err != nil {
			return nil, err
		}
		var last object
		for _, m := range e.Messages {
			if last, err = ev.message(receiver, m, e.IsSuper(), s); err != nil {
				return nil, err
			}
		}
		return last, nil
	case *ast.Block:
		return &closure{e, s}, nil
	case *ast.Brace:
		elements, err := ev.evalAll(e.Elements, s)
		return &array{elements: elements}, err
	case ast.Literal:
		return ev.literal(e)
	}
	return nil, fmt.Errorf("reference: an expression of type %T", e)
}

func (ev *evaluator) evalAll(list []ast.Expr, s *scope) ([]object, error) {
	values := make([]object, len(list))
	for i, e := range list {
		v, err := ev.eval(e, s)
		if err != nil {
			return nil, err
		}
		values[i] = v
	}
	return values, nil
}

func (ev *evaluator) message(receiver object, m *ast.Message, super bool, s *scope) (object, error) {
	args, err := ev.evalAll(m.Args, s)
	if err != nil {
		return nil, err
	}
	if super {
		return ev.sendFrom(s.home.method.class.super, receiver, m.Selector, args)
	}
	if _, ok := receiver.(bool); !ok && conditionals[m.Selector] {
		for _, a := range m.Args {
			if b, ok := a.(*ast.Block); !ok || len(b.Params) > 0 {
				return nil, openf("%s sent to something else", m.Selector)
			}
		}
		return ev.signal("NonBooleanReceiver")
	}
	return ev.send(receiver, m.Selector, args...)
}

// conditionals are the messages that compilers turn into jumps on Booleans.
var conditionals = map[string]bool{"ifTrue:": true, "ifFalse:": true, "ifTrue:ifFalse:": true,
	"ifFalse:ifTrue:": true, "and:": true, "or:": true}

// slot answers the index of an instance variable of the method's receiver.
func (s *scope) slot(name string) (int, bool) {
	for i := len(s.home.method.class.instVars) - 1; i >= 0; i-- {
		if s.home.method.class.instVars[i] == name {
			return i, true
		}
	}
	return 0, false
}

// find answers the variable of a name in this scope or those around it.
func (s *scope) find(name string) *object {
	for ; s != nil; s = s.outer {
		if v := s.vars[name]; v != nil {
			return v
		}
	}
	return nil
}

func (ev *evaluator) variable(n *ast.Variable, s *scope) (object, error) {
	switch n.Name {
	case "self", "super":
		return s.home.receiver, nil
	case "thisContext":
		return nil, openf("thisContext")
	}
	if v := s.find(n.Name); v != nil {
		return *v, nil
	}
	if i, ok := s.slot(n.Name); ok {
		return s.home.receiver.(*instance).slots[i], nil
	}
	if c := ev.classes[n.Name]; c != nil {
		return c, nil
	}
	return nil, fmt.Errorf("reference: there is no variable %s", n.Name)
}

func (ev *evaluator) assign(name string, value object, s *scope) error {
	if v := s.find(name); v != nil {
		*v = value
		return nil
	}
	if i, ok := s.slot(name); ok {
		s.home.receiver.(*instance).slots[i] = value
		return nil
	}
	return fmt.Errorf("reference: there is no variable %s to assign", name)
}

// literal answers the value of a literal: the same object each time.
func (ev *evaluator) literal(l ast.Literal) (object, error) {
	if v, ok := ev.literals[l]; ok {
		return v, nil
	}
	var v object
	switch l := l.(type) {
	case *ast.Constant:
		return map[ast.ConstantKind]object{ast.Nil: nil, ast.True: true, ast.False: false}[l.Kind], nil
	case *ast.Integer:
		return l.Value, nil
	case *ast.Float:
		return l.Value, nil
	case *ast.Character:
		return character(l.Value), nil
	case *ast.Symbol:
		return ev.symbol(l.Value), nil
	case *ast.String:
		v = newText(l.Value)
	case *ast.LiteralArray:
		a := &array{literal: true}
		for _, e := range l.Elements {
			x, err := ev.literal(e)
			if err != nil {
				return nil, err
			}
			a.elements = append(a.elements, x)
		}
		v = a
	default:
		return nil, openf("a literal of kind %T", l)
	}
	ev.literals[l] = v
	return v, nil
}

func (ev *evaluator) symbol(s string) *text {
	t := ev.symbols[s]
	if t == nil {
		t = newText(s)
		t.symbol = true
		ev.symbols[s] = t
	}
	return t
}

// signal signals an error: the innermost handler for it runs on top of
// everything, and its value becomes that of its on:do:.
func (ev *evaluator) signal(name string) (object, error) {
	return ev.signalFrom(ev.handler, name)
}

// signalFrom signals an error that a handler and those around it may take.
func (ev *evaluator) signalFrom(h *handler, name string) (object, error) {
	cls := ev.classes[name]
	for ; h != nil; h = h.outer {
		for _, c := range h.classes {
			if cls.inheritsFrom(c) {
				return ev.handle(h, &instance{class: cls, handler: h})
			}
		}
	}
	if !cls.inheritsFrom(ev.classes["Error"]) {
		return nil, openf("%s that nobody handles", name)
	}
	return nil, &failure{name}
}

func (ev *evaluator) handle(h *handler, exception *instance) (object, error) {
	inner := ev.handler
	ev.handler = h.outer // in a handler only those around it are active
	var args []object
	if b, ok := h.block.(block); ok && b.numArgs() > 0 {
		args = []object{exception}
	}
	v, err := ev.call(h.block, args...)
	ev.handler = inner
	if r, ok := err.(*resumption); ok && r.exception == exception {
		return r.value, nil
	}
	if err != nil {
		return nil, err
	}
	return nil, &unwinding{to: h, value: v}
}
