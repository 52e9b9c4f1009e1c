package kernel_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/host"
	"github.com/sista-vm/sista/jit"
	"github.com/sista-vm/sista/plugins/all"
	"github.com/sista-vm/sista/snapshot"
	"github.com/sista-vm/sista/vm"
)

// What a class of tests came to: what was printed, and the hash of all objects.
type came struct {
	out  string // without how long it took
	took string
	hash uint64
}

// classByClass runs the suite under a virtual clock, class by class, and calls f behind each, when
// what waits for time has had its turn. The clock moves when it is asked, and compiled code asks less often:
// how long tests take is not looked at, nor is what remembers it. Files and sockets are of another time: their tests are left out.
func classByClass(t *testing.T, c vm.Config, f func(class string, now came)) {
	t.Helper()
	classesIn(t, c, nil, f)
}

// classesIn does that with some of the classes, all if they are nil, and answers the machine.
func classesIn(t *testing.T, c vm.Config, some []string, f func(class string, now came)) *vm.VM {
	t.Helper()
	c.Tests, c.CacheDir, c.Plugins = true, "-", all.All()
	c.Clock, c.Entropy = host.NewVirtualClock(), rand.NewChaCha8([32]byte{})
	m, err := vm.Open(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	v, err := m.Eval(t.Context(), `Random default seed: 1. "instead of the time" ((TestCase allSubclasses reject: [:each | each isAbstract or: [#(FileTest SocketTest HttpTest) includes: each name]])
		collect: [:each | each name asString]) asArray sort`)
	if err != nil {
		t.Fatal(err)
	}
	names, err := v.Elements()
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range names {
		name, err := n.Text()
		if err != nil {
			t.Fatal(err)
		}
		if some != nil && !slices.Contains(some, name) {
			continue
		}
		v, err := m.Eval(t.Context(), "| s c | s := WriteStream on: String new. TestRunner run: '"+name+"' on: s. "+
			"(Delay forSeconds: 1) wait. c := s contents. s reset; nextPutAll: (String new: c size). c")
		if err != nil {
			t.Fatal(name, err)
		}
		out, err := v.Text()
		if err != nil {
			t.Fatal(name, err)
		}
		smalltalk, ok := m.Interp().Global("Smalltalk")
		if !ok {
			t.Fatal("no Smalltalk")
		}
		ms := regexp.MustCompile(`\d+ ms\n`)
		f(name, came{ms.ReplaceAllString(out, ""), ms.FindString(out), heap.CanonicalHash(m.Interp().Heap(), []heap.Oop{smalltalk}, heap.HashOptions{})})
	}
	return m
}

// Whatever is done to machine code, the suite prints the same and leaves the same objects behind as
// in the interpreter, class by class. It runs if SISTA_MODES is set; SISTA_MODES=all adds collections
// at every allocation.
func TestSuiteAgrees(t *testing.T) {
	if os.Getenv("SISTA_MODES") == "" {
		t.Skip("takes long: SISTA_MODES is not set")
	}
	want := map[string]came{}
	classByClass(t, vm.Config{}, func(class string, now came) { want[class] = now })
	if len(want) < 25 {
		t.Fatalf("only %d classes", len(want))
	}
	check := func(mode string, c vm.Config) {
		t.Run(mode, func(t *testing.T) {
			seen := 0
			classByClass(t, c, func(class string, now came) {
				seen++
				if now.out != want[class].out {
					t.Errorf("%s:\n%s\nwant\n%s", class, now.out, want[class].out)
				}
				if now.took == want[class].took && now.hash != want[class].hash {
					t.Errorf("%s: the objects left behind hash to %#x, not to %#x", class, now.hash, want[class].hash)
				}
			})
			if seen != len(want) {
				t.Errorf("%d classes, want %d", seen, len(want))
			}
		})
	}
	for _, mode := range jit.StressModes {
		s, err := jit.ParseStress(mode)
		if err != nil {
			t.Fatal(err)
		}
		check(mode, vm.Config{Compile: jit.Sync, Stress: s})
	}
	check("beside the program", vm.Config{Compile: jit.Async, Stress: jit.Stress{Eager: true, Guards: 1000, Delay: 100, Seed: 5}})
	if os.Getenv("SISTA_MODES") == "all" {
		check("collecting at every allocation", vm.Config{Compile: jit.Sync, Stress: jit.Stress{Eager: true, Guards: 1000, Seed: 6}, StressGC: true})
	}
}

// A suite that was run before the image was saved prints the same and leaves the same objects behind in a machine that is
// started from it, with all of its code, with parts of it, with none, and where the addresses of the file are taken. Some
// classes are run; all if SISTA_MODES is set.
func TestWarmedSuiteAgrees(t *testing.T) {
	some := []string{"BlockTest", "ContextTest", "ExceptionTest", "ObjectTest", "PointTest"}
	if os.Getenv("SISTA_MODES") != "" {
		some = nil
	}
	path := filepath.Join(t.TempDir(), "warm.image")
	ran := 0
	m := classesIn(t, vm.Config{Compile: jit.Sync}, some, func(string, came) { ran++ })
	if ran < 4 {
		t.Fatalf("only %d classes", ran)
	}
	saved, err := m.SaveOptimized(t.Context(), path, vm.SaveOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if saved.Manifest.Methods < 10 {
		t.Errorf("%d methods were compiled", saved.Manifest.Methods)
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	want := map[string]came{}
	classesIn(t, vm.Config{Image: path}, some, func(class string, now came) { want[class] = now }).Close()
	believe := func(f *snapshot.File) (snapshot.Trusted, error) { return f, nil }
	for _, use := range []vm.Use{vm.UseFeedback, vm.UsePortable, vm.UseNative} {
		for _, taken := range []bool{false, true} {
			name := use.String()
			if taken {
				name += ", addresses taken"
			}
			t.Run(name, func(t *testing.T) {
				if taken {
					first, err := vm.Open(vm.Config{Image: path})
					if err != nil {
						t.Fatal(err)
					}
					defer first.Close()
				}
				m := classesIn(t, vm.Config{Image: path, Compile: jit.Sync, Trust: believe, Use: use}, some, func(class string, now came) {
					if now.out != want[class].out {
						t.Errorf("%s:\n%s\nwant\n%s", class, now.out, want[class].out)
					}
					if now.took == want[class].took && now.hash != want[class].hash {
						t.Errorf("%s: the objects left behind hash to %#x, not to %#x", class, now.hash, want[class].hash)
					}
				})
				if r := m.StartReport(); r.Used != use || r.Why != "" {
					t.Errorf("start: %v", r)
				}
			})
		}
	}
}
