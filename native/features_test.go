package native

import (
	"errors"
	"testing"

	"github.com/sista-vm/sista/codegen/asm"
)

func TestLevels(t *testing.T) {
	for _, level := range []string{"v1", "v2"} {
		if f, err := FeaturesOf(level); f != 0 || err != nil {
			t.Errorf("%s has %v, %v", level, f, err)
		}
	}
	if f, err := FeaturesOf("native"); f != Present() || err != nil {
		t.Errorf("native has %v, %v", f, err)
	}
	if _, err := FeaturesOf("v9"); err == nil {
		t.Error("v9 is a level")
	}
	if s := allFeatures.String(); s != "bmi2 and avx" {
		t.Errorf("all features are %s", s)
	}
}

// TestInstallRefusesFeatures installs code that needs what the processor is said not to have.
func TestInstallRefusesFeatures(t *testing.T) {
	m := newMachine(t)
	for _, uses := range []Features{0, BMI2, AVX, allFeatures} {
		c := assemble(t, func(a *asm.Assembler) { a.Trap() })
		c.Features = uses
		p, err := m.zone.Place(c)
		if err != nil {
			t.Fatal(err)
		}
		flat, _ := m.zone.Export([]*Placed{p}, func(o uint64) (uint64, bool) { return o, true })
		for have := Features(0); have <= allFeatures; have++ {
			list, err := m.zone.Install(flat, have, nil)
			var e *FeatureError
			switch lacking := uses &^ have; {
			case lacking == 0 && (err != nil || list[0].Head().Features != uses):
				t.Errorf("code that uses %v, where there is %v: %v", uses, have, err)
			case lacking != 0 && (!errors.As(err, &e) || e.Uses != uses || e.Lacking != lacking):
				t.Errorf("code that uses %v, where there is %v: %v", uses, have, err)
			}
			for _, p := range list {
				m.zone.Free(p)
			}
		}
	}
}
