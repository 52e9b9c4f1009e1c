package ir

import (
	"errors"
	"math"
)

// Errors of code that the verifier accepts and that is wrong all the same.
var (
	errPartial = errors.New("executed where it is undefined")
	errBarrier = errors.New("stores into an object that is not writable")
)

// value executes one value. If it leaves the function, x.left is set.
func (x *evaluation) value(v *Value) (datum, error) {
	a, err := x.get(v.Args)
	if err != nil {
		return 0, err
	}
	info := v.Op.Info()
	switch {
	case v.Op >= OpConstInt && v.Op <= OpLiteral:
		return x.constant(v)
	case v.Op >= OpIAdd && v.Op <= OpIShlO:
		return x.integer(v, int64(a[0]), int64(a[1]))
	case v.Op >= OpFAdd && v.Op <= OpFToI:
		return x.float(v, a)
	case info.Reads|info.Writes != 0 || info.Allocates || v.Op == OpAnchor || v.Op == OpWidow:
		return x.memory(v, a)
	case info.Refines || info.Guard:
		return x.guardOp(v, a)
	}
	return x.convert(v, a)
}

func (x *evaluation) constant(v *Value) (datum, error) {
	switch v.Op {
	case OpConstSmi:
		return datum(x.Machine.Integer(v.Int)), nil
	case OpAbsent:
		return datum(Absent), nil
	case OpLiteral:
		o, err := x.Machine.Literal(Handle(v.Int))
		return datum(o), err
	}
	return datum(v.Int), nil
}

func (x *evaluation) integer(v *Value, a, b int64) (datum, error) {
	if r, fits, ok := CheckedOp(v.Op, a, b); ok {
		return datum(r), x.guard(v, fits)
	}
	if r, ok := CompareInts(v.Op, a, b); ok {
		return fromBool(r), nil
	}
	r, ok := IntOp(v.Op, a, b)
	if !ok {
		return 0, errPartial
	}
	return datum(r), nil
}

func (x *evaluation) float(v *Value, a []datum) (datum, error) {
	if v.Op == OpIToF {
		return fromFloat(float64(int64(a[0]))), nil
	}
	f, g := math.Float64frombits(a[0]), 0.0
	if len(a) > 1 {
		g = math.Float64frombits(a[1])
	}
	if v.Op == OpFToI {
		n, ok := Truncate(f)
		return datum(n), x.guard(v, ok)
	}
	if r, ok := CompareFloats(v.Op, f, g); ok {
		return fromBool(r), nil
	}
	r, ok := FloatOp(v.Op, f, g)
	if !ok {
		return 0, errPartial
	}
	return fromFloat(r), nil
}

// convert executes tests of objects and changes of type.
func (x *evaluation) convert(v *Value, a []datum) (datum, error) {
	m := x.Machine
	switch v.Op {
	case OpBNot:
		return a[0] ^ 1, nil
	case OpOopEq:
		return fromBool(a[0] == a[1]), nil
	case OpIsSmi:
		_, ok := m.IntegerValue(Oop(a[0]))
		return fromBool(ok), nil
	case OpHasClass:
		return fromBool(m.ClassIndex(Oop(a[0])) == v.Int), nil
	case OpClassIndex:
		return datum(m.ClassIndex(Oop(a[0]))), nil
	case OpClassOf:
		return datum(m.ClassOf(Oop(a[0]))), nil
	case OpSize:
		n, err := m.Size(Oop(a[0]), v.Int)
		return datum(n), err
	case OpIsChar:
		_, ok := m.CharacterValue(Oop(a[0]))
		return fromBool(ok), nil
	case OpIsFloat:
		_, ok := m.FloatValue(Oop(a[0]))
		return fromBool(ok), nil
	case OpCharValue:
		n, ok := m.CharacterValue(Oop(a[0]))
		if !ok {
			return 0, errPartial
		}
		return datum(n), nil
	case OpMakeChar:
		if n := int64(a[0]); n < 0 || n >= NumCharacters {
			return 0, errPartial
		}
		return datum(m.Character(int64(a[0]))), nil
	case OpTag:
		if !FitsSmallInteger(int64(a[0])) {
			return 0, errPartial
		}
		return datum(m.Integer(int64(a[0]))), nil
	case OpUntag:
		n, _ := m.IntegerValue(Oop(a[0]))
		return datum(n), nil
	case OpFromBool:
		h := HandleFalse
		if a[0] != 0 {
			h = HandleTrue
		}
		o, err := m.Literal(h)
		return datum(o), err
	case OpUnboxFloat:
		f, ok := m.FloatValue(Oop(a[0]))
		if !ok {
			return 0, errPartial
		}
		return fromFloat(f), nil
	}
	return 0, errors.New("not evaluated")
}

func (x *evaluation) guardOp(v *Value, a []datum) (datum, error) {
	ok := false
	switch v.Op {
	case OpGuardSmi, OpKnownSmi:
		_, ok = x.Machine.IntegerValue(Oop(a[0]))
	case OpGuardFloat, OpKnownFloat:
		_, ok = x.Machine.FloatValue(Oop(a[0]))
	case OpGuardChar:
		_, ok = x.Machine.CharacterValue(Oop(a[0]))
	case OpGuardObj:
		ok = x.Machine.IsObject(Oop(a[0]))
	case OpGuardClass, OpKnownClass:
		ok = x.Machine.IsObject(Oop(a[0])) && x.Machine.ClassIndex(Oop(a[0])) == v.Int
	case OpGuardIndex:
		ok = int64(a[0]) >= 0 && int64(a[0]) < int64(a[1])
	case OpGuardTrue:
		ok = a[0] != 0
	case OpGuardFalse:
		ok = a[0] == 0
	}
	if !v.Op.Info().Guard && !ok {
		return 0, errPartial
	}
	if !v.Op.Info().Guard {
		return a[0], nil
	}
	return a[0], x.guard(v, ok)
}

func (x *evaluation) memory(v *Value, a []datum) (datum, error) {
	m := x.Machine
	var o Oop
	var n int64
	var err error
	if v.Op >= OpReplaceBytes && v.Op <= OpHashBytes {
		return x.bytes(v, a)
	}
	if v.Op.Info().Writes&(AliasSlots|AliasElements|AliasRaw) != 0 && !v.Op.Info().Call && !m.Writable(Oop(a[0])) {
		return 0, errBarrier
	}
	switch v.Op {
	case OpAnchor:
		return 0, nil
	case OpGuardWritable:
		return 0, x.guard(v, m.Writable(Oop(a[0])))
	case OpTouch:
		if !m.Writable(Oop(a[0])) {
			return 0, x.deopt(v, v.Reason)
		}
		return 0, nil
	case OpBoxFloat:
		o, err = m.Float(math.Float64frombits(a[0]))
	case OpLoadSlot:
		o, err = m.Slot(Oop(a[0]), v.Int)
	case OpStoreSlot:
		return 0, m.SetSlot(Oop(a[0]), v.Int, Oop(a[1]))
	case OpLoadElement:
		o, err = m.Element(Oop(a[0]), int64(a[1]))
	case OpStoreElement:
		return 0, m.SetElement(Oop(a[0]), int64(a[1]), Oop(a[2]))
	case OpLoadRaw:
		n, err = m.Raw(Oop(a[0]), int64(a[1]), v.Int)
		return datum(n), err
	case OpStoreRaw:
		return 0, m.SetRaw(Oop(a[0]), int64(a[1]), v.Int, int64(a[2]))
	case OpLoadFloat:
		n, err = m.Raw(Oop(a[0]), int64(a[1]), v.Int)
		if v.Int == 4 {
			return fromFloat(float64(math.Float32frombits(uint32(n)))), err
		}
		return datum(n), err
	case OpStoreFloat:
		bits := int64(a[2])
		if v.Int == 4 {
			bits = int64(math.Float32bits(float32(math.Float64frombits(a[2]))))
		}
		return 0, m.SetRaw(Oop(a[0]), int64(a[1]), v.Int, bits)
	case OpNewContext:
		frames, err := x.frames(v.State)
		if err != nil {
			return 0, err
		}
		o, err = m.NewContext(frames[len(frames)-1-int(v.Int)])
		return datum(o), err
	case OpWidow:
		return 0, m.Widow(Oop(a[0]))
	case OpIdentityHash:
		n, err = m.IdentityHash(Oop(a[0]))
		return datum(n), err
	case OpNew:
		o, err = m.New(v.Int, oops(a))
	case OpNewArray:
		o, err = m.NewArray(v.Int, int64(a[0]))
	case OpNewRaw:
		o, err = m.NewRaw(v.Int, int64(a[0]))
	case OpSend:
		o, err = m.Send(v.Sym, oops(a))
		err = x.leaveAtCall(v, o, err)
	case OpCall:
		o, err = m.Call(v.Sym, oops(a))
		err = x.leaveAtCall(v, o, err)
	case OpPoll:
		leave, err := m.Poll()
		if err == nil && leave {
			err = x.deopt(v, v.Reason)
		}
		return 0, err
	default:
		err = errors.New("not evaluated")
	}
	return datum(o), err
}

// leaveAtCall leaves by the state of a call if its error asks for that.
func (x *evaluation) leaveAtCall(v *Value, answer Oop, err error) error {
	var l Leaver
	if !errors.As(err, &l) || !l.Leaves() {
		return err
	}
	err = x.deopt(v, ReasonInvalidated)
	x.out.Value, x.out.Cause = answer, l
	return err
}

func oops(a []datum) []Oop {
	os := make([]Oop, len(a))
	for i, d := range a {
		os[i] = Oop(d)
	}
	return os
}
