package vm_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/sista-vm/sista/smalltalk/reference"
	"github.com/sista-vm/sista/vm"
)

// FuzzDifferential runs the program of a seed in two machines, of which the second
// spills stack pages and collects young objects all the time, and compares both
// with the reference evaluator. SISTA_DIFFERENTIAL_SEEDS sets how many it begins with.
func FuzzDifferential(f *testing.F) {
	seeds := uint64(8)
	if s := os.Getenv("SISTA_DIFFERENTIAL_SEEDS"); s != "" {
		seeds, _ = strconv.ParseUint(s, 10, 64)
	}
	for seed := range seeds {
		f.Add(1_000_000 + seed)
	}
	cache := f.TempDir()
	configs := []vm.Config{{CacheDir: cache}, {CacheDir: cache, StackPages: 2, EdenBytes: 64 << 10}}
	machines := make([]*vm.VM, len(configs))
	programs := 0
	f.Cleanup(func() {
		for _, m := range machines {
			if m != nil {
				m.Close()
			}
		}
	})
	f.Fuzz(func(t *testing.T, seed uint64) {
		p, want := reference.Generate(seed)
		if want.Kind == reference.Unspecified {
			return
		}
		programs++
		suffix := fmt.Sprintf("x%dx", programs)
		p = p.Rename(func(name string) string { return name + suffix })
		for i, c := range configs {
			if machines[i] != nil && programs%500 == 0 { // an image with fewer classes
				if err := machines[i].Close(); err != nil {
					t.Fatal(err)
				}
				machines[i] = nil
			}
			if machines[i] == nil {
				var err error
				if machines[i], err = vm.Open(c); err != nil {
					t.Fatal(err)
				}
			}
			got := strings.ReplaceAll(outcome(t.Context(), machines[i], p), suffix, "")
			if got != want.String() {
				t.Errorf("seed %d, %d stack pages: %s, want %v\n%s", seed, c.StackPages, got, want, p)
			}
		}
	})
}
