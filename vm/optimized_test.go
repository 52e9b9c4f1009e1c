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

func openVM(t *testing.T, c vm.Config) *vm.VM {
	t.Helper()
	m, err := vm.Open(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

func evalString(t *testing.T, m *vm.VM, source string) string {
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

func TestNativeCodeIsSaved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "w.image")
	m := openVM(t, vm.Config{Compile: jit.Sync})
	const program = "[:n | | f | f := nil. f := [:k | k < 2 ifTrue: [k] ifFalse: [(f value: k - 1) + (f value: k - 2)]]. f value: n]"
	evalString(t, m, "Smalltalk at: #Fib put: "+program+". 1")
	want := evalString(t, m, "(1 to: 20) inject: 0 into: [:a :k | a + ((Smalltalk at: #Fib) value: 20)]")
	r, err := m.SaveOptimized(context.Background(), path, vm.SaveOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Manifest.Methods == 0 {
		t.Fatalf("no methods were saved: %+v", r)
	}
	t.Logf("%+v", r)
	m.Close()

	var log []string
	m = openVM(t, vm.Config{Image: path, Compile: jit.Sync, Trust: believer,
		Trace: vm.Trace{Compile: func(s string) { log = append(log, s) }, Deopt: func(s string) { log = append(log, s) }}})
	if r := m.StartReport(); r == nil || r.Used != vm.UseNative || r.Why != "" {
		t.Fatalf("start: %v", r)
	}
	t.Log(m.StartReport())
	if got := evalString(t, m, "(1 to: 20) inject: 0 into: [:a :k | a + ((Smalltalk at: #Fib) value: 20)]"); got != want {
		t.Errorf("answered %s, not %s", got, want)
	}
	t.Log(strings.Join(log, "\n"))
}
