package store

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/cespare/xxhash/v2"

	"github.com/sista-vm/sista/host"
)

func put(t testing.TB, f host.Files, name, text string) {
	t.Helper()
	h, err := f.Open(name, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(h, text); err != nil {
		t.Fatal(err)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
}

func get(f host.Files, name string) (string, error) {
	h, err := f.Open(name, os.O_RDONLY, 0)
	if err != nil {
		return "", err
	}
	defer h.Close()
	b, err := io.ReadAll(h)
	return string(b), err
}

// The layout is that of the package's comment.
func TestLayout(t *testing.T) {
	d := make(Memory, minBlocks*blockSize)
	s := mustOpen(t, d, Options{Now: func() int64 { return 5 }})
	f := s.Files()
	if err := f.Mkdir("d", 0o755); err != nil {
		t.Fatal(err)
	}
	put(t, f, "d/hello", "hello")
	if err := s.Sync(); err != nil {
		t.Fatal(err)
	}
	const data, table, catalog = 2, 3, 4
	if got := d[data*blockSize : data*blockSize+6]; string(got) != "hello\x00" {
		t.Errorf("data: %q", got)
	}
	sum := xxhash.Sum64(d[data*blockSize : (data+1)*blockSize])
	wantTable := le.AppendUint64([]byte{data, 0, 0, 0}, sum)
	if got := d[table*blockSize:][:12]; !bytes.Equal(got, wantTable) {
		t.Errorf("map: %x, want %x", got, wantTable)
	}
	want := []byte("\x01\x00\xff\x03\x0a\x01" + // the root folder: 0777, modified 5, one entry
		"\x01\x01d\xed\x03\x0a\x01" + // d: 0755
		"\x02\x05hello\xa4\x03\x0a\x05") // hello: 0644, 5 bytes
	want = le.AppendUint64(want, xxhash.Sum64(wantTable))
	want = append(want, 1, table, 1)
	if got := d[catalog*blockSize:][:len(want)+1]; !bytes.Equal(got, append(want, 0)) {
		t.Errorf("catalog:\n%s\nwant\n%s", hex.Dump(got), hex.Dump(want))
	}
	r := d[blockSize:]
	for at, v := range map[int]uint64{
		8: xxhash.Sum64(r[16:72]), 16: version | 1<<32, 24: s.root.identity, 32: 1, 40: minBlocks,
		48: uint64(len(want)), 56: xxhash.Sum64(want), 64: catalog | 1<<32, 72: 0,
	} {
		if got := le.Uint64(r[at:]); got != v {
			t.Errorf("root: at %d is %#x, want %#x", at, got, v)
		}
	}
	if string(r[:8]) != "SistaSto" || string(d[:8]) != "SistaSto" {
		t.Error("the mark")
	}
}

// Only a device that begins with zeros becomes a store unasked.
func TestForeign(t *testing.T) {
	for at, free := range map[int]bool{0: false, 511: false, 4096: false, 65536: false, zeroStart - 1: false, zeroStart: true} {
		d := make(Memory, 1<<20)
		d[at] = 1
		was := bytes.Clone(d)
		_, err := Open(d, Options{})
		switch {
		case free && err != nil:
			t.Errorf("a byte at %d: %v", at, err)
		case !free && (!errors.Is(err, ErrForeign) || !bytes.Equal(d, was)):
			t.Errorf("a byte at %d: %v; changed: %v", at, err, !bytes.Equal(d, was))
		}
		if _, err := Open(d, Options{Format: true}); err != nil {
			t.Errorf("a byte at %d, to be formatted: %v", at, err)
		}
	}
	if _, err := Open(make(Memory, 1<<20), Options{ReadOnly: true}); err == nil {
		t.Error("an empty disk is read")
	}
	if _, err := Open(make(Memory, 1000), Options{}); err == nil || !strings.Contains(err.Error(), "too small") {
		t.Error(err)
	}
	// Formatted anew, nothing comes back.
	d := make(Memory, 1<<20)
	for i := range 3 {
		s := mustOpen(t, d, Options{})
		put(t, s.Files(), "a", strings.Repeat("x", i))
		if err := s.Sync(); err != nil {
			t.Fatal(err)
		}
	}
	s := mustOpen(t, d, Options{Format: true})
	if names, err := s.Files().ReadDir("/"); len(names) != 0 || err != nil {
		t.Error(names, err)
	}
	// A disk that became shorter is refused, one that grew has more room.
	if _, err := Open(d[:512<<10], Options{}); err == nil {
		t.Error("a part of a store is opened")
	}
	if u := mustOpen(t, append(d, make(Memory, 1<<20)...), Options{}).Usage(); u.Size != 2<<20 {
		t.Error(u)
	}
}

func TestErrors(t *testing.T) {
	s := mustOpen(t, make(Memory, 1<<20), Options{})
	f := s.Files()
	if err := f.Mkdir("d", 0o755); err != nil {
		t.Fatal(err)
	}
	put(t, f, "a", "a")
	put(t, f, "d/b", "b")
	open := func(name string, flag int) error {
		_, err := f.Open(name, flag, 0o600)
		return err
	}
	for what, c := range map[string]struct{ err, want error }{
		"exclusive":          {open("a", os.O_RDWR|os.O_CREATE|os.O_EXCL), syscall.EEXIST},
		"not there":          {open("x", os.O_RDWR), syscall.ENOENT},
		"no folder":          {open("x/y", os.O_RDWR|os.O_CREATE), syscall.ENOENT},
		"a file as a folder": {open("a/y", os.O_RDWR|os.O_CREATE), syscall.ENOTDIR},
		"write a folder":     {open("d", os.O_RDWR), syscall.EISDIR},
		"long name":          {open(strings.Repeat("n", 256), os.O_RDWR|os.O_CREATE), syscall.ENAMETOOLONG},
		"remove a folder":    {f.Remove("d"), syscall.EISDIR},
		"remove nothing":     {f.Remove("x"), syscall.ENOENT},
		"full folder":        {f.Rmdir("d"), syscall.ENOTEMPTY},
		"rmdir a file":       {f.Rmdir("a"), syscall.ENOTDIR},
		"the root":           {f.Rmdir("/"), syscall.EBUSY},
		"mkdir again":        {f.Mkdir("d", 0o755), syscall.EEXIST},
		"into itself":        {f.Rename("d", "d/e"), syscall.EINVAL},
		"over a folder":      {f.Rename("a", "d"), syscall.EISDIR},
		"a folder over":      {f.Rename("d", "a"), syscall.ENOTDIR},
		"chdir to a file":    {f.Chdir("a"), syscall.ENOTDIR},
		"no owners":          {f.Chown("a", 1, 1), syscall.EPERM},
	} {
		if !errors.Is(c.err, c.want) {
			t.Errorf("%s: %v", what, c.err)
		}
	}
	if err := f.Chdir("d"); err != nil {
		t.Fatal(err)
	}
	if text, err := get(f, "b"); text != "b" || err != nil {
		t.Error(text, err)
	}
	if err := f.Rename("../a", "b"); err != nil {
		t.Fatal(err)
	}
	if text, err := get(f, "/d/b"); text != "a" || err != nil {
		t.Error(text, err)
	}
}

// A file without a name lives while it is open, and its room comes back then.
func TestOpenAndRemoved(t *testing.T) {
	d := make(Memory, 1<<20)
	s := mustOpen(t, d, Options{})
	f := s.Files()
	free := s.Usage().Free
	put(t, f, "a", strings.Repeat("a", 100000))
	h, err := f.Open("a", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Remove("a"); err != nil {
		t.Fatal(err)
	}
	if err := s.Sync(); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Write([]byte("b")); err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(h); len(b) != 99999 || err != nil {
		t.Error(len(b), err)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Write([]byte("b")); !errors.Is(err, os.ErrClosed) {
		t.Error(err)
	}
	for range 2 {
		put(t, f, "b", "")
		if err := f.Remove("b"); err != nil {
			t.Fatal(err)
		}
		if err := s.Sync(); err != nil {
			t.Fatal(err)
		}
	}
	if now := s.Usage().Free; now < free-2*blockSize {
		t.Errorf("%d bytes are free, %d were", now, free)
	}
}

// failing is a device that can be unplugged.
type failing struct {
	Memory
	gone bool
}

var errGone = errors.New("unplugged")

func (f *failing) WriteAt(p []byte, at int64) (int, error) {
	if f.gone {
		return 0, errGone
	}
	return f.Memory.WriteAt(p, at)
}

func (f *failing) Flush() error {
	if f.gone {
		return errGone
	}
	return nil
}

// When the device goes, changes fail and nothing is lost; when it is back, all goes on.
func TestUnplugged(t *testing.T) {
	d := &failing{Memory: make(Memory, 1<<20)}
	s := mustOpen(t, d, Options{})
	f := s.Files()
	put(t, f, "a", "one")
	d.gone = true
	if err := s.Sync(); !errors.Is(err, errGone) {
		t.Fatal(err)
	}
	d.gone = false
	if err := s.Sync(); err != nil { // what could not be written is still in memory
		t.Fatal(err)
	}
	put(t, f, "a", "two")
	s.mu.Lock()
	if err := s.writeDirty(); err != nil {
		t.Fatal(err)
	}
	for _, n := range s.tree.entries {
		if err := s.writeTable(n); err != nil {
			t.Fatal(err)
		}
	}
	s.mu.Unlock()
	s.fail(t, d)
	if _, err := f.Open("b", os.O_RDWR|os.O_CREATE, 0o600); !errors.Is(err, errGone) {
		t.Errorf("created: %v", err)
	}
	if text, err := get(f, "a"); text != "two" || err != nil {
		t.Error(text, err)
	}
	other := mustOpen(t, make(Memory, 1<<20), Options{})
	s.device = other.device
	if err := s.Recover(); err == nil {
		t.Error("another disk is taken for it")
	}
	s.device = d
	if err := s.Recover(); err != nil {
		t.Fatal(err)
	}
	if err := s.Sync(); err != nil {
		t.Fatal(err)
	}
	if text, err := get(mustOpen(t, d, Options{}).Files(), "a"); text != "two" || err != nil {
		t.Error(text, err)
	}
	// What was written and is not there any more is noticed.
	put(t, f, "a", "three")
	s.mu.Lock()
	if err := s.writeDirty(); err != nil {
		t.Fatal(err)
	}
	place := int64(s.tree.entries["a"].blocks[0].block) * blockSize
	s.mu.Unlock()
	s.fail(t, d)
	d.Memory[place]++
	if err := s.Recover(); !errors.Is(err, errDamage) {
		t.Errorf("recovered: %v", err)
	}
	if text, err := get(mustOpen(t, d, Options{}).Files(), "a"); text != "two" || err != nil {
		t.Error(text, err)
	}
}

// fail lets a root not be written.
func (s *Store) fail(t *testing.T, d *failing) {
	t.Helper()
	d.gone = true
	s.mu.Lock()
	next := &root{identity: s.root.identity, generation: s.root.generation + 1, blocks: s.space.blocks}
	s.attempt, s.err = next, s.commit(next)
	s.mu.Unlock()
	d.gone = false
	if s.Err() == nil {
		t.Fatal("it did not fail")
	}
}

// All bytes of the device that count are summed.
func TestDamage(t *testing.T) {
	d := make(Memory, minBlocks*blockSize)
	s := mustOpen(t, d, Options{})
	put(t, s.Files(), "a", strings.Repeat("text", 2000))
	if err := s.Sync(); err != nil {
		t.Fatal(err)
	}
	found := 0
	for at := blockSize; at < 6*blockSize; at += 7 {
		d[at] ^= 4
		s, err := Open(d, Options{ReadOnly: true})
		if err == nil {
			if s.root.generation == 0 { // the root before
				found++
			} else if problems := s.Check(); problems != nil {
				found++
				if !errors.Is(problems[0], syscall.EIO) || !strings.Contains(problems[0].Error(), "/a") {
					t.Fatal(problems[0])
				}
			}
		} else if found++; !errors.Is(err, syscall.EIO) {
			t.Fatalf("byte %d: %v", at, err)
		}
		d[at] ^= 4
	}
	if found < 1100 { // two blocks of data alone have 1170
		t.Errorf("%d places were found to be damaged", found)
	}
}

// FuzzOpen opens devices with anything on them. Sums are put right, so that what follows them is reached.
func FuzzOpen(f *testing.F) {
	d := make(Memory, minBlocks*blockSize)
	s := mustOpen(f, d, Options{Now: func() int64 { return 5 }})
	files := s.Files()
	for _, dir := range []string{"d", "d/e"} {
		if err := files.Mkdir(dir, 0o755); err != nil {
			f.Fatal(err)
		}
	}
	put(f, files, "d/a", strings.Repeat("a", 5000))
	put(f, files, "d/e/b", "b")
	if err := s.Sync(); err != nil {
		f.Fatal(err)
	}
	catalog := s.tree.encode(nil)
	f.Add(bytes.Clone(d[blockSize:][:80]), catalog)
	f.Fuzz(func(t *testing.T, root, catalog []byte) {
		d := Memory(bytes.Clone(d))
		copy(d[blockSize:2*blockSize], root)
		// The catalog goes to the last blocks, with a root that is valid.
		if len(root)%2 == 0 && len(catalog) < 4*blockSize {
			s := &Store{device: d, space: newSpace(minBlocks), root: s.root}
			s.space.next = minBlocks - 5
			b, err := s.writeBlob(catalog)
			if err != nil {
				t.Fatal(err)
			}
			r := *s.root
			r.catalog = b
			copy(d[blockSize:], r.encode())
		} else if n := le.Uint32(d[blockSize+20:]); n <= maxRootRuns {
			r := d[blockSize:]
			le.PutUint64(r[8:], xxhash.Sum64(r[16:rootHeader+int(n)*runSize]))
		}
		s, err := Open(d, Options{})
		if err != nil {
			return
		}
		s.Check()
		fs := s.Files()
		for _, name := range []string{"d/a", "d/e/b", "new"} {
			h, err := fs.Open(name, os.O_RDWR|os.O_CREATE, 0o600)
			if err != nil {
				continue
			}
			_, _ = io.ReadAll(h)
			_, _ = h.Write([]byte("more"))
			_ = h.Truncate(3)
			_ = h.Close()
		}
		_ = fs.Rename("d", "c")
		if err := s.Sync(); err == nil {
			if _, err := Open(d, Options{}); err != nil {
				t.Fatalf("what was written cannot be read: %v", err)
			}
		}
	})
}
