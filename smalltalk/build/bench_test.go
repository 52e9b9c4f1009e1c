package build

import (
	"testing"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/host/hostos"
	"github.com/sista-vm/sista/kernel"
	"github.com/sista-vm/sista/smalltalk/source"
)

// The kernel image, from reading its sources to a heap that can run.
func BenchmarkKernel(b *testing.B) {
	for b.Loop() {
		var all []source.Unit
		for _, p := range kernel.Packages(false) {
			u, err := source.ReadTree(kernel.Files(), p)
			if err != nil {
				b.Fatal(err)
			}
			all = append(all, u...)
		}
		m, err := Build(all, Options{Heap: heap.Config{Memory: hostos.Memory(), Window: -1}, Startup: kernel.Startup, KeepSource: true})
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(m.Methods), "methods")
		_ = m.Close()
	}
}
