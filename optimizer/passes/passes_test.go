package passes

import (
	"strings"
	"testing"

	"github.com/sista-vm/sista/optimizer/internal/toy"
	"github.com/sista-vm/sista/optimizer/ir"
)

// check runs the table over a random program, comparing with the interpreter
// after every pass.
func check(t *testing.T, seed uint64) {
	t.Helper()
	p := toy.Random(seed)
	f := toy.Translate(p, toy.RandomShape(seed))
	first := f.String()
	before := first
	err := Run(f, Options{Verify: true, After: func(pass Pass, f *ir.Func) {
		after := f.String()
		if after == before {
			return
		}
		if err := toy.Compare(p, f, seed); err != nil {
			t.Fatalf("seed %d, pass %s: %v\n%v\nbefore\n%v\nafter\n%v", seed, pass.Name, err, p, before, after)
		}
		if _, err := ir.Parse(after); err != nil {
			t.Fatalf("seed %d, pass %s: %v", seed, pass.Name, err)
		}
		before = after
	}})
	if err != nil {
		t.Fatalf("seed %d: %v\n%v\nbefore\n%v\nafter\n%v", seed, err, p, before, f)
	}
}

// TestRandomPrograms is the differential test of all passes.
func TestRandomPrograms(t *testing.T) {
	n := uint64(120)
	if testing.Short() {
		n = 30
	}
	for seed := range n {
		check(t, seed)
	}
}

// FuzzPasses searches for a seed that TestRandomPrograms does not have.
func FuzzPasses(f *testing.F) {
	f.Add(uint64(1000))
	f.Fuzz(func(t *testing.T, seed uint64) { check(t, seed) })
}

// TestConstraints holds the table to the constraints of order.
func TestConstraints(t *testing.T) {
	stem := func(s string) string { return strings.TrimRight(s, "0123456789") }
	for _, c := range constraints {
		first, then := -1, -1
		for i, p := range Table {
			if stem(p.Name) == c.first {
				first = i
			}
			if stem(p.Name) == c.then {
				then = i
			}
		}
		if first < 0 || then < first {
			t.Errorf("%s has no %s after it: %s", c.first, c.then, c.why)
		}
	}
}

// TestTrace checks the line after each pass, and that fuel stops.
func TestTrace(t *testing.T) {
	var lines []string
	o := Options{Trace: func(l string) { lines = append(lines, l) }, Fuel: 3}
	if err := Run(toy.Translate(toy.Random(3), toy.Shape{}), o); err != nil {
		t.Fatal(err)
	}
	if len(lines) != 3 || !strings.HasPrefix(lines[0], "pass fold     m") || !strings.Contains(lines[0], "guards ") {
		t.Errorf("trace is %q", lines)
	}
}
