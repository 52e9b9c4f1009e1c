//go:build unix

package hostos

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/sista-vm/sista/host"
)

func TestMemory(t *testing.T) {
	m := Memory()
	page := m.PageSize()
	size := 64 * page
	at, err := m.Reserve(0, size)
	if err != nil {
		t.Fatal(err)
	}
	if at%page != 0 {
		t.Errorf("reserved at %#x", at)
	}
	if _, err := m.Reserve(at, size); !errors.Is(err, host.ErrAddressTaken) {
		t.Errorf("reserving the same addresses again: %v", err)
	}
	if err := m.Commit(at+page, 2*page); err != nil {
		t.Fatal(err)
	}
	b := bytesAt(at+page, 2*page)
	if !bytes.Equal(b, make([]byte, len(b))) {
		t.Error("committed memory is not zero")
	}
	b[0], b[len(b)-1] = 1, 2
	if err := m.Commit(at, 4*page); err != nil {
		t.Fatal(err)
	}
	if b[0] != 1 || b[len(b)-1] != 2 {
		t.Error("committing again lost the contents")
	}
	if err := m.Decommit(at+page, page); err != nil {
		t.Fatal(err)
	}
	if err := m.Commit(at+page, page); err != nil {
		t.Fatal(err)
	}
	if b[0] != 0 || b[len(b)-1] != 2 {
		t.Error("decommitting kept its page or lost another")
	}
	if err := m.Release(at, size); err != nil {
		t.Fatal(err)
	}
	// The addresses are free again, unless somebody was faster.
	if again, err := m.Reserve(at, size); err == nil {
		if again != at {
			t.Errorf("reserved at %#x, want %#x", again, at)
		}
		if err := m.Release(again, size); err != nil {
			t.Error(err)
		}
	} else if !errors.Is(err, host.ErrAddressTaken) {
		t.Error(err)
	}
}

func TestMapFile(t *testing.T) {
	m := Memory()
	page := m.PageSize()
	contents := bytes.Repeat([]byte("sista"), int(2*page))
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, contents, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	at, err := m.Reserve(0, 16*page)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := m.Release(at, 16*page); err != nil {
			t.Error(err)
		}
	}()
	if err := m.MapFile(f, int64(page), at+page, page); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	b := bytesAt(at+page, page)
	if !bytes.Equal(b, contents[page:2*page]) {
		t.Error("the mapping shows something else")
	}
	b[3] = 'X' // private: the file must not see it
	got, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, contents) {
		t.Error("a write reached the file")
	}
	if err := m.Decommit(at+page, page); err != nil {
		t.Fatal(err)
	}
	if err := m.Commit(at+page, page); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b, make([]byte, page)) {
		t.Error("a decommitted mapping is not gone")
	}
	if err := m.MapFile(f, 0, at, page); err == nil {
		t.Error("a closed file was mapped")
	}
}
