// Package reference is the slow, obviously right way to run Smalltalk: it
// walks the syntax trees of small programs over plain Go values. The compiler,
// the interpreter and every optimization are compared with it.
//
// A Program is source text: classes with their methods, and an expression.
// Evaluate answers its Outcome, either the value in canonical text form (see
// Canonical) or the class of the error that nobody handled. Generate makes
// random programs from a seed.
//
// The package promises:
//
//   - every message is a real send and every block a real closure whose
//     variables are new each time it is evaluated: nothing is inlined, cached
//     or shared, so the evaluator has none of the mistakes it is there to find;
//   - what Smalltalk leaves open (the identity of equal floats, the order of
//     hashed collections, comparing huge integers with floats, ...) and what a
//     kernel may answer in its own way ends with the outcome Unspecified: such
//     a program says nothing about others. A message that the evaluator does
//     not know is unspecified too, unless its selector is one of the program's
//     own or begins with "zork", which no image understands;
//   - evaluation ends: steps, depth and the size of integers are limited, and
//     a program beyond that is unspecified as well;
//   - the same program has the same outcome, the same seed the same program.
//
// What programs may use of a kernel is what the tables in natives.go and
// collections.go list: it is the usual protocol, with the usual meaning.
package reference

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/sista-vm/sista/smalltalk/ast"
	"github.com/sista-vm/sista/smalltalk/parser"
)

// A Program is a number of classes and an expression to evaluate.
type Program struct {
	Classes []Class
	// Expression is a sequence of statements; the value of the last one is the
	// program's.
	Expression string
}

// A Class is a class of a program. Superclasses come first.
type Class struct {
	Name       string
	Superclass string // Object or another class of the program
	InstVars   []string
	Methods    []string // the source of each
}

// Rename answers the program with other names for its classes, so that several
// programs can live in one image.
func (p *Program) Rename(name func(string) string) *Program {
	var old []string
	for _, c := range p.Classes {
		old = append(old, regexp.QuoteMeta(c.Name))
	}
	if len(old) == 0 {
		return p
	}
	words := regexp.MustCompile(`\b(` + strings.Join(old, "|") + `)\b`)
	replace := func(s string) string { return words.ReplaceAllStringFunc(s, name) }
	renamed := &Program{Expression: replace(p.Expression)}
	for _, c := range p.Classes {
		r := Class{Name: replace(c.Name), Superclass: replace(c.Superclass), InstVars: c.InstVars}
		for _, m := range c.Methods {
			r.Methods = append(r.Methods, replace(m))
		}
		renamed.Classes = append(renamed.Classes, r)
	}
	return renamed
}

// Script answers the program without its expression as a script: class
// definitions and methods in brackets.
func (p *Program) Script() string {
	var b strings.Builder
	for _, c := range p.Classes {
		fmt.Fprintf(&b, "%s subclass: %s [\n", c.Superclass, c.Name)
		if len(c.InstVars) > 0 {
			fmt.Fprintf(&b, "\t| %s |\n", strings.Join(c.InstVars, " "))
		}
		for _, m := range c.Methods {
			b.WriteString("\n" + bracketed(m))
		}
		b.WriteString("]\n\n")
	}
	return b.String()
}

// bracketed writes a method as  pattern [ body ].
func bracketed(method string) string {
	m, err := parser.ParseMethod(ast.NewSource("", method), parser.Options{})
	if err != nil {
		return method // whoever reads the script will say what is wrong
	}
	end := m.SelectorParts[len(m.SelectorParts)-1].End
	if n := len(m.Params); n > 0 {
		end = m.Params[n-1].End
	}
	return fmt.Sprintf("\t%s [%s\n\t]\n", method[:end], strings.ReplaceAll(method[end:], "\n", "\n\t"))
}

// String answers the whole program, for messages.
func (p *Program) String() string {
	return p.Script() + "Eval [\n\t" + strings.ReplaceAll(p.Expression, "\n", "\n\t") + "\n]\n"
}

// An Outcome is what a program comes to.
type Outcome struct {
	Kind Kind
	// Text is the value in canonical form, the class of the error, or the
	// reason why the outcome is not specified.
	Text string
}

// A Kind says how a program ended.
type Kind uint8

// The kinds of outcome.
const (
	Value       Kind = iota // with a value
	Error                   // with an error that nobody handled
	Unspecified             // in a way that implementations may differ in
)

func (o Outcome) String() string {
	return [...]string{"", "error ", "unspecified: "}[o.Kind] + o.Text
}

// Evaluate runs a program. The error tells of a program that is no program:
// one that does not parse, or whose names mean nothing.
func Evaluate(p *Program) (Outcome, error) {
	ev, err := newEvaluator(p)
	if err != nil {
		return Outcome{}, err
	}
	return ev.evaluate(p.Expression)
}

func (ev *evaluator) evaluate(expression string) (Outcome, error) {
	s, err := parser.ParseDoIt(ast.NewSource("", expression), parser.Options{})
	if err != nil {
		return Outcome{}, err
	}
	doIt := &method{selector: ast.DoItSelector, class: ev.classes["UndefinedObject"], node: ast.DoIt(s), source: expression}
	return ev.outcome(ev.run(doIt, nil, nil))
}

// outcome tells how an evaluation ended.
func (ev *evaluator) outcome(v object, err error) (Outcome, error) {
	switch e := err.(type) {
	case nil:
		text, err := Canonical(v)
		if err != nil {
			return Outcome{Unspecified, err.Error()}, nil
		}
		return Outcome{Value, text}, nil
	case *failure:
		return Outcome{Error, e.class}, nil
	case unspecified:
		return Outcome{Unspecified, string(e)}, nil
	default:
		return Outcome{}, err
	}
}
