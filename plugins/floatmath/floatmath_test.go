package floatmath

import (
	"math"
	"testing"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/plugin"
	"github.com/sista-vm/sista/plugin/plugintest"
)

const module = "FloatMathPlugin"

func TestFunctions(t *testing.T) {
	v := plugintest.New(t, Module)
	for _, c := range []struct {
		primitive string
		args      []any
		want      float64
	}{
		{"primitiveSqrt", []any{2.25}, 1.5},
		{"primitiveSqrt", []any{9}, 3},
		{"primitiveArcTan2", []any{1.0, 1.0}, math.Pi / 4},
		{"primitiveFMod", []any{7.5, -2.0}, 1.5},
		{"primitiveHypot", []any{3.0, 4.0}, 5},
		{"primitiveRaisedToPower", []any{2.0, 0.5}, math.Sqrt2},
		{"primitiveFractionalPart", []any{-1.25}, -0.25},
		{"primitiveTimesTwoPower", []any{1.5, 3}, 12},
		{"primitiveTimesTwoPower", []any{1.5, heap.MinSmallInt}, 0},
		{"primitiveTimesTwoPower", []any{1.5, 1 << 50}, math.Inf(1)},
		{"primitiveLogN", []any{0.0}, math.Inf(-1)},
		{"primitiveLog10", []any{1000.0}, 3},
		{"primitiveExp", []any{0.0}, 1},
		{"primitiveCos", []any{0.0}, 1},
	} {
		got := v.Do(module, c.primitive, c.args[0], c.args[1:]...) // as methods of Float
		if got != c.want {
			t.Errorf("%s %v is %v, want %v", c.primitive, c.args, got, c.want)
		}
		if got := v.Do(module, c.primitive, nil, c.args...); got != c.want {
			t.Errorf("%s of arguments %v is %v, want %v", c.primitive, c.args, got, c.want)
		}
	}
}

func TestNoNumber(t *testing.T) {
	v := plugintest.New(t, Module)
	v.Fails(plugin.BadArgument, module, "primitiveSqrt", -1.0)
	v.Fails(plugin.BadArgument, module, "primitiveLogN", -1.0)
	v.Fails(plugin.BadArgument, module, "primitiveArcSin", 2.0)
	v.Fails(plugin.BadArgument, module, "primitiveFMod", 1.0, 0.0)
	v.Fails(plugin.BadArgument, module, "primitiveSin", math.Inf(1))
	v.Fails(plugin.BadArgument, module, "primitiveSin", "x")
	v.Fails(plugin.BadArgument, module, "primitiveTimesTwoPower", 1.0, 1.0)
}

func TestFuzzArguments(t *testing.T) { plugintest.Fuzz(t, Module, 500, nil) }
