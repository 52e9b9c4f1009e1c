package image

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/host/hostos"
)

// realImages is a folder of image files made by other systems, if there is one.
const realImages = "SISTA_IMAGES"

func realImage(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(os.Getenv(realImages), name)
	if _, err := os.Stat(path); os.Getenv(realImages) == "" || err != nil {
		t.Skipf("no %s in the folder that %s names", name, realImages)
	}
	return path
}

// An image of another system is read, saved, and read again.
func TestForeignImage(t *testing.T) {
	path := realImage(t, "candle64.image")
	h, hd, err := Open(path, heap.Config{Memory: hostos.Memory(), Window: 0}, Options{Verify: true})
	if err != nil {
		t.Fatal(err)
	}
	if h.Segments()[0].Mapped || hd.Format != Format || hd.Mappable() {
		t.Errorf("header %+v", hd)
	}
	s := Gather(h)
	if s.Objects != 2466 {
		t.Errorf("%d objects", s.Objects)
	}
	names := NewNames(h)
	if name := names.Class(h.ClassOf(h.ClassAt(heap.ClassArray))); name != "PCArray class" {
		t.Errorf("the class of Array is %s", name)
	}
	methods := 0
	EachMethod(h, func(m Method) { methods++ })
	if methods < 500 {
		t.Errorf("%d methods", methods)
	}
	first := write(t, h, *hd)
	copied := filepath.Join(t.TempDir(), "copy.image")
	if err := Save(hostos.NewFiles(), copied, h, *hd); err != nil {
		t.Fatal(err)
	}
	_ = h.Close()
	h, hd, err = Open(copied, heap.Config{Memory: hostos.Memory(), Window: 0}, Options{Verify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if h.AtHome(0) && !h.Segments()[0].Mapped {
		t.Error("the copy is not mapped")
	}
	if again := write(t, h, *hd); !bytes.Equal(first, again) {
		t.Error("saved again, the image differs")
	}
	if t2 := Gather(h); t2.Objects != s.Objects || t2.Bytes != s.Bytes {
		t.Errorf("%d objects in %d bytes, were %d in %d", t2.Objects, t2.Bytes, s.Objects, s.Bytes)
	}
}

func TestForeign32Bit(t *testing.T) {
	path := realImage(t, "headless32.image")
	_, _, err := Open(path, heap.Config{Memory: hostos.Memory(), Window: -1}, Options{})
	wantError(t, err, path, "32-bit Spur")
}
