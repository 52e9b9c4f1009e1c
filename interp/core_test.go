package interp_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/sista-vm/sista/counters"
	"github.com/sista-vm/sista/jit"
	"github.com/sista-vm/sista/vm"
)

// A snippet is Smalltalk code and the printString of its value, or "Class: message"
// of the error it ends with.
type snippet struct{ name, code, want string }

// Every snippet runs in each of these virtual machines; the results must agree.
var machines = []struct {
	name   string
	config vm.Config
	limit  time.Duration // for each snippet
}{
	{"plain", vm.Config{}, 5 * time.Second},
	{"two stack pages", vm.Config{StackPages: 2}, 5 * time.Second},
	{"compiled", vm.Config{Compile: jit.Sync, Feedback: eager()}, 20 * time.Second},
	{"compiled, collecting at every allocation", vm.Config{Compile: jit.Sync, Feedback: eager(), StressGC: true}, 60 * time.Second},
	{"compiled, two stack pages", vm.Config{Compile: jit.Sync, Feedback: eager(), StackPages: 2}, 20 * time.Second},
	{"small eden", vm.Config{EdenBytes: 64 << 10}, 5 * time.Second},
	{"collecting at every allocation", vm.Config{StressGC: true}, 30 * time.Second},
	{"collecting at every allocation, two stack pages", vm.Config{StressGC: true, StackPages: 2}, 30 * time.Second},
}

// eager compiles as soon as anything is known.
func eager() *counters.Policy {
	p := counters.DefaultPolicy()
	p.SampleEvery, p.Window, p.WindowDuty, p.GatherAfter = 10, 20, 1, 0
	p.CompileAfter, p.OSRAfter, p.MinSamples = 20, 20, 1
	return &p
}

// cacheDir keeps the kernel image for all tests.
var cacheDir string

func TestMain(m *testing.M) { os.Exit(testMain(m)) }

func testMain(m *testing.M) int {
	var err error
	if cacheDir, err = os.MkdirTemp("", "sista"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(cacheDir)
	return m.Run()
}

func open(t testing.TB, c vm.Config) *vm.VM {
	t.Helper()
	c.CacheDir = cacheDir
	m, err := vm.Open(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	return m
}

// print evaluates code and answers the printString of its value, or its error.
func print(t testing.TB, m *vm.VM, code string, limit time.Duration) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	v, err := m.Eval(ctx, code)
	if err != nil {
		return err.Error()
	}
	defer v.Release()
	s, err := v.Print(ctx)
	if err != nil {
		return err.Error()
	}
	return s
}

// runSnippets runs snippets, and the set-up before them, in every machine.
func runSnippets(t *testing.T, setUp string, snippets []snippet) {
	for _, mode := range machines {
		t.Run(mode.name, func(t *testing.T) {
			m := open(t, mode.config)
			if s := print(t, m, setUp, mode.limit); strings.Contains(s, "Error") {
				t.Fatal(s)
			}
			for _, s := range snippets {
				start := time.Now()
				if got := print(t, m, s.code, mode.limit); got != s.want {
					t.Errorf("%s: %s\nwant %s\n%s", s.name, got, s.want, s.code)
				}
				if d := time.Since(start); d > time.Second {
					t.Logf("%s took %v", s.name, d)
				}
			}
		})
	}
}
