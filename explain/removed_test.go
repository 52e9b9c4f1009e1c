package explain_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/sista-vm/sista/explain"
	"github.com/sista-vm/sista/internal/golden"
)

var allocation = regexp.MustCompile(`= (newcontext|newarray|newraw|new|boxfloat|send|call)\b`)

// made lists the operations that make objects, or have others do so: a line for each kind.
func made(f *explain.Function) string {
	n := map[string]int{}
	for _, l := range f.Lines {
		if m := allocation.FindStringSubmatch(l.Text); m != nil {
			n[m[1]]++
		}
	}
	var w strings.Builder
	for _, what := range slices.Sorted(maps.Keys(n)) {
		fmt.Fprintf(&w, "%s x%d\n", what, n[what])
	}
	return w.String()
}

// TestRemoved compiles methods of the kernel image's classes, with all that they use inlined, and tells which objects
// are made by the translation and by what the passes make of it. A file has the source of a method, code that
// runs to gather feedback (t answers the method), and both lists, of which an empty one is not there.
func TestRemoved(t *testing.T) {
	golden.Run(t, "testdata/removed/*.txtar", func(t *testing.T, a *golden.Archive) {
		source := strings.TrimSpace(a.Section("source"))
		m := open(t, "Object subclass: #Removed instanceVariableNames: '' classVariableNames: '' package: 'T'. "+
			"Removed compile: '"+strings.ReplaceAll(source, "'", "''")+"'")
		run := "| t | t := Removed new. 60 timesRepeat: [" + strings.TrimSpace(a.Section("run")) + "]"
		v, err := m.Eval(t.Context(), run)
		if err != nil {
			t.Fatal(err)
		}
		v.Release()
		selector := regexp.MustCompile(`^\w+:?`).FindString(source)
		x := of(t, m, "Removed>>"+selector, 0, explain.Options{Warmup: run, Loop: -1})
		if x.Refused != "" {
			t.Fatal(x.Refused)
		}
		a.Check(t, "translated", made(x.Functions[0]), "run")
		a.Check(t, "left", made(x.Functions[len(x.Functions)-1]), "translated")
	})
}
