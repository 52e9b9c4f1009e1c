package floatarray

import (
	"math"
	"reflect"
	"testing"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/plugin"
	"github.com/sista-vm/sista/plugin/plugintest"
)

func array32(v *plugintest.VM, x ...float32) heap.Oop {
	w := make([]uint32, len(x))
	for i, f := range x {
		w[i] = math.Float32bits(f)
	}
	return v.Oop(w)
}

func array64(v *plugintest.VM, x ...float64) heap.Oop {
	w := make([]uint64, len(x))
	for i, f := range x {
		w[i] = math.Float64bits(f)
	}
	return v.Oop(w)
}

func TestFloatArray(t *testing.T) {
	const module = "FloatArrayPlugin"
	v := plugintest.New(t, Modules...)
	a := array32(v, 1, 2, 3)
	if got := v.Do(module, "primitiveAt", a, 2); got != 2.0 {
		t.Errorf("at: 2 is %v", got)
	}
	if got := v.Do(module, "primitiveAtPut", a, 2, 7); got != 7 {
		t.Errorf("at:put: answers %v", got)
	}
	v.Do(module, "primitiveAtPut", a, 3, 0.1)
	if got := v.Do(module, "primitiveAt", a, 3); got != float64(float32(0.1)) {
		t.Errorf("0.1 becomes %v", got)
	}
	for _, i := range []int{0, 4, -1} {
		v.Fails(plugin.BadIndex, module, "primitiveAt", a, i)
		v.Fails(plugin.BadIndex, module, "primitiveAtPut", a, i, 1.0)
	}
	v.Fails(plugin.BadArgument, module, "primitiveAtPut", a, 1, "x")
	v.Fails(plugin.BadReceiver, module, "primitiveAt", "string", 1)

	x, y := array32(v, 1, 2, 3), array32(v, 4, 5, 6)
	if got := v.Do(module, "primitiveDotProduct", x, y); got != 32.0 {
		t.Errorf("dot product is %v", got)
	}
	if got := v.Do(module, "primitiveSum", y); got != 15.0 {
		t.Errorf("sum is %v", got)
	}
	if got := v.Do(module, "primitiveLength", array32(v, 3, 4)); got != 5.0 {
		t.Errorf("length is %v", got)
	}
	for _, c := range []struct {
		primitive string
		arg       any
		want      []float32
	}{
		{"primitiveAddFloatArray", y, []float32{5, 7, 9}},
		{"primitiveSubFloatArray", y, []float32{1, 2, 3}},
		{"primitiveMulFloatArray", y, []float32{4, 10, 18}},
		{"primitiveDivFloatArray", y, []float32{1, 2, 3}},
		{"primitiveAddScalar", 1, []float32{2, 3, 4}},
		{"primitiveMulScalar", 0.5, []float32{1, 1.5, 2}},
		{"primitiveDivScalar", 2, []float32{0.5, 0.75, 1}},
		{"primitiveSubScalar", 0.5, []float32{0, 0.25, 0.5}},
	} {
		v.Do(module, c.primitive, x, c.arg)
		if got, _ := floats32(x); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s gives %v, want %v", c.primitive, got, c.want)
		}
	}
	v.Fails(plugin.BadArgument, module, "primitiveDivFloatArray", y, array32(v, 1, 0, 1))
	v.Fails(plugin.BadArgument, module, "primitiveDivScalar", y, 0)
	v.Fails(plugin.BadArgument, module, "primitiveAddFloatArray", y, array32(v, 1, 2))
	n := array32(v, 3, 4)
	v.Do(module, "primitiveNormalize", n)
	if got, _ := floats32(n); !reflect.DeepEqual(got, []float32{0.6, 0.8}) {
		t.Errorf("normalized to %v", got)
	}
	v.Fails(plugin.BadReceiver, module, "primitiveNormalize", array32(v, 0, 0))
	if v.Do(module, "primitiveEqual", array32(v, 1, 0), array32(v, 1, float32(math.Copysign(0, -1)))) != true ||
		v.Do(module, "primitiveEqual", array32(v, 1), array32(v, 2)) != false ||
		v.Do(module, "primitiveEqual", array32(v, 1), array32(v, 1, 1)) != false {
		t.Error("wrong equality")
	}
	if got := v.Do(module, "primitiveHashArray", array32(v, 1, -2)); got != (0x3F800000-0x40000000)&0x1FFFFFFF {
		t.Errorf("hash is %#x", got)
	}
	v.Heap().SetImmutable(y, true)
	v.Fails(plugin.NoModification, module, "primitiveAddScalar", y, 1)
}

func TestFloat64Array(t *testing.T) {
	const module = "Float64ArrayPlugin"
	v := plugintest.New(t, Modules...)
	a := array64(v, 1, 2)
	v.Do(module, "primitiveAtPut", a, 2, 0.1)
	if got := v.Do(module, "primitiveAt", a, 2); got != 0.1 {
		t.Errorf("0.1 becomes %v", got)
	}
	v.Do(module, "primitiveFromFloatArray", a, array32(v, 1.5, 2.5))
	v.Do(module, "primitiveMulFloat64Array", a, array64(v, 2, 4))
	if got, _ := floats64(a); !reflect.DeepEqual(got, []float64{3, 10}) {
		t.Errorf("the elements are %v", got)
	}
	pairs := v.Oop([]uint32{0, 0x3FF00000, 0, 0x40000000}) // 1.0 and 2.0
	if got := v.Do(module, "primitiveSum", pairs); got != 3.0 {
		t.Errorf("the sum of pairs is %v", got)
	}
	v.Fails(plugin.BadReceiver, module, "primitiveSum", v.Oop([]uint32{1, 2, 3}))
}

func TestFuzzArguments(t *testing.T) {
	for _, m := range Modules {
		plugintest.Fuzz(t, m, 800, func(v *plugintest.VM) []heap.Oop {
			return []heap.Oop{array32(v, 1, 2, 3), array64(v, 1, 2, 3), v.Oop([]uint32{})}
		})
	}
}
