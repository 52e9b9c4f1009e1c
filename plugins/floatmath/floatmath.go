// Package floatmath is the FloatMathPlugin: the functions of real analysis on
// Floats. A primitive whose result would not be a number fails.
//
// The number is the receiver where the image defines the method on it, or the
// last argument: primitives count their operands from the last argument.
package floatmath

import (
	"math"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/plugin"
)

// Module is the plugin.
var Module = plugin.Module{Name: "FloatMathPlugin", New: func(plugin.VM) (plugin.Instance, error) {
	p := map[string]plugin.Func{
		"primitiveTimesTwoPower": timesTwoPower,
		"primitiveFractionalPart": unary(func(x float64) float64 {
			_, f := math.Modf(x)
			return f
		}),
	}
	for name, f := range map[string]func(float64) float64{
		"ArcCos": math.Acos, "ArcCosH": math.Acosh, "ArcSin": math.Asin, "ArcSinH": math.Asinh,
		"ArcTan": math.Atan, "ArcTanH": math.Atanh, "Cos": math.Cos, "CosH": math.Cosh, "Exp": math.Exp,
		"Log10": math.Log10, "LogN": math.Log, "Sin": math.Sin, "SinH": math.Sinh, "Sqrt": math.Sqrt,
		"Tan": math.Tan, "TanH": math.Tanh,
	} {
		p["primitive"+name] = unary(f)
	}
	for name, f := range map[string]func(x, y float64) float64{
		"ArcTan2": math.Atan2, "FMod": math.Mod, "Hypot": math.Hypot, "RaisedToPower": math.Pow,
	} {
		p["primitive"+name] = binary(f)
	}
	return plugin.Instance{Primitives: p}, nil
}}

func answer(c *plugin.Call, f float64) (heap.Oop, plugin.Failure) {
	if math.IsNaN(f) {
		return c.Fail(plugin.BadArgument)
	}
	return c.ReturnFloat(f)
}

func unary(f func(float64) float64) plugin.Func {
	return func(c *plugin.Call) (heap.Oop, plugin.Failure) {
		x, ok := c.Float(c.NumArgs() - 1)
		if !ok {
			return c.Fail(plugin.BadArgument)
		}
		return answer(c, f(x))
	}
}

func binary(f func(x, y float64) float64) plugin.Func {
	return func(c *plugin.Call) (heap.Oop, plugin.Failure) {
		x, ok1 := c.Float(c.NumArgs() - 2)
		y, ok2 := c.Float(c.NumArgs() - 1)
		if !ok1 || !ok2 {
			return c.Fail(plugin.BadArgument)
		}
		return answer(c, f(x, y))
	}
}

// maxExponent is past every exponent that makes a difference.
const maxExponent = 4096

func timesTwoPower(c *plugin.Call) (heap.Oop, plugin.Failure) {
	x, ok1 := c.Float(c.NumArgs() - 2)
	n, ok2 := c.SmallInt(c.NumArgs() - 1)
	if !ok1 || !ok2 {
		return c.Fail(plugin.BadArgument)
	}
	return answer(c, math.Ldexp(x, min(max(n, -maxExponent), maxExponent)))
}
