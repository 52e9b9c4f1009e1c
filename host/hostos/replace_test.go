package hostos

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/sista-vm/sista/host"
)

// TestReplaceRemovesWhatWasLeft leaves files as a killed process does: they are removed, all others stay, and so
// does what another process is writing.
func TestReplaceRemovesWhatWasLeft(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	left := []string{"x.new1.0", "x.new99999.12"}
	stay := []string{"x.new", "x.new1", "x.new1.a", "x.new.1", "x.new1.0.0", "y.new1.0", "x.newer"}
	for _, name := range append(append([]string{"x"}, left...), stay...) {
		if err := os.WriteFile(at(name), []byte(name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("y.new1.0", at("x.new2.0")); err != nil {
		t.Fatal(err)
	}
	stay = append(stay, "x.new2.0")
	files := NewFiles()
	write := func(text string) func(host.File) error {
		return func(f host.File) error { _, err := f.Write([]byte(text)); return err }
	}
	list := func() []string {
		names, err := files.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		return names
	}
	failed := errors.New("no")
	err := host.Replace(files, at("x"), 0, func(f host.File) error {
		// While this one writes, another one replaces the file.
		if n := len(list()); n != len(stay)+2 {
			t.Errorf("while one writes there are %q", list())
		}
		if err := host.Replace(files, at("x"), 0, write("other")); err != nil {
			t.Error(err)
		}
		if n := len(list()); n != len(stay)+2 {
			t.Errorf("after another one has written there are %q", list())
		}
		_, err := f.Write([]byte("one"))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := host.Replace(files, at("x"), 0, func(host.File) error { return failed }); !errors.Is(err, failed) {
		t.Error(err)
	}
	want := append([]string{"x"}, stay...)
	slices.Sort(want)
	if got := list(); !slices.Equal(got, want) {
		t.Errorf("in the end there are %q, not %q", got, want)
	}
	if got, err := os.ReadFile(at("x")); string(got) != "one" {
		t.Errorf("%q, %v", got, err)
	}
}
