// Package source reads Smalltalk source files of every common layout into one
// stream of definitions.
//
//	Tonel     Class { #name : #Foo ... }   Foo >> bar [ ... ]     Pharo, one file a class
//	chunks    !Foo methodsFor: 'x'!  bar ... ! !                  Squeak, Cuis, Pharo file-outs
//	scripts   statements.  Foo >> bar [ ... ]
//	          Object subclass: Foo [ bar [ ... ] ]                GNU Smalltalk
//
// The package promises:
//
//   - a Reader's units stand in the order of the file, each with its own
//     source text, its place in the file, and a parsed tree;
//   - one bad definition does not hide the others: all errors are reported,
//     with their places, and every good unit is still delivered;
//   - nothing is executed and nothing is looked up: what a class definition
//     written as a statement would do is recognized from its form alone;
//   - the same text gives the same units, and no text gives a panic.
//
// Traits are not supported; a file that needs one is an error that names it.
package source

import (
	"strings"

	"github.com/sista-vm/sista/smalltalk/ast"
	"github.com/sista-vm/sista/smalltalk/parser"
)

// Unit is one definition, or statements to be executed.
type Unit interface {
	// Where is the place of the unit's first character.
	Where() ast.Position
	// Text is the unit's source.
	Text() *ast.Source
	unit()
}

// origin is the part that all units share.
type origin struct {
	// Source is the text that the unit was read from: all of a method, the
	// header of a class.
	Source *ast.Source
}

func (o *origin) Where() ast.Position { return o.Source.Position(0) }
func (o *origin) Text() *ast.Source   { return o.Source }

// Package names the package that the files of a Tonel folder belong to.
type Package struct {
	origin
	Name string
}

// ClassDefinition defines a class, or redefines it.
type ClassDefinition struct {
	origin
	Name string
	// Superclass is empty for a root, whose superclass is nil.
	Superclass string
	Kind       Kind
	// InheritsKind is set where the source says nothing about the kind. The
	// class is then of the kind that its superclass is of, if that one has
	// indexed fields.
	InheritsKind bool
	InstVars     []string
	ClassVars    []string
	// ClassInstVars are the instance variables of the metaclass.
	ClassInstVars []string
	Pools         []string
	// Category is what the image's browser files the class under; Package is
	// the unit of loading. Where the source has only one of them both are set.
	Category, Package string
	Comment           string
}

// ClassExtension adds to a class that is defined elsewhere. The methods follow
// as units of their own, so all lists may be empty.
type ClassExtension struct {
	origin
	Name                               string
	InstVars, ClassVars, ClassInstVars []string
	// SetsClassInstVars says that ClassInstVars replace those that the class
	// has (Foo class instanceVariableNames: 'a b') and are not added to them.
	SetsClassInstVars bool
	// Comment replaces the class's comment unless it is empty.
	Comment string
}

// MethodDefinition defines a method.
type MethodDefinition struct {
	origin
	Class string
	// IsMeta says that the method is on the class side.
	IsMeta   bool
	Category string
	// Stamp is the author and time of a chunk file, or empty.
	Stamp  string
	Method *ast.Method
	// Options are those that the method was parsed with.
	Options parser.Options
}

// Name answers the method's name as it is said: Foo class >> bar:.
func (m *MethodDefinition) Name() string {
	if m.IsMeta {
		return m.Class + " class >> " + m.Method.Selector
	}
	return m.Class + " >> " + m.Method.Selector
}

// Statements are to be executed in their place.
type Statements struct {
	origin
	Sequence *ast.Sequence
	// TopLevel says that the statements stand at the top level of a script:
	// variables they declare live until the script ends. Otherwise they live
	// for these statements only.
	TopLevel bool
	// Class names the class in whose class side the names are resolved and
	// which is self; empty for the usual case, where self is nil. A class
	// variable's initializer is read this way.
	Class string
	// Definition is the *ClassDefinition or *ClassExtension that executing the
	// statements amounts to, or nil. Who builds an image without executing
	// anything uses it in their place.
	Definition Unit
}

func (*Package) unit()          {}
func (*ClassDefinition) unit()  {}
func (*ClassExtension) unit()   {}
func (*MethodDefinition) unit() {}
func (*Statements) unit()       {}

// Expressions answers the statements that define the class in a running image.
func (d *ClassDefinition) Expressions() []string {
	super := d.Superclass
	if super == "" {
		super = "nil"
	}
	category := d.Category
	if category == "" {
		category = d.Package
	}
	list := []string{super + " " + d.Kind.selector() + " " + ast.SymbolForm(d.Name) +
		" instanceVariableNames: " + ast.Quote(strings.Join(d.InstVars, " ")) +
		" classVariableNames: " + ast.Quote(strings.Join(d.ClassVars, " ")) +
		" poolDictionaries: " + ast.Quote(strings.Join(d.Pools, " ")) +
		" category: " + ast.Quote(category)}
	if len(d.ClassInstVars) > 0 {
		list = append(list, d.Name+" class instanceVariableNames: "+ast.Quote(strings.Join(d.ClassInstVars, " ")))
	}
	if d.Comment != "" {
		list = append(list, d.Name+" comment: "+ast.Quote(d.Comment))
	}
	return list
}

// Expressions answers the statements that extend the class in a running image.
func (e *ClassExtension) Expressions() []string {
	var list []string
	for _, name := range e.InstVars {
		list = append(list, e.Name+" addInstVarName: "+ast.Quote(name))
	}
	for _, name := range e.ClassVars {
		list = append(list, e.Name+" addClassVarName: "+ast.Quote(name))
	}
	if e.SetsClassInstVars {
		list = append(list, e.Name+" class instanceVariableNames: "+ast.Quote(strings.Join(e.ClassInstVars, " ")))
	} else {
		for _, name := range e.ClassInstVars {
			list = append(list, e.Name+" class addInstVarName: "+ast.Quote(name))
		}
	}
	if e.Comment != "" {
		list = append(list, e.Name+" comment: "+ast.Quote(e.Comment))
	}
	return list
}
