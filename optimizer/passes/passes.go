// Package passes holds the passes of the speculative optimizer over package ir, and
// the table that says in which order they run and why. A pass changes a function
// in place and leaves it well formed, with the same meaning: the same answer and
// effects, and wherever it is left, a state from which the interpreter goes on to
// the same end. It may leave earlier than before, never later than the first
// effect that follows.
package passes

import (
	"fmt"
	"strconv"
	"time"

	"github.com/sista-vm/sista/optimizer/ir"
)

// A Pass is a row of the table.
type Pass struct {
	Name string
	Doc  string
	Run  func(*ir.Func, *Policy)
}

// inLoops answers a pass that does nothing to functions without loops.
func inLoops(run func(*ir.Func, *Policy)) func(*ir.Func, *Policy) {
	return func(f *ir.Func, p *Policy) {
		if ir.NewGraph(f).HasLoops() {
			run(f, p)
		}
	}
}

// Table is every run of a pass, in order. A name that ends in a digit is a later
// run of the pass that is named before the digit.
var Table = []Pass{
	{"fold", "fold constants, conversions and what is known of fresh objects", Fold},
	{"cfg", "remove branches, blocks and parameters without a choice", ControlFlow},
	{"narrow", "give parameters the type of what they are given, and untag them", Narrow},
	{"fold2", "fold what narrow exposed", Fold},
	{"gvn", "compute and check everything once", ValueNumbers},
	{"memory", "forward stores to loads, remove stores and checks that are repeated", Memory},
	{"fold3", "fold what memory forwarded", Fold},
	{"peel", "copy first rounds of loops that differ", inLoops(PeelLoops)},
	{"cfg2", "join variables that are equal from the second round on", ControlFlow},
	{"fold4", "fold what variables start with", Fold},
	{"gvn2", "join what the first round computed", ValueNumbers},
	{"escape", "replace objects that do not escape by their fields", Escape},
	{"cfg3", "remove parameters that escape added without need", ControlFlow},
	{"fold5", "fold what was in fields", Fold},
	{"narrow2", "untag what was in fields", Narrow},
	{"gvn3", "join what escape brought together", ValueNumbers},
	{"range", "remove checks of overflow and bounds that ranges decide", Ranges},
	{"fold6", "fold comparisons that ranges decided", Fold},
	{"tails", "copy ways to returns on which every test is decided", Tails},
	{"fold7", "fold what is constant on such ways", Fold},
	{"rotate", "put the tests of loops at their ends", inLoops(RotateLoops)},
	{"cfg4", "remove parameters that rotate added without need", inLoops(ControlFlow)},
	{"memory2", "carry the fields that loops change", inLoops(Memory)},
	{"narrow3", "carry integers untagged that rotate gave parameters", inLoops(Narrow)},
	{"fold8", "fold what narrow left", inLoops(Fold)},
	{"licm", "move what a loop does not change before it", inLoops(LoopInvariants)},
	{"gvn4", "join what licm brought together", inLoops(ValueNumbers)},
	{"bounds", "check indices before loops", inLoops(Bounds)},
	{"anchors", "remove states that guards could have moved to", Anchors},
	{"fold9", "fold what was known before a loop", inLoops(Fold)},
	{"escape2", "replace boxes that only anchors held", inLoops(Escape)},
	{"contexts", "remove contexts that only states refer to", Contexts},
	{"cfg5", "remove branches that folded, and parameters without a choice", ControlFlow},
	{"barriers", "find stores that need not remember their object", Barriers},
	{"dce", "remove what nobody uses", DeadCode},
}

// A constraint says that after the first run of one pass there is one of another.
type constraint struct{ first, then, why string }

// Constraints are what the order of the table must heed. The test of the table
// checks them.
var constraints = []constraint{
	{"fold", "escape", "guards on a fresh object count as escapes until they are folded"},
	{"memory", "escape", "an object is kept by a load that was not forwarded from its container"},
	{"rotate", "memory", "what is read in every round is read at the head"},
	{"licm", "bounds", "sizes must be known before the loop"},
	{"rotate", "bounds", "the test at the end of a loop says how far it gets"},
	{"bounds", "anchors", "checks move to anchors"},
	{"licm", "anchors", "guards move to anchors"},
	{"rotate", "licm", "a check moves where it is executed in every round"},
	{"range", "rotate", "the test at its head is a fact in the whole loop"},
	{"licm", "gvn", "a guard moved before a loop makes those behind it redundant"},
	{"rotate", "cfg", "rotate gives joins parameters for all they use"},
	{"peel", "escape", "a variable that starts as something else is of no shape"},
	{"peel", "rotate", "a round ends in a jump with the poll's state"},
	{"escape", "contexts", "a context is kept by the closures that refer to it"},
	{"escape", "cfg", "escape gives every join parameters for fields"},
	{"range", "cfg", "a decided comparison leaves a branch without choice"},
	{"range", "tails", "comparisons that are decided anyway keep no way open"},
	{"narrow", "tails", "tests are told by untagged integers"},
	{"tails", "fold", "sums on a copied way are constants"},
	{"anchors", "dce", "anchors keep values alive"},
	{"memory", "barriers", "a value forwarded to a store may be known not to be young"},
	{"narrow", "range", "ranges are those of untagged integers"},
	{"narrow", "fold", "narrow leaves pairs of tag and untag"},
}

// Options are for one run of the table.
type Options struct {
	Policy *Policy // nil for the default
	// Verify checks the function before the first pass and after each.
	Verify bool
	// Trace gets a line after each pass; may be nil.
	Trace func(line string)
	// After is called after each pass; may be nil.
	After func(Pass, *ir.Func)
	// Step is called after each pass with what it did; may be nil.
	Step func(Step, *ir.Func)
	// Fuel, if not 0, is the number of passes to run: halving it finds the one that
	// breaks a program.
	Fuel int
}

// Run runs the table over a function. A pass that panics or breaks a rule of the
// verifier ends it with an error that names it; the function is then of no use.
func Run(f *ir.Func, o Options) error {
	if o.Policy == nil {
		o.Policy = DefaultPolicy()
	}
	f.Origin = nil
	if o.Verify {
		if err := f.Verify(); err != nil {
			return fmt.Errorf("before the first pass: %w", err)
		}
	}
	for i, p := range Table {
		if o.Fuel > 0 && i >= o.Fuel {
			break
		}
		if err := runOne(f, p, &o); err != nil {
			return fmt.Errorf("pass %s over %s: %w", p.Name, f.Name, err)
		}
	}
	return nil
}

func runOne(f *ir.Func, p Pass, o *Options) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	looks := o.Trace != nil || o.Step != nil
	var step Step
	if looks {
		step = Step{Pass: p, Before: CountOf(f)}
	}
	start, params := time.Now(), len(f.Entry().Params)
	p.Run(f, o.Policy)
	if n := len(f.Entry().Params); n != params {
		return fmt.Errorf("the entry has %d parameters and had %d", n, params)
	}
	if looks {
		step.Time, step.After = time.Since(start), CountOf(f)
	}
	if o.Trace != nil {
		o.Trace(fmt.Sprintf("pass %-8s %s: %s, %v", p.Name, f.Name, step.Changes(), step.Time.Round(time.Microsecond)))
	}
	if o.Step != nil {
		o.Step(step, f)
	}
	if o.Verify {
		if err := f.Verify(); err != nil {
			return err
		}
	}
	if o.After != nil {
		o.After(p, f)
	}
	return nil
}

// A Count says how large a function is.
type Count struct{ Values, Blocks, Guards, Allocations int }

// CountOf answers that of a function.
func CountOf(f *ir.Func) (c Count) {
	c.Blocks = len(f.Blocks)
	for _, b := range f.Blocks {
		c.Values += len(b.Values)
		for _, v := range b.Values {
			if v.Op.Info().Guard {
				c.Guards++
			}
			if v.Op.Info().Allocates {
				c.Allocations++
			}
		}
	}
	return c
}

// A Step is a run of a pass.
type Step struct {
	Pass
	Before, After Count
	Time          time.Duration
}

// Changes answers the counts, those that changed as before>after.
func (s *Step) Changes() string {
	return fmt.Sprintf("values %s, blocks %s, guards %s, allocations %s", change(s.Before.Values, s.After.Values),
		change(s.Before.Blocks, s.After.Blocks), change(s.Before.Guards, s.After.Guards), change(s.Before.Allocations, s.After.Allocations))
}

func change(before, after int) string {
	if before == after {
		return strconv.Itoa(after)
	}
	return fmt.Sprintf("%d>%d", before, after)
}

// Find answers the pass of a name.
func Find(name string) (Pass, bool) {
	for _, p := range Table {
		if p.Name == name {
			return p, true
		}
	}
	return Pass{}, false
}
