package build

import (
	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/smalltalk/ast"
)

// Dictionaries are objects with variables named tally and array, found by name. The
// array holds associations, nil where it is free; the search for a key begins at
// (key identityHash \\ array size) + 1 and goes on around the array.

// isDictionary tells whether instances of a class can be filled by that rule.
func (c *class) isDictionary() bool {
	return c != nil && c.format() == heap.FmtFixed && c.has("tally") && c.has("array")
}

// dictionaryClass answers the first class of some names that is a dictionary, or nil.
func (t *tree) dictionaryClass(names ...string) *class {
	for _, name := range names {
		if c := t.byName[name]; c.isDictionary() {
			return c
		}
	}
	return nil
}

// dictionary makes a dictionary of associations whose keys are symbols.
func (b *builder) dictionary(c *class, associations []heap.Oop) heap.Oop {
	o := b.instance(c, 0)
	b.fillDictionary(o, c, associations)
	return o
}

// fillDictionary puts associations, whose keys are symbols, into a dictionary.
func (b *builder) fillDictionary(o heap.Oop, c *class, associations []heap.Oop) {
	size := len(associations)*3/2 + 5 // room to grow, and always a free slot
	slots := make([]heap.Oop, size)
	for _, a := range associations {
		i := int(b.imageHash(a.Slot(0)) % int64(size))
		for slots[i] != heap.Invalid {
			i = (i + 1) % size
		}
		slots[i] = a
	}
	b.set(o, c, "tally", heap.FromInt(int64(len(associations))))
	b.set(o, c, "array", b.array(slots))
}

// methodDictionary makes a MethodDictionary:
//
//	slot 0    number of methods
//	slot 1    array of the methods
//	slots 2.. selectors; the search begins at hash & (size - 1)
func (b *builder) methodDictionary(selectors []string, methods []heap.Oop) heap.Oop {
	size := 2 // a power of two, at least a quarter of it free
	for size*3/4 < len(selectors) {
		size *= 2
	}
	c := b.byName["MethodDictionary"]
	o := b.instance(c, size)
	named := len(c.instVars())
	values := make([]heap.Oop, size)
	for i, s := range selectors {
		key := b.symbol(s)
		at := int(b.h.IdentityHash(key)) & (size - 1)
		for values[at] != heap.Invalid {
			at = (at + 1) & (size - 1)
		}
		values[at] = methods[i]
		b.h.Store(o, named+at, key)
	}
	b.h.Store(o, 0, heap.FromInt(int64(len(selectors))))
	b.h.Store(o, 1, b.array(values))
	return o
}

// imageHash answers what a symbol answers to identityHash in the image: the hash of
// its header, or what the tree's own methods make of that (most kernels shift it).
func (b *builder) imageHash(symbol heap.Oop) int64 {
	h := int64(b.h.IdentityHash(symbol))
	if v, ok := b.evaluate(b.symbolClass(), "identityHash", h, 0); ok && v >= 0 {
		return v
	}
	return h
}

// hashPrimitive is the number of the primitive that answers the hash in the header.
const hashPrimitive = 75

// evaluate answers the value of a unary message to self, a symbol with some hash, when
// the method only does arithmetic on constants and on other such messages.
func (t *tree) evaluate(receiver *class, selector string, hash int64, depth int) (int64, bool) {
	var m *method
	for c := receiver; c != nil && m == nil; c = c.super {
		m = c.find(instanceSide, selector)
	}
	if m == nil || depth > 10 {
		return 0, false
	}
	if p := m.Method.Primitive; p != nil {
		return hash, p.Number == hashPrimitive
	}
	if len(m.Method.Body.Statements) != 1 {
		return 0, false
	}
	r, ok := m.Method.Body.Statements[0].(*ast.Return)
	if !ok {
		return 0, false
	}
	var value func(e ast.Expr) (int64, bool)
	value = func(e ast.Expr) (int64, bool) {
		switch e := e.(type) {
		case *ast.Integer:
			return e.Value.Int64(), e.Value.IsInt64()
		case *ast.Send:
			if v, ok := e.Receiver.(*ast.Variable); ok && v.Name == "self" && len(e.Message.Args) == 0 {
				return t.evaluate(receiver, e.Message.Selector, hash, depth+1)
			}
			if len(e.Message.Args) != 1 {
				return 0, false
			}
			x, ok1 := value(e.Receiver)
			y, ok2 := value(e.Message.Args[0])
			if !ok1 || !ok2 {
				return 0, false
			}
			return arithmetic(e.Message.Selector, x, y)
		}
		return 0, false
	}
	return value(r.Value)
}

// arithmetic answers the value of a message between small non-negative numbers.
func arithmetic(selector string, x, y int64) (int64, bool) {
	const limit = 1 << 40
	if x < 0 || x > limit {
		return 0, false
	}
	if selector == ">>" {
		selector, y = "bitShift:", -y
	}
	switch selector {
	case "bitShift:", "<<":
		if y < -60 || y > 30 {
			return 0, false
		}
		if y < 0 {
			return x >> -y, true
		}
		return x << y, x < 1<<30
	case "+":
		return x + y, true
	case "*":
		return x * y, y >= 0 && x < 1<<30 && y < 1<<30
	case "bitAnd:":
		return x & y, true
	case "bitXor:":
		return x ^ y, true
	case "bitOr:":
		return x | y, true
	}
	return 0, false
}
