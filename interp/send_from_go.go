package interp

import (
	"fmt"

	"github.com/sista-vm/sista/heap"
)

// Send sends a message from Go and answers its result; see Call. The selector is
// looked up by its characters; the number of arguments is at most seven.
func (in *Interp) Send(rcvr heap.Oop, selector heap.Oop, args ...heap.Oop) (heap.Oop, error) {
	if len(args) > 7 {
		return heap.Invalid, fmt.Errorf("interp: %d arguments for #%s, at most 7 are possible", len(args), in.stringOf(selector))
	}
	rh, sh := rcvr, selector
	m, err := in.senderMethod(sh, len(args))
	if err != nil {
		return heap.Invalid, err
	}
	return in.Call(m, in.nilOop, append([]heap.Oop{rh}, args...)...)
}

// runningMethod answers the method or block of the running frame.
func (in *Interp) runningMethod() heap.Oop {
	if frameIsNative(in.fp) {
		if n := in.frozen(in.fp); n != nil { // its code may be gone
			return n.frozen[0].method
		}
		return in.compiledAt(headPC(in.fp)).method
	}
	return in.frameWord(in.fp, frameMethod)
}

// senderMethod makes a method that sends selector to its first argument with the others.
//
//	literals  selector, selector (as its name), nil (as its class)
//	code      push temps 0..n, send literal 0, return top
func (in *Interp) senderMethod(selector heap.Oop, n int) (heap.Oop, error) {
	running := in.runningMethod()
	sista := methodIsSista(running)
	var code []byte
	for i := 0; i <= n; i++ {
		if sista {
			code = append(code, byte(64+i))
		} else {
			code = append(code, byte(16+i))
		}
	}
	if sista {
		code = append(code, 234, byte(n), 92)
	} else {
		code = append(code, 131, byte(n<<5), 124)
	}
	const literals = 3
	size := 8 + 8*literals + len(code)
	slots := (size + 7) / 8
	m := in.heap.Allocate(running.ClassIndex(), heap.FmtMethod+heap.Format(slots*8-size), slots)
	if m == heap.Invalid {
		return m, fmt.Errorf("interp: out of memory for a send of #%s", in.stringOf(selector))
	}
	h := int64(literals) | int64(n+1)<<18 | int64(n+1)<<24
	if sista {
		h |= -1 << 60
	}
	m.SetSlotRaw(0, heap.FromInt(h))
	in.heap.Store(m, 1, selector)
	in.heap.Store(m, 2, selector)
	in.heap.Store(m, 3, in.nilOop)
	copy(m.Bytes()[8+8*literals:], code)
	return m, nil
}

// FindSymbol answers the instance of the class of the special selectors with
// these characters, Invalid if the image has none. It walks the heap.
func (in *Interp) FindSymbol(name string) heap.Oop {
	class := in.special[0].ClassIndex()
	found := heap.Invalid
	in.heap.EachObject(func(o heap.Oop) bool {
		if o.ClassIndex() == class && o.Format().IsBytes() && o.NumBytes() == len(name) && in.heap.StringValue(o) == name {
			found = o
			return false
		}
		return true
	})
	return found
}
