package interp

import (
	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/plugin"
)

// The inlined primitives of the Sista bytecode set: operations that an optimizer
// emits where it has proved their operands right. Operands are on the stack of the
// running frame, the last on top, and the result replaces them. One that finds its
// operands wrong after all does nothing and is an unknown bytecode.
//
//	248 iiiiiiii 1ssjjjjj   unmapped: number i + 256*j of operation set s, of which
//	                        set 0 is here; 1000 to 5000 take one to five operands,
//	                        6000 to 8000 one to three of which the last is a jump
//	236 iiiiiiii            mapped: may send, collect or let another process run

const (
	unmappedSize = 3
	mappedSize   = 2
)

// inlinedUnmapped does the instruction 248 low high before pc.
func (in *Interp) inlinedUnmapped(low, high int) {
	if high&0xE0 != 0x80 || !in.inlinedPrimitive(low|high&31<<8) {
		in.pc -= unmappedSize
		in.unknownBytecode()
	}
}

// inlinedMapped does the instruction 236 n before pc.
func (in *Interp) inlinedMapped(n int) {
	if !in.mappedPrimitive(n) {
		in.pc -= mappedSize
		in.unknownBytecode()
	}
}

// inlinedPrimitive does an unmapped primitive; false if there is none or its
// operands are wrong.
func (in *Interp) inlinedPrimitive(n int) bool {
	switch n / 1000 {
	case 1:
		return in.replaceTop(1, func() (heap.Oop, bool) { return in.inlinedUnary(n, in.stackAt(0)) })
	case 2:
		return in.replaceTop(2, func() (heap.Oop, bool) { return in.inlinedBinary(n, in.stackAt(1), in.stackAt(0)) })
	case 3:
		return in.inlinedStore(n)
	case 6, 7, 8:
		return in.inlinedJump(n)
	}
	return false
}

// replaceTop replaces words on the stack by a result, which is Invalid as long as
// there is no memory for it.
func (in *Interp) replaceTop(words int, operation func() (heap.Oop, bool)) bool {
	r, ok := operation()
	for try := 0; ok && r == heap.Invalid; try++ {
		if !in.makeRoom(try) {
			return true
		}
		r, ok = operation()
	}
	if ok {
		in.drop(words - 1)
		in.stackPut(0, r)
	}
	return ok
}

// newInstance answers an instance of a class, Invalid without memory.
func (in *Interp) newInstance(class heap.Oop, n int) (heap.Oop, bool) {
	o, f := in.instantiate(class, n)
	return o, f == plugin.OK || f == plugin.NoMemory
}

func (in *Interp) inlinedUnary(n int, a heap.Oop) (heap.Oop, bool) {
	switch n {
	case 1000: // rawClass
		return in.heap.ClassOf(a), true
	case 1011, 1012: // rawNew, rawNewNoInit
		if a.IsImmediate() {
			return 0, false
		}
		if _, _, f := in.fixedShape(a); f != plugin.OK {
			return 0, false
		}
		return in.newInstance(a, 0)
	case 1021, 1022, 1023, 1030, 1031: // identity hashes and values of immediates
		i, ok := immediateAsInteger(a)
		return heap.FromInt(i), ok
	case 1032: // smiAsFloat
		return in.heap.NewFloat(float64(a.Int())), a.IsInt()
	case 1040: // unforward
		return in.follow(a), true
	}
	if a.IsImmediate() {
		return 0, false
	}
	f := a.Format()
	switch n {
	case 1001: // numSlots
		return heap.FromInt(int64(a.NumSlots())), f.IsPointers()
	case 1002: // numBytes
		return heap.FromInt(int64(rawLength(a, f))), f.IsBytes() || f.IsMethod()
	case 1003: // numShorts
		return heap.FromInt(int64(rawLength(a, f))), f.IsBits() && elementBits(f) == 16
	case 1004: // numWords
		return heap.FromInt(int64(rawLength(a, f))), f.IsBits() && elementBits(f) == 32
	case 1005: // numDoubleWords
		return heap.FromInt(int64(rawLength(a, f))), f.IsBits() && elementBits(f) == 64
	case 1020: // objectIdentityHash
		return heap.FromInt(int64(in.heap.IdentityHash(a))), true
	case 1024: // behaviorIdentityHash
		index, fail := in.classIndex(a)
		return heap.FromInt(int64(index)), fail == plugin.OK
	case 1039: // unforwardNonImmediate
		return in.follow(a), true
	case 1041: // possibleRoot
		if !in.heap.IsYoung(a) {
			in.heap.Remember(a)
		}
		return a, true
	}
	return 0, false
}

func (in *Interp) inlinedBinary(n int, a, b heap.Oop) (heap.Oop, bool) {
	switch n {
	case 2038: // rawEqualsEquals
		return in.heap.Bool(a == b), true
	case 2039: // rawNotEqualsEquals
		return in.heap.Bool(a != b), true
	case 2048, 2049: // rawNew:, rawNewNoInit:
		size, f := elementCount(b)
		if f != plugin.OK {
			return 0, false
		}
		return in.newInstance(a, size)
	case 2064, 2065: // pointerAt:, maybeContextPointerAt:
		if !b.IsInt() || !a.IsObject() || !a.Format().IsPointers() || position(b) >= uint64(a.NumSlots()) {
			return 0, false
		}
		return in.slot(a, position(b)), true
	case 2066, 2067, 2068, 2069: // byteAt:, shortAt:, wordAt:, doubleWordAt:
		if !inlinedElement(a, b, 8<<(n-2066)) {
			return 0, false
		}
		return in.heap.NewUint64(rawAt(a, a.Format(), position(b))), true
	}
	if !a.IsInt() || !b.IsInt() {
		return 0, false
	}
	return in.inlinedInteger(n, a.Int(), b.Int())
}

// inlinedElement tells whether an object has elements of some bits, and one at an index.
func inlinedElement(o, index heap.Oop, bits uint) bool {
	if !o.IsObject() || !index.IsInt() {
		return false
	}
	f := o.Format()
	if f.IsMethod() {
		return bits == 8 && position(index) >= codeStart(o) && position(index) < rawLength(o, f)
	}
	return f.IsBits() && elementBits(f) == bits && position(index) < rawLength(o, f)
}

// inlinedInteger is the arithmetic of SmallIntegers, whose results are small too.
func (in *Interp) inlinedInteger(n int, a, b int64) (heap.Oop, bool) {
	var r int64
	switch n {
	case 2000: // smiAdd
		r = a + b
	case 2001: // smiSubtract
		r = a - b
	case 2002: // smiMultiply
		r = a * b
		if a != 0 && (r/a != b) {
			return 0, false
		}
	case 2003, 2004, 2005, 2006: // smiDivide, smiDiv, smiMod, smiQuo
		if b == 0 {
			return 0, false
		}
		q, m := a/b, a%b
		floor := m != 0 && m^b < 0
		switch {
		case n == 2003 && m != 0:
			return 0, false
		case n == 2004 && floor:
			q--
		case n == 2005 && floor:
			m += b
		}
		if r = q; n == 2005 {
			r = m
		}
	case 2016: // smiBitAnd
		r = a & b
	case 2017: // smiBitOr
		r = a | b
	case 2018: // smiBitXor
		r = a ^ b
	case 2019: // smiShiftLeft
		if r = a << uint64(b); b < 0 || r>>uint64(b) != a {
			return 0, false
		}
	case 2020: // smiShiftRight
		if b < 0 {
			return 0, false
		}
		r = a >> uint64(b)
	case 2032: // smiGreater
		return in.heap.Bool(a > b), true
	case 2033: // smiLess
		return in.heap.Bool(a < b), true
	case 2034: // smiGreaterOrEqual
		return in.heap.Bool(a >= b), true
	case 2035: // smiLessOrEqual
		return in.heap.Bool(a <= b), true
	case 2036: // smiEqual
		return in.heap.Bool(a == b), true
	case 2037: // smiNotEqual
		return in.heap.Bool(a != b), true
	default:
		return 0, false
	}
	return heap.FromInt(r), heap.FitsInt(r)
}

// inlinedStore is the primitives of three operands.
func (in *Interp) inlinedStore(n int) bool {
	o, index, v := in.stackAt(2), in.stackAt(1), in.stackAt(0)
	switch {
	case n == 3021: // the first v bytes of two byte objects are equal
		if !plugin.IsBytes(o) || !plugin.IsBytes(index) || !v.IsInt() {
			return false
		}
		a, b := plugin.RawBytes(o), plugin.RawBytes(index)
		length := v.Int()
		if length < 0 || length > int64(min(len(a), len(b))) {
			return false
		}
		in.drop(2)
		in.stackPut(0, in.heap.Bool(string(a[:length]) == string(b[:length])))
		return true
	case n < 3000 || n > 3007 || !canStore(n-3000, o, index, v) || isImmutable(o):
		return false
	}
	in.storeAnswering(n-3000, o, index, v)
	return true
}

// canStore tells whether a store is possible, whether or not the object is
// read-only. Kinds 0 to 3 are of pointers, 4 to 7 of 8, 16, 32 and 64 bits.
func canStore(kind int, o, index, v heap.Oop) bool {
	if !o.IsObject() || !index.IsInt() {
		return false
	}
	if kind < 4 {
		return o.Format().IsPointers() && position(index) < uint64(o.NumSlots())
	}
	if !inlinedElement(o, index, 8<<(kind-4)) || o.Format().IsMethod() {
		return false
	}
	_, ok := storable(o.Format(), v)
	return ok
}

// storeAnswering does a store that is possible, and leaves the value on the stack.
func (in *Interp) storeAnswering(kind int, o, index, v heap.Oop) {
	in.drop(2)
	in.stackPut(0, v)
	if kind < 4 {
		in.setSlot(o, position(index), v)
		return
	}
	bits, _ := storable(o.Format(), v)
	in.touch(o)
	setRawAt(o, o.Format(), position(index), bits)
}

// jump moves pc by a distance in bytes, to a place in the running method.
func (in *Interp) jump(distance heap.Oop) bool {
	if !distance.IsInt() {
		return false
	}
	start := uint64(in.method) + methodStart(methodHeader(in.method))
	end := uint64(in.method) + heap.Word + uint64(in.method.NumBytes())
	target := in.pc + uint64(distance.Int())
	if target < start || target >= end {
		return false
	}
	in.pc = target
	return true
}

func (in *Interp) inlinedJump(n int) bool {
	operands := n/1000 - 5
	distance := in.stackAt(0)
	if !distance.IsInt() {
		return false
	}
	taken := true
	o := in.stackAt(operands - 1)
	switch n {
	case 6000: // backjumpNoInterrupt
	case 7016: // jumpIfWritable
		taken = o.IsObject() && !isImmutable(o)
	case 7017: // jumpIfReadOnly
		taken = o.IsImmediate() || isImmutable(o)
	case 7018: // jumpIfYoung
		taken = in.heap.IsYoung(o)
	case 7019: // jumpIfOld
		taken = o.IsObject() && !in.heap.IsYoung(o)
	case 8000: // jumpIfInstanceOf
		taken = in.heap.ClassOf(o) == in.stackAt(1)
	case 8001: // jumpIfNotInstanceOf
		taken = in.heap.ClassOf(o) != in.stackAt(1)
	case 8002, 8003: // jumpIfInstanceOfOneOf, jumpIfInstanceOfNoneOf
		classes := in.stackAt(1)
		if !isArray(classes) {
			return false
		}
		class, one := in.heap.ClassOf(o), false
		for i := range classes.NumSlots() {
			one = one || in.follow(classes.Slot(i)) == class
		}
		taken = one == (n == 8002)
	default:
		return false
	}
	if taken && !in.jump(distance) {
		return false
	}
	in.drop(operands)
	if n == 6000 {
		// The optimizer has it where a loop is short and leaves nothing to wait for;
		// that is its word, and a loop without end must still heed requests.
		in.checkLimit()
	}
	return true
}

// mappedPrimitive does a mapped primitive; false if there is none or its operands
// are wrong.
func (in *Interp) mappedPrimitive(n int) bool {
	switch n {
	case 50: // ensureEnoughSlots
		slots := in.stackAt(0)
		if !slots.IsInt() || slots.Int() < 0 {
			return false
		}
		if uint64(slots.Int()) > (in.heap.EdenLimit-in.heap.EdenFree)/heap.Word {
			in.scavengeNow()
			in.poll()
		}
		return true
	case 150, 151, 152, 153, 154, 155, 156, 157: // the checked stores
		o, index, v := in.stackAt(2), in.stackAt(1), in.stackAt(0)
		if !canStore(n-150, o, index, v) {
			return false
		}
		if !isImmutable(o) {
			in.storeAnswering(n-150, o, index, v)
			return true
		}
		in.drop(2)
		in.stackPut(0, v)
		in.push(o)
		in.push(v)
		in.push(index)
		in.attemptToAssign()
		return true
	case 200: // directCall
		literal := in.stackAt(0)
		if !literal.IsInt() || uint64(literal.Int()) >= headerNumLiterals(methodHeader(in.method)) {
			return false
		}
		m := in.follow(methodLiteral(in.method, int(literal.Int())))
		if !isMethod(m) {
			return false
		}
		in.drop(1)
		in.activateMethod(in.nilOop, m, headerNumArgs(methodHeader(m)))
		return true
	case 250: // backjumpAlwaysInterrupt
		if !in.jump(in.stackAt(0)) {
			return false
		}
		in.drop(1)
		in.poll()
		return true
	}
	return false
}
