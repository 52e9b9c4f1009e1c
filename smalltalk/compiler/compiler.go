// Package compiler turns the syntax tree of a method into SistaV1 code.
//
// Compile answers a description of the compiled method in plain Go: header,
// bytecodes, literals, and where each instruction came from. It knows no heap;
// the image builder and the runtime make objects of the description. What a
// name means that the method does not declare is asked of an Environment.
//
// The package promises:
//
//   - code does what the source says when every message is a real send, with
//     the one difference that Smalltalk compilers agree on: the control
//     messages of control.go, sent with literal blocks, are jumps. A variable
//     declared in a block is a new one every time the block is evaluated, also
//     where the block has become a loop;
//   - every method it answers passes bytecode.Verify;
//   - it is deterministic: the same tree and environment give the same bytes;
//   - what is wrong with a method is said with place and name, all at once, and
//     never with a panic.
//
// It works in three passes: analysis (scope.go, analysis.go) finds variables,
// inlined messages and which blocks use what; layout (layout.go) gives every
// variable its place; generation (generate.go, control.go) emits code.
package compiler

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/sista-vm/sista/smalltalk/ast"
	"github.com/sista-vm/sista/smalltalk/parser"
)

// An Environment answers what names mean that a method does not declare.
type Environment interface {
	// InstanceVariables names the slots of the receiver, inherited ones first.
	InstanceVariables() []string
	// MayBeContext says that the receiver may be a Context, whose slots need
	// the bytecodes that mediate access to a running activation.
	MayBeContext() bool
	// MethodClass answers the binding of the class that the method is compiled
	// for, the start of super sends; false if there is none.
	MethodClass() (Binding, bool)
	// Binding answers the class variable, pool variable or global of this name;
	// false if there is none. The namespace of a dotted name means a global.
	Binding(namespace, name string) (Binding, bool)
}

// Options select among what compilers disagree about. The zero value keeps the
// source, warns of unknown globals and gives every closure its outer context.
type Options struct {
	// NoSource leaves the source out of the method's trailer.
	NoSource bool
	// UndeclaredIsError makes the use of an unknown global an error. Unknown
	// names that begin with a small letter always are one.
	UndeclaredIsError bool
	// CleanBlocks gives blocks that use neither self, nor ^, nor thisContext no
	// outer context. Debuggers cannot walk outwards from such blocks.
	CleanBlocks bool
}

// A Warning tells of something suspicious that compiles.
type Warning struct {
	Kind  WarningKind
	Name  string        // of the variable
	Where *parser.Error // place and text
}

// Error answers the warning's text with its place.
func (w Warning) Error() string { return w.Where.Error() }

// A WarningKind says what is suspicious.
type WarningKind uint8

// The kinds of warning.
const (
	Undeclared WarningKind = iota // an unknown global: it will be nil
	Shadowing                     // a declaration hides another
	Unused                        // a temporary is never mentioned
)

// Compile compiles a method whose text is in src. An error is a parser.Errors.
func Compile(src *ast.Source, m *ast.Method, env Environment, opt Options) (*Method, error) {
	c := &compilation{src: src, env: env, opt: opt, node: m}
	fn := c.analyse()
	if err := c.failed(); err != nil {
		return nil, err
	}
	c.layout()
	if err := c.failed(); err != nil {
		return nil, err
	}
	method := c.generate(fn)
	if err := c.failed(); err != nil {
		return nil, err
	}
	slices.SortStableFunc(c.warnings, func(a, b Warning) int { return cmp.Compare(a.Where.Offset, b.Where.Offset) })
	method.Warnings = c.warnings
	return method, nil
}

// CompileDoIt compiles statements as a method that answers the value of the
// last one.
func CompileDoIt(src *ast.Source, s *ast.Sequence, env Environment, opt Options) (*Method, error) {
	return Compile(src, ast.DoIt(s), env, opt)
}

// A compilation is the state of compiling one method.
type compilation struct {
	src      *ast.Source
	env      Environment
	opt      Options
	node     *ast.Method
	errors   parser.Errors
	warnings []Warning

	analysis
}

func (c *compilation) errorf(at ast.Span, format string, args ...any) {
	c.errors = append(c.errors, parser.NewError(c.src, at.Start, format, args...))
}

func (c *compilation) warnf(kind WarningKind, v *ast.Variable, format string, args ...any) {
	c.warnings = append(c.warnings, Warning{kind, v.Name, parser.NewError(c.src, v.Start, format, args...)})
}

// failed answers the errors so far, in the order of the text.
func (c *compilation) failed() error {
	slices.SortStableFunc(c.errors, func(a, b *parser.Error) int { return cmp.Compare(a.Offset, b.Offset) })
	return c.errors.Err()
}

// count writes "1 thing", "2 things".
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
