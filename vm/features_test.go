package vm_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/sista-vm/sista/jit"
	"github.com/sista-vm/sista/native"
	"github.com/sista-vm/sista/vm"
)

// shifts is a program whose code has a use for what not every processor has. The image keeps it: of a program that is run
// once there may be nothing left to save.
const (
	shifts    = "Smalltalk at: #Shifts put: [(1 to: 30000) inject: 0 into: [:a :k | a + ((k bitShift: k \\\\ 7) bitAnd: 1023) + (k asFloat * 0.5) truncated]]"
	useShifts = "(Smalltalk at: #Shifts) value"
)

// TestProcessors warms code up for one level of processors and starts it on another.
func TestProcessors(t *testing.T) {
	if native.Present()&native.BMI2 == 0 {
		t.Skip("this processor has nothing beyond the first level that code uses")
	}
	for _, level := range []string{"v1", "v2", "v3", "native"} {
		path, want, saved := saveWarm(t, vm.Config{Compile: jit.Sync, CPU: level}, shifts, useShifts)
		beyond := level == "v3" || level == "native"
		if f := saved.Manifest.Features; slices.Contains(f, "bmi2") != beyond {
			t.Fatalf("warmed for %s the code uses %q", level, f)
		}
		for _, here := range []string{"v1", "v2", "v3", ""} {
			m := openVM(t, vm.Config{Image: path, Compile: jit.Sync, CPU: here, Trust: believer})
			r := m.StartReport()
			fits := !beyond || here == "v3" || here == ""
			switch {
			case fits && (r.Used != vm.UseNative || r.Why != ""):
				t.Errorf("code for %s on %q: %v", level, here, r)
			case !fits && (r.Used != vm.UsePortable || !strings.Contains(r.Why, "bmi2") || strings.Contains(r.Why, "\n")):
				t.Errorf("code for %s on %q: %v", level, here, r)
			}
			if got := evalString(t, m, useShifts); got != want {
				t.Errorf("code for %s on %q answers %s, not %s", level, here, got, want)
			}
			if err := m.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	if m, err := vm.Open(vm.Config{CPU: "v9"}); err == nil || !strings.Contains(err.Error(), "v9") {
		t.Errorf("v9: %v", err)
		m.Close()
	}
}
