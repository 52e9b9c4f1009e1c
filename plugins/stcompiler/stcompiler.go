// Package stcompiler is the plugin through which a running image compiles
// Smalltalk: SistaCompilerPlugin.
//
// The plugin knows source text and nothing of the image's classes. It answers
// templates: plain Arrays that say what the image is to make methods of. Names
// that the source does not declare are left for the image to bind.
//
//	primitiveCompile     source, kind, instanceVariables, otherNames, options, origin
//	    kind             nil for statements, anything else for a method
//	    instanceVariables, otherNames: Arrays of Strings; otherNames are class
//	                     variables, pool variables and workspace variables that
//	                     do not begin with a capital letter
//	    options          sum of the option constants below
//	    origin           nil, or {file or nil. pieces. text of the file or nil}: where the
//	                     source was cut out of, for errors; see below for pieces
//	  answers a template, or an Array of errors (below)
//	primitiveParseScript source, fileName
//	  answers an Array of units and errors in the order of the text
//	primitivePosition    the arguments of primitiveCompile, pc, path
//	    pc               of an instruction, 1-based from the method's header
//	    path             Array of literal indices (from 1) that leads from the
//	                     method to the block the pc is in; empty for the method
//	  answers {start. stop. line. column}, 1-based, of what is executed there; nil if unknown.
//	  line and column are those of the file where the origin is known
//
// A template is {selector. numArgs. header. bytes. literals. primitive}: bytes has
// bytecodes and trailer, literals everything of the literal frame, selector and
// class binding included. Literals that the plugin cannot make are Arrays that
// begin with a Character:
//
//	{$a. elements...}                         a literal Array
//	{$b. header. bytes. literals}             a CompiledBlock; its last literal is {$o}
//	{$c}                                      the binding of the method's class
//	{$d. numerator. denominator. scale}       a ScaledDecimal
//	{$f. numerator. denominator}              a Fraction
//	{$g. name}                                the variable of this name
//	{$m. selector. {{selector. arguments}..}} AdditionalMethodState with pragmas
//	{$o}                                      the code around a block
//	{$s. name}                                a Symbol
//	{$w. codePoints}                          a String with wide characters
//
// Names are Strings, or Arrays of code points when one is above 255.
//
// An error is {$e. message. line. column. position. text}: text shows the line
// with a caret. Units of a script are
//
//	{$k. name. superclass or nil. kind. instVars. classVars. classInstVars. pools. category. comment. line}
//	{$x. name. instVars. classVars. classInstVars. comment or nil. line}   extension
//	{$m. class. isMeta. category. source. line}                            method
//	{$s. source. class or nil. topLevel. variables. defines. line}         statements; defines: they belong to a class
package stcompiler

import (
	"errors"
	"unicode/utf8"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/plugin"
	"github.com/sista-vm/sista/smalltalk/ast"
	"github.com/sista-vm/sista/smalltalk/compiler"
	"github.com/sista-vm/sista/smalltalk/parser"
	"github.com/sista-vm/sista/smalltalk/source"
)

// Options of primitiveCompile.
const (
	optNoSource     = 1 << iota // leave the source out of the trailer
	optMaybeContext             // the receiver may be a Context
	optWorkspace                // undeclared names with small letters are variables the image makes
	optExport                   // variables declared at the top of statements are the image's too
	optDialect                  // accept GNU's dotted names and underscore assignment
)

// Module is the plugin.
var Module = plugin.Module{Name: "SistaCompilerPlugin", New: func(plugin.VM) (plugin.Instance, error) {
	return plugin.Instance{Primitives: map[string]plugin.Func{
		"primitiveCompile":     compile,
		"primitiveParseScript": parseScript,
		"primitivePosition":    position,
	}}, nil
}}

// request is the decoded arguments of primitiveCompile.
type request struct {
	src      *ast.Source
	isMethod bool
	env      environment
	options  int
	whole    heap.Oop // text of the file, or nil: needed only for errors
}

func readRequest(c *plugin.Call) (request, plugin.Failure) {
	var r request
	if c.NumArgs() < 6 {
		return r, plugin.BadNumArgs
	}
	text, ok := textOf(c.Arg(0))
	names, ok2 := namesOf(c, c.Arg(2))
	others, ok3 := namesOf(c, c.Arg(3))
	options, ok4 := c.SmallInt(4)
	if !ok || !ok2 || !ok3 || !ok4 {
		return r, plugin.BadArgument
	}
	r = request{src: ast.NewSource("", text), isMethod: !c.IsNil(1), options: options, whole: c.Heap.Nil}
	if !c.IsNil(5) && !r.readOrigin(c, c.Arg(5)) {
		return r, plugin.BadArgument
	}
	r.env = environment{instVars: names, others: map[string]bool{}, options: options}
	for _, n := range others {
		r.env.others[n] = true
	}
	return r, plugin.OK
}

// readOrigin reads {file or nil. pieces. text or nil}.
func (r *request) readOrigin(c *plugin.Call, o heap.Oop) bool {
	if !plugin.IsPointers(o) || o.NumSlots() != 3 {
		return false
	}
	if file := c.Field(o, 0); file != c.Heap.Nil {
		name, ok := textOf(file)
		if !ok {
			return false
		}
		r.src.File = name
	}
	r.whole = c.Field(o, 2)
	var ok bool
	r.src.Pieces, ok = piecesIn(c.Heap, c.Field(o, 1), r.src.Text)
	return ok
}

func (r *request) compile() (*compiler.Method, error) {
	popt := parser.Options{UnderscoreAssignment: r.options&optDialect != 0, DottedNames: r.options&optDialect != 0}
	copt := compiler.Options{NoSource: r.options&optNoSource != 0}
	if r.isMethod {
		m, err := parser.ParseMethod(r.src, popt)
		if err != nil {
			return nil, err
		}
		return compiler.Compile(r.src, m, &r.env, copt)
	}
	s, err := parser.ParseDoIt(r.src, popt)
	if err != nil {
		return nil, err
	}
	if r.options&optExport != 0 {
		for _, v := range s.Temps {
			r.env.others[v.Name] = true
		}
		s.Temps = nil
	}
	return compiler.CompileDoIt(r.src, s, &r.env, copt)
}

func compile(c *plugin.Call) (heap.Oop, plugin.Failure) {
	r, f := readRequest(c)
	if f != plugin.OK {
		return c.Fail(f)
	}
	b := builder{heap: c.Heap}
	m, err := r.compile()
	if err != nil {
		if r.whole != c.Heap.Nil {
			r.src.Whole, _ = textOf(r.whole)
		}
		return c.Return(b.array(b.errors(err)...))
	}
	return c.Return(b.method(m))
}

func position(c *plugin.Call) (heap.Oop, plugin.Failure) {
	if c.NumArgs() != 8 {
		return c.Fail(plugin.BadNumArgs)
	}
	r, f := readRequest(c)
	pc, ok := c.SmallInt(6)
	path := c.Arg(7)
	if f != plugin.OK || !ok || !plugin.IsPointers(path) {
		return c.Fail(plugin.BadArgument)
	}
	m, err := r.compile()
	if err != nil {
		return c.ReturnNil()
	}
	code := &m.Code
	for i := range path.NumSlots() {
		n := c.Field(path, i)
		if !n.IsInt() || n.Int() < 1 || n.Int() > int64(len(code.Literals)) {
			return c.ReturnNil()
		}
		block, ok := code.Literals[n.Int()-1].(*compiler.Block)
		if !ok {
			return c.ReturnNil()
		}
		code = &block.Code
	}
	span, ok := code.SpanAt(pc - 1 - heap.Word*(1+len(code.Literals)))
	if !ok {
		return c.ReturnNil()
	}
	b := builder{heap: c.Heap}
	p := r.src.Position(span.Start)
	return c.Return(b.array(b.int(chars(r.src.Text, span.Start)+1), b.int(chars(r.src.Text, span.End)), b.int(p.Line), b.int(p.Column)))
}

// chars answers the number of characters before a byte offset.
func chars(text string, offset int) int {
	return utf8.RuneCountInString(text[:min(max(offset, 0), len(text))])
}

func parseScript(c *plugin.Call) (heap.Oop, plugin.Failure) {
	if c.NumArgs() != 2 {
		return c.Fail(plugin.BadNumArgs)
	}
	text, ok := textOf(c.Arg(0))
	file, ok2 := textOf(c.Arg(1))
	if !ok || !ok2 {
		return c.Fail(plugin.BadArgument)
	}
	units, err := source.Read(file, []byte(text))
	b := builder{heap: c.Heap}
	out := make([]heap.Oop, 0, len(units))
	for _, u := range units {
		if o, ok := b.unit(u); ok {
			out = append(out, o)
		}
	}
	out = append(out, b.errors(err)...)
	return c.Return(b.array(out...))
}

// environment answers what names mean: all that may be variables of the image are
// bound by name.
type environment struct {
	instVars []string
	others   map[string]bool
	options  int
}

func (e *environment) InstanceVariables() []string { return e.instVars }
func (e *environment) MayBeContext() bool          { return e.options&optMaybeContext != 0 }

func (e *environment) MethodClass() (compiler.Binding, bool) {
	return compiler.Binding{Name: "class", Owner: methodClass}, true
}

// methodClass is the owner of the one binding that stands for the method's class.
const methodClass = "\x00class"

func (e *environment) Binding(namespace, name string) (compiler.Binding, bool) {
	r, _ := utf8.DecodeRuneInString(name)
	capital := r >= 'A' && r <= 'Z' || r > 127 || r == '_'
	if capital || e.others[name] || e.options&optWorkspace != 0 {
		return compiler.Binding{Name: name}, true
	}
	return compiler.Binding{}, false
}

// errorsOf answers all parser errors in err.
func errorsOf(err error) parser.Errors {
	var list parser.Errors
	var one *parser.Error
	switch {
	case err == nil:
	case errors.As(err, &list):
	case errors.As(err, &one):
		list = parser.Errors{one}
	default:
		list = parser.Errors{{Source: ast.NewSource("", ""), Message: err.Error()}}
	}
	return list
}
