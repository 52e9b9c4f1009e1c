package vm_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/sista-vm/sista/jit"
	"github.com/sista-vm/sista/smalltalk/reference"
	"github.com/sista-vm/sista/vm"
)

// tiers are the machines that FuzzTiers compares.
var tiers = []struct {
	name   string
	config vm.Config
}{
	{"interpreted", vm.Config{}},
	{"eager", vm.Config{Compile: jit.Sync, Stress: jit.Stress{Eager: true}}},
	{"some guards fail, two stack pages", vm.Config{Compile: jit.Sync, Stress: jit.Stress{Eager: true, Guards: 30, Seed: 1}, StackPages: 2}},
	{"all guards fail", vm.Config{Compile: jit.Sync, Stress: jit.Stress{Eager: true, Guards: 1}}},
	{"code comes late and goes early", vm.Config{Compile: jit.Sync, Stress: jit.Stress{Eager: true, Retire: 4, Delay: 50, Seed: 2}, EdenBytes: 64 << 10}},
	{"little room", vm.Config{Compile: jit.Sync, Stress: jit.Stress{Eager: true, Zone: 16 << 10, Guards: 1000}}},
	{"collecting at every allocation", vm.Config{Compile: jit.Sync, Stress: jit.Stress{Eager: true, Guards: 100}, StressGC: true}},
	{"any of the passes is the last", vm.Config{Compile: jit.Sync, Stress: jit.Stress{Eager: true, Guards: 200, Passes: true, Seed: 3}}},
	{"beside the program", vm.Config{Compile: jit.Async, Stress: jit.Stress{Eager: true, Guards: 300, Delay: 100}}},
}

// FuzzTiers runs the program of a seed in some of the machines, several times over, every other one disturbed, and compares
// each outcome with the reference evaluator's. SISTA_TIERS_SEEDS sets how
// many seeds it begins with, SISTA_TIERS_FROM the first; with
// SISTA_TIERS_ALL all machines run every seed.
func FuzzTiers(f *testing.F) {
	seeds, from := uint64(6), uint64(2_000_000)
	if testing.Short() {
		seeds = 1
	}
	if s := os.Getenv("SISTA_TIERS_SEEDS"); s != "" {
		seeds, _ = strconv.ParseUint(s, 10, 64)
	}
	if s := os.Getenv("SISTA_TIERS_FROM"); s != "" {
		from, _ = strconv.ParseUint(s, 10, 64)
	}
	for seed := range seeds {
		f.Add(from + seed)
	}
	cache := f.TempDir()
	machines := make([]*vm.VM, len(tiers))
	f.Cleanup(func() {
		for _, m := range machines {
			if m != nil {
				m.Close()
			}
		}
	})
	programs := 0
	f.Fuzz(func(t *testing.T, seed uint64) {
		p, want := reference.Generate(seed)
		if want.Kind == reference.Unspecified {
			return
		}
		if seed%2 == 1 {
			p = disturbed(p, seed)
		}
		programs++
		suffix := fmt.Sprintf("x%dx", programs)
		p = p.Rename(func(name string) string { return name + suffix })
		for _, i := range tiersOf(seed) {
			c := tiers[i]
			if machines[i] != nil && programs%200 == 0 { // an image with fewer classes
				if err := machines[i].Close(); err != nil {
					t.Fatal(err)
				}
				machines[i] = nil
			}
			if machines[i] == nil {
				c.config.CacheDir = cache
				var err error
				if machines[i], err = vm.Open(c.config); err != nil {
					t.Fatal(err)
				}
			}
			for round, got := range rounds(t, machines[i], p, 5) {
				if got = strings.ReplaceAll(got, suffix, ""); got != want.String() {
					t.Errorf("seed %d, %s, round %d: %s, want %v\n%s", seed, c.name, round, got, want, p)
					machines[i].Close()
					machines[i] = nil
					break
				}
			}
		}
	})
}

// tiersOf answers the machines that run a seed.
func tiersOf(seed uint64) []int {
	n := uint64(len(tiers))
	if os.Getenv("SISTA_TIERS_ALL") != "" {
		var all []int
		for i := range tiers {
			all = append(all, i)
		}
		return all
	}
	return []int{int(seed % n), int((seed + 1 + seed/n%(n-1)) % n)}
}

// rounds answers the outcomes of a program that is run again and again.
func rounds(t *testing.T, m *vm.VM, p *reference.Program, n int) []string {
	var all []string
	for range n {
		all = append(all, outcome(t.Context(), m, p))
		p = &reference.Program{Expression: p.Expression}
	}
	return all
}
