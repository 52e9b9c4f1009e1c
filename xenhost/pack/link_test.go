package pack

import (
	"bytes"
	"context"
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestLinkAndAttach(t *testing.T) {
	if testing.Short() {
		t.Skip("a guest is built")
	}
	l, err := Build(context.Background(), "../..", ModulePath+"/xenhost/guests/hello", "")
	if err != nil {
		t.Fatal(err)
	}
	f, err := elf.NewFile(bytes.NewReader(l.ELF))
	if err != nil {
		t.Fatal(err)
	}
	note := false
	for _, p := range f.Progs {
		if p.Type == elf.PT_NOTE {
			b := make([]byte, p.Filesz)
			p.ReadAt(b, 0)
			note = bytes.HasPrefix(b, noteStart) && len(b) == noteSize && p.Align == 4
		}
	}
	if !note || l.Entry < 0x400000 || l.Entry >= l.End {
		t.Errorf("note %v, entry %#x, end %#x", note, l.Entry, l.End)
	}
	data := bytes.Repeat([]byte("packed"), 1000)
	packed, err := l.Attach(data)
	if err != nil {
		t.Fatal(err)
	}
	if f, err = elf.NewFile(bytes.NewReader(packed)); err != nil {
		t.Fatal(err)
	}
	found := false
	for _, p := range f.Progs {
		if p.Type == elf.PT_LOAD && p.Flags&segmentPacked != 0 {
			b := make([]byte, p.Filesz)
			p.ReadAt(b, 0)
			found = bytes.Equal(b, data) && p.Paddr >= l.End && p.Paddr%pageSize == 0 && p.Memsz == p.Filesz
		}
	}
	if !found {
		t.Error("the packed file is not there")
	}
	if _, err := (&Linked{ELF: packed, End: l.End}).Attach(data); err == nil {
		t.Error("a second file is packed")
	}
}

func TestRefused(t *testing.T) {
	if _, err := Link([]byte("no program")); err == nil || !strings.Contains(err.Error(), "no ELF file") {
		t.Errorf("%v", err)
	}
	if testing.Short() {
		t.Skip("a program is built")
	}
	dir := t.TempDir()
	source, program := filepath.Join(dir, "main.go"), filepath.Join(dir, "main")
	if err := os.WriteFile(source, []byte("package main\nfunc main() {}\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "build", "-o", program, source)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	b, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Link(b); err == nil || !strings.Contains(err.Error(), "does not import xenhost/boot") {
		t.Errorf("%v", err)
	}
}

func TestSource(t *testing.T) {
	if _, err := Source(context.Background(), t.TempDir()); err == nil {
		t.Error("an empty folder has sources")
	}
	if dir, err := Source(context.Background(), "../.."); err != nil || !filepath.IsAbs(dir) {
		t.Errorf("%q, %v", dir, err)
	}
}
