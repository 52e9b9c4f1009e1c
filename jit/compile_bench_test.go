package jit_test

import (
	"io/fs"
	"testing"
	"time"

	"github.com/sista-vm/sista/benchmarks"
	"github.com/sista-vm/sista/jit"
	"github.com/sista-vm/sista/native"
	"github.com/sista-vm/sista/vm"
)

// BenchmarkCompilation compiles what is hot in some programs again and again: the time that each stage
// takes for a value of the optimized functions.
func BenchmarkCompilation(b *testing.B) {
	if err := native.Supported(); err != nil {
		b.Skip(err)
	}
	for _, p := range []struct {
		name         string
		size, rounds int
	}{{"DeltaBlue", 10, 3000}, {"CD", 2, 200}, {"Json", 1, 30}, {"Havlak", 1, 2}, {"Richards", 1, 3}, {"NBody", 1, 10000}} {
		b.Run(p.name, func(b *testing.B) {
			m, err := vm.Open(vm.Config{CacheDir: cacheDir, Compile: jit.Sync, Sources: []fs.FS{benchmarks.Sources()}})
			if err != nil {
				b.Fatal(err)
			}
			defer m.Close()
			program, err := m.Eval(b.Context(), "(Benchmark named: '"+p.name+"') new")
			if err != nil {
				b.Fatal(err)
			}
			for range p.rounds {
				if _, err := program.Send(b.Context(), "innerBenchmarkLoop:", p.size); err != nil {
					b.Fatal(err)
				}
			}
			var best jit.Again
			for b.Loop() {
				a, err := m.Broker().Recompile()
				if err != nil {
					b.Fatal(err)
				}
				total := func(t jit.Times) time.Duration { return t.Front + t.Passes + t.Code }
				if best.Values == 0 || total(a.Times) < total(best.Times) {
					best = a
				}
			}
			per := func(d time.Duration) float64 { return float64(d.Nanoseconds()) / float64(best.Values) }
			b.ReportMetric(per(best.Front), "front-ns/value")
			b.ReportMetric(per(best.Passes), "passes-ns/value")
			b.ReportMetric(per(best.Code), "code-ns/value")
			b.ReportMetric(float64(best.Bytes)/float64(best.Functions), "bytes/function")
			b.Logf("%d functions, %d values, %d bytes of code, hash %x", best.Functions, best.Values, best.Bytes, best.Hash)
		})
	}
}
