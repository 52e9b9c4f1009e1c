package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestDiskFull saves where the file system has room for half an image more, and where it cannot be written any more.
func TestDiskFull(t *testing.T) {
	u := newUser(t)
	old, err := os.ReadFile(u.warm("old.image"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, prepare, why string }{
		{"full", ":", syscall.ENOSPC.Error()},
		{"read-only", `mount -o remount,ro "$D"`, syscall.EROFS.Error()},
	} {
		path := filepath.Join(u.dir, c.name, "x.image")
		if err := os.Mkdir(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		for name, args := range u.savers(path) {
			// The file system is there for this process alone; what is on it afterwards is copied to where the test sees it.
			seen := filepath.Join(u.dir, "seen", c.name, name)
			if err := os.MkdirAll(seen, 0o755); err != nil {
				t.Fatal(err)
			}
			script := fmt.Sprintf(`D='%s'; S='%s'; mount -t tmpfs -o size=%d none "$D" && cp old.image "$D/x.image" && %s || exit 99
"$0" "$@"; R=$?; cp "$D"/* "$S"; exit $R`, filepath.Dir(path), seen, len(old)*3/2, c.prepare)
			cmd := u.command()
			if cmd.Path, err = exec.LookPath("unshare"); err != nil {
				t.Skip(err)
			}
			cmd.Args = append([]string{"unshare", "-rm", "sh", "-c", script, u.sista}, args...)
			code, _, stderr := u.finish(cmd)
			if code == 99 || strings.Contains(stderr, "unshare failed") {
				t.Skipf("nothing can be mounted here: %s", stderr)
			}
			u.refused(name+", "+c.name, path, filepath.Join(seen, "x.image"), old, code, stderr, c.why)
		}
	}
}

// TestReadOnlyFolder saves in a folder where no file can be made.
func TestReadOnlyFolder(t *testing.T) {
	u := newUser(t)
	folder := filepath.Join(u.dir, "folder")
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	path := u.warm("folder/x.image")
	old, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(folder, 0o555); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(folder, 0o755)
	for name, args := range u.savers(path) {
		cmd := u.command(args...)
		if os.Geteuid() == 0 { // whom nothing is forbidden, but for what is taken away
			if cmd.Path, err = exec.LookPath("setpriv"); err != nil {
				t.Skip(err)
			}
			cmd.Args = append([]string{"setpriv", "--bounding-set=-dac_override,-dac_read_search", "--", u.sista}, args...)
		}
		code, _, stderr := u.finish(cmd)
		u.refused(name, path, path, old, code, stderr, syscall.EACCES.Error())
	}
	if out := u.must("run", path); out != summed {
		t.Errorf("the image prints %q", out)
	}
}
