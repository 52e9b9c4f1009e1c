package host_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"testing/fstest"

	"github.com/sista-vm/sista/host"
	"github.com/sista-vm/sista/xenhost/store"
)

func newUnion(t *testing.T) (u, upper host.Files) {
	t.Helper()
	s, err := store.Open(make(store.Memory, 1<<20), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	upper = s.Files()
	return host.Union(upper, host.ReadOnly(fstest.MapFS{
		"www/index.html": {Data: []byte("index"), Mode: 0o644},
		"www/deep/x":     {Data: []byte("x"), Mode: 0o644},
		"readme":         {Data: []byte("read me"), Mode: 0o444},
	})), upper
}

func write(t *testing.T, f host.Files, name string, flag int, text string) error {
	t.Helper()
	h, err := f.Open(name, flag, 0o644)
	if err != nil {
		return err
	}
	defer h.Close()
	_, err = io.WriteString(h, text)
	return err
}

func read(t *testing.T, f host.Files, name string) string {
	t.Helper()
	h, err := f.Open(name, os.O_RDONLY, 0)
	if err != nil {
		return err.Error()
	}
	defer h.Close()
	b, err := io.ReadAll(h)
	if err != nil {
		t.Error(err)
	}
	return string(b)
}

func TestUnion(t *testing.T) {
	u, upper := newUnion(t)
	const create = os.O_RDWR | os.O_CREATE | os.O_TRUNC
	for name, flag := range map[string]int{"/new": create, "www/new": create, "www/deep/new": os.O_WRONLY | os.O_CREATE | os.O_EXCL} {
		if err := write(t, u, name, flag, "new"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := read(t, upper, name); got != "new" {
			t.Errorf("%s: upper has %q", name, got)
		}
	}
	// What is opened for writing is copied, what is cut is not.
	if err := write(t, u, "www/index.html", os.O_RDWR, "I"); err != nil {
		t.Error(err)
	}
	if err := write(t, u, "readme", os.O_RDWR|os.O_TRUNC, "new"); err != nil {
		t.Error(err)
	}
	for name, want := range map[string]string{"www/index.html": "Index", "readme": "new", "www/deep/x": "x"} {
		if got := read(t, u, name); got != want {
			t.Errorf("%s is %q", name, got)
		}
	}
	for dir, want := range map[string][]string{"/": {"new", "readme", "www"}, "/www": {"deep", "index.html", "new"}, "www/deep": {"new", "x"}} {
		if got, err := u.ReadDir(dir); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s has %q, %v", dir, got, err)
		}
	}
	for what, c := range map[string]struct{ err, want error }{
		"exclusive":                {write(t, u, "www/deep/x", os.O_RDWR|os.O_CREATE|os.O_EXCL, ""), syscall.EEXIST},
		"remove":                   {u.Remove("www/deep/x"), syscall.EROFS},
		"rmdir":                    {u.Rmdir("www/deep"), syscall.EROFS},
		"rename":                   {u.Rename("www/deep/x", "y"), syscall.EROFS},
		"rename a folder":          {u.Rename("www", "y"), syscall.EROFS},
		"mkdir":                    {u.Mkdir("www", 0o755), syscall.EEXIST},
		"no folder":                {write(t, u, "no/x", create, ""), fs.ErrNotExist},
		"write a folder":           {write(t, u, "www", os.O_RDWR, ""), syscall.EISDIR},
		"below a file of upper":    {write(t, u, "new/x", create, ""), syscall.ENOTDIR},
		"remove what is not there": {u.Remove("nothing"), fs.ErrNotExist},
	} {
		if !errors.Is(c.err, c.want) {
			t.Errorf("%s: %v", what, c.err)
		}
	}
	if err := u.Chdir("www/deep"); err != nil {
		t.Fatal(err)
	}
	if err := u.Rename("new", "../moved"); err != nil {
		t.Error(err)
	}
	if got := read(t, u, "/www/moved"); got != "new" {
		t.Errorf("moved is %q", got)
	}
	// A removed file of upper shows what it hid.
	if err := u.Remove("/readme"); err != nil {
		t.Error(err)
	}
	if got := read(t, u, "/readme"); got != "read me" {
		t.Errorf("readme is %q", got)
	}
	if i, err := u.Stat("../index.html"); err != nil || i.Size != 5 || filepath.Base(i.Name) != "index.html" {
		t.Errorf("%+v, %v", i, err)
	}
	if !u.Access("/readme", host.AccessWrite) || u.Access("/nothing", host.AccessRead) {
		t.Error("wrong rights")
	}
	if err := host.Replace(u, "/readme", 0, func(f host.File) error { _, err := io.WriteString(f, "replaced"); return err }); err != nil {
		t.Error(err)
	}
	if got := read(t, u, "/readme"); got != "replaced" {
		t.Errorf("readme is %q", got)
	}
}
