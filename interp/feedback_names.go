package interp

import (
	"github.com/sista-vm/sista/counters"
	"github.com/sista-vm/sista/heap"
)

// CodeName answers what a method or block is called: Class>>selector, [] in Class>>selector.
func (in *Interp) CodeName(m heap.Oop) string {
	if !isMethod(m) {
		return "?"
	}
	name := ""
	for {
		n := int(headerNumLiterals(methodHeader(m)))
		if n == 0 {
			break
		}
		last := in.follow(methodLiteral(m, n-1))
		if !isMethod(last) {
			break
		}
		name += "[] in "
		m = last
	}
	return name + in.className(in.methodClass(m)) + ">>" + in.selectorOf(m)
}

// FeedbackNames answers how a dump of the table names methods and classes.
func (in *Interp) FeedbackNames() counters.Names {
	return counters.Names{
		Method: func(id counters.Method) string {
			if m := in.MethodOf(id); m != heap.Invalid {
				return in.CodeName(m)
			}
			return "?"
		},
		Class: func(c counters.Class) string { return in.className(in.heap.ClassAt(uint32(c))) },
	}
}
