package front_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"github.com/sista-vm/sista/counters"
	"github.com/sista-vm/sista/optimizer/front"
	"github.com/sista-vm/sista/optimizer/ir"
	"github.com/sista-vm/sista/optimizer/passes"
	"github.com/sista-vm/sista/smalltalk/ast"
	"github.com/sista-vm/sista/smalltalk/compiler"
	"github.com/sista-vm/sista/smalltalk/parser"
	"github.com/sista-vm/sista/smalltalk/reference"
)

// load adds a program's classes and answers its expression as a method of nil.
func (m *machine) load(p *reference.Program) (*testMethod, error) {
	for _, c := range p.Classes {
		k := m.defineClass(c.Name, c.Superclass, c.InstVars)
		m.at(k.oop).class = k.meta
	}
	for _, c := range p.Classes {
		for _, source := range c.Methods {
			if err := m.compile(m.byName[c.Name], source); err != nil {
				return nil, err
			}
		}
	}
	src := ast.NewSource("", p.Expression)
	s, err := parser.ParseDoIt(src, parser.Options{})
	if err != nil {
		return nil, err
	}
	c := m.byName["UndefinedObject"]
	x, err := compiler.CompileDoIt(src, s, environment{m, c}, compiler.Options{NoSource: true})
	if err != nil {
		return nil, err
	}
	doIt := m.methodFor(c, x)
	m.register(doIt)
	return doIt, nil
}

// outcome runs a program's expression.
func (m *machine) outcome(doIt *testMethod) (reference.Outcome, error) {
	m.steps, m.depth, m.handlers = 0, 0, nil
	v, err := m.invoke(nil, doIt, nilOop, nil)
	var f *failure
	switch {
	case err == nil:
		return reference.Outcome{Kind: reference.Value, Text: m.canonical(v, 0)}, nil
	case errors.As(err, &f):
		return reference.Outcome{Kind: reference.Error, Text: f.class}, nil
	case errors.Is(err, errLimit):
		return reference.Outcome{Kind: reference.Unspecified, Text: err.Error()}, nil
	}
	return reference.Outcome{}, err
}

// A setting is a way to translate and to run.
type setting struct {
	name   string
	world  func(*world)
	passes bool
	leave  func(*rand.Rand) bool
	policy func(*front.Policy)
	half   int // 1: only the first half of the program was counted
}

func seldom(n int) func(*rand.Rand) bool { return func(r *rand.Rand) bool { return r.IntN(n) == 0 } }

func never(*rand.Rand) bool  { return false }
func always(*rand.Rand) bool { return true }

func distrustAll(w *world) {
	w.distrust = func(front.Handle, int, ir.Reason) bool { return true }
}

func distrustSome(w *world) {
	w.distrust = func(h front.Handle, pc int, r ir.Reason) bool { return (int(h)*31+pc*7+int(r))%3 == 0 }
}

var settings = []setting{
	{name: "as it is", leave: never},
	{name: "always left", leave: always},
	{name: "left at random", leave: seldom(6)},
	{name: "left seldom", leave: seldom(40)},
	{name: "nothing trusted", leave: seldom(40), world: distrustAll},
	{name: "some bets lost", leave: seldom(40), world: distrustSome},
	{name: "no feedback, nothing trusted", leave: seldom(30), world: func(w *world) { distrustAll(w); w.blind, w.variable = true, true }},
	{name: "no feedback", leave: never, world: func(w *world) { w.blind = true }},
	{name: "much inlined", leave: seldom(60), policy: func(p *front.Policy) {
		p.MaxInlinedBytecodes, p.AlwaysInline, p.MaxBytecodes, p.MaxRecursion = 400, 100, 6000, 3
	}},
	{name: "half counted", leave: never, half: 1},
	{name: "optimized", leave: never, passes: true},
	{name: "optimized, half counted", leave: never, passes: true, half: 1},
	{name: "optimized, left at random", leave: seldom(10), passes: true},
}

// translateAll makes code of every method that may be translated.
func translateAll(m *machine, s *setting) error {
	w := &world{m: m}
	if s.world != nil {
		s.world(w)
	}
	p := front.DefaultPolicy()
	if s.policy != nil {
		s.policy(&p)
	}
	m.compiled, m.osr = map[*testMethod]*ir.Func{}, map[osrPlace]*ir.Func{}
	one := func(x *testMethod, o front.Options) (*ir.Func, error) {
		o.Policy = &p
		f, r, err := front.Translate(w, &x.Method, o)
		var refusal *front.Refusal
		if errors.As(err, &refusal) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		if o.OSR {
			// So do those who compile it: its parameters have to be oops.
			f.Entry().OSR = &ir.OSREntry{Method: x.Name, PC: o.OSRPC}
		}
		if err := f.Verify(); err != nil {
			return nil, fmt.Errorf("%w\n%s\n%s", err, r, f)
		}
		if s.passes {
			before := f.String()
			if err := passes.Run(f, passes.Options{Verify: true}); err != nil {
				return nil, fmt.Errorf("%w\n%s", err, before)
			}
		}
		return f, nil
	}
	for _, x := range m.methods {
		if x.native != nil || !x.used {
			continue
		}
		f, err := one(x, front.Options{})
		if err != nil {
			return err
		}
		if f == nil {
			continue
		}
		m.compiled[x] = f
		for _, pc := range loopHeads(x) {
			if f, err = one(x, front.Options{OSR: true, OSRPC: pc}); err != nil {
				return err
			}
			if f != nil {
				m.osr[osrPlace{x, pc}] = f
			}
		}
	}
	return nil
}

// compareProgram runs a program interpreted, which gathers feedback, and compiled.
func compareProgram(t *testing.T, p *reference.Program, want reference.Outcome, all []setting) {
	t.Helper()
	m, err := newMachine()
	if err != nil {
		t.Fatal(err)
	}
	doIt, err := m.load(p)
	if err != nil {
		t.Fatalf("%v\n%s", err, p)
	}
	m.gathering, m.gatherTo = true, maxSteps
	got, err := m.outcome(doIt)
	if err != nil {
		t.Fatalf("interpreter: %v\n%s", err, p)
	}
	// With the feedback of the first half only, bets are lost in the other.
	whole := m.table
	m.table = counters.New(counters.DefaultPolicy())
	m.gathering, m.gatherTo = true, m.steps/2
	if _, err := m.outcome(doIt); err != nil {
		t.Fatalf("interpreter: %v\n%s", err, p)
	}
	tables := []*counters.Table{whole, m.table}
	if want.Kind == reference.Unspecified || got.Kind == reference.Unspecified {
		return
	}
	if got != want {
		t.Fatalf("interpreter: %v, want %v\n%s", got, want, p)
	}
	m.gathering = false
	for i := range all {
		s := &all[i]
		m.table = tables[s.half]
		if err := translateAll(m, s); err != nil {
			t.Fatalf("%s: %v\n%s", s.name, err, p)
		}
		r := rand.New(rand.NewPCG(7, uint64(i)))
		m.leave = func(v *ir.Value) bool {
			// The state of a condition's guard may say that the condition is what it is
			// where the guard fails: leaving otherwise is no test after passes.
			condition := v.Op == ir.OpGuardTrue || v.Op == ir.OpGuardFalse
			return !(s.passes && condition) && s.leave(r)
		}
		m.atPoll = func() bool { return s.leave(r) }
		m.atSend = func() bool { return s.leave(r) }
		osr := m.osr
		for _, withOSR := range []bool{false, true} {
			m.osr = nil
			compiled := m.compiled
			if withOSR {
				m.osr, m.compiled = osr, nil
			}
			got, err := m.outcome(doIt)
			m.compiled = compiled
			if err != nil {
				t.Fatalf("%s, osr %v: %v\n%s", s.name, withOSR, err, p)
			}
			if got.Kind == reference.Unspecified {
				continue
			}
			if got != want {
				t.Fatalf("%s, osr %v: %v, want %v\n%s", s.name, withOSR, got, want, p)
			}
		}
		m.compiled, m.osr = nil, nil
	}
}

// TestGenerated compares random programs.
func TestGenerated(t *testing.T) {
	for seed := range uint64(seeds(4)) {
		p, want := reference.Generate(seed)
		compareProgram(t, p, want, settings)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// seeds answers how many random programs to compare; SISTA_FRONT_SEEDS sets another
// number.
func seeds(n int) int {
	if s, err := strconv.Atoi(os.Getenv("SISTA_FRONT_SEEDS")); err == nil {
		return s
	}
	return n
}
