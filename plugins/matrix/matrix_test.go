package matrix

import (
	"math"
	"testing"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/plugin"
	"github.com/sista-vm/sista/plugin/plugintest"
)

const module = "Matrix2x3Plugin"

func newMatrix(v *plugintest.VM, m ...float32) heap.Oop {
	w := make([]uint32, len(m))
	for i, f := range m {
		w[i] = math.Float32bits(f)
	}
	return v.Oop(w)
}

func pt(v *plugintest.VM, x, y any) heap.Oop {
	p, err := v.Heap().NewFixed(v.Point)
	if err != heap.OK {
		v.T.Fatal(err)
	}
	v.Heap().Store(p, 0, v.Oop(x))
	v.Heap().Store(p, 1, v.Oop(y))
	return p
}

func TestPoints(t *testing.T) {
	v := plugintest.New(t, Module)
	m := newMatrix(v, 2, 0, 10, 0, 3, 20)
	if got := v.Do(module, "primitiveTransformPoint", m, pt(v, 1, 1.5)); got != [2]any{12, 25} {
		t.Errorf("transformed to %v", got)
	}
	if got := v.Do(module, "primitiveInvertPoint", m, pt(v, 12, 23)); got != [2]any{1, 1} {
		t.Errorf("inverted to %v", got)
	}
	v.Fails(plugin.BadReceiver, module, "primitiveInvertPoint", newMatrix(v, 1, 1, 0, 1, 1, 0), pt(v, 1, 1))
	v.Fails(plugin.BadArgument, module, "primitiveTransformPoint", m, pt(v, 1e300, 1))
	v.Fails(plugin.BadArgument, module, "primitiveTransformPoint", m, pt(v, math.NaN(), 1))
	v.Fails(plugin.BadArgument, module, "primitiveTransformPoint", m, pt(v, "x", 1))
	v.Fails(plugin.BadArgument, module, "primitiveTransformPoint", m, plugintest.Object{1, 2})
	v.Fails(plugin.BadReceiver, module, "primitiveTransformPoint", newMatrix(v, 1, 2), pt(v, 1, 1))
}

func TestRectangles(t *testing.T) {
	v := plugintest.New(t, Module)
	quarter := newMatrix(v, 0, -1, 100, 1, 0, 0) // a quarter turn, then to the right
	to := v.Oop(plugintest.Object{nil, nil})
	v.Do(module, "primitiveTransformRectInto", quarter, plugintest.Object{pt(v, 0, 0), pt(v, 10, 20)}, to)
	if o, c := v.Go(to.Slot(0)), v.Go(to.Slot(1)); o != [2]any{80, 0} || c != [2]any{100, 10} {
		t.Errorf("transformed to %v %v", o, c)
	}
	v.Do(module, "primitiveInvertRectInto", quarter, plugintest.Object{pt(v, 80, 0), pt(v, 100, 10)}, to)
	if o, c := v.Go(to.Slot(0)), v.Go(to.Slot(1)); o != [2]any{0, 0} || c != [2]any{10, 20} {
		t.Errorf("inverted to %v %v", o, c)
	}
	v.Fails(plugin.BadArgument, module, "primitiveTransformRectInto", quarter, plugintest.Object{1, 2}, to)
	v.Fails(plugin.BadArgument, module, "primitiveTransformRectInto", quarter, plugintest.Object{pt(v, 0, 0), pt(v, 1, 1)}, []any{1, 2})
}

func TestCompose(t *testing.T) {
	v := plugintest.New(t, Module)
	a, b := newMatrix(v, 2, 0, 1, 0, 2, 1), newMatrix(v, 1, 0, 5, 0, 1, 6)
	v.Do(module, "primitiveComposeMatrix", a, b, b) // into an operand
	if got, _ := matrixOf(b); got != (matrix{2, 0, 11, 0, 2, 13}) {
		t.Errorf("composed to %v", got)
	}
	for _, c := range []struct {
		m                     heap.Oop
		identity, translation bool
	}{
		{newMatrix(v, 1, 0, 0, 0, 1, 0), true, true},
		{newMatrix(v, 1, 0, 3, 0, 1, 4), false, true},
		{newMatrix(v, 1, 0, 3, 0.5, 1, 4), false, false},
	} {
		if v.Do(module, "primitiveIsIdentity", c.m) != c.identity || v.Do(module, "primitiveIsPureTranslation", c.m) != c.translation {
			t.Errorf("%+v is told wrong", c)
		}
	}
}

func TestFuzzArguments(t *testing.T) {
	plugintest.Fuzz(t, Module, 1500, func(v *plugintest.VM) []heap.Oop {
		p := pt(v, 3, 4.5)
		return []heap.Oop{newMatrix(v, 1, 2, 3, 4, 5, 6), p, v.Oop(plugintest.Object{p, p})}
	})
}
