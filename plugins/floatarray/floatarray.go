// Package floatarray is the FloatArrayPlugin and the Float64ArrayPlugin:
// arithmetic on whole arrays of 32-bit and of 64-bit floats.
//
// What it promises:
//   - An array of floats is an object of 32-bit or 64-bit units; a Float64Array
//     may also be one of pairs of 32-bit units.
//   - Elements of FloatArrays are widened, computed with as 64-bit floats, and
//     rounded once when they are stored.
//   - A division by an element or scalar that is zero fails and changes nothing.
package floatarray

import (
	"math"
	"unsafe"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/plugin"
)

// Modules are the two plugins.
var Modules = []plugin.Module{
	newModule("FloatArrayPlugin", "FloatArray", floats32),
	newModule("Float64ArrayPlugin", "Float64Array", floats64),
}

func newModule[F float32 | float64](name, suffix string, view func(heap.Oop) ([]F, bool)) plugin.Module {
	return plugin.Module{Name: name, New: func(plugin.VM) (plugin.Instance, error) {
		a := arrays[F]{view}
		p := map[string]plugin.Func{
			"primitiveAt":         a.at,
			"primitiveAtPut":      a.atPut,
			"primitiveEqual":      a.equal,
			"primitiveHashArray":  a.hash,
			"primitiveDotProduct": a.dotProduct,
			"primitiveSum":        a.sum,
			"primitiveLength":     a.length,
			"primitiveNormalize":  a.normalize,
		}
		for op, f := range operations {
			p["primitive"+op+suffix] = a.withArray(op == "Div", f)
			p["primitive"+op+"Scalar"] = a.withScalar(op == "Div", f)
		}
		if suffix == "Float64Array" {
			p["primitiveFromFloatArray"] = fromFloatArray
		}
		return plugin.Instance{Primitives: p}, nil
	}}
}

var operations = map[string]func(x, y float64) float64{
	"Add": func(x, y float64) float64 { return x + y },
	"Sub": func(x, y float64) float64 { return x - y },
	"Mul": func(x, y float64) float64 { return x * y },
	"Div": func(x, y float64) float64 { return x / y },
}

// floats32 is a view of a FloatArray.
func floats32(o heap.Oop) ([]float32, bool) {
	return reinterpret[float32](plugin.Raw32(o)), plugin.IsWords32(o)
}

// floats64 is a view of a Float64Array.
func floats64(o heap.Oop) ([]float64, bool) {
	if w := plugin.Raw32(o); w != nil && len(w)%2 == 0 {
		return unsafe.Slice((*float64)(unsafe.Pointer(unsafe.SliceData(w))), len(w)/2), true
	}
	return reinterpret[float64](plugin.Raw64(o)), plugin.IsWords64(o)
}

// reinterpret views words as floats of their size.
func reinterpret[F float32 | float64, W uint32 | uint64](w []W) []F {
	return unsafe.Slice((*F)(unsafe.Pointer(unsafe.SliceData(w))), len(w))
}

// arrays has the primitives on arrays of one size of float.
type arrays[F float32 | float64] struct {
	view func(heap.Oop) ([]F, bool)
}

// pair answers the receiver and the first argument, which must be of one size.
func (a arrays[F]) pair(c *plugin.Call) (x, y []F, f plugin.Failure) {
	x, ok := a.view(c.Receiver)
	if !ok {
		return nil, nil, plugin.BadReceiver
	}
	y, ok = a.view(c.Arg(0))
	if !ok || len(x) != len(y) {
		return nil, nil, plugin.BadArgument
	}
	return x, y, plugin.OK
}

// element answers the receiver and the place meant by argument 0.
func (a arrays[F]) element(c *plugin.Call) (*F, plugin.Failure) {
	x, ok := a.view(c.Receiver)
	if !ok {
		return nil, plugin.BadReceiver
	}
	i, ok := c.SmallInt(0)
	if !ok {
		return nil, plugin.BadArgument
	}
	if i < 1 || i > len(x) {
		return nil, plugin.BadIndex
	}
	return &x[i-1], plugin.OK
}

func (a arrays[F]) at(c *plugin.Call) (heap.Oop, plugin.Failure) {
	p, f := a.element(c)
	if f != plugin.OK {
		return c.Fail(f)
	}
	return c.ReturnFloat(float64(*p))
}

// atPut: index, number. It answers the number as it was given.
func (a arrays[F]) atPut(c *plugin.Call) (heap.Oop, plugin.Failure) {
	p, f := a.element(c)
	if f != plugin.OK {
		return c.Fail(f)
	}
	v, ok := c.Float(1)
	if !ok {
		return c.Fail(plugin.BadArgument)
	}
	if !c.Writable(c.Receiver) {
		return c.Fail(plugin.NoModification)
	}
	*p = F(v)
	return c.Arg(1), plugin.OK
}

func (a arrays[F]) equal(c *plugin.Call) (heap.Oop, plugin.Failure) {
	x, ok := a.view(c.Receiver)
	if !ok {
		return c.Fail(plugin.BadReceiver)
	}
	y, ok := a.view(c.Arg(0))
	if !ok {
		return c.Fail(plugin.BadArgument)
	}
	if len(x) != len(y) {
		return c.ReturnBool(false)
	}
	for i := range x {
		if x[i] != y[i] {
			return c.ReturnBool(false)
		}
	}
	return c.ReturnBool(true)
}

// hash adds the 32-bit words as signed integers.
func (a arrays[F]) hash(c *plugin.Call) (heap.Oop, plugin.Failure) {
	x, ok := a.view(c.Receiver)
	if !ok {
		return c.Fail(plugin.BadReceiver)
	}
	var h int64
	for _, v := range x {
		if unsafe.Sizeof(v) == 4 {
			h += int64(int32(math.Float32bits(float32(v))))
		} else {
			bits := math.Float64bits(float64(v))
			h += int64(int32(bits)) + int64(int32(bits>>32))
		}
	}
	return c.ReturnInt(h & 0x1FFFFFFF)
}

func (a arrays[F]) withArray(divides bool, op func(x, y float64) float64) plugin.Func {
	return func(c *plugin.Call) (heap.Oop, plugin.Failure) {
		x, y, f := a.pair(c)
		if f != plugin.OK {
			return c.Fail(f)
		}
		if divides {
			for _, v := range y {
				if v == 0 {
					return c.Fail(plugin.BadArgument)
				}
			}
		}
		if !c.Writable(c.Receiver) {
			return c.Fail(plugin.NoModification)
		}
		for i := range x {
			x[i] = F(op(float64(x[i]), float64(y[i])))
		}
		return c.ReturnReceiver()
	}
}

func (a arrays[F]) withScalar(divides bool, op func(x, y float64) float64) plugin.Func {
	return func(c *plugin.Call) (heap.Oop, plugin.Failure) {
		x, ok := a.view(c.Receiver)
		if !ok {
			return c.Fail(plugin.BadReceiver)
		}
		v, ok := c.Float(0)
		if !ok || divides && v == 0 {
			return c.Fail(plugin.BadArgument)
		}
		if !c.Writable(c.Receiver) {
			return c.Fail(plugin.NoModification)
		}
		for i := range x {
			x[i] = F(op(float64(x[i]), v))
		}
		return c.ReturnReceiver()
	}
}

func (a arrays[F]) dotProduct(c *plugin.Call) (heap.Oop, plugin.Failure) {
	x, y, f := a.pair(c)
	if f != plugin.OK {
		return c.Fail(f)
	}
	var sum float64
	for i := range x {
		product := float64(x[i]) * float64(y[i])
		sum += float64(product) // never fused
	}
	return c.ReturnFloat(sum)
}

func (a arrays[F]) sum(c *plugin.Call) (heap.Oop, plugin.Failure) {
	x, ok := a.view(c.Receiver)
	if !ok {
		return c.Fail(plugin.BadReceiver)
	}
	var sum float64
	for _, v := range x {
		sum += float64(v)
	}
	return c.ReturnFloat(sum)
}

// squares answers the sum of the squares.
func squares[F float32 | float64](x []F) float64 {
	var sum float64
	for _, v := range x {
		square := float64(v) * float64(v)
		sum += float64(square) // never fused
	}
	return sum
}

func (a arrays[F]) length(c *plugin.Call) (heap.Oop, plugin.Failure) {
	x, ok := a.view(c.Receiver)
	if !ok {
		return c.Fail(plugin.BadReceiver)
	}
	return c.ReturnFloat(math.Sqrt(squares(x)))
}

// normalize divides by the length; it fails where that is zero or not a number.
func (a arrays[F]) normalize(c *plugin.Call) (heap.Oop, plugin.Failure) {
	x, ok := a.view(c.Receiver)
	if !ok {
		return c.Fail(plugin.BadReceiver)
	}
	n := squares(x)
	if !(n > 0) {
		return c.Fail(plugin.BadReceiver)
	}
	if !c.Writable(c.Receiver) {
		return c.Fail(plugin.NoModification)
	}
	n = math.Sqrt(n)
	for i := range x {
		x[i] = F(float64(x[i]) / n)
	}
	return c.ReturnReceiver()
}

// fromFloatArray copies the elements of a FloatArray into the receiver, a
// Float64Array of the same size.
func fromFloatArray(c *plugin.Call) (heap.Oop, plugin.Failure) {
	to, ok := floats64(c.Receiver)
	if !ok {
		return c.Fail(plugin.BadReceiver)
	}
	from, ok := floats32(c.Arg(0))
	if !ok || len(from) != len(to) {
		return c.Fail(plugin.BadArgument)
	}
	if !c.Writable(c.Receiver) {
		return c.Fail(plugin.NoModification)
	}
	for i, v := range from {
		to[i] = float64(v)
	}
	return c.ReturnReceiver()
}
