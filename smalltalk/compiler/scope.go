package compiler

import (
	"github.com/sista-vm/sista/smalltalk/ast"
)

// A function is a piece of source with an activation of its own: the method,
// or a block that has not been inlined.
type function struct {
	outer *function // nil: the method
	node  ast.Node  // *ast.Method or *ast.Block
	scope *scope
	// scopes are all scopes of the activation, outermost first.
	scopes []*scope
	params []*variable
	// free are the variables of outer functions that this one or one inside it
	// mentions, in the order in which they are first mentioned.
	free []*variable

	// While the function is being analysed: the inlined loops around the
	// place, and how many inlined conditional parts.
	loops    []loop
	branches int

	// What keeps a block from being independent of its home activation.
	usesSelf, returns, usesContext bool

	// Set by layout.
	copied   []*variable       // params follow these, see frame
	slots    map[*variable]int // of everything the frame holds
	numTemps int
}

// A loop is the number of an inlined loop in its method.
type loop int

// A scope is a region of source in which declared names hold: the method, or a
// block, inlined or not.
type scope struct {
	outer *scope
	fn    *function
	vars  []*variable
	// inLoop: the scope is entered again and again by one activation of fn.
	inLoop bool
	// vectorOwner is the scope whose vector has the remote variables of this
	// one: itself for scopes with a frame or loop round of their own, else the
	// nearest around it that is.
	vectorOwner *scope
	loopDepth   int // loops around the scope in its function
	branches    int // inlined conditional parts around it

	// Set by layout: the temp that holds the vector, and what is in it.
	vector *variable
	remote []*variable

	// Set by generation: the instructions between which the names hold.
	from, to int
}

// A variable is an argument or temporary, declared or made by the compiler.
type variable struct {
	name  string
	span  ast.Span
	scope *scope
	kind  variableKind

	mentioned bool
	// readFirst: the variable may be read before the scope has assigned it.
	readFirst bool

	// What decides whether copies of the variable suffice.
	captured      bool   // mentioned by an inner function
	writtenInside bool   // assigned by one
	writtenAfter  bool   // assigned after a closure took it along
	captureLoops  []loop // in which closures that mention it are made
	writeLoops    []loop // in which it is assigned
	remote        bool   // it lives in a vector
	index         int    // there
}

type variableKind uint8

const (
	temporary variableKind = iota
	argument               // of the method or a block: never assigned
	hidden                 // made by the compiler
)

// home answers the function whose frame (or vector) has the variable.
func (v *variable) home() *function { return v.scope.fn }

// needsVector says that closures need the variable itself, not its value: it
// changes where they can see it, or they change it.
func (v *variable) needsVector() bool {
	if !v.captured || v.kind != temporary {
		return false
	}
	if v.writtenInside || v.writtenAfter {
		return true
	}
	// A closure made in one round of a loop sees what the next round assigns.
	for _, c := range v.captureLoops {
		for _, w := range v.writeLoops {
			if c == w {
				return true
			}
		}
	}
	return false
}

// holder answers the variable whose value closures copy to reach v: v itself
// or the vector it lives in.
func (v *variable) holder() *variable {
	if v.remote {
		return v.scope.vectorOwner.vector
	}
	return v
}

// lookup finds the variable that a name means at a scope.
func (s *scope) lookup(name string) *variable {
	for ; s != nil; s = s.outer {
		for _, v := range s.vars {
			if v.name == name && v.kind != hidden {
				return v
			}
		}
	}
	return nil
}

// isReserved tells the names that can be neither declared nor assigned.
func isReserved(name string) bool {
	switch name {
	case "self", "super", "thisContext", "nil", "true", "false":
		return true
	}
	return false
}
