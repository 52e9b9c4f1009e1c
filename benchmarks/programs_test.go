package benchmarks

import (
	"flag"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/sista-vm/sista/vm"
)

var (
	inner  = flag.Int("inner", 0, "rounds of an iteration; 0: the usual number of each benchmark, -1: the small one")
	warmup = flag.Duration("warmup", 500*time.Millisecond, "how long a benchmark runs before it is measured")
)

func open(tb testing.TB, cache string) *vm.VM {
	m, err := vm.Open(vm.Config{CacheDir: cache, Sources: []fs.FS{Sources()}})
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

// printed answers what the image prints for its arguments.
func printed(tb testing.TB, cache string, arguments []string) string {
	var out, errors strings.Builder
	c := vm.Config{CacheDir: cache, Sources: []fs.FS{Sources()}, Args: arguments, Stdout: &out, Stderr: &errors}
	m, err := vm.Open(c)
	if err != nil {
		tb.Fatal(err)
	}
	defer m.Close()
	if code, err := m.Run(tb.Context()); code != 0 || err != nil {
		tb.Fatal(code, err, errors.String())
	}
	return out.String()
}

// list answers all benchmarks.
func list(tb testing.TB, cache string) []Benchmark {
	all, err := ParseList(printed(tb, cache, ListArguments()))
	if err != nil {
		tb.Fatal(err)
	}
	return all
}

// BenchmarkPrograms measures an iteration of each program in its steady state, and as
// cold-ns/op the first iteration of a new virtual machine.
func BenchmarkPrograms(b *testing.B) {
	cache := b.TempDir()
	for _, p := range list(b, cache) {
		rounds := p.Inner
		switch {
		case *inner > 0:
			rounds = *inner
		case *inner < 0:
			rounds = p.Small
		}
		b.Run(p.Suite+"/"+p.Name, func(b *testing.B) {
			m := open(b, cache)
			defer m.Close()
			program, err := m.Eval(b.Context(), "(Benchmark named: '"+p.Name+"') new")
			if err != nil {
				b.Fatal(err)
			}
			iteration := func() time.Duration {
				start := time.Now()
				v, err := program.Send(b.Context(), "innerBenchmarkLoop:", rounds)
				took := time.Since(start)
				if err != nil {
					b.Fatal(err)
				}
				if ok, err := v.Bool(); !ok || err != nil {
					b.Fatalf("wrong result (%v)", err)
				}
				v.Release()
				return took
			}
			cold := iteration()
			for warm := cold; warm < *warmup; {
				warm += iteration()
			}
			for b.Loop() {
				iteration()
			}
			b.ReportMetric(float64(cold.Nanoseconds()), "cold-ns/op")
			if p.Work > 0 {
				b.ReportMetric(float64(p.Work)*float64(rounds)*float64(b.N)/b.Elapsed().Seconds(), p.Unit+"/s")
			}
		})
	}
}

// BenchmarkStart is the time from nothing to the first answer.
func BenchmarkStart(b *testing.B) {
	c := vm.Config{CacheDir: b.TempDir()}
	for b.Loop() {
		m, err := vm.Open(c)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := m.Eval(b.Context(), "3 + 4"); err != nil {
			b.Fatal(err)
		}
		if err := m.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// The programs answer what they should, in a small size, wherever nobody measures.
func TestPrograms(t *testing.T) {
	cache := t.TempDir()
	suites := map[string]int{}
	var want strings.Builder
	for _, p := range list(t, cache) {
		suites[p.Suite]++
		fmt.Fprintf(&want, "%s %s: right\n", p.Suite, p.Name)
		if p.Inner < p.Small || p.Small < 1 || p.Summary == "" {
			t.Errorf("%+v", p)
		}
	}
	if suites["awfy"] != 14 || suites["sista"] != 8 || suites["tiny"] != 2 || suites["micro"] < 50 {
		t.Errorf("benchmarks of the suites: %v", suites)
	}
	if got := printed(t, cache, CheckArguments()); got != want.String() {
		t.Errorf("%s\nwant\n%s", got, want.String())
	}
	if got := printed(t, cache, CheckArguments("Sieve")); got != "awfy Sieve: right\n" {
		t.Errorf("%s", got)
	}
}

// A wrong result ends the harness with an error.
func TestWrongResult(t *testing.T) {
	m := open(t, t.TempDir())
	defer m.Close()
	_, err := m.Eval(t.Context(), `SieveBenchmark compile: 'verifyResult: aResult ^ aResult = 668'.
		BenchmarkHarness main: #('Sieve' '1' '1')`)
	if err == nil || !strings.Contains(err.Error(), "Sieve failed with an incorrect result") {
		t.Errorf("%v", err)
	}
	_, err = m.Eval(t.Context(), "BenchmarkHarness main: #('check' 'Sieve' 'Queens')")
	if err == nil || !strings.Contains(err.Error(), "1 wrong results") {
		t.Errorf("%v", err)
	}
}
