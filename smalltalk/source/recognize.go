package source

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/sista-vm/sista/smalltalk/ast"
)

// RecognizeDefinition answers the *ClassDefinition or *ClassExtension that
// executing a statement amounts to, from its form alone, or nil when it is some
// other statement (one with computed arguments, for example). Known are
//
//	Object subclass: #Foo
//	Object subclass: #Foo instanceVariableNames: 'a b' classVariableNames: 'C'
//	    poolDictionaries: 'P' category: 'X'                  and package:, uses: {}, layout: ...
//	Object variableByteSubclass: #Foo ...                    and the other kinds
//	Object variable: #byte subclass: #Foo ...                GNU Smalltalk
//	Object << #Foo slots: { #a. #b }; package: 'X'           Pharo
//	Foo class instanceVariableNames: 'a b'
//	Foo class << Foo class slots: { #a }
//	Foo comment: 'text'
//
// The error says that it is a definition that cannot be had: it needs traits.
// Spans and sources are not set.
func RecognizeDefinition(s ast.Statement) (Unit, error) {
	switch s := s.(type) {
	case *ast.Send:
		if isSelector(&s.Message, "install") { // ends Pharo's cascade
			return RecognizeDefinition(s.Receiver)
		}
		return recognizeMessages(s.Receiver, []*ast.Message{&s.Message})
	case *ast.Cascade:
		return recognizeMessages(s.Receiver, s.Messages)
	}
	return nil, nil
}

func isSelector(m *ast.Message, selector string) bool { return m.Selector == selector }

func recognizeMessages(receiver ast.Expr, messages []*ast.Message) (Unit, error) {
	first := messages[0]
	if name, isMeta, ok := classNamed(receiver); ok && len(messages) == 1 && unicode.IsUpper([]rune(name)[0]) {
		switch {
		case isMeta && first.Selector == "instanceVariableNames:":
			if text, ok := textOf(first.Args[0]); ok {
				return &ClassExtension{Name: name, ClassInstVars: strings.Fields(text), SetsClassInstVars: true}, nil
			}
			return nil, nil
		case !isMeta && first.Selector == "comment:":
			if text, ok := textOf(first.Args[0]); ok && text != "" {
				return &ClassExtension{Name: name, Comment: text}, nil
			}
			return nil, nil
		}
	}
	if v, ok := receiver.(*ast.Variable); ok && v.Name == "Trait" && strings.HasPrefix(first.Selector, "named:") {
		name, _ := textOf(first.Args[0])
		return nil, fmt.Errorf("%s is a trait: traits are not supported", name)
	}
	if u, err := recognizeFluid(receiver, messages); u != nil || err != nil {
		return u, err
	}
	if len(messages) == 1 {
		return recognizeSubclass(receiver, first)
	}
	return nil, nil
}

// classNamed reads Foo and Foo class.
func classNamed(e ast.Expr) (name string, isMeta, ok bool) {
	switch e := e.(type) {
	case *ast.Variable:
		return e.Name, false, e.Name != "super" && e.Name != "self" && e.Name != "thisContext"
	case *ast.Send:
		if v, isVariable := e.Receiver.(*ast.Variable); isVariable && e.Message.Selector == "class" {
			return v.Name, true, true
		}
	}
	return "", false, false
}

// superclassNamed reads the receiver of a class definition: a class, or nil.
func superclassNamed(e ast.Expr) (name string, ok bool) {
	if c, isConstant := e.(*ast.Constant); isConstant {
		return "", c.Kind == ast.Nil
	}
	name, isMeta, ok := classNamed(e)
	return name, ok && !isMeta
}

// recognizeSubclass reads the keyword messages that define classes.
func recognizeSubclass(receiver ast.Expr, m *ast.Message) (Unit, error) {
	super, ok := superclassNamed(receiver)
	if !ok {
		return nil, nil
	}
	keywords := strings.SplitAfter(m.Selector, ":")
	args := m.Args
	d := &ClassDefinition{Superclass: super}
	if keywords[0] == "variable:" && len(args) > 1 { // variable: #byte subclass: #Foo
		shape, _ := textOf(args[0])
		if d.Kind, ok = shapes[shape]; !ok {
			return nil, nil
		}
		keywords, args = keywords[1:], args[1:]
		if keywords[0] != "subclass:" {
			return nil, nil
		}
	} else if d.Kind, ok = kindSelected(keywords[0]); !ok || len(args) == 0 {
		return nil, nil
	} else {
		d.InheritsKind = d.Kind == Normal
	}
	if d.Name, ok = textOf(args[0]); !ok {
		return nil, nil
	}
	for i, arg := range args[1:] {
		if ok, err := d.set(keywords[i+1], arg); err != nil || !ok {
			return nil, err
		}
	}
	return d.complete(), nil
}

// recognizeFluid reads Object << #Foo slots: {...}; package: '...'.
func recognizeFluid(receiver ast.Expr, messages []*ast.Message) (Unit, error) {
	super, start := receiver, messages[0]
	rest := messages[1:]
	if send, ok := receiver.(*ast.Send); ok && isSelector(&send.Message, "<<") {
		super, start, rest = send.Receiver, &send.Message, messages
	}
	if !isSelector(start, "<<") {
		return nil, nil
	}
	if v, ok := super.(*ast.Variable); ok && v.Name == "Trait" {
		name, _ := textOf(start.Args[0])
		return nil, fmt.Errorf("%s is a trait: traits are not supported", name)
	}
	d := &ClassDefinition{InheritsKind: true}
	_, isMeta, isClass := classNamed(start.Args[0])
	meta := isClass && isMeta
	var ok bool
	if meta {
		d.Name, _, ok = classNamed(start.Args[0])
	} else if d.Name, ok = textOf(start.Args[0]); ok {
		d.Superclass, ok = superclassNamed(super)
	}
	if !ok {
		return nil, nil
	}
	for _, m := range rest {
		if isSelector(m, "install") || isSelector(m, "yourself") {
			continue
		}
		if len(m.Args) != 1 {
			return nil, nil
		}
		if ok, err := d.set(m.Selector, m.Args[0]); err != nil || !ok {
			return nil, err
		}
	}
	if meta {
		return &ClassExtension{Name: d.Name, ClassInstVars: d.InstVars, SetsClassInstVars: true}, nil
	}
	return d.complete(), nil
}

// set stores what one keyword of a class definition says; false when the
// argument is computed or the keyword unknown.
func (d *ClassDefinition) set(keyword string, arg ast.Expr) (ok bool, err error) {
	switch keyword {
	case "instanceVariableNames:", "slots:", "instVarNames:":
		d.InstVars, ok = namesOf(arg)
	case "classVariableNames:", "classVariables:", "sharedVariables:", "classVarNames:":
		d.ClassVars, ok = namesOf(arg)
	case "classInstanceVariableNames:", "classSlots:", "classInstVarNames:":
		d.ClassInstVars, ok = namesOf(arg)
	case "poolDictionaries:", "sharedPools:", "imports:":
		d.Pools, ok = namesOf(arg)
	case "category:":
		d.Category, ok = textOf(arg)
	case "package:":
		d.Package, ok = textOf(arg)
	case "tag:":
		// Until complete puts the package before it.
		d.Category, ok = textOf(arg)
		d.Category = "-" + d.Category
	case "comment:":
		d.Comment, ok = textOf(arg)
	case "layout:":
		var name string
		if name, _, ok = classNamed(arg); ok {
			d.Kind, ok = kindNamed(name)
			d.InheritsKind = false
		}
	case "uses:", "traits:", "classTraits:", "traitComposition:":
		if list, isBrace := arg.(*ast.Brace); isBrace && len(list.Elements) == 0 {
			return true, nil
		}
		if list, isArray := arg.(*ast.LiteralArray); isArray && len(list.Elements) == 0 {
			return true, nil
		}
		return false, fmt.Errorf("%s uses traits (%s): traits are not supported", d.Name, ast.Print(arg))
	}
	return ok, nil
}

// complete fills in the category from the package, or the other way round.
func (d *ClassDefinition) complete() *ClassDefinition {
	switch {
	case strings.HasPrefix(d.Category, "-"):
		d.Category = strings.TrimPrefix(d.Package+d.Category, "-")
	case d.Category == "":
		d.Category = d.Package
	}
	if d.Package == "" {
		d.Package = d.Category
	}
	return d
}

// namesOf reads names: 'a b', { #a. #b }, #(a b) or #a.
func namesOf(e ast.Expr) (names []string, ok bool) {
	var elements []ast.Node
	switch e := e.(type) {
	case *ast.String:
		return strings.Fields(e.Value), true
	case *ast.Symbol:
		return strings.Fields(e.Value), true
	case *ast.Brace:
		for _, x := range e.Elements {
			elements = append(elements, x)
		}
	case *ast.LiteralArray:
		for _, x := range e.Elements {
			elements = append(elements, x)
		}
	default:
		return nil, false
	}
	for _, x := range elements {
		name, ok := textOf(x)
		if v, isVariable := x.(*ast.Variable); isVariable { // a pool, named by itself
			name, ok = v.Name, true
		}
		if !ok {
			return nil, false
		}
		names = append(names, name)
	}
	return slices.Clip(names), true
}
