package launch

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestDisk(t *testing.T) {
	for in, want := range map[string]Disk{"a": {"a", 0}, "a/b.store,64M": {"a/b.store", 64 << 20}, "a,512": {"a", 512}, "a,1G": {"a", 1 << 30}} {
		if d, err := ParseDisk(in); err != nil || d != want {
			t.Errorf("%s: %+v, %v", in, d, err)
		}
	}
	for _, bad := range []string{"", ",1M", "a,", "a,M", "a,-1", "a,0", "a,1X", "a,9999999999T", "a,1,2"} {
		if d, err := ParseDisk(bad); err == nil {
			t.Errorf("%q is understood: %+v", bad, d)
		}
	}
	path := filepath.Join(t.TempDir(), "d")
	if err := (Disk{Path: path}).Make(); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	for range 2 {
		if err := (Disk{path, 1 << 20}).Make(); err != nil {
			t.Error(err)
		}
	}
	if i, err := os.Stat(path); err != nil || i.Size() != 1<<20 {
		t.Error(i, err)
	}
	m := Machine{ELF: "x", Memory: 64, Disk: "a,b"}
	if c := strings.Join(m.Command(), " "); !strings.Contains(c, "file=a,,b -device virtio-blk-device") || !strings.Contains(c, "microvm") {
		t.Errorf("the command is %s", c)
	}
}
