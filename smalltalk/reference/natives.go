package reference

import (
	"math"
	"math/big"
)

// A native is a method of a kernel class, in Go.
type native = func(ev *evaluator, receiver object, args []object) (object, error)

// natives are the methods of the kernel classes, by class and selector.
type natives map[string]native

// kernelClasses names the classes, superclasses first.
var kernelClasses = []struct {
	name, super string
	methods     natives
}{
	{"Object", "", objectNatives},
	{"UndefinedObject", "Object", nil},
	{"Boolean", "Object", booleanNatives},
	{"Number", "Object", numberNatives},
	{"Integer", "Number", integerNatives},
	{"Float", "Number", floatNatives},
	{"Character", "Object", characterNatives},
	{"BlockClosure", "Object", blockNatives},
	{"Class", "Object", classNatives},
	{"SequenceableCollection", "Object", sequenceNatives},
	{"Array", "SequenceableCollection", nil},
	{"OrderedCollection", "SequenceableCollection", orderedNatives},
	{"String", "SequenceableCollection", stringNatives},
	{"Symbol", "String", nil},
	{"Exception", "Object", exceptionNatives},
	{"Error", "Exception", nil},
	{"ArithmeticError", "Error", nil},
	{"ZeroDivide", "ArithmeticError", nil},
	{"MessageNotUnderstood", "Error", nil},
	{"Warning", "Exception", nil},
	{"IndexOutOfRange", "Error", nil},
	{"SubscriptOutOfBounds", "IndexOutOfRange", nil},
	{"NonBooleanReceiver", "Error", nil},
	{"WrongArgumentCount", "Error", nil},
	{"BlockCannotReturn", "Error", nil},
}

func (ev *evaluator) addKernel() {
	for _, k := range kernelClasses {
		c := &class{name: k.name, super: ev.classes[k.super], methods: map[string]*method{}, kernel: true}
		for selector, f := range k.methods {
			c.methods[selector] = &method{selector: selector, class: c, native: f}
		}
		ev.classes[k.name] = c
	}
}

func boolean(f func(ev *evaluator, a, b object) (bool, error)) native {
	return func(ev *evaluator, receiver object, args []object) (object, error) {
		v, err := f(ev, receiver, args[0])
		return v, err
	}
}

func self(_ *evaluator, receiver object, _ []object) (object, error) { return receiver, nil }

var objectNatives = natives{
	"yourself": self,
	"==":       boolean(func(_ *evaluator, a, b object) (bool, error) { return identical(a, b) }),
	"~~": boolean(func(_ *evaluator, a, b object) (bool, error) {
		same, err := identical(a, b)
		return !same, err
	}),
	"=": boolean((*evaluator).equal),
	"~=": boolean(func(ev *evaluator, a, b object) (bool, error) {
		same, err := ev.equal(a, b)
		return !same, err
	}),
	"class": func(ev *evaluator, receiver object, _ []object) (object, error) {
		switch receiver.(type) {
		case *instance, nil:
			return ev.classOf(receiver), nil
		}
		return nil, openf("the class of something of the kernel's")
	},
	"isNil":     func(_ *evaluator, receiver object, _ []object) (object, error) { return receiver == nil, nil },
	"notNil":    func(_ *evaluator, receiver object, _ []object) (object, error) { return receiver != nil, nil },
	"ifNil:":    func(ev *evaluator, r object, a []object) (object, error) { return ev.ifNil(r, a[0], nil) },
	"ifNotNil:": func(ev *evaluator, r object, a []object) (object, error) { return ev.ifNil(r, nil, a[0]) },
	"ifNil:ifNotNil:": func(ev *evaluator, r object, a []object) (object, error) {
		return ev.ifNil(r, a[0], a[1])
	},
	"ifNotNil:ifNil:": func(ev *evaluator, r object, a []object) (object, error) {
		return ev.ifNil(r, a[1], a[0])
	},
	"perform:": func(ev *evaluator, r object, a []object) (object, error) { return ev.perform(r, a[0]) },
	"perform:with:": func(ev *evaluator, r object, a []object) (object, error) {
		return ev.perform(r, a[0], a[1])
	},
	"perform:with:with:": func(ev *evaluator, r object, a []object) (object, error) {
		return ev.perform(r, a[0], a[1], a[2])
	},
	"instVarAt:": func(ev *evaluator, r object, a []object) (object, error) {
		slot, err := slotOf(r, a[0])
		if err != nil {
			return nil, err
		}
		return *slot, nil
	},
	"become:": func(_ *evaluator, r object, a []object) (object, error) {
		// The identity of both is what they contain: who refers to one refers to
		// what the other was.
		switch x := r.(type) {
		case *instance:
			y, ok := a[0].(*instance)
			if ok && x.handler == nil && y.handler == nil && len(x.slots) == len(y.slots) {
				x.class, x.slots, y.class, y.slots = y.class, y.slots, x.class, x.slots
				return r, nil
			}
		case *array:
			y, ok := a[0].(*array)
			if ok && x.growing == y.growing && !x.literal && !y.literal && (!x.growing || x.visits+y.visits == 0) {
				x.elements, y.elements = y.elements, x.elements
				return r, nil
			}
		}
		return nil, openf("become: of two objects that differ much")
	},
	"instVarAt:put:": func(ev *evaluator, r object, a []object) (object, error) {
		slot, err := slotOf(r, a[0])
		if err != nil {
			return nil, err
		}
		*slot = a[1]
		return a[1], nil
	},
	"isKindOf:": func(ev *evaluator, r object, a []object) (object, error) {
		c, ok := a[0].(*class)
		if _, own := r.(*instance); !ok || !own {
			return nil, openf("isKindOf:")
		}
		return ev.classOf(r).inheritsFrom(c), nil
	},
}

// slotOf answers an instance variable of an instance of the program's classes.
func slotOf(r, index object) (*object, error) {
	o, ok := r.(*instance)
	i, isInt := index.(*big.Int)
	if !ok || !isInt || !i.IsInt64() || i.Int64() < 1 || i.Int64() > int64(len(o.slots)) {
		return nil, openf("instVarAt: out of range")
	}
	return &o.slots[i.Int64()-1], nil
}

// identical is ==, where images agree about it.
func identical(a, b object) (bool, error) {
	switch x := a.(type) {
	case *big.Int:
		y, ok := b.(*big.Int)
		if !ok || x.Cmp(y) != 0 {
			return false, nil
		}
		if !isSmall(x) {
			return false, openf("the identity of equal large integers")
		}
		return true, nil
	case float64:
		y, ok := b.(float64)
		if ok && (x == y || x != x) {
			return false, openf("the identity of equal floats")
		}
		return false, nil
	}
	return a == b, nil
}

// equal is =.
func (ev *evaluator) equal(a, b object) (bool, error) {
	switch x := a.(type) {
	case *big.Int, float64:
		switch b.(type) {
		case *big.Int, float64:
			return compare(a, b, func(c int) bool { return c == 0 })
		}
		return false, nil
	case *text:
		y, ok := b.(*text)
		if ok && x.symbol != y.symbol {
			return false, openf("a string compared with a symbol")
		}
		return ok && string(x.chars) == string(y.chars), nil
	case *array:
		y, ok := b.(*array)
		if !ok {
			return false, nil
		}
		if x.growing != y.growing {
			return false, openf("an Array compared with an OrderedCollection")
		}
		if len(x.elements) != len(y.elements) {
			return false, nil
		}
		if err := ev.enter(); err != nil {
			return false, err
		}
		defer func() { ev.calls-- }()
		for i := range x.elements {
			same, err := ev.send(x.elements[i], "=", y.elements[i])
			if err != nil || same != true {
				return false, err
			}
		}
		return true, nil
	case block:
		if b, ok := b.(block); ok && a != any(b) {
			return false, openf("two blocks compared")
		}
	}
	return a == b, nil
}

func (ev *evaluator) ifNil(receiver object, ifNil, ifNotNil object) (object, error) {
	if receiver == nil {
		if ifNil == nil {
			return nil, nil
		}
		return ev.call(ifNil)
	}
	b, ok := ifNotNil.(block)
	switch {
	case ifNotNil == nil:
		return receiver, nil
	case ok && b.numArgs() == 1:
		return ev.call(b, receiver)
	}
	return ev.call(ifNotNil)
}

func (ev *evaluator) perform(receiver object, selector object, args ...object) (object, error) {
	s, ok := selector.(*text)
	if !ok || !s.symbol {
		return nil, openf("perform: of something other than a symbol")
	}
	name := string(s.chars)
	m := ev.classOf(receiver).lookup(name)
	if m == nil || m.native != nil || len(m.node.Params) != len(args) {
		return nil, openf("perform: of a method that is not the program's")
	}
	return ev.send(receiver, name, args...)
}

// choose makes a conditional: which of the arguments true and false evaluate;
// -1 for none, whose value is nil.
func choose(ifTrue, ifFalse int) native {
	return func(ev *evaluator, receiver object, args []object) (object, error) {
		i := ifFalse
		if receiver.(bool) {
			i = ifTrue
		}
		if i < 0 {
			return nil, nil
		}
		return ev.call(args[i])
	}
}

var booleanNatives = natives{
	"ifTrue:":         choose(0, -1),
	"ifFalse:":        choose(-1, 0),
	"ifTrue:ifFalse:": choose(0, 1),
	"ifFalse:ifTrue:": choose(1, 0),
	"and:": func(ev *evaluator, r object, a []object) (object, error) {
		if r == false {
			return false, nil
		}
		return ev.call(a[0])
	},
	"or:": func(ev *evaluator, r object, a []object) (object, error) {
		if r == true {
			return true, nil
		}
		return ev.call(a[0])
	},
	"not":  func(_ *evaluator, r object, _ []object) (object, error) { return !r.(bool), nil },
	"&":    boolOp(func(a, b bool) bool { return a && b }),
	"|":    boolOp(func(a, b bool) bool { return a || b }),
	"xor:": boolOp(func(a, b bool) bool { return a != b }),
}

func boolOp(f func(a, b bool) bool) native {
	return func(_ *evaluator, r object, a []object) (object, error) {
		b, ok := a[0].(bool)
		if !ok {
			return nil, openf("a Boolean operation with something else")
		}
		return f(r.(bool), b), nil
	}
}

// truth answers the Boolean that a loop condition must be.
func (ev *evaluator) truth(v object) (bool, error) {
	b, ok := v.(bool)
	if !ok {
		_, err := ev.signal("NonBooleanReceiver")
		return false, err
	}
	return b, nil
}

// while makes a loop that goes on as long as the receiver answers want.
func while(want bool) native {
	return func(ev *evaluator, r object, a []object) (object, error) {
		for {
			v, err := ev.call(r)
			if err != nil {
				return nil, err
			}
			b, err := ev.truth(v)
			if err != nil || b != want {
				return nil, err
			}
			if len(a) > 0 {
				if _, err := ev.call(a[0]); err != nil {
					return nil, err
				}
			}
		}
	}
}

func valueNative(ev *evaluator, r object, a []object) (object, error) { return ev.call(r, a...) }

var blockNatives = natives{
	"value":                    valueNative,
	"value:":                   valueNative,
	"value:value:":             valueNative,
	"value:value:value:":       valueNative,
	"value:value:value:value:": valueNative,
	"valueWithArguments:": func(ev *evaluator, r object, a []object) (object, error) {
		args, ok := a[0].(*array)
		if !ok || args.growing {
			return nil, openf("valueWithArguments: without an Array")
		}
		return ev.call(r, args.elements...)
	},
	"numArgs": func(_ *evaluator, r object, _ []object) (object, error) {
		return integer(r.(block).numArgs()), nil
	},
	"whileTrue:":  while(true),
	"whileFalse:": while(false),
	"whileTrue":   while(true),
	"whileFalse":  while(false),
	"repeat": func(ev *evaluator, r object, _ []object) (object, error) {
		for {
			if _, err := ev.call(r); err != nil {
				return nil, err
			}
		}
	},
	"ensure:": func(ev *evaluator, r object, a []object) (object, error) {
		v, err := ev.call(r)
		if err == nil || unwinds(err) {
			if _, err := ev.call(a[0]); err != nil {
				return nil, err
			}
		}
		return v, err
	},
	"ifCurtailed:": func(ev *evaluator, r object, a []object) (object, error) {
		v, err := ev.call(r)
		if unwinds(err) {
			if _, err := ev.call(a[0]); err != nil {
				return nil, err
			}
		}
		return v, err
	},
	"on:do:": func(ev *evaluator, r object, a []object) (object, error) {
		c, ok := a[0].(*class)
		if !ok || !c.inheritsFrom(ev.classes["Exception"]) {
			return nil, openf("on:do: with something other than a class of exceptions")
		}
		h := &handler{classes: []*class{c}, block: a[1], outer: ev.handler}
		for {
			ev.handler = h
			v, err := ev.call(r)
			ev.handler = h.outer
			u, ok := err.(*unwinding)
			if !ok || u.to != h {
				return v, err
			}
			if !u.retry {
				return u.value, nil
			}
		}
	},
}

// unwinds says that an error leaves activations behind on purpose.
func unwinds(err error) bool {
	switch err.(type) {
	case *nonLocalReturn, *unwinding, *resumption:
		return true
	}
	return false
}

var exceptionNatives = natives{
	"return:": func(_ *evaluator, r object, a []object) (object, error) {
		return nil, &unwinding{to: r.(*instance).handler, value: a[0]}
	},
	"return": func(_ *evaluator, r object, _ []object) (object, error) {
		return nil, &unwinding{to: r.(*instance).handler}
	},
	"retry": func(_ *evaluator, r object, _ []object) (object, error) {
		return nil, &unwinding{to: r.(*instance).handler, retry: true}
	},
	"pass": func(ev *evaluator, r object, _ []object) (object, error) {
		e := r.(*instance)
		if ev.handler != e.handler.outer || e.class.name == "Warning" {
			return nil, openf("an exception passed from inside another on:do:, or to be resumed")
		}
		return ev.signal(e.class.name)
	},
	"resume:": func(_ *evaluator, r object, a []object) (object, error) {
		e := r.(*instance)
		if e.class.name != "Warning" {
			return nil, openf("an error resumed")
		}
		return nil, &resumption{e, a[0]}
	},
}

var classNatives = natives{
	"new": func(ev *evaluator, r object, _ []object) (object, error) {
		c := r.(*class)
		switch {
		case c == ev.classes["OrderedCollection"]:
			return &array{growing: true}, nil
		case c.kernel && c.name != "Object" || c.inheritsFrom(ev.classes["Exception"]):
			return nil, openf("%s new", c.name)
		}
		return &instance{class: c, slots: make([]object, len(c.instVars))}, nil
	},
	"new:": func(ev *evaluator, r object, a []object) (object, error) {
		n, ok := small(a[0])
		if r != ev.classes["Array"] || !ok || n < 0 || n > maxSize {
			return nil, openf("new: with a strange class or size")
		}
		return &array{elements: make([]object, n)}, nil
	},
	"signal:": func(ev *evaluator, r object, _ []object) (object, error) {
		c := r.(*class)
		if !c.inheritsFrom(ev.classes["Exception"]) {
			return nil, openf("signal: sent to a class of no exceptions")
		}
		return ev.signal(c.name)
	},
	"compile:": func(ev *evaluator, r object, a []object) (object, error) {
		c := r.(*class)
		source, ok := a[0].(*text)
		if c.kernel || !ok || source.symbol {
			return nil, openf("compile: into a class of the kernel's, or of no text")
		}
		m, err := ev.compile(c, string(source.chars))
		if err != nil {
			return nil, openf("compile: of %v", err)
		}
		return ev.symbol(m.selector), nil
	},
	"name": func(ev *evaluator, r object, _ []object) (object, error) { return nil, openf("the name of a class") },
}

func integer(n int) *big.Int { return big.NewInt(int64(n)) }

// small answers an integer that Go's int holds with room to spare.
func small(v object) (int, bool) {
	i, ok := v.(*big.Int)
	if !ok || !i.IsInt64() || i.Int64() > math.MaxInt32 || i.Int64() < math.MinInt32 {
		return 0, false
	}
	return int(i.Int64()), true
}
