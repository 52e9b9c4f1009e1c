package benchmarks

import (
	"context"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/host"
	"github.com/sista-vm/sista/jit"
	"github.com/sista-vm/sista/snapshot"
	"github.com/sista-vm/sista/vm"
)

// The programs, in a small size, print the same and leave the same objects behind when they run on from a
// warmed image, whatever of its code is used: as when the same image is interpreted.
func TestProgramsFromWarmedImage(t *testing.T) {
	cache, path := t.TempDir(), filepath.Join(t.TempDir(), "warmed.image")
	const program = "BenchmarkHarness main: #('check')"
	var saved *vm.SaveReport
	run := func(t *testing.T, c vm.Config, save string) (*vm.StartReport, string, uint64) {
		var out, errors strings.Builder
		c.Stdout, c.Stderr, c.Clock = &out, &errors, host.NewVirtualClock()
		c.Entropy = rand.NewChaCha8([32]byte{})
		c.Trust = func(f *snapshot.File) (snapshot.Trusted, error) { return f, nil }
		m, err := vm.Open(c)
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		if _, err := m.Eval(t.Context(), program); err != nil {
			t.Fatal(err, errors.String())
		}
		if save != "" {
			if saved, err = m.SaveOptimized(context.Background(), save, vm.SaveOptions{}); err != nil {
				t.Fatal(err)
			}
		}
		smalltalk, ok := m.Interp().Global("Smalltalk")
		if !ok {
			t.Fatal("no Smalltalk")
		}
		return m.StartReport(), out.String(), heap.CanonicalHash(m.Interp().Heap(), []heap.Oop{smalltalk}, heap.HashOptions{})
	}
	eager := jit.Stress{Eager: true}
	run(t, vm.Config{CacheDir: cache, Sources: []fs.FS{Sources()}, Compile: jit.Sync, Stress: eager}, path)
	t.Logf("saved %+v", saved.Manifest)
	_, want, hash := run(t, vm.Config{Image: path, Use: vm.UseNone}, "")
	check := func(name string, c vm.Config, save string) {
		t.Run(name, func(t *testing.T) {
			if c.Image == "" {
				c.Image = path
			}
			r, got, h := run(t, c, save)
			t.Log(r)
			if r.Used != c.Use || r.Why != "" || c.Use >= vm.UsePortable && r.Report.Methods+r.Report.Loops == 0 {
				t.Errorf("not what was wanted: %s", r)
			}
			if got != want {
				t.Errorf("%s\nwant\n%s", got, want)
			}
			if h != hash {
				t.Errorf("the objects left behind hash to %#x, not to %#x", h, hash)
			}
		})
	}
	again := filepath.Join(t.TempDir(), "again.image")
	for _, use := range []vm.Use{vm.UseFeedback, vm.UsePortable, vm.UseNative} {
		check(use.String(), vm.Config{Compile: jit.Sync, Use: use}, "")
		check(use.String()+", beside the program", vm.Config{Compile: jit.Async, Use: use}, "")
		const stress = "eager,guards=1000,retire=3,delay=50,seed=2"
		s, err := jit.ParseStress(stress)
		if err != nil {
			t.Fatal(err)
		}
		check(use.String()+", "+stress, vm.Config{Compile: jit.Sync, Use: use, Stress: s}, "")
		check(use.String()+", collecting", vm.Config{Compile: jit.Sync, Use: use, EdenBytes: 64 << 10}, "")
	}
	// What was started from saved code is saved once more.
	run(t, vm.Config{Image: path, Compile: jit.Sync, Use: vm.UseNative}, again)
	t.Logf("saved again %+v", saved.Manifest)
	_, want, hash = run(t, vm.Config{Image: again, Use: vm.UseNone}, "")
	for _, use := range []vm.Use{vm.UsePortable, vm.UseNative} {
		check(use.String()+", saved again", vm.Config{Image: again, Compile: jit.Sync, Use: use}, "")
	}
}

// A warmed image is an image like any other for the VM that SISTA_OTHER_VM names.
func TestWarmedImageOnOtherVM(t *testing.T) {
	other := os.Getenv("SISTA_OTHER_VM")
	if other == "" {
		t.Skip("SISTA_OTHER_VM names no virtual machine")
	}
	path := filepath.Join(t.TempDir(), "warmed.image")
	m, err := vm.Open(vm.Config{CacheDir: t.TempDir(), Sources: []fs.FS{Sources()}, Compile: jit.Sync})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if _, err := m.Eval(t.Context(), "BenchmarkHarness main: #('check')"); err != nil {
		t.Fatal(err)
	}
	r, err := m.SaveOptimized(t.Context(), path, vm.SaveOptions{})
	if err != nil || r.Manifest.Methods == 0 {
		t.Fatal(r, err)
	}
	arguments := append([]string{"-headless", path}, CheckArguments("Sieve", "Queens", "Json")...)
	out, err := exec.CommandContext(t.Context(), other, arguments...).CombinedOutput()
	if want := "awfy Sieve: right\nawfy Queens: right\nawfy Json: right\n"; err != nil || string(out) != want {
		t.Errorf("it prints %s (%v), not %s", out, err, want)
	}
}
