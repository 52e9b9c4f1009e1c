package file

import (
	"bytes"
	"io"
	"io/fs"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
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

const module = "FilePlugin"

// newVM makes a VM whose current folder is a new one.
func newVM(t *testing.T) (v *plugintest.VM, dir string) {
	v = plugintest.New(t, Module)
	dir = t.TempDir()
	files := hostos.NewFiles()
	if err := files.Chdir(dir); err != nil {
		t.Fatal(err)
	}
	v.World.Files = files
	return v, dir
}

func open(t *testing.T, v *plugintest.VM, name string, writable bool) heap.Oop {
	t.Helper()
	o, f := v.Try(module, "primitiveFileOpen", nil, name, writable)
	if f != plugin.OK {
		t.Fatalf("opening %s fails: %v %s", name, f, v.Call.Reason)
	}
	return o
}

func TestReadAndWrite(t *testing.T) {
	v, dir := newVM(t)
	h := open(t, v, "x", true)
	do := func(primitive string, args ...any) any {
		t.Helper()
		return v.Do(module, primitive, nil, append([]any{h}, args...)...)
	}
	if n := do("primitiveFileWrite", "hello world", 1, 5); n != 5 {
		t.Errorf("wrote %v", n)
	}
	if n := do("primitiveFileSize"); n != 5 {
		t.Errorf("size is %v", n)
	}
	do("primitiveFileWrite", "hello world", 6, 6)
	if n := do("primitiveFileGetPosition"); n != 11 {
		t.Errorf("position is %v", n)
	}
	do("primitiveFileSetPosition", 4)
	buf := v.Oop("..........")
	if n := do("primitiveFileRead", buf, 2, 3); n != 3 || v.Go(buf) != ".o w......" {
		t.Errorf("read %v: %q", n, v.Go(buf))
	}
	do("primitiveFileWrite", "O", 1, 1) // after a read, at the image's position
	do("primitiveFileFlush")
	if b, _ := os.ReadFile(filepath.Join(dir, "x")); string(b) != "hello wOrld" {
		t.Errorf("the file holds %q", b)
	}
	if do("primitiveFileAtEnd") != false {
		t.Error("at end too early")
	}
	if n := do("primitiveFileRead", buf, 1, 10); n != 3 {
		t.Errorf("read %v at the end", n)
	}
	if do("primitiveFileAtEnd") != true {
		t.Error("not at end")
	}
	if n := do("primitiveFileRead", buf, 1, 10); n != 0 {
		t.Errorf("read %v past the end", n)
	}
	do("primitiveFileTruncate", 4)
	do("primitiveFileSync")
	if n := do("primitiveFileSize"); n != 4 {
		t.Errorf("truncated to %v", n)
	}
	do("primitiveFileClose")
	v.Fails(plugin.BadArgument, module, "primitiveFileSize", nil, h)
	v.Fails(plugin.Generic, module, "primitiveFileClose", nil, h)
}

func TestElementsOfManySizes(t *testing.T) {
	v, _ := newVM(t)
	h := open(t, v, "x", true)
	v.Do(module, "primitiveFileWrite", nil, h, []uint32{1, 2, 3}, 2, 2)
	if n := v.Do(module, "primitiveFileGetPosition", nil, h); n != 8 {
		t.Errorf("two words are %v bytes", n)
	}
	v.Do(module, "primitiveFileSetPosition", nil, h, 0)
	buf := v.Oop([]uint16{0, 0, 0, 0, 9})
	if n := v.Do(module, "primitiveFileRead", nil, h, buf, 1, 5); n != 4 {
		t.Errorf("read %v shorts", n)
	}
	if got := buf.Words16()[:5]; !slices.Equal(got, []uint16{2, 0, 3, 0, 9}) {
		t.Errorf("read %v", got)
	}
}

// TestAgainstBytes compares random reads, writes and moves with a file that is a slice.
func TestAgainstBytes(t *testing.T) {
	v, dir := newVM(t)
	h := open(t, v, "x", true)
	r := rand.New(rand.NewPCG(7, 8))
	var model []byte
	pos := 0
	buf := v.Oop(make([]byte, 20000))
	data := plugin.RawBytes(buf)
	for range 3000 {
		n := r.IntN(40)
		if r.IntN(20) == 0 {
			n = r.IntN(20000)
		}
		switch r.IntN(6) {
		case 0, 1:
			for i := range n {
				data[i] = byte(r.Uint32())
			}
			v.Do(module, "primitiveFileWrite", nil, h, buf, 1, n)
			if gap := pos + n - len(model); gap > 0 && n > 0 {
				model = append(model, make([]byte, gap)...)
			}
			if n > 0 {
				copy(model[pos:], data[:n])
			}
			pos += n
		case 2, 3:
			got := v.Do(module, "primitiveFileRead", nil, h, buf, 1, n).(int)
			want := []byte{}
			if pos < len(model) {
				want = model[pos:min(pos+n, len(model))]
			}
			if !bytes.Equal(data[:got], want) {
				t.Fatalf("read %d bytes at %d, want %d", got, pos, len(want))
			}
			pos += got
		case 4:
			pos = r.IntN(len(model) + 50)
			v.Do(module, "primitiveFileSetPosition", nil, h, pos)
		case 5:
			if got := v.Do(module, "primitiveFileGetPosition", nil, h); got != pos {
				t.Fatalf("position is %v, want %d", got, pos)
			}
			if got := v.Do(module, "primitiveFileSize", nil, h); got != len(model) {
				t.Fatalf("size is %v, want %d", got, len(model))
			}
			if got := v.Do(module, "primitiveFileAtEnd", nil, h); got != (pos >= len(model)) {
				t.Fatalf("at end is %v at %d of %d", got, pos, len(model))
			}
		}
	}
	v.Do(module, "primitiveFileClose", nil, h)
	if b, _ := os.ReadFile(filepath.Join(dir, "x")); !bytes.Equal(b, model) {
		t.Error("the file differs in the end")
	}
}

func TestOpening(t *testing.T) {
	v, dir := newVM(t)
	v.Fails(plugin.OSError, module, "primitiveFileOpen", nil, "missing", false)
	if v.Call.OSErr != int64(syscall.ENOENT) {
		t.Errorf("error number %d", v.Call.OSErr)
	}
	v.Fails(plugin.OSError, module, "primitiveFileOpen", nil, dir, false)
	v.Fails(plugin.BadArgument, module, "primitiveFileOpen", nil, "x", nil)
	v.Fails(plugin.BadArgument, module, "primitiveFileOpen", nil, "", true)
	v.Fails(plugin.OSError, module, "primitiveFileOpen", nil, "a\x00b", true)
	h, f := v.Try(module, "primitiveFileOpenNew", nil, "new")
	if f != plugin.OK || h.ClassIndex() != heap.ClassByteArray || h.NumBytes() != 24 {
		t.Fatalf("openNew answers %v, %v", h, f)
	}
	v.Fails(plugin.Inappropriate, module, "primitiveFileOpenNew", nil, "new")
	os.WriteFile(filepath.Join(dir, "old"), []byte("old"), 0o600)
	open(t, v, "old", true)
	if b, _ := os.ReadFile(filepath.Join(dir, "old")); string(b) != "old" {
		t.Error("opening to write emptied the file")
	}
	r := open(t, v, "old", false)
	v.Fails(plugin.OSError, module, "primitiveFileWrite", nil, r, "x", 1, 1)
	v.Fails(plugin.OSError, module, "primitiveFileTruncate", nil, r, 0)
}

func TestBadHandles(t *testing.T) {
	v, _ := newVM(t)
	h := open(t, v, "x", true)
	stale := append([]byte{}, plugin.RawBytes(h)...)
	stale[0]++
	for _, bad := range []any{nil, 3, "x", stale, []byte{}, make([]byte, 24), bytes.Repeat([]byte{255}, 24)} {
		for _, p := range []string{"primitiveFileSize", "primitiveFileAtEnd", "primitiveFileFlush", "primitiveFileGetPosition"} {
			v.Fails(plugin.BadArgument, module, p, nil, bad)
		}
	}
	for _, span := range [][2]any{{0, 1}, {1, 3}, {4, 1}, {-1, 1}, {1, -1}, {1 << 59, 1}, {2, int(heap.MaxSmallInt)}} {
		v.Fails(plugin.BadIndex, module, "primitiveFileRead", nil, h, "ab", span[0], span[1])
		v.Fails(plugin.BadIndex, module, "primitiveFileWrite", nil, h, "ab", span[0], span[1])
	}
	v.Fails(plugin.BadArgument, module, "primitiveFileRead", nil, h, []any{1}, 1, 1)
	ro := v.Oop("abc")
	v.Heap().SetImmutable(ro, true)
	v.Fails(plugin.NoModification, module, "primitiveFileRead", nil, h, ro, 1, 1)
	v.Fails(plugin.BadArgument, module, "primitiveFileSetPosition", nil, h, -1)
}

func TestFlushedAtTheEnd(t *testing.T) {
	v, dir := newVM(t)
	inst, err := Module.New(v)
	if err != nil {
		t.Fatal(err)
	}
	h, _ := v.Perform(inst.Primitives["primitiveFileOpen"], v.Oop(nil), v.Oop("x"), v.Oop(true))
	v.Perform(inst.Primitives["primitiveFileWrite"], v.Oop(nil), h, v.Oop("bye"), v.Oop(1), v.Oop(3))
	inst.Close()
	if b, _ := os.ReadFile(filepath.Join(dir, "x")); string(b) != "bye" {
		t.Errorf("the file holds %q", b)
	}
}

func TestDirectories(t *testing.T) {
	v, dir := newVM(t)
	v.World.Clock.(*host.VirtualClock).Offset = 3600
	if got := v.Do(module, "primitiveDirectoryDelimitor", nil); got != plugintest.Char('/') {
		t.Errorf("the delimiter is %v", got)
	}
	v.Do(module, "primitiveDirectoryCreate", nil, "d")
	v.Fails(plugin.OSError, module, "primitiveDirectoryCreate", nil, "d")
	at := time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
	os.WriteFile(filepath.Join(dir, "d/f"), []byte("four"), 0o640)
	os.Chtimes(filepath.Join(dir, "d/f"), at, at)
	os.Mkdir(filepath.Join(dir, "d/sub"), 0o755)
	os.Symlink("nowhere", filepath.Join(dir, "d/z"))
	var names []string
	for i := 1; ; i++ {
		e := v.Do(module, "primitiveDirectoryLookup", nil, "d", i)
		if e == nil {
			break
		}
		entry := e.([]any)
		names = append(names, entry[0].(string))
		switch entry[0] {
		case "f":
			want := int(at.Unix()) + host.EpochSeconds + 3600
			if len(entry) != 5 || entry[2] != want || entry[3] != false || entry[4] != 4 {
				t.Errorf("f is %v, want time %d", entry, want)
			}
		case "sub":
			if entry[3] != true || entry[4] != 0 {
				t.Errorf("sub is %v", entry)
			}
		}
	}
	if !reflect.DeepEqual(names, []string{"f", "sub", "z"}) {
		t.Errorf("the folder holds %v", names)
	}
	if e := v.Do(module, "primitiveDirectoryEntry", nil, "d", "f").([]any); len(e) != 7 || e[5] != 0o640 || e[6] != false {
		t.Errorf("entry f is %v", e)
	}
	if e := v.Do(module, "primitiveDirectoryEntry", nil, "d", "z").([]any); e[6] != true {
		t.Errorf("entry z is %v", e)
	}
	if e := v.Do(module, "primitiveDirectoryEntry", nil, "d", "missing"); e != nil {
		t.Errorf("the missing entry is %v", e)
	}
	v.Fails(plugin.OSError, module, "primitiveDirectoryLookup", nil, "missing", 1)
	v.Fails(plugin.BadIndex, module, "primitiveDirectoryLookup", nil, "d", 0)
	v.Do(module, "primitiveFileRename", nil, "d/f", "d/g")
	v.Fails(plugin.OSError, module, "primitiveDirectoryDelete", nil, "d")
	v.Do(module, "primitiveFileDelete", nil, "d/g")
	v.Do(module, "primitiveFileDelete", nil, "d/z")
	v.Do(module, "primitiveDirectoryDelete", nil, "d/sub")
	v.Do(module, "primitiveSetWorkingDirectory", nil, "d")
	if wd := v.Do(module, "primitiveGetWorkingDirectory", nil).(string); filepath.Base(wd) != "d" {
		t.Errorf("the current folder is %s", wd)
	}
	v.Do(module, "primitiveDirectoryGetMacTypeAndCreator", nil, "f", "TYPE", "CREA")
	v.Fails(plugin.BadArgument, module, "primitiveDirectoryGetMacTypeAndCreator", nil, "f", "TYP", "CREA")
}

func TestDisable(t *testing.T) {
	v, _ := newVM(t)
	h := open(t, v, "x", true)
	if v.Do(module, "primitiveHasFileAccess", nil) != true {
		t.Error("no access at first")
	}
	v.Do(module, "primitiveDisableFileAccess", nil)
	if v.Do(module, "primitiveHasFileAccess", nil) != false {
		t.Error("access in the end")
	}
	v.Fails(plugin.Inappropriate, module, "primitiveFileOpen", nil, "x", false)
	v.Do(module, "primitiveFileWrite", nil, h, "open files go on", 1, 5)
}

func TestStdio(t *testing.T) {
	v := plugintest.New(t, Module)
	in, feed := io.Pipe()
	var out strings.Builder
	v.World.Console = host.Streams{In: in, Out: &out}
	h, f := v.Try(module, "primitiveFileStdioHandles", nil)
	if f != plugin.OK {
		t.Fatal(f)
	}
	stdin, stdout := h.Slot(0), h.Slot(1)
	if v.Go(h.Slot(2)) != nil {
		t.Error("there is a standard error")
	}
	if plugin.RawBytes(stdout)[19] != 1 || plugin.RawBytes(stdout)[16] != 1 {
		t.Errorf("the handle is %v", plugin.RawBytes(stdout))
	}
	v.Do(module, "primitiveFileWrite", nil, stdout, "hi there", 1, 2)
	if out.String() != "hi" {
		t.Errorf("wrote %q", out.String())
	}
	v.Fails(plugin.OSError, module, "primitiveFileRead", nil, stdout, "xx", 1, 1)
	v.Fails(plugin.OSError, module, "primitiveFileSize", nil, stdout)

	v.Do(module, "primitiveWaitForDataWithSemaphore", nil, stdin, 4)
	select {
	case i := <-v.Signals:
		t.Fatalf("semaphore %d signalled before there is input", i)
	default:
	}
	go io.WriteString(feed, "abc")
	if i := <-v.Signals; i != 4 {
		t.Errorf("semaphore %d was signalled", i)
	}
	buf := v.Oop("....")
	if n := v.Do(module, "primitiveFileRead", nil, stdin, buf, 1, 2); n != 2 || v.Go(buf) != "ab.." {
		t.Errorf("read %v: %q", n, v.Go(buf))
	}
	v.Do(module, "primitiveFileSetPosition", nil, stdin, 0) // one byte back
	v.Fails(plugin.OSError, module, "primitiveFileSetPosition", nil, stdin, 5)
	if n := v.Do(module, "primitiveFileRead", nil, stdin, buf, 1, 4); n != 2 || v.Go(buf) != "bc.." {
		t.Errorf("read %v: %q", n, v.Go(buf))
	}
	go feed.Close()
	if v.Do(module, "primitiveFileAtEnd", nil, stdin) != true {
		t.Error("the input does not end")
	}
	if n := v.Do(module, "primitiveFileRead", nil, stdin, buf, 1, 4); n != 0 {
		t.Errorf("read %v at the end", n)
	}
	v.Do(module, "primitiveFileClose", nil, stdin)
	v.Fails(plugin.BadArgument, module, "primitiveFileRead", nil, stdin, buf, 1, 1)
}

// awaited is a reader that is waited for, until it has an input or the VM ends.
type awaited struct {
	io.Reader
	input, ended chan struct{}
}

func (a awaited) Await(done <-chan struct{}) {
	select {
	case <-a.input:
	case <-done:
		close(a.ended)
	}
}

// What waits for input ends with the VM, and takes nothing of what comes later.
func TestInputAtTheEnd(t *testing.T) {
	stdin := func(r io.Reader) (*plugintest.VM, heap.Oop) {
		v := plugintest.New(t, Module)
		v.World.Console = host.Streams{In: r}
		h, f := v.Try(module, "primitiveFileStdioHandles", nil)
		if f != plugin.OK {
			t.Fatal(f)
		}
		v.Do(module, "primitiveWaitForDataWithSemaphore", nil, h.Slot(0), 3)
		return v, h.Slot(0)
	}
	a := awaited{strings.NewReader("abc"), make(chan struct{}), make(chan struct{})}
	v, h := stdin(a)
	a.input <- struct{}{}
	if i := <-v.Signals; i != 3 {
		t.Errorf("semaphore %d was signalled", i)
	}
	v.Do(module, "primitiveWaitForDataWithSemaphore", nil, h, 4)
	v.Close()
	<-a.ended
	if rest, _ := io.ReadAll(a.Reader); string(rest) != "abc" {
		t.Errorf("of the input %q is left", rest)
	}

	near, far := net.Pipe()
	v, _ = stdin(near)
	v.Close()
	go far.Write([]byte("x"))
	var b [1]byte
	if n, err := near.Read(b[:]); n != 1 || err != nil {
		t.Errorf("the connection cannot be read any more: %d, %v", n, err)
	}
}

func TestDescriptors(t *testing.T) {
	v, _ := newVM(t)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	if k := v.Do(module, "primitiveFileDescriptorType", nil, int(w.Fd())); k != 2 {
		t.Errorf("a pipe is of type %v", k)
	}
	if k := v.Do(module, "primitiveFileDescriptorType", nil, 1); k != -1 {
		t.Errorf("the absent output is of type %v", k)
	}
	h, f := v.Try(module, "primitiveConnectToFileDescriptor", nil, int(w.Fd()), true)
	if f != plugin.OK {
		t.Fatal(f)
	}
	v.Do(module, "primitiveFileWrite", nil, h, "hi", 1, 2)
	v.Do(module, "primitiveFileClose", nil, h)
	b := make([]byte, 5)
	if n, _ := r.Read(b); string(b[:n]) != "hi" {
		t.Errorf("the pipe gave %q", b[:n])
	}
	v.Fails(plugin.OSError, module, "primitiveConnectToFileDescriptor", nil, 1, true)
	v.Fails(plugin.Unsupported, module, "primitiveConnectToFile", nil, make([]byte, 8), true)
}

// jail keeps random names inside the current folder.
type jail struct{ host.Files }

func inside(name string) bool { return filepath.IsLocal(name) && name != "." }

func (j jail) Open(name string, flag int, perm fs.FileMode) (host.File, error) {
	if !inside(name) {
		return nil, fs.ErrPermission
	}
	return j.Files.Open(name, flag, perm)
}

func (j jail) Mkdir(name string, perm fs.FileMode) error {
	if !inside(name) {
		return fs.ErrPermission
	}
	return j.Files.Mkdir(name, perm)
}

func (j jail) Remove(name string) error {
	if !inside(name) {
		return fs.ErrPermission
	}
	return j.Files.Remove(name)
}

func (j jail) Rmdir(name string) error {
	if !inside(name) {
		return fs.ErrPermission
	}
	return j.Files.Rmdir(name)
}

func (j jail) Rename(from, to string) error {
	if !inside(from) || !inside(to) {
		return fs.ErrPermission
	}
	return j.Files.Rename(from, to)
}

func (j jail) Chdir(string) error { return fs.ErrPermission }

func TestFuzzArguments(t *testing.T) {
	plugintest.Fuzz(t, Module, 1500, func(v *plugintest.VM) []heap.Oop {
		v.World.Console = host.Streams{In: strings.NewReader("some input"), Out: io.Discard}
		v.World.Files = host.ReadOnly(fstest.MapFS{"a/b": {Data: []byte("hello")}, "abc": {}})
		return nil
	})
}

func TestFuzzWithFiles(t *testing.T) {
	plugintest.Fuzz(t, Module, 700, func(v *plugintest.VM) []heap.Oop {
		files := hostos.NewFiles()
		if err := files.Chdir(t.TempDir()); err != nil {
			t.Fatal(err)
		}
		v.World.Files = jail{files}
		extra := []heap.Oop{v.Heap().True, v.Heap().False, v.Oop("abc"), v.Oop("a")}
		for _, name := range []string{"a", "abc"} {
			if h, f := v.Try(module, "primitiveFileOpen", nil, name, true); f == plugin.OK {
				extra = append(extra, h)
			}
		}
		return extra
	})
}
