package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sista-vm/sista/benchmarks"
	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/host"
	"github.com/sista-vm/sista/jit"
	"github.com/sista-vm/sista/plugins/all"
	"github.com/sista-vm/sista/snapshot"
	"github.com/sista-vm/sista/vm"
)

// someBenchmarks are run where SISTA_MODES is not set.
var someBenchmarks = map[string]bool{"Richards": true, "Mandelbrot": true, "Json": true, "Storage": true}

// TestWarmedBenchmarks warms images with benchmarks, which check their answers themselves, and goes on with them in new
// machines with all of the code, with parts of it, with none, and where the addresses of the file are taken. The objects are
// the same afterwards.
func TestWarmedBenchmarks(t *testing.T) {
	believe := func(f *snapshot.File) (snapshot.Trusted, error) { return f, nil }
	for _, p := range allBenchmarks(t) {
		if os.Getenv("SISTA_MODES") == "" && !someBenchmarks[p.Name] {
			continue
		}
		t.Run(p.Name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "warm.image")
			ctx := context.Background()
			open := func(c vm.Config) *vm.VM {
				c.Plugins, c.Clock, c.Entropy = all.All(), host.NewVirtualClock(), rand.NewChaCha8([32]byte{})
				m, err := vm.Open(c)
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { m.Close() })
				return m
			}
			iterate := func(m *vm.VM, up *vm.Value, n int) {
				t.Helper()
				if _, _, err := iterations(ctx, insideIterations(up), func(times []float64) bool { return len(times) < n }); err != nil {
					t.Fatal(err)
				}
			}
			m := open(vm.Config{Compile: jit.Sync, Sources: sources()})
			class, err := m.Global(ctx, warmUpClass)
			if err != nil {
				t.Fatal(err)
			}
			up, err := class.Send(ctx, "arguments:", []any{})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := up.Send(ctx, "workloadStatements:", fmt.Sprintf("%sBenchmark new iterate: %d", p.Name, p.Small)); err != nil {
				t.Fatal(err)
			}
			iterate(m, up, 5)
			saved, err := m.SaveOptimized(ctx, path, vm.SaveOptions{})
			if err != nil {
				t.Fatal(err)
			}
			iterate(m, up, 1)
			if saved.Manifest.Methods+saved.Manifest.Loops == 0 {
				t.Error("nothing was compiled")
			}
			m.Close()
			var want uint64
			for _, use := range []vm.Use{vm.UseNone, vm.UseFeedback, vm.UsePortable, vm.UseNative} {
				for _, taken := range []bool{false, true} {
					var first *vm.VM
					if taken {
						first = open(vm.Config{Image: path})
					}
					m := open(vm.Config{Image: path, Compile: jit.Sync, Trust: believe, Use: use})
					if r := m.StartReport(); r.Used != use || r.Why != "" {
						t.Errorf("%v: %v", use, r)
					}
					class, err := m.Global(ctx, warmUpClass)
					if err != nil {
						t.Fatal(err)
					}
					up, err := class.Send(ctx, "current")
					if err != nil {
						t.Fatal(err)
					}
					iterate(m, up, 3)
					smalltalk, ok := m.Interp().Global("Smalltalk")
					if !ok {
						t.Fatal("no Smalltalk")
					}
					got := heap.CanonicalHash(m.Interp().Heap(), []heap.Oop{smalltalk}, heap.HashOptions{})
					if want == 0 {
						want = got
					}
					if got != want {
						t.Errorf("%v, addresses taken %v: the objects hash to %#x, not to %#x", use, taken, got, want)
					}
					m.Close()
					if first != nil {
						first.Close()
					}
				}
			}
		})
	}
}

func allBenchmarks(t *testing.T) []benchmarks.Benchmark {
	t.Helper()
	var out strings.Builder
	m, err := vm.Open(vm.Config{Sources: sources(), Args: benchmarks.ListArguments(), Stdout: &out})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if code, err := m.Run(context.Background()); code != 0 || err != nil {
		t.Fatal(code, err)
	}
	list, err := benchmarks.ParseList(out.String())
	if err != nil || len(list) < 20 {
		t.Fatalf("%d benchmarks, %v", len(list), err)
	}
	return list
}
