package source

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sista-vm/sista/smalltalk/ast"
	"github.com/sista-vm/sista/smalltalk/parser"
)

// dump writes units one a line, each with its place.
func dump(units []Unit) string {
	var b strings.Builder
	for _, u := range units {
		at := u.Where()
		fmt.Fprintf(&b, "%d:%d %s\n", at.Line, at.Column, describe(u))
	}
	return b.String()
}

func describe(u Unit) string {
	var b strings.Builder
	field := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, " %s=%q", name, value)
		}
	}
	list := func(name string, values []string) { field(name, strings.Join(values, " ")) }
	switch u := u.(type) {
	case *Package:
		return "package " + u.Name
	case *ClassDefinition:
		fmt.Fprintf(&b, "class %s < %s %s", u.Name, u.Superclass, u.Kind)
		if u.InheritsKind {
			b.WriteString("?")
		}
		list("inst", u.InstVars)
		list("class", u.ClassVars)
		list("meta", u.ClassInstVars)
		list("pools", u.Pools)
		field("category", u.Category)
		if u.Package != u.Category {
			field("package", u.Package)
		}
		field("comment", u.Comment)
	case *ClassExtension:
		fmt.Fprintf(&b, "extend %s", u.Name)
		list("inst", u.InstVars)
		list("class", u.ClassVars)
		list("meta", u.ClassInstVars)
		if u.SetsClassInstVars {
			b.WriteString(" sets")
		}
		field("comment", u.Comment)
	case *MethodDefinition:
		fmt.Fprintf(&b, "method %s", u.Name())
		field("category", u.Category)
		field("stamp", u.Stamp)
		field("source", u.Source.Text)
	case *Statements:
		b.WriteString("do")
		if u.TopLevel {
			b.WriteString(" top")
		}
		if u.Class != "" {
			b.WriteString(" in " + u.Class)
		}
		fmt.Fprintf(&b, " %q", u.Source.Text)
		if u.Definition != nil {
			b.WriteString(" = " + describe(u.Definition))
		}
	}
	return b.String()
}

// readTest is a text with the units and errors it must give. In want and
// errors, leading tabs and empty first and last lines are left out.
type readTest struct {
	name, text, want, errors string
}

func (tt readTest) run(t *testing.T, read func(*ast.Source) ([]Unit, error)) {
	t.Helper()
	units, err := read(ast.NewSource("", tt.text))
	if got, want := dump(units), outdent(tt.want); got != want {
		t.Errorf("%s: units\n%swant\n%s", tt.name, got, want)
	}
	got := ""
	if err != nil {
		got = err.(parser.Errors).Error() + "\n"
	}
	if want := outdent(tt.errors); got != want {
		t.Errorf("%s: errors\n%swant\n%s", tt.name, got, want)
	}
	checkPlaces(t, tt.text, units)
}

// checkPlaces checks that the first and last character of every unit's source
// are those that stand in the file at the places computed for them.
func checkPlaces(t *testing.T, text string, units []Unit) {
	t.Helper()
	whole := ast.NewSource("", text)
	offsets := map[ast.Position]int{}
	for i := range text {
		offsets[whole.Position(i)] = i
	}
	for _, u := range units {
		src := u.Text()
		for _, i := range []int{0, len(src.Text) - 1} {
			if i < 0 || i >= len(src.Text) || src.Text[i] >= 0x80 {
				continue
			}
			p := src.Position(i)
			p.File = ""
			if at, ok := offsets[p]; !ok || at >= len(text) || text[at] != src.Text[i] {
				t.Errorf("%s: offset %d (%q) is said to be at %s", describe(u), i, src.Text[i], p)
			}
		}
	}
}

func outdent(s string) string {
	lines := strings.Split(strings.Trim(s, "\n\t"), "\n")
	var b strings.Builder
	for _, line := range lines {
		if line = strings.TrimLeft(line, "\t"); line != "" {
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}
