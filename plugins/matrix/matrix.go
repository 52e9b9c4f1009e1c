// Package matrix is the Matrix2x3Plugin: affine transformations of the plane.
//
// A matrix is an object of six 32-bit floats
//
//	| a11 a12 a13 |
//	| a21 a22 a23 |
//
// It is computed with in 64-bit floats; results that are coordinates are rounded
// to SmallIntegers, and where they are none the primitive fails.
package matrix

import (
	"math"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/plugin"
)

// Module is the plugin.
var Module = plugin.Module{Name: "Matrix2x3Plugin", New: func(plugin.VM) (plugin.Instance, error) {
	return plugin.Instance{Primitives: map[string]plugin.Func{
		"primitiveIsIdentity":        isIdentity,
		"primitiveIsPureTranslation": isPureTranslation,
		"primitiveTransformPoint":    func(c *plugin.Call) (heap.Oop, plugin.Failure) { return point(c, matrix.transform) },
		"primitiveInvertPoint":       func(c *plugin.Call) (heap.Oop, plugin.Failure) { return point(c, matrix.invert) },
		"primitiveTransformRectInto": func(c *plugin.Call) (heap.Oop, plugin.Failure) { return rectangle(c, matrix.transform) },
		"primitiveInvertRectInto":    func(c *plugin.Call) (heap.Oop, plugin.Failure) { return rectangle(c, matrix.invert) },
		"primitiveComposeMatrix":     compose,
	}}, nil
}}

type matrix [6]float64

func matrixOf(o heap.Oop) (m matrix, ok bool) {
	w := plugin.Raw32(o)
	if len(w) != len(m) {
		return m, false
	}
	for i := range m {
		m[i] = float64(math.Float32frombits(w[i]))
	}
	return m, true
}

// sum2 is a*b + c*d with every step rounded.
func sum2(a, b, c, d float64) float64 { return float64(a*b) + float64(c*d) }

func (m matrix) transform(x, y float64) (float64, float64, bool) {
	return sum2(x, m[0], y, m[1]) + m[2], sum2(x, m[3], y, m[4]) + m[5], true
}

// invert solves transform for its arguments; there is no solution where the determinant is zero.
func (m matrix) invert(x, y float64) (float64, float64, bool) {
	x -= m[2]
	y -= m[5]
	det := sum2(m[0], m[4], -m[1], m[3])
	if det == 0 {
		return 0, 0, false
	}
	det = 1 / det
	return sum2(x, m[4], -m[1], y) * det, sum2(m[0], y, -x, m[3]) * det, true
}

func isIdentity(c *plugin.Call) (heap.Oop, plugin.Failure) {
	m, ok := matrixOf(c.Receiver)
	if !ok {
		return c.Fail(plugin.BadReceiver)
	}
	return c.ReturnBool(m == matrix{1, 0, 0, 0, 1, 0})
}

func isPureTranslation(c *plugin.Call) (heap.Oop, plugin.Failure) {
	m, ok := matrixOf(c.Receiver)
	if !ok {
		return c.Fail(plugin.BadReceiver)
	}
	return c.ReturnBool(m == matrix{1, 0, m[2], 0, 1, m[5]})
}

// coordinates answers those of a Point of numbers.
func coordinates(c *plugin.Call, o heap.Oop) (x, y float64, ok bool) {
	if !plugin.IsPointers(o) || c.Heap.ClassOf(o) != c.PointClass() {
		return 0, 0, false
	}
	x, ok1 := c.FloatOf(c.Field(o, 0))
	y, ok2 := c.FloatOf(c.Field(o, 1))
	return x, y, ok1 && ok2
}

// newPoint makes the Point nearest to two coordinates. OK with Invalid: no memory.
func newPoint(c *plugin.Call, x, y float64) (heap.Oop, plugin.Failure) {
	x += 0.5
	y += 0.5
	if !fits(x) || !fits(y) {
		return heap.Invalid, plugin.BadArgument
	}
	p := c.NewPoint(heap.FromInt(int64(x)), heap.FromInt(int64(y)))
	if p == heap.Invalid {
		return heap.Invalid, plugin.NoMemory
	}
	return p, plugin.OK
}

func fits(x float64) bool { return x >= heap.MinSmallInt && x < heap.MaxSmallInt+1 }

type transformation func(m matrix, x, y float64) (float64, float64, bool)

// point: Point. It answers the Point it is taken to.
func point(c *plugin.Call, f transformation) (heap.Oop, plugin.Failure) {
	m, ok := matrixOf(c.Receiver)
	if !ok {
		return c.Fail(plugin.BadReceiver)
	}
	x, y, ok := coordinates(c, c.Arg(0))
	if !ok {
		return c.Fail(plugin.BadArgument)
	}
	if x, y, ok = f(m, x, y); !ok {
		return c.Fail(plugin.BadReceiver)
	}
	return newPoint(c, x, y)
}

// rectangle: Rectangle, Rectangle to be set to the bounds of what the first is
// taken to; it is also the answer.
func rectangle(c *plugin.Call, f transformation) (heap.Oop, plugin.Failure) {
	m, ok := matrixOf(c.Receiver)
	if !ok {
		return c.Fail(plugin.BadReceiver)
	}
	from, to := c.Arg(0), c.Arg(1)
	if !plugin.IsPointers(from) || !plugin.IsPointers(to) || from.ClassIndex() != to.ClassIndex() ||
		from.NumSlots() != 2 || to.NumSlots() != 2 {
		return c.Fail(plugin.BadArgument)
	}
	left, top, ok1 := coordinates(c, c.Field(from, 0))
	right, bottom, ok2 := coordinates(c, c.Field(from, 1))
	if !ok1 || !ok2 {
		return c.Fail(plugin.BadArgument)
	}
	minX, minY := math.Inf(1), math.Inf(1)
	maxX, maxY := math.Inf(-1), math.Inf(-1)
	for _, corner := range [4][2]float64{{left, top}, {right, bottom}, {right, top}, {left, bottom}} {
		x, y, ok := f(m, corner[0], corner[1])
		if !ok {
			return c.Fail(plugin.BadReceiver)
		}
		minX, maxX = min(minX, x), max(maxX, x)
		minY, maxY = min(minY, y), max(maxY, y)
	}
	origin, fail := newPoint(c, minX, minY)
	if fail != plugin.OK {
		return c.Fail(fail)
	}
	corner, fail := newPoint(c, maxX, maxY)
	if fail != plugin.OK {
		return c.Fail(fail)
	}
	if !c.Writable(to) {
		return c.Fail(plugin.NoModification)
	}
	c.Heap.Store(to, 0, origin)
	c.Heap.Store(to, 1, corner)
	return to, plugin.OK
}

// compose: matrix, matrix to be set to the product of receiver and argument,
// which is the transformation by the argument and then by the receiver.
func compose(c *plugin.Call) (heap.Oop, plugin.Failure) {
	a, ok := matrixOf(c.Receiver)
	if !ok {
		return c.Fail(plugin.BadReceiver)
	}
	b, ok1 := matrixOf(c.Arg(0))
	to := c.Arg(1)
	if _, ok2 := matrixOf(to); !ok1 || !ok2 {
		return c.Fail(plugin.BadArgument)
	}
	if !c.Writable(to) {
		return c.Fail(plugin.NoModification)
	}
	w := plugin.Raw32(to)
	for row := 0; row < 6; row += 3 {
		for col := range 3 {
			v := sum2(a[row], b[col], a[row+1], b[3+col])
			if col == 2 {
				v += a[row+2]
			}
			w[row+col] = math.Float32bits(float32(v))
		}
	}
	return to, plugin.OK
}
