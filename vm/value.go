package vm

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"runtime"
	"sync/atomic"

	"github.com/sista-vm/sista/heap"
)

// Value is an object of the image, held for Go: it lives until Release, or until
// Go's collector finds the Value unreachable.
type Value struct {
	vm       *VM
	oop      *heap.Oop // updated when the object moves
	released atomic.Bool
}

var errReleased = errors.New("vm: a value that was released")

func (v *VM) value(o heap.Oop) *Value {
	x := &Value{vm: v, oop: v.hold(o)}
	runtime.AddCleanup(x, v.queueRelease, x.oop)
	return x
}

// Release lets the object go. The Value cannot be used again.
func (x *Value) Release() {
	if !x.released.Swap(true) {
		x.vm.queueRelease(x.oop)
	}
}

// look calls f with the object while the VM stands still. What f answers false of
// is not what was asked for.
func (x *Value) look(want string, f func(o heap.Oop) bool) error {
	return x.vm.lock(func() error {
		if x.released.Load() {
			return errReleased
		}
		o := x.vm.heap.Follow(*x.oop)
		if !f(o) {
			return fmt.Errorf("vm: %s is wanted, not an instance of %s", want, x.vm.in.ClassName(o))
		}
		return nil
	})
}

// Go answers the object as the Go value that FromGo makes it of: nil, bool, int64
// or *big.Int, float64, *big.Rat, string, Symbol, Character, []byte, or []any. Of
// any other object it answers a *Value.
func (x *Value) Go() (g any, err error) {
	err = x.look("a value", func(o heap.Oop) bool {
		g = x.vm.goValue(o, 0)
		return true
	})
	return g, err
}

// Int answers the value of an Integer of 64 bits.
func (x *Value) Int() (i int64, err error) {
	err = x.look("an Integer of 64 bits", func(o heap.Oop) (ok bool) {
		i, ok = x.vm.heap.IntValue64(o)
		return ok
	})
	return i, err
}

// BigInt answers the value of an Integer.
func (x *Value) BigInt() (i *big.Int, err error) {
	err = x.look("an Integer", func(o heap.Oop) (ok bool) {
		i, ok = x.vm.bigInt(o)
		return ok
	})
	return i, err
}

// Float answers the value of a Float.
func (x *Value) Float() (f float64, err error) {
	err = x.look("a Float", func(o heap.Oop) (ok bool) {
		f, ok = x.vm.heap.FloatValue(o)
		return ok
	})
	return f, err
}

// Bool answers the value of a Boolean.
func (x *Value) Bool() (b bool, err error) {
	err = x.look("a Boolean", func(o heap.Oop) bool {
		b = o == x.vm.heap.True
		return b || o == x.vm.heap.False
	})
	return b, err
}

// IsNil tells whether the object is nil.
func (x *Value) IsNil() bool {
	isNil := false
	_ = x.look("a value", func(o heap.Oop) bool {
		isNil = o == x.vm.heap.Nil
		return true
	})
	return isNil
}

// Text answers the characters of a String or Symbol.
func (x *Value) Text() (s string, err error) {
	err = x.look("a String", func(o heap.Oop) bool {
		s = x.vm.text(o)
		return o.IsObject() && (o.Format().IsBytes() || isWords(o)) && x.vm.inherits(o, "String")
	})
	return s, err
}

// Bytes answers a copy of the contents of a ByteArray or other byte object.
func (x *Value) Bytes() (b []byte, err error) {
	err = x.look("an object of bytes", func(o heap.Oop) bool {
		if !o.IsObject() || !o.Format().IsBytes() {
			return false
		}
		b = append([]byte{}, o.Bytes()...)
		return true
	})
	return b, err
}

// Elements answers the elements of an Array.
func (x *Value) Elements() (list []*Value, err error) {
	err = x.look("an Array", func(o heap.Oop) bool {
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
	_ = x.look("a value", func(o heap.Oop) bool {
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
