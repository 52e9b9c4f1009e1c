package image

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/host/hostos"
)

// What cannot be saved is refused, and the file that was there stays.
func TestSaveRefuses(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x.image")
	x := newTiny(t)
	if err := Save(hostos.NewFiles(), path, x.Heap, Header{}); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	x.SetSpecial(free, x.NewArray(1))
	wantError(t, Save(hostos.NewFiles(), path, x.Heap, Header{}), path, "outside old space")
	ctx := x.old(heap.ClassContext, heap.FmtVariable, 22)
	ctx.SetSlotRaw(0, heap.FromInt(1))
	x.SetSpecial(free, ctx)
	wantError(t, Save(hostos.NewFiles(), path, x.Heap, Header{}), path, "frame")
	x.SetSpecial(free, x.Nil)
	ctx.SetSlotRaw(0, x.Nil)
	wantError(t, Save(hostos.NewFiles(), filepath.Join(dir, "no", "x.image"), x.Heap, Header{}), "x.image", "no such file")
	wantError(t, Save(hostos.NewFiles(), dir, x.Heap, Header{}), "not a regular file")
	if now, err := os.ReadFile(path); err != nil || !bytes.Equal(good, now) {
		t.Error("the file that was there has changed")
	}
	if names, _ := os.ReadDir(dir); len(names) != 1 {
		t.Errorf("left behind: %v", names)
	}
	e, err := heap.New(heap.Config{Memory: hostos.Memory(), Window: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	wantError(t, Save(hostos.NewFiles(), path, e, Header{}), "empty")
}

// A link to an image stays a link, and permissions stay.
func TestSaveThroughLink(t *testing.T) {
	dir := t.TempDir()
	path, link := filepath.Join(dir, "x.image"), filepath.Join(dir, "link.image")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("x.image", link); err != nil {
		t.Skip(err)
	}
	x := newTiny(t)
	if err := Save(hostos.NewFiles(), link, x.Heap, Header{}); err != nil {
		t.Fatal(err)
	}
	if fi, err := os.Lstat(link); err != nil || fi.Mode()&os.ModeSymlink == 0 {
		t.Error("the link is gone")
	}
	if fi, err := os.Stat(path); err != nil || fi.Size() == 0 || fi.Mode().Perm() != 0o600 {
		t.Error("the file behind the link is not the new one")
	}
}

// After a full collection everything is old and can be saved, whatever moved.
func TestSaveAfterCollection(t *testing.T) {
	x := newTiny(t)
	for range 100 {
		x.array(50) // garbage in front of the rest
	}
	x.populate()
	young := x.NewArray(3)
	young.SetSlotRaw(0, x.NewString("young"))
	x.SetSpecial(free+1, young)
	if !x.TenureAll() {
		t.Fatal("no memory")
	}
	x.Compact(false)
	h, hd := mustRead(t, write(t, x.Heap, Header{}))
	if err := h.Verify(); err != nil {
		t.Fatal(err)
	}
	if s := h.StringValue(h.Special(free + 1).Slot(0)); s != "young" {
		t.Errorf("string %q", s)
	}
	if a := h.Special(free); a.Slot(7) != a || h.StringValue(a.Slot(4)) != "thirteen byte" {
		t.Error("the array changed")
	}
	h.Compact(false)
	h2, _ := mustRead(t, write(t, h, *hd))
	if s, s2 := Gather(h), Gather(h2); s.Objects != s2.Objects || s.Bytes != s2.Bytes {
		t.Errorf("%d objects in %d bytes, were %d in %d", s2.Objects, s2.Bytes, s.Objects, s.Bytes)
	}
}

// Free memory of any size can be written, and is found again as it is walked over.
func TestChunks(t *testing.T) {
	for size := uint64(2 * wordSize); size <= 2*pageSize; size += wordSize {
		var b bytes.Buffer
		w := &writer{behind: newBehind(&b)}
		w.chunk(size)
		if _, err := w.behind.end(w.buffer); err != nil || uint64(b.Len()) != size {
			t.Fatalf("a chunk of %d bytes takes %d, %v", size, b.Len(), err)
		}
		words := b.Bytes()
		at := uint64(0)
		for at < size {
			slots := binary.LittleEndian.Uint64(words[at:]) & (1<<heap.SlotsShift - 1)
			if n := binary.LittleEndian.Uint64(words[at:]) >> heap.SlotsShift; n < heap.OverflowSlots {
				slots = n
			} else {
				at += wordSize
			}
			at += wordSize + slots*wordSize
		}
		if at != size {
			t.Fatalf("a walk over a chunk of %d bytes ends after %d", size, at)
		}
	}
}

type limitedWriter struct{ left int }

func (w *limitedWriter) Write(b []byte) (int, error) {
	if len(b) > w.left {
		return 0, errors.New("disk full")
	}
	w.left -= len(b)
	return len(b), nil
}

func TestWriteError(t *testing.T) {
	x := newTiny(t)
	x.Store(x.Specials, free, x.array(1<<17))
	wantError(t, Write(&limitedWriter{1 << 18}, x.Heap, Header{}), "disk full")
}
