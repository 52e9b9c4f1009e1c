package ir_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/sista-vm/sista/internal/golden"
	"github.com/sista-vm/sista/optimizer/internal/toy"
	"github.com/sista-vm/sista/optimizer/ir"
)

func parse(t *testing.T, text string) *ir.Func {
	t.Helper()
	f, err := ir.Parse(text)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return f
}

// body makes a function with two oop parameters and a constant of each type.
func body(lines string) string {
	return `func "T" {
b0(v0:oop, v1:oop):
	v2:int = constint 5
	v3:float = constfloat 2.5
	v4:bool = constbool true
	v5:smi = constsmi 3
` + lines + "\n}\n"
}

const state = `{reexecute "T" @1 self v0 temps [v1] stack []}`

// TestEveryOp sends an example of every op through the text form and the verifier.
func TestEveryOp(t *testing.T) {
	typed := map[ir.Type]string{ir.TypeOop: "v0", ir.TypeSmi: "v5", ir.TypeObj: "v6", ir.TypeInt: "v2", ir.TypeFloat: "v3", ir.TypeBool: "v4"}
	aux := map[ir.Aux]string{ir.AuxNone: "", ir.AuxInt: " -7", ir.AuxFloat: " -0.0", ir.AuxBool: " false", ir.AuxHandle: " $12",
		ir.AuxClass: " #53", ir.AuxSlot: " #2", ir.AuxWidth: " #4", ir.AuxUnit: " #0", ir.AuxSymbol: ` "at:put:"`}
	count := 0
	for op := ir.OpParam + 1; op.String() != "jump"; op++ {
		info := op.Info()
		line := "\t"
		if info.Result != ir.TypeNone {
			line += "v9:" + info.Result.String() + " = "
		}
		if op == ir.OpNewContext {
			line += op.String() + " 0"
		} else {
			line += op.String() + aux[info.Aux]
		}
		for i, a := range info.Args {
			if i > 0 {
				line += ","
			}
			line += " " + typed[a]
		}
		if info.Deopts {
			s := state
			if info.Call {
				s = strings.Replace(state, "reexecute", "resume", 1)
			}
			line += " !stress " + s
		}
		text := body("\tv6:obj = guardclass #51 v0 !wrongClass " + state + "\n" + line + "\n\treturn v0")
		f := parse(t, text)
		if f.String() != text {
			t.Errorf("%v: got\n%swant\n%s", op, f, text)
		}
		if err := f.Verify(); err != nil {
			t.Errorf("%v: %v", op, err)
		}
		count++
	}
	if count < 60 {
		t.Errorf("only %d ops", count)
	}
}

// TestText checks that texts with every construct come back as they were.
func TestText(t *testing.T) {
	golden.Run(t, "testdata/text/*.txtar", func(t *testing.T, a *golden.Archive) {
		f := parse(t, a.Section("in"))
		if err := f.Verify(); err != nil {
			t.Error(err)
		}
		a.Check(t, "out", f.String(), "in")
		if again := parse(t, f.String()); again.String() != f.String() {
			t.Errorf("second text differs:\n%s", again)
		}
	})
}

// TestRejected holds texts the parser refuses and functions the verifier refuses,
// each in a section that starts with a comment naming the complaint.
func TestRejected(t *testing.T) {
	golden.Run(t, "testdata/rejected/*.txtar", func(t *testing.T, a *golden.Archive) {
		for _, name := range a.Names() {
			text := a.Section(name)
			first, _, _ := strings.Cut(text, "\n")
			want := strings.TrimPrefix(first, "// ")
			f, err := ir.Parse(text)
			if err == nil {
				err = f.Verify()
			}
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: error is %v, not %q", name, err, want)
			}
		}
	})
}

// TestVerifyStructure breaks what text cannot express.
func TestVerifyStructure(t *testing.T) {
	fresh := func() *ir.Func { return parse(t, body("\tjump b1(v0)\nb1(v6:oop):\n\treturn v6")) }
	for want, breakIt := range map[string]func(*ir.Func){
		"no blocks":                func(f *ir.Func) { f.Blocks = nil },
		"no terminator":            func(f *ir.Func) { f.Blocks[1].End = nil },
		"not unique":               func(f *ir.Func) { f.Blocks[0].Values[1].ID = 2 },
		"name of a block":          func(f *ir.Func) { f.Blocks[1].ID = 0 },
		"but says it is in":        func(f *ir.Func) { f.Blocks[0].Values[0].Block = f.Blocks[1] },
		"is not in the function":   func(f *ir.Func) { f.Blocks[0].Succs[0].To = f.NewBlock(); f.Blocks = f.Blocks[:2] },
		"which is not in the func": func(f *ir.Func) { f.Blocks[1].End.Args[0] = f.NewValue(ir.OpConstSmi) },
		"use of no value":          func(f *ir.Func) { f.Blocks[1].End.Args[0] = nil },
		"in a place it cannot":     func(f *ir.Func) { f.Blocks[0].Values[0].Op = ir.OpReturn },
		"shares a list":            func(f *ir.Func) { f.Blocks[1].End.Args = f.Blocks[1].Params },
		"no such op":               func(f *ir.Func) { f.Blocks[0].Values[0].Op = 255 },
		"has a state":              func(f *ir.Func) { f.Blocks[0].Values[0].Reason = ir.ReasonStress },
	} {
		f := fresh()
		breakIt(f)
		if err := f.Verify(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, not %q", err, want)
		}
	}
	if err := fresh().Verify(); err != nil {
		t.Error(err)
	}
}

// TestFloatText checks that all bits of floats come back.
func TestFloatText(t *testing.T) {
	for _, x := range []float64{0, math.Copysign(0, -1), 1, 0.1, 1e300, 5e-324, math.MaxFloat64, math.Inf(1), math.Inf(-1),
		math.NaN(), math.Float64frombits(0xfff8000000000123)} {
		f := ir.NewFunc("T")
		b := f.NewBlock()
		b.ConstFloat(x)
		b.Unreachable()
		g := parse(t, f.String())
		if got := uint64(g.Entry().Values[0].Int); got != math.Float64bits(x) {
			t.Errorf("%v comes back as %#x\n%s", x, got, f)
		}
	}
}

// FuzzParse checks that no text makes parser or verifier panic, and that what
// parses prints as something that parses to the same.
func FuzzParse(f *testing.F) {
	f.Add(body("\tsend \"foo:\" v0, v1 !invalidated " + state + "\n\treturn v0"))
	f.Add(toy.Translate(toy.Random(1), toy.Shape{}).String())
	f.Add("func \"x\" {\nb0(): deopt !stress {}\n}")
	f.Fuzz(func(t *testing.T, text string) {
		fn, err := ir.Parse(text)
		if err != nil {
			return
		}
		_ = fn.Verify()
		first := fn.String()
		again, err := ir.Parse(first)
		if err != nil || again.String() != first {
			t.Fatalf("%v\n%s", err, first)
		}
	})
}

// TestEvaluate runs small functions; a section `want` has what each answers.
func TestEvaluate(t *testing.T) {
	golden.Run(t, "testdata/eval/*.txtar", func(t *testing.T, a *golden.Archive) {
		f := parse(t, a.Section("in"))
		if err := f.Verify(); err != nil {
			t.Fatal(err)
		}
		h := toy.NewHeap()
		args := []ir.Oop{h.Integer(7), h.Integer(3)}
		out, err := (&ir.Evaluator{Machine: h, Fuel: 1000}).Run(f, args[:len(f.Entry().Params)]...)
		a.Check(t, "want", describe(h, out, err), "in")
	})
}

func describe(h *toy.Heap, out ir.Outcome, err error) string {
	switch {
	case err != nil:
		return "error " + err.Error()
	case out.Kind == ir.Returned:
		return "returned " + h.Describe(out.Value)
	case out.Kind == ir.ReturnedNonLocally:
		return "nonlocal " + h.Describe(out.Value) + " from " + h.Describe(out.Closure)
	}
	s := "deopt " + out.Reason.String()
	for _, f := range out.Frames {
		all := append([]ir.Oop{f.Self, f.Closure, f.Context}, append(f.Temps, f.Stack...)...)
		s += "\n" + f.Mode.String() + " " + f.Method + " " + h.Describe(all...)
	}
	return s
}

// TestArithmetic holds the shared arithmetic to big integers' truth at the edges.
func TestArithmetic(t *testing.T) {
	edges := []int64{math.MinInt64, ir.MinSmallInteger, -1 << 31, -3, -1, 0, 1, 2, 1 << 31, ir.MaxSmallInteger, math.MaxInt64}
	for _, x := range edges {
		for _, y := range edges {
			for _, op := range []ir.Op{ir.OpIAddO, ir.OpISubO, ir.OpIMulO} {
				r, fits, _ := ir.CheckedOp(op, x, y)
				want, exact := exactly(op, x, y)
				if exact = exact && ir.FitsSmallInteger(want); fits != exact || fits && r != want {
					t.Errorf("%v %d %d = %d %v, want %d %v", op, x, y, r, fits, want, exact)
				}
			}
			if y == 0 || x == math.MinInt64 && y == -1 {
				continue
			}
			q, _ := ir.IntOp(ir.OpIDiv, x, y)
			m, _ := ir.IntOp(ir.OpIMod, x, y)
			if q*y+m != x || m != 0 && (m < 0) != (y < 0) {
				t.Errorf("%d // %d = %d rest %d", x, y, q, m)
			}
		}
	}
}

// TestEvaluatorArguments checks that a wrong call is an error.
func TestEvaluatorArguments(t *testing.T) {
	f := parse(t, body("\treturn v0"))
	if _, err := (&ir.Evaluator{Machine: toy.NewHeap()}).Run(f); err == nil {
		t.Error("no error without arguments")
	}
	loop := parse(t, "func \"T\" {\nb0():\n\tjump b1()\nb1():\n\tjump b1()\n}")
	if _, err := (&ir.Evaluator{Machine: toy.NewHeap()}).Run(loop); !errors.Is(err, ir.ErrFuel) {
		t.Errorf("endless loop: %v", err)
	}
}
