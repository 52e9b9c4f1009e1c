package trust

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/host/hostos"
	"github.com/sista-vm/sista/image"
	"github.com/sista-vm/sista/snapshot"
)

// BenchmarkSave compares what saving images of 100 MB takes, plain and sealed, with dd conv=fsync, which writes
// the same bytes to the same file system, in turn, each to a new file. For each there are the median and the least of the times, and what of
// the processors' time was used. Give it rounds: -benchtime 20x.
func BenchmarkSave(b *testing.B) {
	for _, c := range []struct {
		name string
		fill func(h *heap.Heap)
	}{
		{"large objects", func(h *heap.Heap) {
			for range 100 {
				h.AllocateOld(heap.ClassByteArray, heap.FmtBytes, 1_000_000/8)
			}
		}},
		{"small objects", func(h *heap.Heap) {
			for range 100_000_000 / 64 {
				a := h.AllocateOld(heap.ClassArray, heap.FmtArray, 7)
				for i := range 7 {
					a.SetSlotRaw(i, h.Nil)
				}
			}
		}},
	} {
		b.Run(c.name, func(b *testing.B) { benchmarkSave(b, c.fill) })
	}
}

func benchmarkSave(b *testing.B, fill func(h *heap.Heap)) {
	h, err := heap.New(heap.Config{Memory: hostos.Memory(), Window: -1})
	if err != nil {
		b.Fatal(err)
	}
	defer h.Close()
	if err := h.Bootstrap(); err != nil {
		b.Fatal(err)
	}
	h.Specials = h.AllocateOld(heap.ClassArray, heap.FmtArray, 60)
	for i := range h.Specials.NumSlots() {
		h.Specials.SetSlotRaw(i, h.Nil)
	}
	fill(h)
	path, key := filepath.Join(b.TempDir(), "x.image"), newKey(b)
	to := path + ".saved"
	type contest struct {
		name   string
		save   func() error
		millis []float64
		used   time.Duration
	}
	if err := image.Save(files, path, h, image.Header{}); err != nil {
		b.Fatal(err)
	}
	all := []*contest{
		{name: "dd", save: func() error {
			return exec.Command("dd", "if="+path, "of="+to, "bs=1M", "conv=fsync").Run()
		}},
		{name: "plain", save: func() error { return image.Save(files, to, h, image.Header{}) }},
		{name: "sealed", save: func() error {
			_, err := snapshot.Write(files, to, snapshot.Contents{Heap: h, Sealer: NewSealer(key)})
			return err
		}},
	}
	for b.Loop() {
		for _, c := range all {
			used, start := processorTime(), time.Now()
			if err := c.save(); err != nil {
				b.Fatalf("%s: %v", c.name, err)
			}
			c.millis = append(c.millis, time.Since(start).Seconds()*1e3)
			c.used += processorTime() - used
			if err := os.Remove(to); err != nil {
				b.Fatal(err)
			}
		}
	}
	for _, c := range all {
		slices.Sort(c.millis)
		b.ReportMetric(c.millis[len(c.millis)/2], c.name+"-ms")
		b.ReportMetric(c.millis[0], c.name+"-least-ms")
		b.ReportMetric(c.used.Seconds()*1e3/float64(b.N), c.name+"-cpu-ms")
	}
}

// processorTime answers what this process, and those that it has waited for, have used of all processors.
func processorTime() (sum time.Duration) {
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var u syscall.Rusage
		_ = syscall.Getrusage(who, &u)
		sum += time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	return sum
}
