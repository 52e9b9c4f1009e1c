package trust

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/host/hostos"
	"github.com/sista-vm/sista/image"
	"github.com/sista-vm/sista/snapshot"
)

// BenchmarkSave compares what saving takes: the bytes alone, as dd conv=fsync writes them,
// a plain image, and a sealed one. On a machine that does other things too, the time of the
// processor is what to look at.
func BenchmarkSave(b *testing.B) {
	for _, c := range []struct {
		name  string
		fill  func(h *heap.Heap)
		bytes int64
	}{
		{"bytes", func(h *heap.Heap) {
			for range 100 {
				h.AllocateOld(heap.ClassByteArray, heap.FmtBytes, 1_000_000/8)
			}
		}, 100 << 20},
		{"small objects", func(h *heap.Heap) {
			for range 100_000_000 / 64 {
				a := h.AllocateOld(heap.ClassArray, heap.FmtArray, 7)
				for i := range 7 {
					a.SetSlotRaw(i, h.Nil)
				}
			}
		}, 100 << 20},
	} {
		h, err := heap.New(heap.Config{Memory: hostos.Memory(), Window: -1})
		if err != nil {
			b.Fatal(err)
		}
		if err := h.Bootstrap(); err != nil {
			b.Fatal(err)
		}
		h.Specials = h.AllocateOld(heap.ClassArray, heap.FmtArray, 60)
		for i := range h.Specials.NumSlots() {
			h.Specials.SetSlotRaw(i, h.Nil)
		}
		c.fill(h)
		path := filepath.Join(b.TempDir(), "x.image")
		key := newKey(b)
		for name, save := range map[string]func() error{
			"raw": func() error {
				f, err := os.Create(path + ".raw")
				if err != nil {
					return err
				}
				block := make([]byte, 1<<20)
				for range c.bytes >> 20 {
					if _, err := f.Write(block); err != nil {
						return err
					}
				}
				if err := f.Sync(); err != nil {
					return err
				}
				return f.Close()
			},
			"plain": func() error { return image.Save(files, path, h, image.Header{}) },
			"sealed": func() error {
				_, err := snapshot.Write(files, path, snapshot.Contents{Heap: h, Sealer: NewSealer(key)})
				return err
			},
		} {
			b.Run(fmt.Sprintf("%s/%s", c.name, name), func(b *testing.B) {
				b.SetBytes(c.bytes)
				before := processorTime()
				for b.Loop() {
					if err := save(); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64((processorTime()-before).Milliseconds())/float64(b.N), "cpu-ms/op")
			})
		}
		_ = h.Close()
	}
}

// processorTime answers what this process has used of all processors.
func processorTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
