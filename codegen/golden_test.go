package codegen

import (
	"strings"
	"testing"

	"github.com/sista-vm/sista/internal/golden"
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
			c, err := Compile(f, Options{Method: 100, Temps: -1, Verify: true})
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			var w strings.Builder
			if err := List(&w, c, f); err != nil {
				t.Fatal(err)
			}
			a.Check(t, name+", code", w.String(), name)
		}
	})
}
