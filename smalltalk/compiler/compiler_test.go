package compiler

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/sista-vm/sista/bytecode"
	"github.com/sista-vm/sista/internal/golden"
	"github.com/sista-vm/sista/smalltalk/ast"
	"github.com/sista-vm/sista/smalltalk/parser"
)

// testEnv is a class with instance variables a and b, a class variable Shared,
// a read-only global Fixed and all other globals that begin with a capital
// letter but Unknown.
type testEnv struct {
	context, noClass bool
}

func (testEnv) InstanceVariables() []string { return []string{"a", "b"} }
func (e testEnv) MayBeContext() bool        { return e.context }
func (e testEnv) MethodClass() (Binding, bool) {
	return Binding{Name: "Foo"}, !e.noClass
}

func (testEnv) Binding(namespace, name string) (Binding, bool) {
	switch {
	case name == "Shared" && namespace == "":
		return Binding{Name: name, Owner: "Foo"}, true
	case name == "Fixed":
		return Binding{Name: name, ReadOnly: true}, true
	case name == "Unknown" || !unicode.IsUpper([]rune(name)[0]):
		return Binding{}, false
	}
	return Binding{Name: name}, true
}

func compileMethod(source string, env testEnv, opt Options) (*Method, error) {
	src := ast.NewSource("", source)
	m, err := parser.ParseMethod(src, parser.Options{})
	if err != nil {
		return nil, err
	}
	return Compile(src, m, env, opt)
}

// verify checks a method as the bytecode verifier does, and what else every
// compiled method promises.
func verify(t *testing.T, m *Method) {
	t.Helper()
	if err := bytecode.Verify(m.Describe()); err != nil {
		t.Errorf("%s: %v\n%s", m.Selector, err, m.Listing())
	}
	if end := m.Describe().End(); end != len(m.Bytecodes) {
		t.Errorf("%s: the code ends at %d of %d\n%s", m.Selector, end, len(m.Bytecodes), m.Listing())
	}
	if _, err := m.Header.Encode(); err != nil {
		t.Errorf("%s: %v", m.Selector, err)
	}
	checkCode(t, &m.Code)
}

func checkCode(t *testing.T, c *Code) {
	t.Helper()
	if c.Header.NumLiterals != len(c.Literals) {
		t.Errorf("%d literals, the header says %d", len(c.Literals), c.Header.NumLiterals)
	}
	if !slices.IsSortedFunc(c.Positions, func(a, b Position) int { return a.PC - b.PC }) || c.Positions[0].PC != 0 {
		t.Errorf("positions %v", c.Positions)
	}
	for _, b := range c.Blocks() {
		if _, ok := b.Literals[len(b.Literals)-1].(OuterCode); !ok {
			t.Errorf("the last literal of a block is %s", LiteralText(b.Literals[len(b.Literals)-1]))
		}
		checkCode(t, &b.Code)
	}
}

// TestListings compiles the method of every section and compares the listing,
// the warnings or the errors with the section behind it.
func TestListings(t *testing.T) {
	golden.Run(t, "testdata/*.txt", func(t *testing.T, a *golden.Archive) {
		for _, name := range a.Names() {
			if strings.HasSuffix(name, "listing") {
				continue
			}
			var opt Options
			var env testEnv
			if strings.Contains(name, "[clean]") {
				opt.CleanBlocks = true
			}
			if strings.Contains(name, "[strict]") {
				opt.UndeclaredIsError = true
			}
			if strings.Contains(name, "[context]") {
				env.context = true
			}
			m, err := compileMethod(a.Section(name), env, opt)
			var out strings.Builder
			if err != nil {
				out.WriteString(err.(interface{ Format() string }).Format() + "\n")
			} else {
				verify(t, m)
				for _, w := range m.Warnings {
					fmt.Fprintf(&out, "warning: %v\n", w.Error())
				}
				out.WriteString(m.Listing())
			}
			a.Check(t, name+" listing", out.String(), name)
		}
	})
}
