package front_test

import (
	"maps"
	"math"
	"math/big"

	"github.com/sista-vm/sista/optimizer/ir"
)

// A handler is a running on:do:.
type handler struct {
	class *class
	block ir.Oop
}

// returnFrom returns a value from an on:do:.
type returnFrom struct {
	handler *handler
	value   ir.Oop
	retry   bool
}

// resumption answers a value where an exception was signaled.
type resumption struct {
	exception ir.Oop
	value     ir.Oop
}

func (*resumption) Error() string { return "resumption" }

func (*returnFrom) Error() string { return "return from a handler" }

// signal raises an error: the innermost handler that takes it runs on top of what
// failed, and its value is that of the on:do:.
func (m *machine) signal(name string) (ir.Oop, error) {
	c := m.byName[name]
	for i := len(m.handlers) - 1; i >= 0; i-- {
		h := m.handlers[i]
		if !c.inherits(h.class) {
			continue
		}
		running := m.handlers
		m.handlers = m.handlers[:i:i]
		exception := m.add(&object{class: c, slots: []ir.Oop{m.Integer(int64(i))}})
		m.active = append(m.active, h)
		var args []ir.Oop
		if m.at(m.at(h.block).slots[1]).method.Args == 1 {
			args = []ir.Oop{exception}
		}
		v, err := m.evaluate(nil, h.block, args)
		m.active = m.active[:len(m.active)-1]
		m.handlers = running
		if r, ok := m.causeOf(err).(*resumption); ok && r.exception == exception {
			return r.value, nil
		}
		if err != nil {
			return 0, err
		}
		return 0, &returnFrom{handler: h, value: v}
	}
	return 0, &failure{name}
}

func (c *class) inherits(from *class) bool {
	for ; c != nil; c = c.super {
		if c == from {
			return true
		}
	}
	return false
}

func nativeOnDo(m *machine, rcvr ir.Oop, args []ir.Oop) (ir.Oop, error) {
	h := &handler{m.at(args[0]).self, args[1]}
	n := len(m.handlers)
	for {
		m.handlers = append(m.handlers[:n:n], h)
		v, err := m.evaluate(nil, rcvr, nil)
		m.handlers = m.handlers[:n]
		r, ok := m.causeOf(err).(*returnFrom)
		if !ok || r.handler != h {
			return v, err
		}
		if !r.retry {
			return r.value, nil
		}
	}
}

func (m *machine) causeOf(err error) error {
	if err == nil {
		return nil
	}
	return m.cause(err)
}

// nativeReturn is the return: of the exception that is being handled.
func nativeReturn(m *machine, _ ir.Oop, args []ir.Oop) (ir.Oop, error) {
	return 0, &returnFrom{handler: m.active[len(m.active)-1], value: args[0]}
}

func nativeCurtailed(m *machine, rcvr ir.Oop, args []ir.Oop) (ir.Oop, error) {
	v, err := m.evaluate(nil, rcvr, nil)
	if _, dead := err.(*failure); err == nil || dead || err == errLimit {
		return v, err
	}
	if _, err := m.evaluate(nil, args[0], nil); err != nil {
		return 0, err
	}
	return v, err
}

// nativeBecome exchanges two objects for everything that refers to them.
func nativeBecome(m *machine, rcvr ir.Oop, args []ir.Oop) (ir.Oop, error) {
	m.changes++
	m.objects[rcvr>>3], m.objects[args[0]>>3] = m.objects[args[0]>>3], m.objects[rcvr>>3]
	return rcvr, nil
}

// A slot of a method dictionary.
type slot struct {
	class    *class
	selector ir.Oop
}

// nativeCompile redefines a method. Compiled code is of use as long as methods are what they were
// when it was made.
func nativeCompile(m *machine, rcvr ir.Oop, args []ir.Oop) (ir.Oop, error) {
	c, source := m.at(rcvr).self, string(m.at(args[0]).raw)
	before := maps.Clone(c.methods)
	if err := m.compile(c, source); err != nil {
		return 0, err
	}
	for selector, x := range c.methods {
		if old := before[selector]; old != x {
			m.changes++
			if at := (slot{c, selector}); m.redefined[at] == nil {
				m.redefined[at] = old
			}
		}
	}
	m.stale = false
	for at, x := range m.redefined {
		m.stale = m.stale || at.class.methods[at.selector] != x
	}
	return nilOop, nil
}

// restore makes methods what they were when the program was loaded.
func (m *machine) restore() {
	for at, x := range m.redefined {
		at.class.methods[at.selector] = x
	}
	m.stale = false
}

func nativeEnsure(m *machine, rcvr ir.Oop, args []ir.Oop) (ir.Oop, error) {
	v, err := m.evaluate(nil, rcvr, nil)
	if _, dead := err.(*failure); dead || err == errLimit {
		return 0, err
	}
	if _, err := m.evaluate(nil, args[0], nil); err != nil {
		return 0, err
	}
	return v, err
}

// number answers an operand as a float or integer.
func (m *machine) number(o ir.Oop) (f float64, n *big.Int, ok bool) {
	if f, ok := m.FloatValue(o); ok {
		return f, nil, true
	}
	n = m.bigValue(o)
	return 0, n, n != nil
}

// nativeArithmetic makes the general method of an operator.
func nativeArithmetic(op string) func(m *machine, rcvr ir.Oop, args []ir.Oop) (ir.Oop, error) {
	return func(m *machine, rcvr ir.Oop, args []ir.Oop) (ir.Oop, error) {
		x, i, _ := m.number(rcvr)
		y, j, ok := m.number(args[0])
		if !ok {
			switch op {
			case "=":
				return falseOop, nil
			case "~=":
				return trueOop, nil
			}
			return m.signal("MessageNotUnderstood")
		}
		if i != nil && j != nil {
			return m.bigArithmetic(op, i, j)
		}
		if i != nil {
			x, _ = new(big.Float).SetInt(i).Float64()
		}
		if j != nil {
			y, _ = new(big.Float).SetInt(j).Float64()
		}
		switch op {
		case "+":
			return m.Float(x + y)
		case "-":
			return m.Float(x - y)
		case "*":
			return m.Float(x * y)
		case "/":
			if y == 0 {
				return m.signal("ZeroDivide")
			}
			return m.Float(x / y)
		case "<":
			return m.boolean(x < y), nil
		case ">":
			return m.boolean(x > y), nil
		case "<=":
			return m.boolean(x <= y), nil
		case ">=":
			return m.boolean(x >= y), nil
		case "=":
			return m.boolean(x == y), nil
		case "~=":
			return m.boolean(x != y), nil
		}
		return 0, errLimit
	}
}

func (m *machine) bigArithmetic(op string, i, j *big.Int) (ir.Oop, error) {
	c := i.Cmp(j)
	r := new(big.Int)
	switch op {
	case "+":
		r.Add(i, j)
	case "-":
		r.Sub(i, j)
	case "*":
		r.Mul(i, j)
		if r.BitLen() > 4000 {
			return 0, errLimit
		}
	case "/", "//", `\\`, "quo:", "rem:":
		if j.Sign() == 0 {
			return m.signal("ZeroDivide")
		}
		q, rest := new(big.Int).QuoRem(i, j, r)
		switch {
		case op == "/" && rest.Sign() != 0:
			return 0, errLimit // a Fraction
		case op == "rem:":
			return m.integer(rest), nil
		case rest.Sign() != 0 && rest.Sign() != j.Sign() && op == `\\`:
			return m.integer(rest.Add(rest, j)), nil
		case op == `\\`:
			return m.integer(rest), nil
		case rest.Sign() != 0 && rest.Sign() != j.Sign() && op == "//":
			q.Sub(q, big.NewInt(1))
		}
		r = q
	case "<":
		return m.boolean(c < 0), nil
	case ">":
		return m.boolean(c > 0), nil
	case "<=":
		return m.boolean(c <= 0), nil
	case ">=":
		return m.boolean(c >= 0), nil
	case "=":
		return m.boolean(c == 0), nil
	case "~=":
		return m.boolean(c != 0), nil
	case "bitAnd:":
		r.And(i, j)
	case "bitOr:":
		r.Or(i, j)
	case "bitXor:":
		r.Xor(i, j)
	case "gcd:":
		r.GCD(nil, nil, new(big.Int).Abs(i), new(big.Int).Abs(j))
	case "bitShift:":
		switch n := j.Int64(); {
		case n > 2000 || n < -100000:
			return 0, errLimit
		case n >= 0:
			r.Lsh(i, uint(n))
		default:
			r.Rsh(i, uint(-n))
		}
	}
	return m.integer(r), nil
}

func (m *machine) addNative(class, selector string, f func(m *machine, rcvr ir.Oop, args []ir.Oop) (ir.Oop, error)) {
	c := m.byName[class]
	x := &testMethod{selector: selector, owner: c, native: f}
	x.Name = class + ">>" + selector
	m.install(c, x)
}

// addNatives adds methods in Go, by class and selector.
func (m *machine) addNatives() {
	add := m.addNative
	for _, op := range []string{"+", "-", "*", "/", "//", `\\`, "quo:", "rem:", "<", ">", "<=", ">=", "=", "~=",
		"bitAnd:", "bitOr:", "bitXor:", "bitShift:", "gcd:"} {
		add("Number", op, nativeArithmetic(op))
	}
	add("Number", "asFloat", func(m *machine, rcvr ir.Oop, _ []ir.Oop) (ir.Oop, error) {
		f, n, _ := m.number(rcvr)
		if n != nil {
			f, _ = new(big.Float).SetInt(n).Float64()
		}
		return m.Float(f)
	})
	add("Number", "sqrt", func(m *machine, rcvr ir.Oop, _ []ir.Oop) (ir.Oop, error) {
		f, _, _ := m.number(rcvr)
		return m.Float(math.Sqrt(f))
	})
	add("Float", "negated", func(m *machine, rcvr ir.Oop, _ []ir.Oop) (ir.Oop, error) {
		f, _ := m.FloatValue(rcvr)
		return m.Float(-f)
	})
	add("Float", "abs", func(m *machine, rcvr ir.Oop, _ []ir.Oop) (ir.Oop, error) {
		f, _ := m.FloatValue(rcvr)
		return m.Float(math.Abs(f))
	})
	add("Object", "printString", func(m *machine, rcvr ir.Oop, _ []ir.Oop) (ir.Oop, error) {
		return m.str(m.canonical(rcvr, 0)), nil
	})
	add("String", ",", func(m *machine, rcvr ir.Oop, args []ir.Oop) (ir.Oop, error) {
		return m.str(string(m.at(rcvr).raw) + string(m.at(args[0]).raw)), nil
	})
	add("Object", "error", func(m *machine, _ ir.Oop, _ []ir.Oop) (ir.Oop, error) { return m.signal("Error") })
	add("Object", "outOfBounds:", func(m *machine, _ ir.Oop, args []ir.Oop) (ir.Oop, error) {
		if m.bigValue(args[0]) == nil {
			return 0, errLimit // what error that is differs
		}
		return m.signal("SubscriptOutOfBounds")
	})
	add("Object", "wrongArgumentCount", func(m *machine, _ ir.Oop, _ []ir.Oop) (ir.Oop, error) { return m.signal("WrongArgumentCount") })
	add("Object", "identityOpen", func(*machine, ir.Oop, []ir.Oop) (ir.Oop, error) { return 0, errLimit })
	add("BlockClosure", "on:do:", nativeOnDo)
	add("BlockClosure", "ensure:", nativeEnsure)
	add("Exception", "return:", nativeReturn)
}

func (m *machine) str(s string) ir.Oop {
	return m.add(&object{class: m.classes[classByteString], raw: []byte(s)})
}

// addDisturbances adds what random programs use and examples do not: the numbers of the objects are in
// the expected output of these.
func (m *machine) addDisturbances() {
	add := m.addNative
	warning := m.defineClass("Warning", "Exception", nil)
	m.at(warning.oop).class = warning.meta
	add("BlockClosure", "ifCurtailed:", nativeCurtailed)
	add("Exception", "retry", func(m *machine, _ ir.Oop, _ []ir.Oop) (ir.Oop, error) {
		return 0, &returnFrom{handler: m.active[len(m.active)-1], retry: true}
	})
	add("Exception", "pass", func(m *machine, rcvr ir.Oop, _ []ir.Oop) (ir.Oop, error) { return m.signal(m.at(rcvr).class.name) })
	add("Exception", "resume:", func(_ *machine, rcvr ir.Oop, args []ir.Oop) (ir.Oop, error) { return 0, &resumption{rcvr, args[0]} })
	add("Class", "signal:", func(m *machine, rcvr ir.Oop, _ []ir.Oop) (ir.Oop, error) { return m.signal(m.at(rcvr).self.name) })
	add("Class", "compile:", nativeCompile)
	add("Object", "become:", nativeBecome)
}
