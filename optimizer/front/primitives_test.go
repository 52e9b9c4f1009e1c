package front_test

import (
	"math"

	"github.com/sista-vm/sista/optimizer/ir"
)

// primitive runs a method's primitive; ok is false if it fails.
func (m *machine) primitive(caller *activation, x *testMethod, rcvr ir.Oop, args []ir.Oop) (v ir.Oop, ok bool, err error) {
	n := x.Primitive
	switch {
	case n >= 1 && n <= 17:
		return m.smallInteger(n, rcvr, args[0])
	case n >= 41 && n <= 59:
		return m.floatPrimitive(n, rcvr, args)
	case n >= 541 && n <= 559:
		return m.floatPrimitive(n-500, rcvr, args)
	case n >= 264 && n < 520:
		return m.at(rcvr).slots[n-264], true, nil
	case n >= 256 && n < 264:
		return []ir.Oop{rcvr, trueOop, falseOop, nilOop, m.Integer(-1), m.Integer(0), m.Integer(1), m.Integer(2)}[n-256], true, nil
	case n >= 201 && n <= 209:
		if int(m.at(m.at(rcvr).slots[1]).method.Args) != len(args) {
			return 0, false, nil
		}
		v, err := m.evaluate(caller, rcvr, args)
		return v, err == nil, err
	}
	switch n {
	case 40:
		i, ok := m.IntegerValue(rcvr)
		return m.float(float64(i)), ok, nil
	case 60, 61, 62, 63, 64:
		v, ok = m.elements(n, rcvr, args)
		return v, ok, nil
	case 70:
		c := m.at(rcvr).self
		if c.format > 1 {
			return 0, false, nil
		}
		slots := make([]ir.Oop, len(c.fields))
		for i := range slots {
			slots[i] = nilOop
		}
		v, err := m.New(c.index, slots)
		return v, err == nil, nil
	case 71:
		c := m.at(rcvr).self
		size, ok := m.IntegerValue(args[0])
		if !ok || size < 0 || size > maxObjectSize {
			return 0, false, nil
		}
		if c.format == 2 || c.format == 3 {
			v, err = m.NewArray(c.index, size+int64(len(c.fields)))
		} else {
			v, err = m.NewRaw(c.index, size)
		}
		return v, err == nil, nil
	case 75:
		h, _ := m.IdentityHash(rcvr)
		return m.Integer(h), true, nil
	case 83:
		x := m.lookup(m.classOf(rcvr), args[0])
		if x == nil || x.Args != len(args)-1 {
			return 0, false, nil
		}
		v, err := m.invoke(caller, x, rcvr, args[1:])
		return v, err == nil, err
	case 110:
		return m.boolean(rcvr == args[0]), true, nil
	case 111:
		return m.classOf(rcvr).oop, true, nil
	case 170:
		i, ok := m.IntegerValue(rcvr)
		return m.Character(i), ok && i >= 0 && i < ir.NumCharacters, nil
	case 171:
		c, ok := m.CharacterValue(rcvr)
		return m.Integer(c), ok, nil
	}
	return 0, false, nil
}

func (m *machine) smallInteger(n int, rcvr, arg ir.Oop) (ir.Oop, bool, error) {
	x, ok := m.IntegerValue(rcvr)
	y, ok2 := m.IntegerValue(arg)
	if !ok || !ok2 {
		return 0, false, nil
	}
	var r int64
	ops := []ir.Op{1: ir.OpIAddO, 2: ir.OpISubO, 9: ir.OpIMulO, 11: ir.OpIMod, 12: ir.OpIDiv, 13: ir.OpIQuo, 10: ir.OpIQuo, 14: ir.OpIAnd, 15: ir.OpIOr, 16: ir.OpIXor}
	switch n {
	case 1, 2, 9:
		r, ok, _ = ir.CheckedOp(ops[n], x, y)
	case 3:
		return m.boolean(x < y), true, nil
	case 4:
		return m.boolean(x > y), true, nil
	case 5:
		return m.boolean(x <= y), true, nil
	case 6:
		return m.boolean(x >= y), true, nil
	case 7:
		return m.boolean(x == y), true, nil
	case 8:
		return m.boolean(x != y), true, nil
	case 17:
		switch {
		case y > 61 || y < -61:
			return 0, false, nil
		case y <= 0:
			r = x >> uint(-y)
		default:
			r = x << uint(y)
			ok = r>>uint(y) == x
		}
	default:
		r, ok = ir.IntOp(ops[n], x, y)
		if ok && n == 10 {
			ok = r*y == x
		}
	}
	return m.Integer(r), ok && ir.FitsSmallInteger(r), nil
}

func (m *machine) floatPrimitive(n int, rcvr ir.Oop, args []ir.Oop) (ir.Oop, bool, error) {
	x, _ := m.FloatValue(rcvr)
	if len(args) == 0 {
		switch n {
		case 51:
			i, ok := ir.Truncate(x)
			return m.Integer(i), ok, nil
		case 55:
			return m.float(math.Sqrt(x)), x >= 0, nil
		}
		return 0, false, nil
	}
	y, ok := m.FloatValue(args[0])
	if i, isInt := m.IntegerValue(args[0]); isInt {
		y, ok = float64(i), i >= -1<<53 && i <= 1<<53
	}
	if !ok {
		return 0, false, nil
	}
	switch n {
	case 41:
		return m.float(x + y), true, nil
	case 42:
		return m.float(x - y), true, nil
	case 43:
		return m.boolean(x < y), true, nil
	case 44:
		return m.boolean(x > y), true, nil
	case 45:
		return m.boolean(x <= y), true, nil
	case 46:
		return m.boolean(x >= y), true, nil
	case 47:
		return m.boolean(x == y), true, nil
	case 48:
		return m.boolean(x != y), true, nil
	case 49:
		return m.float(x * y), true, nil
	case 50:
		return m.float(x / y), y != 0, nil
	}
	return 0, false, nil
}

// elements is at:, at:put: and size of objects, and of strings.
func (m *machine) elements(n int, rcvr ir.Oop, args []ir.Oop) (ir.Oop, bool) {
	x := m.at(rcvr)
	c := x.class
	unit := ir.Class{Format: c.format}.Unit()
	fixed := int64(len(c.fields))
	size := int64(len(x.slots)) - fixed
	if unit > 0 {
		size = int64(len(x.raw)) / unit
	}
	if n == 62 {
		return m.Integer(size), true
	}
	i, ok := m.IntegerValue(args[0])
	if !ok || i < 1 || i > size {
		return 0, false
	}
	i--
	switch {
	case unit == 0 && n == 60:
		return x.slots[fixed+i], true
	case unit == 0:
		x.slots[fixed+i] = args[1]
		return args[1], true
	case n == 60 || n == 63:
		v, _ := m.Raw(rcvr, i, unit)
		if n == 63 {
			return m.Character(v), true
		}
		return m.Integer(v), true
	}
	v, ok := m.IntegerValue(args[1])
	if n == 64 {
		v, ok = m.CharacterValue(args[1])
	}
	if !ok || v < 0 || unit < 8 && v >= 1<<(8*unit) {
		return 0, false
	}
	m.SetRaw(rcvr, i, unit, v)
	return args[1], true
}
