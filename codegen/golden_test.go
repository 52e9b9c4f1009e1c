package codegen

import (
	"strings"
	"testing"

	"github.com/sista-vm/sista/codegen/asm"
	"github.com/sista-vm/sista/internal/golden"
	"github.com/sista-vm/sista/native"
	"github.com/sista-vm/sista/optimizer/ir"
)

// TestGolden lists the machine code of the functions in testdata: what is written there
// is read by people who look whether it is good code. -update writes it anew.
func TestGolden(t *testing.T) {
	golden.Run(t, "testdata/*.txtar", func(t *testing.T, a *golden.Archive) {
		for _, name := range a.Names() {
			if strings.HasSuffix(name, ", code") {
				continue
			}
			f, err := ir.Parse(a.Section(name))
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if err := f.Verify(); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			o := Options{Method: 100, Temps: -1, Verify: true}
			c, err := Compile(f, o)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if c.Features != 0 {
				t.Errorf("%s uses %v, which it may not", name, c.Features)
			}
			if strings.HasSuffix(t.Name(), "/v3") {
				plain := instructions(c)
				o.Features = native.BMI2 | native.AVX
				if c, err = Compile(f, o); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if n := instructions(c); n >= plain || c.Features == 0 {
					t.Errorf("%s has %d instructions with %v and %d without", name, n, c.Features, plain)
				}
			}
			var w strings.Builder
			if err := List(&w, c, f); err != nil {
				t.Fatal(err)
			}
			a.Check(t, name+", code", w.String(), name)
		}
	})
}

func instructions(c *native.Code) int { return len(asm.Disassemble(c.Bytes, nil)) }
