package vm

import (
	"context"
	"fmt"
	"math/big"
	"runtime"
	"unicode/utf8"
	"unsafe"

	"github.com/sista-vm/sista/heap"
)

// Value is an object of the image, held for Go: it lives until Release, or until
// Go's collector finds the Value unreachable.
type Value struct {
	vm  *VM
	oop *heap.Oop // updated when the object moves
}

// Symbol is a Go string that becomes a Symbol.
type Symbol string

// object is an oop on its way through code that takes Go values.
type object heap.Oop

func (v *VM) value(o heap.Oop) *Value {
	p := new(heap.Oop)
	*p = o
	v.heap.AddHandle(p)
	val := &Value{v, p}
	runtime.AddCleanup(val, v.queueRelease, p)
	return val
}

// queueRelease remembers a handle to be removed when the VM is next locked.
func (v *VM) queueRelease(p *heap.Oop) {
	v.relMu.Lock()
	v.released = append(v.released, p)
	v.relMu.Unlock()
}

func (v *VM) release() {
	v.relMu.Lock()
	list := v.released
	v.released = nil
	v.relMu.Unlock()
	for _, p := range list {
		v.heap.RemoveHandle(p)
	}
}

// Release lets the object go. The Value must not be used again.
func (x *Value) Release() { x.vm.queueRelease(x.oop) }

// FromGo makes an object of a Go value: nil, bool, integers, *big.Int, floats,
// string, Symbol, []byte, rune slices of any of these as []any, or a *Value.
func (v *VM) FromGo(x any) (*Value, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed {
		return nil, ErrClosed
	}
	o, err := v.object(x)
	if err != nil {
		return nil, err
	}
	return v.value(o), nil
}

// object makes an object of a Go value. No collection happens meanwhile.
func (v *VM) object(x any) (o heap.Oop, err error) {
	h := v.heap
	switch x := x.(type) {
	case nil:
		return h.Nil, nil
	case object:
		return heap.Oop(x), nil
	case *Value:
		if x.vm != v {
			return 0, fmt.Errorf("vm: a value of another VM")
		}
		return h.Follow(*x.oop), nil
	case bool:
		return h.Bool(x), nil
	case int:
		o = h.NewInt64(int64(x))
	case int8:
		o = h.NewInt64(int64(x))
	case int16:
		o = h.NewInt64(int64(x))
	case int32:
		o = h.NewInt64(int64(x))
	case int64:
		o = h.NewInt64(x)
	case uint:
		o = h.NewUint64(uint64(x))
	case uint8:
		o = h.NewUint64(uint64(x))
	case uint16:
		o = h.NewUint64(uint64(x))
	case uint32:
		o = h.NewUint64(uint64(x))
	case uint64:
		o = h.NewUint64(x)
	case *big.Int:
		o = h.NewBig(x)
	case float32:
		o = h.NewFloat(float64(x))
	case float64:
		o = h.NewFloat(x)
	case []byte:
		o = h.NewBytes(x)
	case string:
		return v.stringObject(x)
	case Symbol:
		if o = v.in.FindSymbol(string(x)); o == heap.Invalid {
			return 0, fmt.Errorf("vm: the image has no symbol #%s", string(x))
		}
		return o, nil
	case []any:
		elements := make([]heap.Oop, len(x))
		for i, e := range x {
			if elements[i], err = v.object(e); err != nil {
				return 0, err
			}
		}
		if o = h.NewArray(len(x)); o != heap.Invalid {
			for i, e := range elements {
				h.Store(o, i, e)
			}
		}
	default:
		return 0, fmt.Errorf("vm: no object can be made of a %T", x)
	}
	if o == heap.Invalid {
		return 0, fmt.Errorf("vm: out of memory")
	}
	return o, nil
}

// stringObject makes a ByteString, or a WideString when a character is above 255.
func (v *VM) stringObject(s string) (heap.Oop, error) {
	var points []uint32
	wide := false
	for _, r := range s {
		points = append(points, uint32(r))
		wide = wide || r > 255
	}
	if !wide {
		b := make([]byte, len(points))
		for i, p := range points {
			b[i] = byte(p)
		}
		if o := v.heap.NewString(string(b)); o != heap.Invalid {
			return o, nil
		}
		return 0, fmt.Errorf("vm: out of memory")
	}
	class := v.in.FindClass("WideString")
	if class == heap.Invalid {
		return 0, fmt.Errorf("vm: the image has no class WideString for %q", s)
	}
	o, e := v.heap.NewIndexed(class, len(points))
	if e != heap.OK {
		return 0, fmt.Errorf("vm: out of memory")
	}
	copy(unsafe.Slice((*uint32)(heap.Pointer(uint64(o)+heap.Word)), len(points)), points)
	return o, nil
}

// text answers the characters of a String as Go has them.
func (v *VM) text(o heap.Oop) string {
	o = v.heap.Follow(o)
	if !o.IsObject() {
		return ""
	}
	switch f := o.Format(); {
	case f.IsBytes():
		var b []byte
		for _, c := range o.Bytes() {
			b = utf8.AppendRune(b, rune(c))
		}
		return string(b)
	case f&^1 == heap.FmtWords32 && o.ClassIndex() != heap.ClassFloat:
		n := o.NumSlots()*2 - int(f&1)
		var b []byte
		for _, c := range unsafe.Slice((*uint32)(heap.Pointer(uint64(o)+heap.Word)), n) {
			b = utf8.AppendRune(b, rune(c))
		}
		return string(b)
	}
	return ""
}

// look calls f with the object while the VM stands still.
func (x *Value) look(f func(o heap.Oop) bool) error {
	x.vm.mu.Lock()
	defer x.vm.mu.Unlock()
	if x.vm.closed {
		return ErrClosed
	}
	o := x.vm.heap.Follow(*x.oop)
	if !f(o) {
		return fmt.Errorf("vm: a %s is not what was asked for", x.vm.in.ClassName(o))
	}
	return nil
}

// Int answers the value of an Integer of 64 bits.
func (x *Value) Int() (i int64, err error) {
	err = x.look(func(o heap.Oop) (ok bool) {
		i, ok = x.vm.heap.IntValue64(o)
		return ok
	})
	return i, err
}

// BigInt answers the value of an Integer.
func (x *Value) BigInt() (i *big.Int, err error) {
	err = x.look(func(o heap.Oop) (ok bool) {
		if o.IsInt() {
			i = big.NewInt(o.Int())
			return true
		}
		i, ok = x.vm.heap.BigValue(o)
		return ok
	})
	return i, err
}

// Float answers the value of a Float.
func (x *Value) Float() (f float64, err error) {
	err = x.look(func(o heap.Oop) (ok bool) {
		f, ok = x.vm.heap.FloatValue(o)
		return ok
	})
	return f, err
}

// Bool answers the value of a Boolean.
func (x *Value) Bool() (b bool, err error) {
	err = x.look(func(o heap.Oop) bool {
		b = o == x.vm.heap.True
		return b || o == x.vm.heap.False
	})
	return b, err
}

// IsNil tells whether the object is nil.
func (x *Value) IsNil() bool {
	isNil := false
	_ = x.look(func(o heap.Oop) bool {
		isNil = o == x.vm.heap.Nil
		return true
	})
	return isNil
}

// Text answers the characters of a String or Symbol.
func (x *Value) Text() (s string, err error) {
	err = x.look(func(o heap.Oop) bool {
		if !o.IsObject() || !o.Format().IsBytes() && o.Format()&^1 != heap.FmtWords32 {
			return false
		}
		s = x.vm.text(o)
		return true
	})
	return s, err
}

// Bytes answers a copy of the contents of a ByteArray or other byte object.
func (x *Value) Bytes() (b []byte, err error) {
	err = x.look(func(o heap.Oop) bool {
		if !o.IsObject() || !o.Format().IsBytes() {
			return false
		}
		b = append([]byte(nil), o.Bytes()...)
		return true
	})
	return b, err
}

// Elements answers the elements of an Array.
func (x *Value) Elements() (list []*Value, err error) {
	err = x.look(func(o heap.Oop) bool {
		if !o.IsObject() || o.Format() != heap.FmtArray {
			return false
		}
		for i := range o.NumSlots() {
			list = append(list, x.vm.value(x.vm.heap.Follow(o.Slot(i))))
		}
		return true
	})
	return list, err
}

// Class answers the name of the object's class.
func (x *Value) Class() (name string) {
	_ = x.look(func(o heap.Oop) bool {
		name = x.vm.in.ClassName(o)
		return true
	})
	return name
}

// Send sends the object a message.
func (x *Value) Send(ctx context.Context, selector string, args ...any) (*Value, error) {
	return x.vm.Send(ctx, x, selector, args...)
}

// Print answers the object's printString.
func (x *Value) Print(ctx context.Context) (string, error) {
	s, err := x.Send(ctx, "printString")
	if err != nil {
		return "", err
	}
	defer s.Release()
	return s.Text()
}
