package build

import (
	"math"
	"math/big"
	"slices"

	"github.com/sista-vm/sista/heap"
)

// allocate makes an object in old space. Where there is no memory building ends.
func (b *builder) allocate(c *class, f heap.Format, slots int) heap.Oop {
	o := b.h.AllocateOld(b.indices[c][instanceSide], f, slots)
	if o == heap.Invalid {
		panic(heap.NoMemory)
	}
	return o
}

// instance makes an object with the named variables of its class and n indexed ones.
func (b *builder) instance(c *class, n int) heap.Oop {
	return b.allocate(c, c.format(), len(c.instVars())+n)
}

// set stores an instance variable by name, if instances of the class have it.
func (b *builder) set(o heap.Oop, c *class, name string, v heap.Oop) bool {
	i := slices.Index(c.instVars(), name)
	if i >= 0 {
		b.h.Store(o, i, v)
	}
	return i >= 0
}

// has tells whether instances of a class have a variable.
func (c *class) has(name string) bool { return slices.Contains(c.instVars(), name) }

// array makes an Array. Slots of elements that are Invalid hold nil.
func (b *builder) array(elements []heap.Oop) heap.Oop {
	o := b.allocate(b.knownAt(heap.ClassArray), heap.FmtArray, len(elements))
	for i, e := range elements {
		if e != heap.Invalid {
			b.h.Store(o, i, e)
		}
	}
	return o
}

// bytes makes an object of bytes.
func (b *builder) bytes(c *class, data []byte) heap.Oop {
	o := b.allocate(c, heap.FmtBytes+heap.Format(-len(data)&7), (len(data)+7)/8)
	copy(o.Bytes(), data)
	return o
}

// text makes an object of the characters of s: of bytes where all of them are small
// enough, else of 32-bit words.
func (b *builder) text(narrow, wide *class, s string) heap.Oop {
	runes := []rune(s)
	if narrow == nil || !isLatin1(s) && wide == nil {
		return b.h.Nil
	}
	if isLatin1(s) {
		data := make([]byte, len(runes))
		for i, r := range runes {
			data[i] = byte(r)
		}
		return b.bytes(narrow, data)
	}
	o := b.allocate(wide, heap.FmtWords32+heap.Format(len(runes)&1), (len(runes)+1)/2)
	words := o.Words32()
	for i, r := range runes {
		words[i] = uint32(r)
	}
	return o
}

func (b *builder) string(s string) heap.Oop {
	return b.text(b.knownAt(heap.ClassByteString), b.byName["WideString"], s)
}

// symbol answers the only symbol of its characters. Its hash is drawn when it is made.
func (b *builder) symbol(s string) heap.Oop {
	o, ok := b.symbols[s]
	if !ok {
		o = b.text(b.symbolClass(), b.byName["WideSymbol"], s)
		b.h.IdentityHash(o)
		b.symbols[s] = o
	}
	return o
}

func (t *tree) symbolClass() *class {
	return t.known(knownClass{names: symbolNames, format: heap.FmtBytes})
}

// integer makes an Integer.
func (b *builder) integer(v *big.Int) heap.Oop {
	if v.IsInt64() && heap.FitsInt(v.Int64()) {
		return heap.FromInt(v.Int64())
	}
	c := b.knownAt(heap.ClassLargePos)
	if v.Sign() < 0 {
		c = b.knownAt(heap.ClassLargeNeg)
	}
	magnitude := v.Bytes()
	slices.Reverse(magnitude)
	return b.bytes(c, magnitude)
}

// float makes a Float, immediate whenever it can be.
func (b *builder) float(f float64) heap.Oop {
	if o, ok := heap.FromSmallFloat(f); ok {
		return o
	}
	o := b.allocate(b.boxedFloats(), heap.FmtWords32, 1)
	o.SetWord(0, math.Float64bits(f))
	return o
}

// fraction makes an instance of a class with a numerator and denominator, or with
// the fraction they make.
func (b *builder) fraction(c *class, v *big.Rat) heap.Oop {
	o := b.instance(c, 0)
	if !b.set(o, c, "numerator", b.integer(v.Num())) && b.byName["Fraction"] != nil && c != b.byName["Fraction"] {
		value := b.integer(v.Num())
		if !v.IsInt() {
			value = b.fraction(b.byName["Fraction"], v)
		}
		b.set(o, c, "fraction", value)
	}
	b.set(o, c, "denominator", b.integer(v.Denom()))
	return o
}
