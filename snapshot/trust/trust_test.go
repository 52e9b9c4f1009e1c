package trust

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/host"
	"github.com/sista-vm/sista/host/hostos"
	"github.com/sista-vm/sista/snapshot"
)

var files = hostos.NewFiles()

func newKey(t testing.TB) *Key {
	t.Helper()
	k, err := NewKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	k.From = "test"
	return k
}

// write writes a sealed file with a small image.
func write(t testing.TB, k *Key) (path string) {
	t.Helper()
	h, err := heap.New(heap.Config{Memory: hostos.Memory(), Window: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if err := h.Bootstrap(); err != nil {
		t.Fatal(err)
	}
	h.Specials = h.AllocateOld(heap.ClassArray, heap.FmtArray, 60)
	for i := range h.Specials.NumSlots() {
		h.Specials.SetSlotRaw(i, h.Nil)
	}
	c := snapshot.Contents{Heap: h, Sections: []snapshot.Section{{Kind: snapshot.KindFeedback, Data: []byte("f")}, {Kind: snapshot.KindNative, Data: bytes.Repeat([]byte("n"), 500)}}}
	if k != nil {
		c.Sealer = NewSealer(k)
	}
	path = filepath.Join(t.TempDir(), "x.image")
	if _, err := snapshot.Write(files, path, c); err != nil {
		t.Fatal(err)
	}
	return path
}

func open(t testing.TB, path string) *snapshot.File {
	t.Helper()
	f, err := snapshot.Open(files, path, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

func wantError(t testing.TB, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("no error; want one with %q", words)
		return
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("error %q, without %q", err, w)
		}
	}
}

func TestAuthentic(t *testing.T) {
	k := newKey(t)
	path := write(t, k)
	f := open(t, path)
	a, err := Verify(f, k)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if b, err := a.Section(snapshot.KindNative); err != nil || len(b) != 500 {
			t.Errorf("%d bytes, %v", len(b), err)
		}
	}
	if m, err := a.Manifest(); err != nil || m.Image.Root == "" {
		t.Errorf("%+v %v", m, err)
	}
	if err := a.VerifyAll(); err != nil {
		t.Error(err)
	}
	if _, err := a.Section(snapshot.KindPortable); !errors.Is(err, snapshot.ErrNone) {
		t.Error(err)
	}
	_, err = Verify(f, nil)
	wantError(t, err, path, "no key")
	_, err = Verify(f, newKey(t))
	wantError(t, err, "sealed with key "+k.ID())
	other := *newKey(t)
	_, err = Verify(open(t, write(t, nil)), &other)
	wantError(t, err, "no seal")
	if s := fmt.Sprintf("%v %+v %s", k, *k, k); strings.Contains(s, hex.EncodeToString(k.secret[:])) {
		t.Errorf("the secret is in %q", s)
	}
}

// A file that others may have written is not trusted, whoever sealed it.
func TestOwnerRule(t *testing.T) {
	k := newKey(t)
	path := write(t, k)
	if fi, err := os.Stat(path); err != nil || fi.Mode().Perm()&0o022 != 0 {
		t.Fatalf("%v %v", fi.Mode(), err)
	}
	for _, mode := range []os.FileMode{0o664, 0o646} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		_, err := Verify(open(t, path), k)
		wantError(t, err, "others than its owner", fmt.Sprintf("%#o", mode))
	}
	if err := os.Chmod(path, 0o444); err != nil {
		t.Fatal(err)
	}
	if _, err := Verify(open(t, path), k); err != nil {
		t.Error(err)
	}
	if os.Geteuid() == 0 {
		if err := os.Chown(path, 12345, 0); err != nil {
			t.Skip(err)
		}
		_, err := Verify(open(t, path), k)
		wantError(t, err, "neither root nor the user")
	}
}

// Whatever bit of the file is another, nothing that differs is called authentic.
func TestEveryBit(t *testing.T) {
	k := newKey(t)
	path := write(t, k)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	trailer := open(t, path).Header.End()
	caught := map[string]int{}
	for at := int64(0); at < int64(len(good)); at++ {
		if at > snapshot.PageSize && at < trailer && at%89 != 0 || at > trailer && good[at] == 0 && at%89 != 0 {
			continue // objects, and much of what is zero, are all alike
		}
		bad := bytes.Clone(good)
		bad[at] ^= 1 << (at % 8)
		f, err := snapshot.Read(bytes.NewReader(bad), int64(len(bad)), "x", nil)
		if err != nil {
			caught["no image"]++
			continue
		}
		a, err := Verify(f, k)
		if err != nil {
			caught["not authentic"]++
			continue
		}
		if err := a.VerifyAll(); err != nil {
			caught["contents"]++
			if _, err := a.Section(snapshot.KindFeedback); err == nil {
				caught["other sections"]++
			}
			continue
		}
		// Only what is between the sections says nothing.
		for _, e := range f.Index() {
			if at >= e.Offset && at < e.Offset+e.Length {
				t.Fatalf("a flipped bit at %#x in section %v is not noticed", at, e.Kind)
			}
		}
		if at < trailer {
			t.Fatalf("a flipped bit at %#x of the image is not noticed", at)
		}
	}
	for _, what := range []string{"no image", "not authentic", "contents", "other sections"} {
		if caught[what] == 0 {
			t.Errorf("no flipped bit was noticed as %q: %v", what, caught)
		}
	}
}

// A seal proves a file if the key made it and it names the first page and every section; whatever else it has, it is
// refused with a reason. Fuzzing finds no code of a key: where sign says so it is made right.
func FuzzSeal(f *testing.F) {
	k := newKey(f)
	file := open(f, write(f, k))
	good, err := file.Section(snapshot.KindSeal)
	if err != nil {
		f.Fatal(err)
	}
	mac := len(good) - sha256.Size
	f.Add(good[:mac], true)
	f.Add(good, false)
	f.Add(good[:headSize], true)
	f.Fuzz(func(t *testing.T, seal []byte, sign bool) {
		if sign {
			seal = append(bytes.Clone(seal), k.mac(context, seal)...)
		}
		digests, why := k.prove(file, seal)
		if (why == "") != (len(digests) == len(file.Index())-1) {
			t.Fatalf("%d sections are proved, and why not is %q", len(digests), why)
		}
		if why != "" {
			return
		}
		if !sign && !bytes.Equal(seal, good) {
			t.Fatalf("%x is a seal that nobody made", seal)
		}
		for _, e := range file.Index() {
			if e.Kind != snapshot.KindSeal && len(digests[e.Kind]) != sha256.Size {
				t.Errorf("section %v is not proved", e.Kind)
			}
		}
	})
}

func TestKeys(t *testing.T) {
	dir := t.TempDir()
	k := newKey(t)
	name := filepath.Join(dir, "a", "b", "key")
	if err := WriteKey(files, name, k); err != nil {
		t.Fatal(err)
	}
	if fi, _ := os.Stat(name); fi.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", fi.Mode())
	}
	if fi, _ := os.Stat(filepath.Dir(name)); fi.Mode().Perm() != 0o700 {
		t.Errorf("mode of the folder %v", fi.Mode())
	}
	back, err := ReadKey(files, name)
	if err != nil || back.secret != k.secret || back.From != name {
		t.Errorf("%v %v", back, err)
	}
	wantError(t, WriteKey(files, name, newKey(t)), name, "exists")
	for _, mode := range []os.FileMode{0o640, 0o604, 0o660} {
		if err := os.Chmod(name, mode); err != nil {
			t.Fatal(err)
		}
		_, err := ReadKey(files, name)
		wantError(t, err, name, "chmod 600")
	}
	_, err = ReadKey(files, dir)
	wantError(t, err, dir)
	for _, text := range []string{"", "00", strings.Repeat("0", 63), strings.Repeat("x", 64), strings.Repeat("0", 66)} {
		bad := filepath.Join(dir, "bad")
		if err := os.WriteFile(bad, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := ReadKey(files, bad)
		wantError(t, err, bad, "64 hexadecimal digits")
	}
}

// environment makes one of the variables.
func environment(home string, variables map[string]string) host.Environment {
	return host.Environment{Home: home, Lookup: func(name string) (string, bool) {
		v, ok := variables[name]
		return v, ok
	}}
}

func TestFindKey(t *testing.T) {
	home := t.TempDir()
	env := environment(home, nil)
	_, err := FindKey(files, env, "")
	if !errors.Is(err, ErrNoKey) {
		t.Error(err)
	}
	_, err = FindKey(files, environment("", nil), "")
	if !errors.Is(err, ErrNoKey) {
		t.Error(err)
	}
	made, err := EnsureKey(files, env, rand.Reader, "")
	if err != nil {
		t.Fatal(err)
	}
	again, err := EnsureKey(files, env, rand.Reader, "")
	if err != nil || again.ID() != made.ID() || again.From != filepath.Join(home, ".config", "sista", "key") {
		t.Errorf("%v from %s, %v", again, again.From, err)
	}
	config := t.TempDir()
	if _, err := FindKey(files, environment(home, map[string]string{"XDG_CONFIG_HOME": config}), ""); !errors.Is(err, ErrNoKey) {
		t.Error(err)
	}
	k := newKey(t)
	digits := hex.EncodeToString(k.secret[:])
	found, err := FindKey(files, environment(home, map[string]string{Variable: digits}), "")
	if err != nil || found.ID() != k.ID() || found.From != Variable {
		t.Errorf("%v %v", found, err)
	}
	named := filepath.Join(t.TempDir(), "key")
	if err := WriteKey(files, named, k); err != nil {
		t.Fatal(err)
	}
	if found, err = FindKey(files, environment(home, map[string]string{Variable: named}), ""); err != nil || found.ID() != k.ID() {
		t.Errorf("%v %v", found, err)
	}
	if found, err = FindKey(files, env, named); err != nil || found.ID() != k.ID() {
		t.Errorf("%v %v", found, err)
	}
	_, err = FindKey(files, env, named+"no")
	wantError(t, err, named+"no", "no such file")
	// A key with a mistake in it is not told to everybody.
	_, err = FindKey(files, environment(home, map[string]string{Variable: digits[1:]}), "")
	wantError(t, err, Variable)
	if strings.Contains(err.Error(), digits[5:20]) {
		t.Errorf("the secret is in %q", err)
	}
}

// The root depends on every byte and on their number, and not on how they come.
func TestTree(t *testing.T) {
	data := bytes.Repeat([]byte("0123456789abcdef"), 3*leafSize/16+1)
	roots := map[string]int{}
	for _, n := range []int{0, 1, leafSize - 1, leafSize, leafSize + 1, 2 * leafSize, 3*leafSize - 1, 3 * leafSize, len(data)} {
		whole := newTree()
		_, _ = whole.Write(data[:n])
		parts := newTree()
		for b := data[:n]; len(b) > 0; {
			k := min(len(b), 99_991)
			_, _ = parts.Write(b[:k])
			b = b[k:]
		}
		a, b := whole.root(), parts.root()
		if !bytes.Equal(a, b) {
			t.Errorf("%d bytes: the root depends on the writes", n)
		}
		if m, seen := roots[string(a)]; seen {
			t.Errorf("%d and %d bytes have the same root", n, m)
		}
		roots[string(a)] = n
	}
}
