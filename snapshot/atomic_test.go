package snapshot

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/sista-vm/sista/host"
	"github.com/sista-vm/sista/host/hostos"
	"github.com/sista-vm/sista/host/hosttest"
	"github.com/sista-vm/sista/image"
)

// Whatever step of a save fails, the file is as it was, or, once it was renamed, the new
// one; nothing is left behind; and the error says so.
func TestEveryStepFails(t *testing.T) {
	c := sample(t)
	savers := map[string]func(files host.Files, path string) error{
		"optimized": func(files host.Files, path string) error { _, err := Write(files, path, c); return err },
		"plain":     func(files host.Files, path string) error { return image.Save(files, path, c.Heap, c.Header) },
		"strip": func(files host.Files, path string) error {
			f := mustOpen(t, mustWrite(t, c), nil)
			_, err := f.Strip(files, path)
			return err
		},
	}
	for name, save := range savers {
		for _, old := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s over a file %v", name, old), func(t *testing.T) {
				dir := t.TempDir()
				path := filepath.Join(dir, "x.image")
				failed := map[string]int{}
				for n := 1; ; n++ {
					before := []byte("what was there")
					if old {
						if err := os.WriteFile(path, before, 0o640); err != nil {
							t.Fatal(err)
						}
					} else if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
						t.Fatal(err)
					}
					files := &hosttest.Faulty{Files: hostos.NewFiles(), Fail: n}
					err := save(files, path)
					if files.Failed == "" {
						if err != nil {
							t.Fatal(err)
						}
						break
					}
					failed[files.Failed]++
					if !errors.Is(err, syscall.ENOSPC) {
						t.Errorf("step %d, %s: error %v", n, files.Failed, err)
					}
					left, _ := os.ReadDir(dir)
					got, readErr := os.ReadFile(path)
					renamed := len(left) == 1 && !bytes.Equal(got, before)
					switch {
					case renamed: // only the folder is not on the disk
						if f := mustOpen(t, path, nil); f.Check() != nil {
							t.Errorf("step %d, %s: a file that is not whole: %v", n, files.Failed, f.Check())
						}
						if failed["rename"] == 0 {
							t.Errorf("step %d, %s: the new file was in place before all was done", n, files.Failed)
						}
					case old && !bytes.Equal(got, before), !old && !errors.Is(readErr, os.ErrNotExist), len(left) > 1:
						t.Errorf("step %d, %s: %d files left, %d bytes", n, files.Failed, len(left), len(got))
					}
				}
				for _, op := range []string{"open", "write", "sync", "close", "rename"} {
					if failed[op] == 0 {
						t.Errorf("no %s failed: %v", op, failed)
					}
				}
				if failed["sync"] != 2 || failed["open"] != 2 {
					t.Errorf("the file and its folder are each opened and brought to the disk: %v", failed)
				}
			})
		}
	}
}

// A folder that cannot be written keeps what it has.
func TestReadOnlyFolder(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("nothing is forbidden to root")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "x.image")
	if err := os.WriteFile(path, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(dir, 0o755)
	if _, err := Write(hostos.NewFiles(), path, sample(t)); !errors.Is(err, os.ErrPermission) {
		t.Error(err)
	}
	if got, _ := os.ReadFile(path); string(got) != "old" {
		t.Errorf("%q", got)
	}
}
