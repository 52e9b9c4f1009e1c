package image

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/host/hostos"
)

// fileOf saves an image of about so many megabytes: arrays of ten pointers each.
func fileOf(b *testing.B, megabytes int) string {
	b.Helper()
	x := newTiny(b)
	const each = 11 * wordSize
	n := megabytes << 20 / each
	var chunk heap.Oop
	list := heap.Oop(x.Nil)
	for i := range n {
		o := x.array(10)
		if i%1000 == 0 {
			chunk = o
			x.Store(o, 0, list)
			list = o
		}
		for j := 1; j < 10; j++ {
			o.SetSlotRaw(j, chunk)
		}
		if i%1000 != 0 {
			o.SetSlotRaw(0, chunk.Slot(1))
			chunk.SetSlotRaw(1, o)
		}
	}
	x.Store(x.Specials, free, list)
	path := filepath.Join(b.TempDir(), "x.image")
	if err := Save(hostos.NewFiles(), path, x.Heap, Header{}); err != nil {
		b.Fatal(err)
	}
	_ = x.Close()
	return path
}

func BenchmarkOpen(b *testing.B) {
	for _, mb := range []int{1, 100, 1024} {
		var path string
		for _, how := range []struct {
			name string
			o    Options
		}{{"mapped", Options{}}, {"read", Options{NoMap: true}}} {
			b.Run(fmt.Sprintf("%dMB/%s", mb, how.name), func(b *testing.B) {
				if path == "" {
					path = fileOf(b, mb)
				}
				b.ResetTimer()
				for b.Loop() {
					h, _, err := Open(path, heap.Config{Memory: hostos.Memory(), Window: 0}, how.o)
					if err != nil {
						b.Fatal(err)
					}
					if h.Segments()[0].Mapped == how.o.NoMap {
						b.Fatal("not opened as wanted")
					}
					_ = h.Close()
				}
			})
			path = "" // the temporary folder is gone
		}
	}
}

func BenchmarkSave(b *testing.B) {
	h, hd, err := Open(fileOf(b, 100), heap.Config{Memory: hostos.Memory(), Window: 0}, Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer h.Close()
	path := filepath.Join(b.TempDir(), "y.image")
	for b.Loop() {
		if err := Save(hostos.NewFiles(), path, h, *hd); err != nil {
			b.Fatal(err)
		}
	}
}
