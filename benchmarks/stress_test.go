package benchmarks

import (
	"io/fs"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/host"
	"github.com/sista-vm/sista/jit"
	"github.com/sista-vm/sista/vm"
)

// The programs, in a small size, print the same and leave the same objects behind, whatever is done
// to machine code. SISTA_MODES=all adds collections at every allocation.
func TestProgramsUnderStress(t *testing.T) {
	cache := t.TempDir()
	run := func(t *testing.T, c vm.Config) (string, uint64) {
		var out, errors strings.Builder
		c.CacheDir, c.Sources, c.Args = cache, []fs.FS{Sources()}, CheckArguments()
		c.Stdout, c.Stderr, c.Clock = &out, &errors, host.NewVirtualClock()
		c.Entropy = rand.NewChaCha8([32]byte{})
		m, err := vm.Open(c)
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		if code, err := m.Run(t.Context()); code != 0 || err != nil {
			t.Fatal(code, err, errors.String())
		}
		smalltalk, ok := m.Interp().Global("Smalltalk")
		if !ok {
			t.Fatal("no Smalltalk")
		}
		return out.String(), heap.CanonicalHash(m.Interp().Heap(), []heap.Oop{smalltalk}, heap.HashOptions{})
	}
	want, hash := run(t, vm.Config{})
	check := func(name string, c vm.Config) {
		t.Run(name, func(t *testing.T) {
			got, h := run(t, c)
			if got != want {
				t.Errorf("%s\nwant\n%s", got, want)
			}
			if h != hash {
				t.Errorf("the objects left behind hash to %#x, not to %#x", h, hash)
			}
		})
	}
	check("again", vm.Config{})
	for _, mode := range jit.StressModes {
		s, err := jit.ParseStress(mode)
		if err != nil {
			t.Fatal(err)
		}
		check(mode, vm.Config{Compile: jit.Sync, Stress: s})
	}
	if os.Getenv("SISTA_MODES") == "all" {
		check("collecting at every allocation", vm.Config{Compile: jit.Sync, Stress: jit.Stress{Eager: true, Guards: 1000, Seed: 6}, StressGC: true})
	}
	late, _ := jit.ParseStress("delay=100,seed=4")
	check("beside the program", vm.Config{Compile: jit.Async, Stress: late})
}
