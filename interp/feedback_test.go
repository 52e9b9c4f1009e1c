package interp_test

import (
	"strings"
	"testing"
	"time"

	"github.com/sista-vm/sista/counters"
	"github.com/sista-vm/sista/host"
	"github.com/sista-vm/sista/vm"
)

// everything gathers from the first sample on and without end.
func everything() *counters.Policy {
	p := counters.DefaultPolicy()
	p.GatherAfter, p.SampleEvery, p.Window, p.WindowDuty = 0, 1, 1<<20, 1
	return &p
}

const feedbackProgram = `
	Object subclass: #Shape instanceVariableNames: '' classVariableNames: '' package: 'T'.
	Shape subclass: #Square instanceVariableNames: '' classVariableNames: '' package: 'T'.
	Shape subclass: #Circle instanceVariableNames: '' classVariableNames: '' package: 'T'.
	Square compile: 'area ^ 4'.
	Circle compile: 'area ^ 3 + 0'.
	Shape compile: 'odd: i ^ i odd ifTrue: [ Square new ] ifFalse: [ Circle new ]'.
	Shape compile: 'run | sum | sum := 0. 1 to: 100 do: [ :i | sum := sum + (self odd: i) area ]. ^ sum'.
	Shape compile: 'blocks | sum | sum := 0. #(1 2 3) do: [ :x | sum := sum + x ]. ^ sum'.
	Shape new run`

// dump runs the program and answers the lines of feedback that speak of Shape.
func dumpOf(t *testing.T, c vm.Config, code string) string {
	t.Helper()
	c.Clock = host.NewVirtualClock()
	m := open(t, c)
	limit := 60 * time.Second
	if got := print(t, m, feedbackProgram, limit); got != "350" {
		t.Fatal(got)
	}
	if got := print(t, m, code, limit); strings.Contains(got, "Error") {
		t.Fatal(got)
	}
	var b strings.Builder
	if err := m.DumpFeedback(&b); err != nil {
		t.Fatal(err)
	}
	var lines []string
	for line := range strings.Lines(b.String()) {
		if _, what, _ := strings.Cut(line, " "); strings.HasPrefix(what, "Shape>>") || strings.HasPrefix(what, "[] in Shape>>") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "")
}

const shapeFeedback = `
send Shape>>run@7: SmallInteger -> SmallInteger>><= x101
send Shape>>run@13: Shape -> Shape>>odd: x100
send Shape>>run@14: Square -> Square>>area x50, Circle -> Circle>>area x50
send Shape>>run@15: SmallInteger -> SmallInteger>>+ x100
send Shape>>run@19: SmallInteger -> SmallInteger>>+ x100
send Shape>>odd:@1: SmallInteger -> SmallInteger>>odd x100
send Shape>>odd:@4: Square class -> Behavior>>new x50
send Shape>>odd:@7: Circle class -> Behavior>>new x50
send Shape>>blocks@12: Array -> SequenceableCollection>>do: x1
send [] in Shape>>blocks@4: SmallInteger -> SmallInteger>>+ x3
branch Shape>>run@8: reached 101, taken 1
branch Shape>>odd:@2: reached 100, taken 50
loop Shape>>run@21: back edges 100
`

// What is gathered is what happened, whatever else happens meanwhile.
func TestFeedback(t *testing.T) {
	for _, mode := range machines {
		t.Run(mode.name, func(t *testing.T) {
			c := mode.config
			c.Feedback = everything()
			if got := "\n" + dumpOf(t, c, "Shape new blocks"); got != shapeFeedback {
				t.Errorf("got%s\nwant%s", got, shapeFeedback)
			}
		})
	}
}

// BenchmarkGathering runs programs without and with feedback.
func BenchmarkGathering(b *testing.B) {
	for _, code := range []string{"27 benchFib", "20 benchmark",
		"| d | d := Dictionary new. 1 to: 100000 do: [ :i | d at: i put: i printString ]. d size"} {
		for _, mode := range []struct {
			name   string
			policy *counters.Policy
		}{{"without", nil}, {"with", new(counters.DefaultPolicy())}} {
			b.Run(code+"/"+mode.name, func(b *testing.B) {
				m := open(b, vm.Config{Feedback: mode.policy})
				for b.Loop() {
					print(b, m, code, time.Minute)
				}
			})
		}
	}
}
