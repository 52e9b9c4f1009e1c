package toy

import (
	"testing"

	"github.com/sista-vm/sista/optimizer/ir"
)

// TestTranslation compares random programs with their IR, before any pass, and
// sends the IR through its text.
func TestTranslation(t *testing.T) {
	for seed := range uint64(300) {
		p := Random(seed)
		f := Translate(p, RandomShape(seed))
		if err := f.Verify(); err != nil {
			t.Fatalf("seed %d: %v\n%v", seed, err, f)
		}
		g, err := ir.Parse(f.String())
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if g.String() != f.String() {
			t.Fatalf("seed %d: text changes", seed)
		}
		if err := g.Verify(); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if err := Compare(p, g, seed); err != nil {
			t.Fatalf("seed %d: %v\n%v%v", seed, err, p, f)
		}
	}
}
