//go:build unix

package hostos

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/sista-vm/sista/host"
)

func TestFiles(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	f := NewFiles()
	before, _ := os.Getwd()
	if err := f.Chdir(dir); err != nil {
		t.Fatal(err)
	}
	if after, _ := os.Getwd(); after != before {
		t.Errorf("the process moved to %s", after)
	}
	if wd, _ := f.Getwd(); wd != dir {
		t.Errorf("the tree is at %s", wd)
	}
	h, err := f.Open("x", os.O_RDWR|os.O_CREATE, 0o640)
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if _, err := io.WriteString(h, "hello"); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(h.Truncate(4), h.Sync()); err != nil {
		t.Fatal(err)
	}
	i, err := f.Stat(filepath.Join(dir, "x"))
	if err != nil || i.Size != 4 || i.Mode&host.ModeType != host.ModeRegular || i.Inode == 0 || i.Links != 1 {
		t.Errorf("Stat answers %+v, %v", i, err)
	}
	if now := NewClock().UTC(); i.Modified > now+1e6 || i.Modified < now-60e6 || i.Changed > now+1e6 {
		t.Errorf("modified at %d, changed at %d, now is %d", i.Modified, i.Changed, now)
	}
	if err := os.Symlink("x", filepath.Join(dir, "l")); err != nil {
		t.Fatal(err)
	}
	if i, err := f.Lstat("l"); err != nil || !i.IsLink() {
		t.Errorf("Lstat answers %+v, %v", i, err)
	}
	if to, err := f.Readlink("l"); err != nil || to != "x" {
		t.Errorf("the link names %q, %v", to, err)
	}
	if err := f.Mkdir("d", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := f.Remove("d"); err == nil {
		t.Error("Remove removed a folder")
	}
	if err := f.Rmdir("x"); !errors.Is(err, syscall.ENOTDIR) {
		t.Errorf("Rmdir of a file answers %v", err)
	}
	if err := f.Rename("x", "d/y"); err != nil {
		t.Fatal(err)
	}
	if names, err := f.ReadDir("."); err != nil || len(names) != 2 {
		t.Errorf("the folder holds %v, %v", names, err)
	}
	if _, err := f.Stat("x"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the renamed file: %v", err)
	}
	if err := f.Chmod("d/y", 0o400); err != nil {
		t.Error(err)
	}
	if i, _ := f.Stat("d/y"); i.Mode&0o777 != 0o400 {
		t.Errorf("mode is %o", i.Mode)
	}
	if err := f.Chdir("d/y"); err == nil {
		t.Error("a file became the current folder")
	}
}

func TestDescriptors(t *testing.T) {
	f := NewFiles()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	if k := f.DescriptorKind(int(r.Fd())); k != host.StreamPipe {
		t.Errorf("a pipe is of kind %d", k)
	}
	if k := f.DescriptorKind(-1); k != host.StreamInvalid {
		t.Errorf("descriptor -1 is of kind %d", k)
	}
	if _, err := f.OpenDescriptor(int(r.Fd()), true); err == nil {
		t.Error("the reading end was opened to write")
	}
	h, err := f.OpenDescriptor(int(w.Fd()), true)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(h, "hi"); err != nil {
		t.Fatal(err)
	}
	h.Close()
	b := make([]byte, 8)
	if n, err := r.Read(b); err != nil || string(b[:n]) != "hi" {
		t.Errorf("read %q, %v", b[:n], err)
	}
}

func TestClock(t *testing.T) {
	c := NewClock()
	fired := make(chan struct{}, 1)
	c.AfterFunc(c.Monotonic()+1000, func() { fired <- struct{}{} })
	c.Wait(-1, fired)
	start := c.Monotonic()
	c.Wait(start+1e6, nil)
	if d := c.Monotonic() - start; d < 1e6 {
		t.Errorf("waited %d ns of a millisecond", d)
	}
	cancel := c.AfterFunc(c.Monotonic()+1e12, func() { t.Error("a cancelled alarm ran") })
	if !cancel() {
		t.Error("the alarm could not be cancelled")
	}
}

func TestNewHost(t *testing.T) {
	h := New()
	b := make([]byte, 32)
	if _, err := io.ReadFull(h.Entropy, b); err != nil {
		t.Fatal(err)
	}
	if h.Network != nil || h.Clock == nil || h.Console == nil || h.Files == nil {
		t.Errorf("New answers %+v", h)
	}
}

func TestMemoryLimit(t *testing.T) {
	if n := MemoryLimit(); n != 0 && n < 64<<20 {
		t.Errorf("the process could have %d bytes at most: it has more already", n)
	}
}
