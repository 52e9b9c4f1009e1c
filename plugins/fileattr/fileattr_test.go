package fileattr

import (
	"os"
	"path/filepath"
	"reflect"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/host"
	"github.com/sista-vm/sista/host/hostos"
	"github.com/sista-vm/sista/plugin"
	"github.com/sista-vm/sista/plugin/plugintest"
)

const module = "FileAttributesPlugin"

func newVM(t *testing.T) (*plugintest.VM, string) {
	v := plugintest.New(t, Module)
	dir := t.TempDir()
	v.World.Files = hostos.NewFiles()
	v.World.Clock.(*host.VirtualClock).Offset = -7200
	if err := v.World.Files.Chdir(dir); err != nil {
		t.Fatal(err)
	}
	return v, dir
}

func TestAttributes(t *testing.T) {
	v, dir := newVM(t)
	at := time.Date(2021, 3, 4, 5, 6, 7, 0, time.UTC)
	p := filepath.Join(dir, "f")
	os.WriteFile(p, []byte("hello"), 0o640)
	os.Chmod(p, 0o640)
	os.Chtimes(p, at, at)
	os.Symlink("f", filepath.Join(dir, "l"))
	want := int(at.Unix()) + host.EpochSeconds - 7200

	s := v.Do(module, "primitiveFileAttributes", nil, "f", 1).([]any)
	if len(s) != 13 || s[0] != nil || s[1] != 0o100640 || s[4] != 1 || s[5] != os.Getuid() || s[7] != 5 ||
		s[8] != want || s[9] != want || s[11] != nil || s[12] != nil {
		t.Errorf("stat is %v, want time %d", s, want)
	}
	for n, want := range map[int]any{1: nil, 2: 0o100640, 3: s[2], 4: s[3], 5: 1, 6: s[5], 7: s[6], 8: 5, 9: want,
		10: want, 11: s[10], 12: nil, 13: true, 14: true, 15: false, 16: false} {
		if os.Getuid() == 0 && n == 15 {
			continue
		}
		if got := v.Do(module, "primitiveFileAttribute", nil, "f", n); !reflect.DeepEqual(got, want) {
			t.Errorf("attribute %d is %v, want %v", n, got, want)
		}
	}
	if both := v.Do(module, "primitiveFileAttributes", nil, "f", 3).([]any); len(both) != 2 ||
		!reflect.DeepEqual(both[0], any(s)) || len(both[1].([]any)) != 3 {
		t.Errorf("stat and access are %v", both)
	}
	if l := v.Do(module, "primitiveFileAttributes", nil, "l", 5).([]any); !reflect.DeepEqual(l[0], []byte("f")) ||
		l[1].(int)&host.ModeType != host.ModeLink {
		t.Errorf("the link is %v", l)
	}
	if got := v.Do(module, "primitiveFileAttribute", nil, "l", 16); got != true {
		t.Errorf("l is a link: %v", got)
	}
	if got := v.Do(module, "primitiveFileAttribute", nil, dir, 8); got != 0 {
		t.Errorf("a folder has size %v", got)
	}
	v.Fails(plugin.OSError, module, "primitiveFileAttributes", nil, "missing", 1)
	if v.Call.OSErr != int64(CannotStat) {
		t.Errorf("the code is %d", v.Call.OSErr)
	}
	v.Fails(plugin.OSError, module, "primitiveFileAttributes", nil, "f", 4)
	if v.Call.OSErr != int64(InvalidArguments) {
		t.Errorf("the code is %d", v.Call.OSErr)
	}
	v.Fails(plugin.OSError, module, "primitiveFileExists", nil, string(make([]byte, 5000)))
	v.Fails(plugin.BadArgument, module, "primitiveFileAttribute", nil, "f", 17)
	v.Fails(plugin.BadArgument, module, "primitiveFileAttribute", nil, "f", 0)
	for name, want := range map[string]bool{"f": true, "l": true, "missing": false} {
		if got := v.Do(module, "primitiveFileExists", nil, name); got != want {
			t.Errorf("%s exists: %v", name, got)
		}
	}
}

func TestFolders(t *testing.T) {
	v, dir := newVM(t)
	os.Mkdir(filepath.Join(dir, "d"), 0o755)
	if got := v.Do(module, "primitiveOpendir", nil, "d"); got != nil {
		t.Errorf("the empty folder opens as %v", got)
	}
	os.WriteFile(filepath.Join(dir, "d/a"), []byte("1"), 0o600)
	os.Symlink("nowhere", filepath.Join(dir, "d/b"))
	o, f := v.Try(module, "primitiveOpendir", nil, "d")
	if f != plugin.OK {
		t.Fatal(f)
	}
	first := v.Go(o).([]any)
	if !reflect.DeepEqual(first[0], []byte("a")) || len(first[1].([]any)) != 13 {
		t.Errorf("the first entry is %v", first)
	}
	h := o.Slot(2)
	if got := v.Do(module, "primitiveReaddir", nil, h).([]any); !reflect.DeepEqual(got, []any{[]byte("b"), nil, nil}) {
		t.Errorf("the second entry is %v", got)
	}
	if got := v.Do(module, "primitiveReaddir", nil, h); got != nil {
		t.Errorf("past the end is %v", got)
	}
	if got := v.Do(module, "primitiveRewinddir", nil, h).([]any); !reflect.DeepEqual(got[0], []byte("a")) {
		t.Errorf("rewound to %v", got)
	}
	v.Do(module, "primitiveClosedir", nil, h)
	v.Fails(plugin.OSError, module, "primitiveReaddir", nil, h)
	if v.Call.OSErr != int64(BadSession) {
		t.Errorf("the code is %d", v.Call.OSErr)
	}
	v.Fails(plugin.OSError, module, "primitiveOpendir", nil, "missing")
	if v.Call.OSErr != int64(CannotOpenFolder) {
		t.Errorf("the code is %d", v.Call.OSErr)
	}
}

func TestChanges(t *testing.T) {
	v, dir := newVM(t)
	p := filepath.Join(dir, "f")
	os.WriteFile(p, nil, 0o600)
	v.Do(module, "primitiveChangeMode", nil, "f", 0o444)
	if fi, _ := os.Stat(p); fi.Mode().Perm() != 0o444 {
		t.Errorf("mode is %v", fi.Mode())
	}
	v.Do(module, "primitiveChangeOwner", nil, "f", -1, -1)
	v.Do(module, "primitiveSymlinkChangeOwner", nil, "f", -1, -1)
	v.Fails(plugin.OSError, module, "primitiveChangeMode", nil, "missing", 0o444)
	if v.Call.OSErr != int64(syscall.ENOENT) {
		t.Errorf("the error number is %d", v.Call.OSErr)
	}
}

func TestConstants(t *testing.T) {
	v, _ := newVM(t)
	if got := v.Do(module, "primitiveFileMasks", nil); !reflect.DeepEqual(got, []any{0o170000, 0o140000, 0o120000,
		0o100000, 0o060000, 0o040000, 0o020000, 0o010000}) {
		t.Errorf("masks are %o", got)
	}
	if got := v.Do(module, "primitiveStToPlatPath", nil, "ä"); !reflect.DeepEqual(got, []byte("ä")) {
		t.Errorf("the path is %v", got)
	}
	if v.Do(module, "primitivePathMax", nil) != 4096 {
		t.Error("wrong size of paths")
	}
	v.Fails(plugin.Unsupported, module, "primitiveLogicalDrives", nil)
}

func TestFuzzArguments(t *testing.T) {
	plugintest.Fuzz(t, Module, 1500, func(v *plugintest.VM) []heap.Oop {
		v.World.Files = host.ReadOnly(fstest.MapFS{"a/b": {Data: []byte("hello")}, "abc": {}})
		extra := []heap.Oop{v.Oop("a"), v.Oop("a/b")}
		if o, f := v.Try(module, "primitiveOpendir", nil, "/"); f == plugin.OK {
			extra = append(extra, o.Slot(2))
		}
		return extra
	})
}
