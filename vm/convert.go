package vm

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"reflect"
	"unicode/utf8"
	"unsafe"

	"github.com/sista-vm/sista/heap"
)

// Symbol is a Go string that becomes a Symbol.
type Symbol string

// Character is a Go rune that becomes a Character.
type Character rune

// handle is an object on its way through code that takes Go values.
type handle struct{ oop *heap.Oop }

var errNoMemory = errors.New("out of memory")

// FromGo makes an object of a Go value:
//
//	nil, bool                      nil, true, false
//	integers, *big.Int             Integer
//	float32, float64               Float
//	*big.Rat                       Fraction, or Integer if it is whole
//	string, Symbol, Character      String, Symbol, Character
//	[]byte                         ByteArray
//	[]any, other slices, arrays    Array
//	*Value                         the object
//
// Bytes of a string that are not UTF-8 become the character 65533.
func (v *VM) FromGo(x any) (*Value, error) {
	return v.locked(func() (heap.Oop, error) {
		if v.class != nil {
			ctx := context.Background()
			if err := v.serve(ctx); err != nil {
				return 0, err
			}
			if err := v.intern(ctx, []any{x}); err != nil {
				return 0, err
			}
		}
		list, err := v.objects([]any{x})
		if err != nil {
			return 0, err
		}
		return list[0], nil
	})
}

// objects makes objects of Go values. If memory is short it collects, and tries
// again: no object is held across the collection.
func (v *VM) objects(values []any) ([]heap.Oop, error) {
	for try := 0; ; try++ {
		list, err := v.tryObjects(values)
		switch {
		case err == nil:
			return list, nil
		case !errors.Is(err, errNoMemory):
			return nil, err
		case try > 0:
			return nil, &Error{Class: "OutOfMemory", Message: "no room for the arguments of a call from Go", cause: err}
		}
		v.in.Collect()
	}
}

func (v *VM) tryObjects(values []any) ([]heap.Oop, error) {
	list := make([]heap.Oop, len(values))
	for i, x := range values {
		o, err := v.object(x)
		if err != nil {
			return nil, err
		}
		if o == heap.Invalid {
			return nil, errNoMemory
		}
		list[i] = o
	}
	return list, nil
}

// object makes an object of a Go value, Invalid if there is no memory. No
// collection happens meanwhile.
func (v *VM) object(x any) (heap.Oop, error) {
	h := v.heap
	switch x := x.(type) {
	case nil:
		return h.Nil, nil
	case handle:
		return h.Follow(*x.oop), nil
	case *Value:
		switch {
		case x.vm != v:
			return 0, errors.New("vm: a value of another VM")
		case x.released.Load():
			return 0, errReleased
		}
		return h.Follow(*x.oop), nil
	case *big.Int:
		return h.NewBig(x), nil
	case *big.Rat:
		return v.fractionObject(x)
	case []byte:
		return h.NewBytes(x), nil
	case Character:
		if x < 0 || x > heap.MaxCharacter {
			return 0, fmt.Errorf("vm: %d is no code of a character", x)
		}
		return heap.FromChar(uint32(x)), nil
	case Symbol:
		s := v.symbol(string(x))
		if s == heap.Invalid {
			return 0, fmt.Errorf("vm: the image has no symbol #%s", string(x))
		}
		return s, nil
	}
	r := reflect.ValueOf(x)
	switch {
	case r.Kind() == reflect.Bool:
		return h.Bool(r.Bool()), nil
	case r.CanInt():
		return h.NewInt64(r.Int()), nil
	case r.CanUint():
		return h.NewUint64(r.Uint()), nil
	case r.CanFloat():
		return h.NewFloat(r.Float()), nil
	case r.Kind() == reflect.String:
		return v.stringObject(r.String())
	case r.Kind() == reflect.Slice || r.Kind() == reflect.Array:
		return v.arrayObject(r)
	}
	return 0, fmt.Errorf("vm: no object can be made of a %T", x)
}

func (v *VM) arrayObject(r reflect.Value) (heap.Oop, error) {
	values := make([]any, r.Len())
	for i := range values {
		values[i] = r.Index(i).Interface()
	}
	elements, err := v.tryObjects(values)
	if err != nil {
		return 0, err
	}
	a := v.heap.NewArray(len(elements))
	if a != heap.Invalid {
		for i, e := range elements {
			v.heap.Store(a, i, e)
		}
	}
	return a, nil
}

// Slots of a Fraction.
const (
	numerator = iota
	denominator
)

func (v *VM) fractionObject(x *big.Rat) (heap.Oop, error) {
	if x.IsInt() {
		return v.heap.NewBig(x.Num()), nil
	}
	class := v.in.FindClass("Fraction")
	if class == heap.Invalid {
		return 0, fmt.Errorf("vm: the image has no class Fraction for %v", x)
	}
	parts, err := v.tryObjects([]any{x.Num(), x.Denom()})
	if err != nil {
		return 0, err
	}
	o, e := v.heap.NewFixed(class)
	if e != heap.OK {
		return heap.Invalid, nil
	}
	if o.NumSlots() <= denominator {
		return 0, fmt.Errorf("vm: the image's class Fraction has no two variables")
	}
	v.heap.Store(o, numerator, parts[0])
	v.heap.Store(o, denominator, parts[1])
	return o, nil
}

// stringObject makes a ByteString, or a WideString when a character is above 255.
func (v *VM) stringObject(s string) (heap.Oop, error) {
	points := []rune(s)
	narrow := make([]byte, len(points))
	wide := false
	for i, r := range points {
		narrow[i] = byte(r)
		wide = wide || r > 255
	}
	if !wide {
		return v.heap.NewString(string(narrow)), nil
	}
	class := v.in.FindClass("WideString")
	if class == heap.Invalid {
		return 0, fmt.Errorf("vm: the image has no class WideString for %q", s)
	}
	o, e := v.heap.NewIndexed(class, len(points))
	if e != heap.OK {
		return heap.Invalid, nil
	}
	for i, r := range points {
		words(o)[i] = uint32(r)
	}
	return o, nil
}

// words is the contents of an object of 32-bit elements.
func words(o heap.Oop) []uint32 {
	n := o.NumSlots()*2 - int(o.Format()&1)
	return unsafe.Slice((*uint32)(heap.Pointer(o.SlotAddr(0))), n)
}

func isWords(o heap.Oop) bool {
	return o.IsObject() && o.Format()&^1 == heap.FmtWords32 && o.ClassIndex() != heap.ClassFloat
}

// text answers the characters of a String as Go has them.
func (v *VM) text(o heap.Oop) string {
	o = v.heap.Follow(o)
	var b []byte
	switch {
	case o.IsObject() && o.Format().IsBytes():
		for _, c := range o.Bytes() {
			b = utf8.AppendRune(b, rune(c))
		}
	case isWords(o):
		for _, c := range words(o) {
			b = utf8.AppendRune(b, rune(c))
		}
	}
	return string(b)
}

// inherits tells whether an object's class or a superclass has the name.
func (v *VM) inherits(o heap.Oop, name string) bool {
	const superclass, most = 0, 100 // a damaged chain may be a circle
	class := v.heap.Follow(v.heap.ClassOf(o))
	for range most {
		if !class.IsObject() || class == v.heap.Nil || !class.Format().IsPointers() || class.NumSlots() == 0 {
			break
		}
		if v.in.NameOfClass(class) == name {
			return true
		}
		class = v.heap.Follow(class.Slot(superclass))
	}
	return false
}

// goValue is the inverse of FromGo. What has no counterpart in Go is a *Value.
func (v *VM) goValue(o heap.Oop, depth int) any {
	const deepest = 1000 // an Array may contain itself
	o = v.heap.Follow(o)
	switch {
	case o == v.heap.Nil:
		return nil
	case o == v.heap.True:
		return true
	case o == v.heap.False:
		return false
	case o.IsChar():
		return Character(o.Char())
	}
	if i, ok := v.heap.IntValue64(o); ok {
		return i
	}
	if b, ok := v.heap.BigValue(o); ok {
		return b
	}
	if f, ok := v.heap.FloatValue(o); ok {
		return f
	}
	switch {
	case o.Format() == heap.FmtArray && depth < deepest:
		list := make([]any, o.NumSlots())
		for i := range list {
			list[i] = v.goValue(o.Slot(i), depth+1)
		}
		return list
	case (o.Format().IsBytes() || isWords(o)) && v.inherits(o, "Symbol"):
		return Symbol(v.text(o))
	case (o.Format().IsBytes() || isWords(o)) && v.inherits(o, "String"):
		return v.text(o)
	case o.Format().IsBytes():
		return append([]byte{}, o.Bytes()...)
	case o.Format() == heap.FmtFixed && o.NumSlots() == denominator+1 && v.inherits(o, "Fraction"):
		n, ok1 := v.bigInt(o.Slot(numerator))
		d, ok2 := v.bigInt(o.Slot(denominator))
		if ok1 && ok2 && d.Sign() != 0 {
			return new(big.Rat).SetFrac(n, d)
		}
	}
	return v.value(o)
}

func (v *VM) bigInt(o heap.Oop) (*big.Int, bool) {
	o = v.heap.Follow(o)
	if o.IsInt() {
		return big.NewInt(o.Int()), true
	}
	return v.heap.BigValue(o)
}
