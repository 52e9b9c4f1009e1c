package reference

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/sista-vm/sista/smalltalk/compiler"
	"github.com/sista-vm/sista/smalltalk/source"
)

// TestGenerate holds what the generator promises, over a range of seeds, and
// compares every program with its compiled code. SISTA_REFERENCE_SEEDS sets
// how many seeds.
func TestGenerate(t *testing.T) {
	n := uint64(60)
	if s := os.Getenv("SISTA_REFERENCE_SEEDS"); s != "" {
		var err error
		if n, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	outcomes := map[Kind]int{}
	var large, floats, errors int
	for seed := range n {
		p, want := Generate(seed)
		if seed%10 == 0 {
			if again, _ := Generate(seed); p.String() != again.String() {
				t.Fatalf("seed %d gives two programs", seed)
			}
		}
		if got := compareProgram(t, p); got != want {
			t.Errorf("seed %d: %v, then %v", seed, want, got)
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
		outcomes[want.Kind]++
		if strings.Contains(want.Text, "00000000") || len(want.Text) > 500 {
			large++
		}
		if strings.Contains(want.Text, ".") {
			floats++
		}
		if want.Kind == Error {
			errors++
		}
	}
	t.Logf("outcomes %v, %d large, %d with floats, %d errors", outcomes, large, floats, errors)
	if outcomes[Unspecified]*20 > int(n) {
		t.Errorf("%d of %d programs say nothing", outcomes[Unspecified], n)
	}
	if outcomes[Value]*2 < int(n) || errors == 0 || floats == 0 {
		t.Errorf("outcomes %v, %d with floats", outcomes, floats)
	}
}

// FuzzCompiled compares evaluator and compiled code for the programs of any seed.
func FuzzCompiled(f *testing.F) {
	f.Add(uint64(1), false)
	f.Fuzz(func(t *testing.T, seed uint64, clean bool) {
		p, want := Generate(seed)
		if want.Kind == Unspecified {
			return
		}
		ev, err := newMachine(p, compiler.Options{CleanBlocks: clean})
		if err != nil {
			t.Fatal(err)
		}
		got, err := ev.evaluate(p.Expression)
		if err != nil {
			t.Fatalf("%v\n%s", err, p)
		}
		if got != want && got.Kind != Unspecified {
			t.Fatalf("compiled code: %v, want %v\n%s", got, want, p)
		}
	})
}

// TestScript reads the script of a program back: its classes and methods are
// all there.
func TestScript(t *testing.T) {
	p, _ := Generate(5)
	units, err := source.Read("program.st", []byte(p.Script()))
	if err != nil {
		t.Fatalf("%v\n%s", err, p.Script())
	}
	var classes, methods, wantMethods int
	for _, u := range units {
		switch u := u.(type) {
		case *source.ClassDefinition:
			if c := p.Classes[classes]; u.Name != c.Name || u.Superclass != c.Superclass || strings.Join(u.InstVars, " ") != strings.Join(c.InstVars, " ") {
				t.Errorf("class %+v, want %+v", u, c)
			}
			classes++
		case *source.MethodDefinition:
			methods++
		default:
			t.Errorf("a unit of type %T", u)
		}
	}
	for _, c := range p.Classes {
		wantMethods += len(c.Methods)
	}
	if classes != len(p.Classes) || methods != wantMethods {
		t.Errorf("%d classes and %d methods, want %d and %d", classes, methods, len(p.Classes), wantMethods)
	}
}

func TestRename(t *testing.T) {
	p := &Program{Classes: point, Expression: "{P new who. Q new who. P new. #P. Q}"}
	got, err := Evaluate(p.Rename(func(name string) string { return name + "x" }))
	if err != nil || got.Text != "(1 2 a Px #Px Qx)" {
		t.Errorf("%v, %v", got, err)
	}
}
