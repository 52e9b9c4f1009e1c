package front_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/sista-vm/sista/internal/golden"
	"github.com/sista-vm/sista/optimizer/front"
	"github.com/sista-vm/sista/smalltalk/reference"
)

// TestGolden translates methods of small programs. The sections of a file:
//
//	class       methods of a class T, a line each; "| a b |" names its variables
//	expression  what is run to gather feedback
//	method      the method's name, and after it the pc of a loop to enter, if any
//	report, ir  what comes of it
func TestGolden(t *testing.T) {
	golden.Run(t, "testdata/golden/*.txtar", func(t *testing.T, a *golden.Archive) {
		class := reference.Class{Name: "T", Superclass: "Object"}
		for _, line := range strings.Split(strings.TrimSpace(a.Section("class")), "\n") {
			if strings.HasPrefix(line, "| ") {
				class.InstVars = strings.Fields(strings.Trim(line, "| "))
			} else {
				class.Methods = append(class.Methods, line)
			}
		}
		m, err := newMachine()
		if err != nil {
			t.Fatal(err)
		}
		doIt, err := m.load(&reference.Program{Classes: []reference.Class{class}, Expression: a.Section("expression")})
		if err != nil {
			t.Fatal(err)
		}
		m.gathering, m.gatherTo = true, maxSteps
		if o, err := m.outcome(doIt); err != nil || o.Kind != reference.Value {
			t.Fatal(o, err)
		}
		name, pc, osr := strings.Cut(strings.TrimSpace(a.Section("method")), " osr ")
		o := front.Options{OSR: osr}
		if osr {
			if o.OSRPC, err = strconv.Atoi(pc); err != nil {
				t.Fatal(err)
			}
		}
		for _, x := range m.methods {
			if x.Name != name {
				continue
			}
			f, r, err := front.Translate(&world{m: m}, &x.Method, o)
			a.Check(t, "report", r.String(), "method")
			if err != nil {
				a.Check(t, "ir", err.Error()+"\n", "report")
				return
			}
			if err := f.Verify(); err != nil {
				t.Error(err)
			}
			a.Check(t, "ir", f.String(), "report")
			return
		}
		t.Errorf("no method %s", name)
	})
}
