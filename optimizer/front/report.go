package front

import (
	"fmt"
	"strings"
)

// A Report tells what became of a method and, below it, of each of its sends and
// blocks.
type Report struct {
	Method string // whose code this is about
	PC     int    // of the bytecode; -1 for the root
	What   string // the selector, or what else is at pc
	// Inlined, if not "", is the code that was put in its place, whose own decisions
	// are Decisions. Else Reason says why not.
	Inlined   string
	Reason    string // of either outcome
	Decisions []*Report
}

// Limited tells whether a larger budget would have inlined more.
func (r *Report) Limited() bool {
	limited := false
	r.Each(func(d *Report) {
		// Of what returns early only that part is inlined.
		limited = limited || strings.HasSuffix(d.Reason, enoughCode) || strings.HasSuffix(d.Reason, tooMuchCode)
	})
	return limited
}

// String writes the tree, a line for each decision.
func (r *Report) String() string {
	var w strings.Builder
	r.write(&w, 0)
	return w.String()
}

func (r *Report) write(w *strings.Builder, depth int) {
	w.WriteString(strings.Repeat("  ", depth))
	switch {
	case r.PC < 0:
		fmt.Fprintf(w, "%s", r.Method)
	case r.Inlined != "":
		fmt.Fprintf(w, "@%d %s -> %s", r.PC, r.What, r.Inlined)
	default:
		fmt.Fprintf(w, "@%d %s", r.PC, r.What)
	}
	if r.Reason != "" {
		fmt.Fprintf(w, ": %s", r.Reason)
	}
	w.WriteByte('\n')
	for _, d := range r.Decisions {
		d.write(w, depth+1)
	}
}

// Each calls f with the report and all below it.
func (r *Report) Each(f func(*Report)) {
	f(r)
	for _, d := range r.Decisions {
		d.Each(f)
	}
}
