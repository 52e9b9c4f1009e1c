package compiler

import (
	"github.com/sista-vm/sista/bytecode"
	"github.com/sista-vm/sista/smalltalk/ast"
)

// maxVector is the size of the largest array that one bytecode makes.
const maxVector = 127

// layout gives every variable its place. A frame is
//
//	parameters | copied values | temps and vectors, scope by scope | error code
//
// and a variable that closures share lives in a vector: an Array, made when
// its scope is entered, that they copy in its stead. The error code of a
// failed primitive comes last, because a VM leaves it in the last temp before
// the code stores it.
func (c *compilation) layout() {
	for _, fn := range c.order {
		for _, s := range fn.scopes {
			for _, v := range s.vars {
				if v.remote = v.needsVector(); v.remote {
					owner := s.vectorOwner
					v.index = len(owner.remote)
					owner.remote = append(owner.remote, v)
				}
			}
		}
		for _, s := range fn.scopes {
			if n := len(s.remote); n > maxVector {
				c.errorf(s.remote[maxVector].span, "%d variables are shared with blocks; the limit is %d", n, maxVector)
			} else if n > 0 {
				s.vector = &variable{scope: s, kind: hidden}
			}
		}
	}
	for _, fn := range c.order {
		c.layoutFrame(fn)
	}
}

func (c *compilation) layoutFrame(fn *function) {
	fn.slots = map[*variable]int{}
	add := func(v *variable) {
		if _, ok := fn.slots[v]; !ok {
			fn.slots[v] = fn.numTemps
			fn.numTemps++
		}
	}
	for _, v := range fn.params {
		add(v)
	}
	for _, v := range fn.free {
		h := v.holder()
		if _, ok := fn.slots[h]; !ok {
			fn.copied = append(fn.copied, h)
			add(h)
		}
	}
	for _, s := range fn.scopes {
		for _, v := range s.vars {
			if !v.remote && v != c.errorCode {
				add(v)
			}
		}
		if s.vector != nil {
			add(s.vector)
		}
	}
	if c.errorCode != nil && fn.outer == nil {
		if c.errorCode.remote {
			c.errorSlot = &variable{scope: fn.scope, kind: hidden}
		} else {
			c.errorSlot = c.errorCode
		}
		add(c.errorSlot)
	}
	if fn.numTemps > bytecode.MaxTemps {
		c.errorf(fn.nameSpan(), "%s needs %d temporaries; the limit is %d", fn, fn.numTemps, bytecode.MaxTemps)
	}
}

// String says what kind of function this is, for messages.
func (fn *function) String() string {
	if fn.outer == nil {
		return "the method"
	}
	return "the block"
}

// nameSpan is the place that messages about the function as a whole point at.
func (fn *function) nameSpan() ast.Span {
	if m, ok := fn.node.(*ast.Method); ok && len(m.SelectorParts) > 0 {
		return m.SelectorParts[0]
	}
	return fn.node.Range()
}
