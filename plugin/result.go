package plugin

import (
	"errors"
	"syscall"

	"github.com/sista-vm/sista/heap"
)

// The Return methods end a primitive: they are what it answers, and fail with
// NoMemory where their object cannot be allocated.

// Fail answers a failure.
func (c *Call) Fail(f Failure) (heap.Oop, Failure) { return heap.Invalid, f }

// FailOS fails with OSError and the number the operating system gave.
func (c *Call) FailOS(errno int64) (heap.Oop, Failure) {
	c.OSErr = errno
	return heap.Invalid, OSError
}

// FailError fails with OSError and the number in err, and with Generic if it has none.
func (c *Call) FailError(err error) (heap.Oop, Failure) {
	if err != nil {
		c.Reason = err.Error()
	}
	var errno syscall.Errno
	if errors.As(err, &errno) && errno != 0 {
		return c.FailOS(int64(errno))
	}
	return heap.Invalid, Generic
}

// Return answers o, or NoMemory where o is Invalid because an allocation failed.
func (c *Call) Return(o heap.Oop) (heap.Oop, Failure) {
	if o == heap.Invalid {
		return heap.Invalid, NoMemory
	}
	return o, OK
}

// ReturnReceiver answers the receiver.
func (c *Call) ReturnReceiver() (heap.Oop, Failure) { return c.Receiver, OK }

// ReturnNil answers nil.
func (c *Call) ReturnNil() (heap.Oop, Failure) { return c.Heap.Nil, OK }

// ReturnBool answers a Boolean.
func (c *Call) ReturnBool(b bool) (heap.Oop, Failure) { return c.Heap.Bool(b), OK }

// ReturnInt answers an Integer.
func (c *Call) ReturnInt(i int64) (heap.Oop, Failure) {
	if heap.FitsInt(i) {
		return heap.FromInt(i), OK
	}
	return c.Return(c.Heap.NewInt64(i))
}

// ReturnUint answers an unsigned Integer.
func (c *Call) ReturnUint(u uint64) (heap.Oop, Failure) { return c.Return(c.Heap.NewUint64(u)) }

// ReturnFloat answers a Float.
func (c *Call) ReturnFloat(f float64) (heap.Oop, Failure) { return c.Return(c.Heap.NewFloat(f)) }

// ReturnString answers a ByteString of the bytes of s.
func (c *Call) ReturnString(s string) (heap.Oop, Failure) { return c.Return(c.Heap.NewString(s)) }

// ReturnBytes answers a ByteArray.
func (c *Call) ReturnBytes(b []byte) (heap.Oop, Failure) { return c.Return(c.Heap.NewBytes(b)) }

// ReturnArray answers an Array of elements, any of which may be Invalid because
// its allocation failed.
func (c *Call) ReturnArray(elements ...heap.Oop) (heap.Oop, Failure) {
	return c.Return(c.NewArray(elements...))
}

// NewArray makes an Array of elements; Invalid if there is no memory or one of them is Invalid.
func (c *Call) NewArray(elements ...heap.Oop) heap.Oop {
	for _, e := range elements {
		if e == heap.Invalid {
			return heap.Invalid
		}
	}
	a := c.Heap.NewArray(len(elements))
	if a == heap.Invalid {
		return heap.Invalid
	}
	for i, e := range elements {
		c.Heap.Store(a, i, e)
	}
	return a
}

// specialPoint is the place of class Point in the special objects array.
const specialPoint = 12

// PointClass answers class Point.
func (c *Call) PointClass() heap.Oop { return c.follow(c.Heap.Special(specialPoint)) }

// NewPoint makes a Point; Invalid if there is no memory or no such class, or if a
// coordinate is Invalid.
func (c *Call) NewPoint(x, y heap.Oop) heap.Oop {
	if x == heap.Invalid || y == heap.Invalid {
		return heap.Invalid
	}
	p, err := c.Heap.NewFixed(c.PointClass())
	if err != heap.OK || p.NumSlots() < 2 {
		return heap.Invalid
	}
	c.Heap.Store(p, 0, x)
	c.Heap.Store(p, 1, y)
	return p
}
