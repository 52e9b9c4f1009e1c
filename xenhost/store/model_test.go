package store

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path"
	"slices"
	"syscall"
	"testing"

	"github.com/sista-vm/sista/host"
)

// model is what a store should have: folders are nil.
type model map[string][]byte

func (m model) clone() model {
	c := model{}
	for name, data := range m {
		c[name] = bytes.Clone(data)
		if data != nil && c[name] == nil {
			c[name] = []byte{}
		}
	}
	return c
}

// contents reads everything in a store.
func contents(t testing.TB, s *Store) model {
	t.Helper()
	m := model{}
	f := s.Files()
	var walk func(dir string)
	walk = func(dir string) {
		names, err := f.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range names {
			name := path.Join(dir, n)
			info, err := f.Stat(name)
			if err != nil {
				t.Fatal(err)
			}
			if info.IsDir() {
				m[name] = nil
				walk(name)
				continue
			}
			h, err := f.Open(name, os.O_RDONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			data, err := io.ReadAll(h)
			if err != nil {
				t.Fatal(err)
			}
			if int64(len(data)) != info.Size {
				t.Fatalf("%s: %d bytes read, size %d", name, len(data), info.Size)
			}
			m[name] = data
			h.Close()
		}
	}
	walk("/")
	return m
}

func (m model) diff(o model) string {
	for _, name := range slices.Sorted(maps.Keys(m)) {
		data, ok := o[name]
		switch {
		case !ok:
			return name + " is missing"
		case (data == nil) != (m[name] == nil):
			return name + " is another kind"
		case !bytes.Equal(data, m[name]):
			return fmt.Sprintf("%s differs: %d bytes, not %d", name, len(data), len(m[name]))
		}
	}
	for name := range o {
		if _, ok := m[name]; !ok {
			return name + " should not be there"
		}
	}
	return ""
}

// player changes a store and a model in the same way.
type player struct {
	r *rand.Rand
	s *Store
	f host.Files
	m model
}

func newPlayer(r *rand.Rand, s *Store) *player { return &player{r, s, s.Files(), model{}} }

func (p *player) name() string {
	dir := []string{"", "/a", "/a/b", "/c"}[p.r.IntN(4)]
	return fmt.Sprint(dir, "/f", p.r.IntN(5))
}

func (p *player) put(name string, data []byte, at int) {
	old := p.m[name]
	if grown := at + len(data) - len(old); grown > 0 {
		old = append(old, make([]byte, grown)...)
	}
	copy(old[at:], data)
	p.m[name] = old
}

func (p *player) hasParent(name string) bool {
	dir := path.Dir(name)
	if dir == "/" {
		return true
	}
	data, ok := p.m[dir]
	return ok && data == nil
}

// turn does something. The error is one of the device or of a full store.
func (p *player) turn() error {
	name := p.name()
	data, exists := p.m[name]
	isFile := exists && data != nil
	switch k := p.r.IntN(12); {
	case k < 5: // write
		h, err := p.f.Open(name, os.O_RDWR|os.O_CREATE, 0o644)
		if !p.hasParent(name) {
			if !errors.Is(err, os.ErrNotExist) {
				return fmt.Errorf("create %s without a folder: %w", name, err)
			}
			return nil
		}
		if err != nil {
			return err
		}
		defer h.Close()
		if !exists {
			p.m[name] = []byte{}
		}
		for range 1 + p.r.IntN(3) {
			at := p.r.IntN(len(p.m[name]) + 1)
			if p.r.IntN(8) == 0 {
				at += p.r.IntN(30000)
			}
			if p.r.IntN(2) == 0 {
				at = at / blockSize * blockSize
			}
			b := make([]byte, p.r.IntN(1<<p.r.IntN(16)))
			for i := range b {
				b[i] = byte(p.r.Uint32())
			}
			if _, err := h.Seek(int64(at), io.SeekStart); err != nil {
				return err
			}
			n, err := h.Write(b)
			if n > 0 {
				p.put(name, b[:n], at)
			}
			if err != nil {
				return err
			}
		}
	case k < 6 && isFile: // truncate
		h, err := p.f.Open(name, os.O_RDWR, 0)
		if err != nil {
			return err
		}
		defer h.Close()
		size := p.r.IntN(len(data)*5/4 + 2)
		if err := h.Truncate(int64(size)); err != nil {
			return err
		}
		if size <= len(data) {
			p.m[name] = data[:size:size]
		} else {
			p.put(name, nil, size)
		}
	case k < 7 && isFile:
		if err := p.f.Remove(name); err != nil {
			return err
		}
		delete(p.m, name)
	case k < 8 && isFile:
		to := p.name()
		if !p.hasParent(to) || to == name {
			return nil
		}
		if err := p.f.Rename(name, to); err != nil {
			return err
		}
		delete(p.m, name)
		p.m[to] = data
	case k < 9:
		for _, dir := range []string{"/a", "/a/b", "/c"} {
			if _, ok := p.m[dir]; !ok && p.hasParent(dir) {
				if err := p.f.Mkdir(dir, 0o755); err != nil {
					return err
				}
				p.m[dir] = nil
				return nil
			}
		}
	case k < 10: // read a part
		if !isFile {
			return nil
		}
		h, err := p.f.Open(name, os.O_RDONLY, 0)
		if err != nil {
			return err
		}
		defer h.Close()
		at, n := p.r.IntN(len(data)+1), p.r.IntN(5000)
		b := make([]byte, n)
		if _, err := h.Seek(int64(at), io.SeekStart); err != nil {
			return err
		}
		n, err = io.ReadFull(h, b)
		if errors.Is(err, errCut) {
			return err
		}
		if want := data[at:min(len(data), at+len(b))]; !bytes.Equal(b[:n], want) {
			return fmt.Errorf("%s: %d bytes at %d are wrong: %w", name, len(b), at, err)
		}
	}
	return nil
}

// What is done to a store can be read from it, before and after it is opened anew.
func TestModel(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 1))
		d := newUnsteady(8 << 20)
		s := mustOpen(t, d, Options{})
		p := newPlayer(r, s)
		for i := range 300 {
			if err := p.turn(); err != nil {
				t.Fatalf("seed %d, turn %d: %v", seed, i, err)
			}
			if i%50 == 49 {
				if diff := p.m.diff(contents(t, p.s)); diff != "" {
					t.Fatalf("seed %d, turn %d: %s", seed, i, diff)
				}
				if err := p.s.Sync(); err != nil {
					t.Fatal(err)
				}
				p.s = mustOpen(t, d, Options{})
				p.f = p.s.Files()
				if diff := p.m.diff(contents(t, p.s)); diff != "" {
					t.Fatalf("seed %d, turn %d, opened anew: %s", seed, i, diff)
				}
				if problems := p.s.Check(); problems != nil {
					t.Fatal(problems)
				}
			}
		}
	}
}

// Whenever the power goes, the store is as at the last Sync that ended, or at the one under way.
func TestPowerCuts(t *testing.T) {
	cuts := 400
	if testing.Short() {
		cuts = 50
	}
	old, news := 0, 0
	for seed := range uint64(cuts) {
		r := rand.New(rand.NewPCG(seed, 2))
		d := newUnsteady(2 << 20)
		p := newPlayer(r, mustOpen(t, d, Options{}))
		states := []model{{}} // that may be found
		d.steps = r.IntN(1 << r.IntN(10))
		for {
			var err error
			if r.IntN(6) == 0 {
				states = append(states, p.m.clone())
				if err = p.s.Sync(); err == nil {
					states = states[len(states)-1:]
				}
			} else {
				// What was just freed is what is looked at first.
				p.s.space.next = firstBlock + uint32(r.IntN(100))
				err = p.turn()
			}
			if err != nil {
				if !errors.Is(err, errCut) {
					t.Fatalf("seed %d: %v", seed, err)
				}
				break
			}
		}
		after := mustOpen(t, d.cut(r), Options{})
		found := contents(t, after)
		which := slices.IndexFunc(states, func(m model) bool { return m.diff(found) == "" })
		switch {
		case which < 0:
			t.Fatalf("seed %d: neither the old nor the new state: %s", seed, states[0].diff(found))
		case which == 0:
			old++
		default:
			news++
		}
		// It can go on.
		p = newPlayer(r, after)
		p.m = found
		for range 20 {
			if err := p.turn(); err != nil {
				t.Fatalf("seed %d, afterwards: %v", seed, err)
			}
		}
		if err := after.Sync(); err != nil {
			t.Fatal(err)
		}
	}
	if t.Logf("%d times the old state, %d times the new one", old, news); news == 0 {
		t.Error("no cut was late in a Sync")
	}
}

// A full store says so, keeps what it has, and has room again when something is removed.
func TestFull(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 3))
		d := newUnsteady(256 << 10)
		s := mustOpen(t, d, Options{})
		p := newPlayer(r, s)
		full := 0
		for i := range 300 {
			err := p.turn()
			if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EFBIG) {
				full++
				err = nil
				if full%10 == 0 {
					for name, data := range p.m {
						if data == nil {
							continue
						}
						if err := p.f.Remove(name); err != nil {
							t.Fatalf("seed %d, turn %d: remove from a full store: %v", seed, i, err)
						}
						delete(p.m, name)
					}
				}
			}
			if err == nil && i%7 == 0 {
				err = s.Sync()
			}
			if err != nil {
				t.Fatalf("seed %d, turn %d: %v", seed, i, err)
			}
			if diff := p.m.diff(contents(t, s)); diff != "" {
				t.Fatalf("seed %d, turn %d: %s", seed, i, diff)
			}
			if n := s.space.used.count(); s.space.free > s.space.blocks-n {
				t.Fatalf("seed %d: %d blocks used, %d free of %d", seed, n, s.space.free, s.space.blocks)
			}
		}
		if full == 0 {
			t.Errorf("seed %d: it was never full", seed)
		}
		if err := s.Sync(); err != nil {
			t.Fatal(err)
		}
		if diff := p.m.diff(contents(t, mustOpen(t, d, Options{}))); diff != "" {
			t.Fatal(diff)
		}
	}
}
