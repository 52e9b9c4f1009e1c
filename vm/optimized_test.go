package vm_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sista-vm/sista/jit"
	"github.com/sista-vm/sista/snapshot"
	"github.com/sista-vm/sista/vm"
)

// believer trusts every file: who wrote it is another package's matter.
func believer(f *snapshot.File) (snapshot.Trusted, error) { return f, nil }

func openVM(t testing.TB, c vm.Config) *vm.VM {
	t.Helper()
	m, err := vm.Open(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

func evalString(t testing.TB, m *vm.VM, source string) string {
	t.Helper()
	v, err := m.Eval(context.Background(), source)
	if err != nil {
		t.Fatalf("%s: %v", source, err)
	}
	s, err := v.Print(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// fib is a program whose work is done by a block that calls itself, and by a loop.
const (
	fib    = "Smalltalk at: #Fib put: ([:n | | f | f := nil. f := [:k | k < 2 ifTrue: [k] ifFalse: [(f value: k - 1) + (f value: k - 2)]]. f value: n])"
	useFib = "(1 to: 20) inject: 0 into: [:a :k | a + ((Smalltalk at: #Fib) value: 20)]"
)

// saveWarm runs a program and answers the file of the image, saved optimized.
func saveWarm(t testing.TB, c vm.Config, prepare, program string) (path, printed string, r *vm.SaveReport) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "w.image")
	m := openVM(t, c)
	evalString(t, m, prepare)
	for range 3 {
		printed = evalString(t, m, program)
	}
	r, err := m.SaveOptimized(context.Background(), path, vm.SaveOptions{})
	if err != nil {
		t.Fatal(err)
	}
	// The program that was saved goes on.
	if got := evalString(t, m, program); got != printed {
		t.Errorf("after it was saved the program answers %s, not %s", got, printed)
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	return path, printed, r
}

func TestWarmImage(t *testing.T) {
	path, want, saved := saveWarm(t, vm.Config{Compile: jit.Sync}, fib, useFib)
	if m := &saved.Manifest; m.Methods == 0 || m.PortableBytes == 0 || m.FeedbackSites == 0 {
		t.Fatalf("saved %+v", saved)
	}
	for _, mode := range []jit.Mode{jit.Sync, jit.Async} {
		for _, use := range []vm.Use{vm.UseNone, vm.UseFeedback, vm.UsePortable, vm.UseNative} {
			t.Run(mode.String()+" "+use.String(), func(t *testing.T) {
				var log []string
				m := openVM(t, vm.Config{Image: path, Compile: mode, Trust: believer, Use: use,
					Trace: vm.Trace{Compile: func(s string) { log = append(log, s) }, Deopt: func(s string) { log = append(log, s) }}})
				r := m.StartReport()
				t.Log(r)
				if r.Used != use || r.Why != "" {
					t.Errorf("%v is used: %s", r.Used, r)
				}
				if use >= vm.UsePortable && r.Report.Methods != saved.Manifest.Methods {
					t.Errorf("%d methods of %d", r.Report.Methods, saved.Manifest.Methods)
				}
				if got := evalString(t, m, useFib); got != want {
					t.Errorf("answered %s, not %s", got, want)
				}
				if err := m.Close(); err != nil {
					t.Error(err)
				}
				t.Log(strings.Join(log, "\n"))
			})
		}
	}
}
