package jit_test

import (
	"testing"

	"github.com/sista-vm/sista/jit"
)

func TestParseStress(t *testing.T) {
	for _, mode := range jit.StressModes {
		if s, err := jit.ParseStress(mode); err != nil || !s.Eager {
			t.Errorf("%s: %+v, %v", mode, s, err)
		}
	}
	s, err := jit.ParseStress("guards=7,retire,delay=3,zone=4096,seed=9")
	if want := (jit.Stress{Guards: 7, Retire: 4, Delay: 3, Zone: 4096, Seed: 9}); err != nil || s != want {
		t.Errorf("%+v, %v, want %+v", s, err, want)
	}
	for _, bad := range []string{"", "zeal", "guards=x", "guards=-1"} {
		if s, err := jit.ParseStress(bad); err == nil {
			t.Errorf("%q: %+v", bad, s)
		}
	}
}
