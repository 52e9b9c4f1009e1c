// Package golden reads and updates test archives: files of sections, each
// headed by a line `-- name --`, that hold inputs and the outputs a test
// expects of them. Run a test with -update to write what it got instead of
// comparing; then read the difference before you commit it.
package golden

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write golden files instead of comparing with them")

// An Archive is a golden file in memory.
type Archive struct {
	path     string
	comment  string
	sections []section
	changed  bool
}

type section struct{ name, text string }

// Run calls f in a subtest for every file that matches the pattern, and writes
// the files that changed if -update is set. No match is a failure.
func Run(t *testing.T, pattern string, f func(t *testing.T, a *Archive)) {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) == 0 {
		t.Fatalf("no golden files match %s", pattern)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), filepath.Ext(path)), func(t *testing.T) {
			a := Read(t, path)
			f(t, a)
			a.save(t)
		})
	}
}

// Read reads one archive.
func Read(t *testing.T, path string) *Archive {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return parse(path, string(data))
}

func parse(path, data string) *Archive {
	a := &Archive{path: path}
	text := &a.comment
	for _, line := range strings.SplitAfter(data, "\n") {
		if name, ok := header(line); ok {
			a.sections = append(a.sections, section{name: name})
			text = &a.sections[len(a.sections)-1].text
			continue
		}
		*text += line
	}
	return a
}

func header(line string) (string, bool) {
	line = strings.TrimRight(line, "\n")
	if len(line) > 6 && strings.HasPrefix(line, "-- ") && strings.HasSuffix(line, " --") {
		return line[3 : len(line)-3], true
	}
	return "", false
}

// Names answers the names of the sections, in order.
func (a *Archive) Names() []string {
	var names []string
	for _, s := range a.sections {
		names = append(names, s.name)
	}
	return names
}

// Section answers the text of the section, "" if there is none.
func (a *Archive) Section(name string) string {
	for _, s := range a.sections {
		if s.name == name {
			return s.text
		}
	}
	return ""
}

// Check compares got with the section; with -update it becomes the section,
// behind the section named after if it is new.
func (a *Archive) Check(t *testing.T, name, got, after string) {
	t.Helper()
	if got != "" && !strings.HasSuffix(got, "\n") {
		got += "\n"
	}
	if a.Section(name) == got {
		return
	}
	if !*update {
		t.Errorf("%s: section %s: got\n%swant\n%s", a.path, name, got, a.Section(name))
		return
	}
	a.changed = true
	for i := range a.sections {
		if a.sections[i].name == name {
			a.sections[i].text = got
			return
		}
	}
	at := len(a.sections)
	for i, s := range a.sections {
		if s.name == after {
			at = i + 1
		}
	}
	rest := append([]section{{name, got}}, a.sections[at:]...)
	a.sections = append(a.sections[:at:at], rest...)
}

func (a *Archive) save(t *testing.T) {
	if !a.changed {
		return
	}
	var b strings.Builder
	b.WriteString(a.comment)
	for _, s := range a.sections {
		b.WriteString("-- " + s.name + " --\n" + s.text)
	}
	if err := os.WriteFile(a.path, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}
