package reference

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/sista-vm/sista/smalltalk/ast"
)

// maxAttempts bounds how many programs Generate throws away because nothing is
// specified about them.
const maxAttempts = 100

// Generate makes a random program from a seed, and its outcome. Nearly all
// programs have a value or an error; what a few seeds lead to is unspecified,
// and those say nothing.
func Generate(seed uint64) (*Program, Outcome) {
	var p *Program
	var o Outcome
	for attempt := range uint64(maxAttempts) {
		p = newGenerator(seed, attempt).program()
		var err error
		if o, err = Evaluate(p); err != nil {
			o = Outcome{Unspecified, err.Error()}
		}
		if o.Kind != Unspecified {
			break
		}
	}
	return p, o
}

// A kind is what the generator knows about the values of an expression.
type kind int

const (
	anInteger kind = iota
	aFloat
	aBoolean
	anArray  // of integers, arraySize long
	aList    // an OrderedCollection of integers
	aBlock   // of one integer, with an integer value
	aBlocks  // an OrderedCollection of blocks without arguments, with integer values
	perhaps  // an integer or nil
	numKinds = perhaps + 1
)

// arraySize is the size of the arrays of generated programs.
const arraySize = 5

// A name is a variable that generated code may use.
type name struct {
	text  string
	kind  kind
	fixed bool // not to be assigned
}

// A generator writes a random program. Its classes are
//
//	G0  instance variables, helper methods, methods m1 to m6
//	G1  a subclass that overrides some of them and calls super
//	G2  a subclass of G1 that does so again
//	G3  another subclass of G0
//
// A method calls only methods of a higher number, so that programs end;
// recursion has a method of its own. Some programs redefine a few of their methods
// while they run, and begin by defining them as they were.
type generator struct {
	*rand.Rand
	names  []name // in scope, innermost last
	unique int
	out    []string // the statements of the method, a line each
	indent int

	methods   []signature
	class     int  // number of the class being written
	method    int  // index of the method being written; calls go beyond it
	loops     int  // around the place
	mayReturn bool // ^ leaves an activation that is alive
	isMeta    bool // in the expression of the program: self is nil
	budget    int  // statements left for the method

	redefinitions []redefinition
}

// A redefinition is another source of a method that is redefined while the program runs.
type redefinition struct {
	class, method int
	source        string
	original      string
}

// compile writes a statement that defines the method anew.
func (r *redefinition) compile(source string) string {
	return fmt.Sprintf("G%d compile: %s", r.class, ast.Quote(source))
}

// kinSize is how many objects of all classes an instance knows, of which the place of
// itself is the last.
const kinSize = 5

// A signature is the selector of a method: keyword parts for its integers.
type signature struct {
	parts []string
}

func newGenerator(seed, attempt uint64) *generator {
	return &generator{Rand: rand.New(rand.NewPCG(seed, attempt))}
}

// chance is true percent times out of a hundred.
func (g *generator) chance(percent int) bool { return g.IntN(100) < percent }

// oneOf calls one of the functions; a function that answers "" asks for another.
func (g *generator) oneOf(choices ...func() string) string {
	for {
		if s := choices[g.IntN(len(choices))](); s != "" {
			return s
		}
	}
}

func (g *generator) fresh(prefix string) string {
	g.unique++
	return fmt.Sprintf("%s%d", prefix, g.unique)
}

func (g *generator) line(format string, args ...any) {
	g.out = append(g.out, strings.Repeat("\t", g.indent+1)+fmt.Sprintf(format, args...))
}

// pick answers a variable of a kind, to assign if assignable is set.
func (g *generator) pick(k kind, assignable bool) (string, bool) {
	var found []string
	for _, n := range g.names {
		if n.kind == k && !(assignable && n.fixed) {
			found = append(found, n.text)
		}
	}
	if len(found) == 0 {
		return "", false
	}
	// Later names are nearer: prefer them a little.
	i := max(g.IntN(len(found)), g.IntN(len(found)))
	return found[i], true
}

const numMethods = 6

// program writes the whole program.
func (g *generator) program() *Program {
	for i := range numMethods {
		s := signature{parts: []string{fmt.Sprintf("m%d", i+1)}}
		for j := range g.IntN(4) {
			if j == 0 {
				s.parts[0] += ":"
			} else {
				s.parts = append(s.parts, []string{"with:", "and:"}[g.IntN(2)])
			}
		}
		g.methods = append(g.methods, s)
	}
	classes := []Class{
		{Name: "G0", Superclass: "Object", InstVars: []string{"a", "b", "f", "array", "list", "log", "other", "kin"}},
		{Name: "G1", Superclass: "G0", InstVars: []string{"c"}},
		{Name: "G2", Superclass: "G1"},
		{Name: "G3", Superclass: "G0"},
	}
	classes[0].Methods = g.helpers()
	var redefinitions []redefinition
	if g.chance(30) {
		for range 1 + g.IntN(3) {
			r := redefinition{class: g.IntN(len(classes)), method: g.IntN(numMethods)}
			r.source = g.writeMethod(r.class, r.method)
			redefinitions = append(redefinitions, r)
		}
	}
	g.redefinitions = redefinitions
	for i := range classes {
		for n := range g.methods {
			redefined := -1
			for k, r := range g.redefinitions {
				if r.class == i && r.method == n {
					redefined = k
				}
			}
			if i == 0 || redefined >= 0 || g.chance(40) {
				source := g.writeMethod(i, n)
				classes[i].Methods = append(classes[i].Methods, source)
				for k := range g.redefinitions {
					if r := &g.redefinitions[k]; r.class == i && r.method == n {
						r.original = source
					}
				}
			}
		}
		if i == 0 || g.chance(75) {
			classes[i].Methods = append(classes[i].Methods, g.tell(i))
		}
	}
	classes[1].Methods = append(classes[1].Methods, "note: x\n\tc := (c ifNil: [0]) + 1.\n\t^super note: x")
	return &Program{Classes: classes, Expression: g.expression()}
}

// tell writes the method that objects of all classes are asked by way of kin.
func (g *generator) tell(class int) string {
	choices := []string{"^x + 1", "^x negated", "^x \\\\ 7", "^x bitXor: 5", "x odd ifTrue: [^x // 2]. ^x * 3", "^(self note: x) + 2"}
	if class > 0 {
		choices = append(choices, "^(super tell: x) * 2", "^(super tell: x + 1) - 1")
	}
	return "tell: x\n\t" + choices[g.IntN(len(choices))]
}

// helpers are methods that every program has.
func (g *generator) helpers() []string {
	var kin []string
	for i := range kinSize - 1 {
		kin = append(kin, fmt.Sprintf("G%d new", (g.IntN(4)*g.IntN(2)+i)%4))
	}
	return []string{
		fmt.Sprintf("start\n\ta := %s.\n\tb := %s.\n\tf := %s.\n\tlog := OrderedCollection new.\n\tlist := OrderedCollection new.\n"+
			"\tlist add: %d; add: %d.\n\tarray := Array new: %d.\n\t1 to: %d do: [:i | array at: i put: i * %d].\n\tkin := {%s. self}",
			g.integerLiteral(), g.integerLiteral(), g.floatLiteral(), g.IntN(50), g.IntN(50), arraySize, arraySize, g.IntN(9)-4,
			strings.Join(kin, ". ")),
		"note: x\n\t(log isNil or: [log size >= 40]) ifFalse: [log add: x].\n\t^x",
		"other: x\n\tother := x",
		"state\n\t^{a. b. f. array. list asArray. log asArray. kin}",
		"each: aBlock\n\tarray do: [:each | aBlock value: each].\n\t^array size",
		"find: aBlock\n\t1 to: array size do: [:i | (aBlock value: (array at: i)) ifTrue: [^i]].\n\t^0",
		"apply: aBlock to: x\n\t| r |\n\tr := aBlock value: x.\n\t^self note: r",
		"block: x\n\t| n |\n\tn := x.\n\t^[:k | n := n + k. n]",
		"leaving: x\n\t^[:k | k > x ifTrue: [^k]. k]",
		"recur: n with: x\n\tn <= 0 ifTrue: [^x].\n\t^(self recur: n - 1 with: x + n) + (n odd ifTrue: [a ifNil: [0]] ifFalse: [0])",
		"countTo: n\n\t| k |\n\tk := 0.\n\t[k := k + 1. k >= n ifTrue: [^k]] repeat",
		"upTo: n do: aBlock\n\t| i |\n\ti := 0.\n\t[i < n] whileTrue: [i := i + 1. aBlock value: i].\n\t^i",
	}
}

// expression writes what the program evaluates.
func (g *generator) expression() string {
	class := fmt.Sprintf("G%d", g.IntN(4))
	other := fmt.Sprintf("G%d new start", g.IntN(4))
	if g.chance(5) {
		other = "7"
	}
	g.names, g.isMeta = nil, true
	var calls []string
	for range 1 + g.IntN(4) {
		s := g.methods[g.IntN(len(g.methods))]
		calls = append(calls, "g "+g.call(s, func() string { return g.integerLiteral() }))
	}
	g.isMeta = false
	var restore string
	for i := range g.redefinitions {
		r := &g.redefinitions[i]
		restore += r.compile(r.original) + ".\n"
	}
	return "| g |\n" + restore + fmt.Sprintf("g := %s new.\ng start.\ng other: %s.\n{%s. g state}", class, other, strings.Join(calls, ". "))
}

// call writes a message with this selector.
func (g *generator) call(s signature, arg func() string) string {
	if !strings.HasSuffix(s.parts[0], ":") {
		return s.parts[0]
	}
	var b []string
	for _, p := range s.parts {
		b = append(b, p+" "+arg())
	}
	return strings.Join(b, " ")
}

// writeMethod writes method n of a class.
func (g *generator) writeMethod(class, n int) string {
	g.names = []name{
		{"a", anInteger, false}, {"b", anInteger, false}, {"f", aFloat, false},
		{"array", anArray, true}, {"list", aList, true},
	}
	g.class = class
	g.method, g.loops, g.budget, g.indent, g.out, g.mayReturn = n, 0, 6+g.IntN(14), 0, nil, true
	s := g.methods[n]
	pattern := g.call(s, func() string {
		p := g.fresh("p")
		g.names = append(g.names, name{p, anInteger, true})
		return p
	})
	temps := g.declare(1 + g.IntN(4))
	if class > 0 && g.chance(70) {
		g.line("%s", g.statementOf("super "+g.call(s, func() string { return g.integer(1) })))
	}
	g.statements()
	switch {
	case g.chance(85):
		g.line("^%s", g.integer(3))
	case g.chance(50):
		g.line("^{%s. %s}", g.integer(2), g.boolean(2))
	}
	return pattern + "\n\t| " + strings.Join(temps, " ") + " |\n" + strings.Join(g.out, "\n")
}

// declare makes temporaries and the statements that give them values.
func (g *generator) declare(n int) []string {
	var temps []string
	for range n {
		k := kind(g.IntN(int(numKinds)))
		t := g.fresh("t")
		temps = append(temps, t)
		if k == perhaps && g.chance(70) {
			// It is nil at first, and anew each time around a loop.
			g.names = append(g.names, name{t, perhaps, false})
			continue
		}
		g.line("%s := %s.", t, g.value(k, 2))
		g.names = append(g.names, name{t, k, k == aList || k == anArray || k == aBlocks})
	}
	return temps
}

// value writes an expression of a kind.
func (g *generator) value(k kind, depth int) string {
	switch k {
	case aFloat:
		return g.float(depth)
	case aBoolean:
		return g.boolean(depth)
	case anArray:
		return g.array(depth)
	case aList:
		return g.list(depth)
	case aBlock:
		return g.block(depth)
	case aBlocks:
		return "OrderedCollection new"
	case perhaps:
		if g.chance(30) {
			return "nil"
		}
	}
	return g.integer(depth)
}

// scoped runs f and forgets the names that it declares.
func (g *generator) scoped(f func()) {
	n := len(g.names)
	f()
	g.names = g.names[:n]
}

// body writes the inside of a block on lines of its own: sometimes temporaries,
// then statements. It answers the lines.
func (g *generator) body(params []name, returning bool) string {
	outer, indent, may := g.out, g.indent, g.mayReturn
	g.out, g.indent = nil, indent+1
	g.mayReturn = may && returning
	var head string
	g.scoped(func() {
		g.names = append(g.names, params...)
		if g.chance(45) {
			head = "| " + strings.Join(g.declare(1+g.IntN(2)), " ") + " |"
		}
		for range 1 + g.IntN(3) {
			g.statement()
		}
	})
	lines := g.out
	g.out, g.indent, g.mayReturn = outer, indent, may
	if head != "" {
		lines = append([]string{strings.Repeat("\t", indent+2) + head}, lines...)
	}
	return "\n" + strings.Join(lines, "\n")
}
