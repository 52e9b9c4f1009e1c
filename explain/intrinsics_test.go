package explain_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sista-vm/sista/counters"
	"github.com/sista-vm/sista/explain"
	"github.com/sista-vm/sista/internal/golden"
)

// outcomes lists what became of the sends of a method, those of inlined ones too.
func outcomes(d *explain.Decision) (all []string) {
	for _, d := range d.Decisions {
		what := d.Inlined
		if what == "" {
			what = "sent: " + strings.TrimPrefix(d.Reason, "sent: ")
		}
		all = append(all, fmt.Sprintf("%s -> %s", d.What, what))
		all = append(all, outcomes(d)...)
	}
	return all
}

// TestIntrinsics compiles a send to the objects of the kernel image for each primitive that is operations. A line of
// the section sends is a receiver, called r, and an expression; the section inlined tells what becomes of it, and which
// operations are left that go elsewhere.
func TestIntrinsics(t *testing.T) {
	golden.Run(t, "testdata/intrinsics/*.txtar", func(t *testing.T, a *golden.Archive) {
		policy := counters.DefaultPolicy()
		policy.SampleEvery, policy.Window, policy.WindowDuty = 20, 2000, 1
		m := openWith(t, policy, "Object subclass: #Intrinsics instanceVariableNames: '' classVariableNames: '' package: 'T'")
		var w strings.Builder
		for i, line := range strings.Split(strings.TrimSpace(a.Section("sends")), "\n") {
			receiver, expression, _ := strings.Cut(line, " => ")
			source := fmt.Sprintf("go%d: r ^%s", i, expression)
			run := fmt.Sprintf("Intrinsics compile: '%s'. 2000 timesRepeat: [Intrinsics new go%d: (%s)]", strings.ReplaceAll(source, "'", "''"), i, receiver)
			v, err := m.Eval(t.Context(), run)
			if err != nil {
				t.Fatal(line, err)
			}
			v.Release()
			x := of(t, m, fmt.Sprintf("Intrinsics>>go%d:", i), 0, explain.Options{Warmup: run, Loop: -1})
			if x.Refused != "" {
				t.Fatal(line, x.Refused)
			}
			fmt.Fprintf(&w, "%s\n", line)
			for _, o := range outcomes(x.Inlining) {
				fmt.Fprintf(&w, "\t%s\n", o)
			}
			for _, l := range strings.Split(strings.TrimSpace(made(x.Functions[len(x.Functions)-1])), "\n") {
				if l != "" {
					fmt.Fprintf(&w, "\tleft: %s\n", l)
				}
			}
		}
		a.Check(t, "inlined", w.String(), "sends")
	})
}
