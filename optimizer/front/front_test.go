package front_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
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
	passes int                   // how many runs of passes there are
	leave  func(*rand.Rand) bool // nil: never
	policy func(*front.Policy)
	half   int // 1: only the first half of the program was counted
}

func seldom(n int) func(*rand.Rand) bool { return func(r *rand.Rand) bool { return r.IntN(n) == 0 } }

func always(*rand.Rand) bool { return true }

func distrustAll(w *world) {
	w.distrust = func(front.Handle, int, ir.Reason) bool { return true }
}

func distrustSome(w *world) {
	w.distrust = func(h front.Handle, pc int, r ir.Reason) bool { return (int(h)*31+pc*7+int(r))%3 == 0 }
}

var settings = []setting{
	{name: "as it is"},
	{name: "always left", leave: always},
	{name: "left at random", leave: seldom(6)},
	{name: "left seldom", leave: seldom(40)},
	{name: "nothing trusted", leave: seldom(40), world: distrustAll},
	{name: "some bets lost", leave: seldom(40), world: distrustSome},
	{name: "no feedback, nothing trusted", leave: seldom(30), world: func(w *world) { distrustAll(w); w.blind, w.variable = true, true }},
	{name: "no feedback", world: func(w *world) { w.blind = true }},
	{name: "much inlined", leave: seldom(60), policy: func(p *front.Policy) {
		p.MaxInlinedBytecodes, p.AlwaysInline, p.MaxBytecodes, p.MaxRecursion = 400, 100, 6000, 3
	}},
	{name: "half counted", half: 1},
	{name: "optimized", passes: len(passes.Table)},
	{name: "optimized, half counted", passes: len(passes.Table), half: 1},
	{name: "optimized, left at random", leave: seldom(10), passes: len(passes.Table)},
}

// afterEachPass answers settings that stop behind each pass.
func afterEachPass() (all []setting) {
	for i, p := range passes.Table {
		s := setting{name: "after " + p.Name, passes: i + 1, half: i % 2}
		if i%3 > 0 {
			s.name, s.leave = s.name+", left at random", seldom(4+40*(i%3-1))
		}
		all = append(all, s)
	}
	return all
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
		if s.passes > 0 {
			before := f.String()
			policy := passes.DefaultPolicy()
			policy.LeaveAnyway = s.leave != nil
			if err := passes.Run(f, passes.Options{Policy: policy, Verify: true, Fuel: s.passes}); err != nil {
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
	m.addDisturbances()
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
		m.restore()
		if err := translateAll(m, s); err != nil {
			t.Fatalf("%s: %v\n%s", s.name, err, p)
		}
		r := rand.New(rand.NewPCG(7, uint64(i)))
		leave := func() bool { return s.leave != nil && s.leave(r) }
		m.leave = func(*ir.Value) bool { return leave() }
		m.atPoll, m.atSend = leave, leave
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

// FuzzGenerated compares the random program of a seed: interpreted, and as the front end translates it,
// before and after passes: with SISTA_FRONT_ALL after each, else after every fifth, others for
// other seeds. SISTA_FRONT_SEEDS sets how many seeds it begins with, SISTA_FRONT_FROM the first.
func FuzzGenerated(f *testing.F) {
	seeds, from := uint64(4), uint64(0)
	if s := os.Getenv("SISTA_FRONT_SEEDS"); s != "" {
		seeds, _ = strconv.ParseUint(s, 10, 64)
	}
	if s := os.Getenv("SISTA_FRONT_FROM"); s != "" {
		from, _ = strconv.ParseUint(s, 10, 64)
	}
	for seed := range seeds {
		f.Add(from + seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		p, want := reference.Generate(seed)
		all := slices.Clone(settings)
		for i, s := range afterEachPass() {
			if uint64(i)%5 == seed%5 || os.Getenv("SISTA_FRONT_ALL") != "" {
				all = append(all, s)
			}
		}
		compareProgram(t, p, want, all)
	})
}
