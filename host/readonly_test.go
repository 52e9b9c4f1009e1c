package host

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"syscall"
	"testing"
	"testing/fstest"
)

func TestReadOnly(t *testing.T) {
	f := ReadOnly(fstest.MapFS{"a/b.txt": {Data: []byte("hello"), Mode: 0o644}, "c": {Data: []byte("c")}})
	if names, err := f.ReadDir("/"); err != nil || len(names) != 2 || names[0] != "a" {
		t.Fatalf("ReadDir answers %v, %v", names, err)
	}
	if err := f.Chdir("a"); err != nil {
		t.Fatal(err)
	}
	if wd, _ := f.Getwd(); wd != "/a" {
		t.Errorf("the current folder is %q", wd)
	}
	h, err := f.Open("b.txt", os.O_RDONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if _, err := h.Seek(1, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	if b, _ := io.ReadAll(h); string(b) != "ello" {
		t.Errorf("read %q", b)
	}
	if i, err := f.Stat("../a/b.txt"); err != nil || i.Size != 5 || i.Mode != ModeRegular|0o644 {
		t.Errorf("Stat answers %+v, %v", i, err)
	}
	if _, err := f.Stat("../../../../etc"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a name above the root: %v", err)
	}
	for _, err := range []error{f.Remove("b.txt"), f.Mkdir("d", 0o777), f.Rename("b.txt", "c"), h.Truncate(0)} {
		if !errors.Is(err, syscall.EROFS) {
			t.Errorf("a change answers %v", err)
		}
	}
	if _, err := f.Open("b.txt", os.O_RDWR, 0); !errors.Is(err, syscall.EROFS) {
		t.Errorf("opening to write answers %v", err)
	}
	if !f.Access("b.txt", AccessRead) || f.Access("b.txt", AccessWrite) || f.Access("x", AccessRead) {
		t.Error("wrong rights")
	}
}
