package hostos

import (
	"bytes"
	"errors"
	"testing"

	"github.com/sista-vm/sista/host"
	"golang.org/x/sys/unix"
)

// TestCode shows that code memory is the same at both addresses, and that its place
// can be used again.
func TestCode(t *testing.T) {
	m := Memory()
	code, ok := m.(host.CodeMemory)
	if !ok {
		t.Fatal("no code memory")
	}
	page := m.PageSize()
	at, err := m.Reserve(0, 4*page)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		w, err := code.CommitCode(at+page, 2*page)
		if err != nil {
			t.Fatal(err)
		}
		exec, write := bytesAt(at+page, 2*page), bytesAt(w, 2*page)
		if !bytes.Equal(exec, make([]byte, 2*page)) {
			t.Error("code memory is not zero")
		}
		write[0], write[2*page-1] = 1, 2
		if exec[0] != 1 || exec[2*page-1] != 2 {
			t.Error("a write is not seen at the other address")
		}
		if err := code.DecommitCode(at+page, w, 2*page); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.Commit(at, 4*page); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(bytesAt(at, 4*page), make([]byte, 4*page)) {
		t.Error("code is left over")
	}
	if err := m.Release(at, 4*page); err != nil {
		t.Error(err)
	}
}

// TestCodeBeyondLimit checks that a limit is an error, not a signal that ends the process.
func TestCodeBeyondLimit(t *testing.T) {
	var old unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_FSIZE, &old); err != nil {
		t.Fatal(err)
	}
	low := old
	low.Cur = 4096
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &low); err != nil {
		t.Skip(err)
	}
	defer func() {
		if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &old); err != nil {
			t.Error(err)
		}
	}()
	m := Memory()
	at, err := m.Reserve(0, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.(host.CodeMemory).CommitCode(at, 1<<20); !errors.Is(err, unix.EFBIG) {
		t.Errorf("beyond the limit: %v", err)
	}
	if err := m.Release(at, 1<<20); err != nil {
		t.Error(err)
	}
}
