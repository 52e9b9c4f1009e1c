package snapshot

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/host"
	"github.com/sista-vm/sista/host/hostos"
	"github.com/sista-vm/sista/image"
)

// tinyHeap is a heap with just what image.Write asks for.
func tinyHeap(t testing.TB) *heap.Heap {
	t.Helper()
	h, err := heap.New(heap.Config{Memory: hostos.Memory(), Window: -1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close() })
	if err := h.Bootstrap(); err != nil {
		t.Fatal(err)
	}
	h.Specials = h.AllocateOld(heap.ClassArray, heap.FmtArray, 60)
	for i := range h.Specials.NumSlots() {
		h.Specials.SetSlotRaw(i, h.Nil)
	}
	return h
}

func sample(t testing.TB) Contents {
	return Contents{
		Heap:     tinyHeap(t),
		Manifest: Manifest{VM: "1.2.3", Build: "abc", Start: Start{Kind: StartScript, What: "hello.st"}, Methods: 7},
		Sections: []Section{{KindFeedback, []byte("feedback")}, {KindNative, bytes.Repeat([]byte("code"), 3000)}, {77, nil}},
	}
}

func mustWrite(t testing.TB, c Contents) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "x.image")
	if _, err := Write(hostos.NewFiles(), path, c); err != nil {
		t.Fatal(err)
	}
	return path
}

func mustOpen(t testing.TB, path string, m host.Memory) *File {
	t.Helper()
	f, err := Open(hostos.NewFiles(), path, m)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// A plain save and the image of an optimized one are the same bytes, and what was written
// is read, mapped or not.
func TestRoundTrip(t *testing.T) {
	c := sample(t)
	dir := t.TempDir()
	files := hostos.NewFiles()
	path, plain := filepath.Join(dir, "x.image"), filepath.Join(dir, "plain.image")
	w, err := Write(files, path, c)
	if err != nil {
		t.Fatal(err)
	}
	if err := image.Save(files, plain, c.Heap, c.Header); err != nil {
		t.Fatal(err)
	}
	whole, _ := os.ReadFile(path)
	want, _ := os.ReadFile(plain)
	if int64(len(want)) != w.Image || w.Image+w.Trailer != int64(len(whole)) || !bytes.Equal(whole[:w.Image], want) {
		t.Fatalf("%d bytes, %d of them image, plain image %d", len(whole), w.Image, len(want))
	}
	for _, m := range []host.Memory{nil, hostos.Memory()} {
		f := mustOpen(t, path, m)
		if f.Problem != nil {
			t.Fatal(f.Problem)
		}
		for _, s := range c.Sections {
			got, err := f.Section(s.Kind)
			if err != nil || !bytes.Equal(got, s.Data) {
				t.Errorf("section %v: %q, %v", s.Kind, got, err)
			}
		}
		if m != nil && len(f.mapped) != 2 {
			t.Errorf("%d sections mapped", len(f.mapped))
		}
		if _, err := f.Section(KindPortable); !errors.Is(err, ErrNone) {
			t.Errorf("no section: %v", err)
		}
		man, err := f.Manifest()
		if err != nil {
			t.Fatal(err)
		}
		if man.Build != "abc" || man.Methods != 7 || man.Image.Length != w.Image || man.Start.What != "hello.st" || man.Home != f.Header.Base {
			t.Errorf("manifest %+v", man)
		}
		if all := f.Check(); all != nil {
			t.Error(all)
		}
		info := f.Describe()
		if len(info.Sections) != 4 || info.Sections[3].Kind != "kind 77" || info.Version != "1.0" || info.Problems != nil {
			t.Errorf("%+v", info)
		}
	}
	f := mustOpen(t, path, nil)
	less, err := f.Strip(files, path)
	if got, _ := os.ReadFile(path); err != nil || less != w.Trailer || !bytes.Equal(got, want) {
		t.Errorf("stripped of %d bytes: %v", less, err)
	}
	f = mustOpen(t, path, nil)
	if f.Problem != nil || len(f.Index()) != 0 {
		t.Errorf("a plain image has sections %v, problem %v", f.Index(), f.Problem)
	}
}

// What cannot be written is refused.
func TestWriteRefuses(t *testing.T) {
	for _, kinds := range [][]Kind{{KindManifest}, {KindSeal}, {9, 9}} {
		c := sample(t)
		c.Sections = nil
		for _, k := range kinds {
			c.Sections = append(c.Sections, Section{Kind: k})
		}
		dir := t.TempDir()
		if _, err := Write(hostos.NewFiles(), filepath.Join(dir, "x.image"), c); err == nil || !strings.Contains(err.Error(), "section") {
			t.Errorf("%v: %v", kinds, err)
		}
		if left, _ := os.ReadDir(dir); len(left) != 0 {
			t.Errorf("left behind: %v", left)
		}
	}
}
