package interp

import (
	"fmt"
	"strings"

	"github.com/sista-vm/sista/heap"
)

// Fatal is an error that ends the virtual machine: Smalltalk cannot be told of it.
type Fatal struct {
	Message string
	Stack   string // the Smalltalk stack, a line an activation
}

func (f *Fatal) Error() string {
	if f.Stack == "" {
		return f.Message
	}
	return f.Message + "\n" + f.Stack
}

// fatal halts for good, with an error and the stack of the running process. It
// overrides any other reason to halt.
func (in *Interp) fatal(format string, args ...any) {
	if in.dead != nil {
		return
	}
	in.dead = &Fatal{Message: fmt.Sprintf(format, args...)}
	in.stopped = false
	in.halt(in.dead)
	in.dead.Stack = in.Stack(40)
}

// Stack answers a printout of the running process's stack, at most limit
// activations from the top and as many from the bottom.
func (in *Interp) Stack(limit int) (s string) {
	defer func() {
		// A damaged image may have a damaged stack.
		if r := recover(); r != nil {
			s += "  (the stack is damaged)\n"
		}
	}()
	if in.pages.active == nil {
		return ""
	}
	return in.stackOf(in.running(), limit)
}

func (in *Interp) stackOf(a activation, limit int) string {
	var b strings.Builder
	length, circular := in.depth(a)
	for n := 0; n < length; n++ {
		if skipped := length - 2*limit; n == limit && skipped > 0 {
			fmt.Fprintf(&b, "  ... %d more ...\n", skipped)
			for ; n < limit+skipped; n++ {
				a = in.sender(a)
			}
		}
		fmt.Fprintf(&b, "  %s\n", in.describeActivation(a))
		a = in.sender(a)
	}
	if circular {
		b.WriteString("  (and again: the senders are a circle)\n")
	}
	return b.String()
}

// depth counts activations; those of a circle once or more.
func (in *Interp) depth(a activation) (n int, circular bool) {
	w := walkFrom(a)
	for ; !w.isNone(); w.up(in) {
		n++
	}
	return n, w.circular
}

// describeActivation answers "Receiver(Class)>>selector" in the manner of Smalltalk's debuggers.
func (in *Interp) describeActivation(a activation) string {
	m := in.methodOf(a)
	var class heap.Oop
	switch {
	case a.npc != 0:
		class = in.nativeReceiverClass(a)
	case a.fp != 0:
		class = in.heap.ClassOf(in.frameWord(a.fp, frameReceiver))
	default:
		class = in.heap.ClassOf(in.follow(a.ctx.Slot(contextReceiver)))
	}
	prefix := ""
	if in.isBlockActivation(a) {
		prefix = "[] in "
	}
	return prefix + in.MethodName(m, class) + in.placeOf(a)
}

// placeOf answers " (file:line)" or the like, nothing where no source is known.
func (in *Interp) placeOf(a activation) string {
	m := in.methodOf(a)
	if in.opts.Place == nil || a.npc != 0 || !isMethod(m) {
		return ""
	}
	var pc heap.Oop
	switch {
	case a.fp == 0:
		pc = a.ctx.Slot(contextPC)
	case a.fp == in.fp:
		in.savePC()
		fallthrough
	default:
		pc = in.frameWord(a.fp, framePC)
	}
	if !pc.IsInt() {
		return ""
	}
	if place := in.opts.Place(m, int(pc.Int())); place != "" {
		return " (" + place + ")"
	}
	return ""
}

// MethodName answers "Class>>selector", with the receiver's class in front when it differs.
func (in *Interp) MethodName(m, rcvrClass heap.Oop) string {
	if !isMethod(m) {
		return "?"
	}
	home := m
	for {
		n := int(headerNumLiterals(methodHeader(home)))
		if n == 0 {
			break
		}
		last := in.follow(methodLiteral(home, n-1))
		if !isMethod(last) {
			break
		}
		home = last
	}
	class := in.methodClass(home)
	name := in.className(rcvrClass)
	if class != in.nilOop && class != rcvrClass {
		name += "(" + in.className(class) + ")"
	}
	return name + ">>" + in.selectorOf(home)
}

func (in *Interp) selectorOf(m heap.Oop) string {
	n := int(headerNumLiterals(methodHeader(m)))
	if n < 2 {
		return "DoIt"
	}
	s := in.follow(methodLiteral(m, n-2))
	if s.IsObject() && s.Format() == heap.FmtFixed || s.IsObject() && s.Format() == heap.FmtVariable {
		if s.NumSlots() > 1 { // AdditionalMethodState: method, selector
			s = in.follow(s.Slot(1))
		}
	}
	return in.stringOf(s)
}

// className answers the name of a class or metaclass.
func (in *Interp) className(c heap.Oop) string {
	const nameSlot, thisClassSlot = 6, 5
	if !c.IsObject() || c == in.nilOop || !c.Format().IsPointers() {
		return "?"
	}
	if c.NumSlots() > nameSlot {
		if s := in.stringOf(in.follow(c.Slot(nameSlot))); s != "?" {
			return s
		}
	}
	if c.NumSlots() == thisClassSlot+1 {
		if t := in.follow(c.Slot(thisClassSlot)); t != c && t.IsObject() && t.Format().IsPointers() && t.NumSlots() > nameSlot {
			return in.stringOf(in.follow(t.Slot(nameSlot))) + " class"
		}
	}
	return "?"
}

// stringOf answers the characters of a byte string or symbol, "?" for anything else.
func (in *Interp) stringOf(o heap.Oop) string {
	if !o.IsObject() || o == heap.Invalid || !o.Format().IsBytes() {
		return "?"
	}
	return in.heap.StringValue(o)
}
