package vm_test

import (
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/sista-vm/sista/counters"
	"github.com/sista-vm/sista/jit"
	"github.com/sista-vm/sista/smalltalk/reference"
	"github.com/sista-vm/sista/vm"
)

// templates are thresholds by which everything runs in code of the template tier from the
// first call on, and in no other.
func templates() *counters.Policy {
	p := counters.DefaultPolicy()
	p.SampleEvery, p.TemplateAfter = 1, 1
	p.GatherAfter, p.CompileAfter, p.OSRAfter = math.MaxInt64, math.MaxInt64, math.MaxInt64
	return &p
}

// FuzzDifferential runs the program of a seed in several machines: interpreted and in
// template code, at rest and spilling stack pages and collecting young objects all the time. It
// compares them with the reference evaluator. SISTA_DIFFERENTIAL_SEEDS sets how many it begins with.
func FuzzDifferential(f *testing.F) {
	seeds := uint64(8)
	if testing.Short() {
		seeds = 1
	}
	if s := os.Getenv("SISTA_DIFFERENTIAL_SEEDS"); s != "" {
		seeds, _ = strconv.ParseUint(s, 10, 64)
	}
	for seed := range seeds {
		f.Add(1_000_000 + seed)
	}
	cache := f.TempDir()
	configs := []vm.Config{{CacheDir: cache}, {CacheDir: cache, StackPages: 2, EdenBytes: 64 << 10},
		{CacheDir: cache, Compile: jit.Sync, Feedback: templates()},
		{CacheDir: cache, Compile: jit.Sync, Feedback: templates(), StackPages: 2, EdenBytes: 64 << 10}}
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
				t.Errorf("seed %d, %d stack pages, compile %s: %s, want %v\n%s", seed, c.StackPages, c.Compile, got, want, p)
			}
		}
	})
}
