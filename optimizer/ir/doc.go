// Package ir is the intermediate representation of the speculative optimizer:
// functions in static single assignment form, with a text form, a parser, a
// verifier and an evaluator. It knows neither heap nor interpreter nor machine.
//
// # Values and types
//
// A [Func] is a list of blocks, a [Block] a list of values in the order of
// execution and one terminator. A [Value] is computed once, by an [Op] from
// arguments that dominate it. Where control meets, blocks have parameters and
// edges have arguments; there are no phis. Types are few:
//
//	oop    a tagged word: anything Smalltalk can name
//	smi    an oop known to be a SmallInteger
//	obj    an oop known to be a heap object, not an immediate
//	int    an untagged 64-bit integer
//	float  an unboxed 64-bit float
//	bool   a condition of the machine, not an object
//	none   no value
//
// An smi or obj may stand where an oop is asked for; any other change of type
// is an operation. There is no type of addresses: objects move at safepoints,
// so no value points into one.
//
// # Guards refine
//
// A guard answers its first argument with more known about it: `guardsmi` an smi,
// `guardclass` an obj of that class, `guardindex` an index within bounds. What
// depends on the fact takes the guard's answer as argument, so order of checks is
// plain data flow, and no pass can lift a load over the check that makes it legal.
// Where a branch has asked the same, `knownsmi`, `knownfloat` and `knownclass` stand for
// the guard and check nothing.
// Class, format and size of an object are facts that survive calls: whoever changes
// them (become, a change of class) condemns every native frame.
//
// # Effects and alias classes
//
// Values in a block are in order of execution; an operation without effects may
// be moved wherever its arguments dominate it. Memory is not a value. Each op
// names the alias classes it reads and writes ([AliasSet]), and slots of one class
// are told apart further by [Location]:
//
//	slots     named fields, apart by slot number
//	elements  indexable oops, apart by index where both are constant
//	raw       indexable bits, floats among them
//	header    the read-only and watched bits of an object
//	hash      identity hashes; drawing one is an effect, for runs are compared
//
// Slots and elements are both counted from the first oop of the object, so an oop has
// one number; but any one oop is accessed as slot everywhere or as element everywhere.
//
// A call reads and writes all of them. A poll reads all and writes headers only: the
// collector may run in it, and objects may become watched, but if other Smalltalk
// code is to run the function is left, so loads may be moved over the polls of a
// loop.
//
// # Deoptimization
//
// An operation that can lose a bet has a [Reason] and a [State]: the activations
// the interpreter will run in place of this code, innermost first, each with the
// bytecode pc, receiver, every temporary and the operand stack. A level either
// re-executes the bytecode at its pc, or resumes after it with a result on the
// stack; all but the innermost resume. What re-executes must not have happened:
// between the start of the bytecode and the operation no effect may lie.
// Untagged integers and floats in a state are boxed when it is used. Objects that
// escape analysis removed are described in the state ([Virtual]) and made then.
//
// An allocation without a state (passes move them) always goes on: who runs the code
// keeps memory for it or ends the program.
//
// `anchor` does nothing but have a state: a pass that moves a guard gives it the
// state of an anchor that nothing follows but what has no effect. There is one
// before every loop, and a bet that was lost at the head of a loop is one that moved
// there: the next translation puts no anchor before it.
//
// # Contexts
//
// An activation that a closure may outlive or that Smalltalk may look at has a context:
// `newcontext` makes it, states of its level refer to it, and `widow` stands before
// every return of that level. In between the object is the activation's, and code
// reads and writes none of its fields.
//
// # Control
//
// Terminators are `jump`, `branch`, `return`, `nonlocal` (a return from the home of
// a block), `deopt` (a branch never taken so far) and `unreachable`. The first
// block is the entry, and its parameters are receiver and arguments. Blocks
// marked osr are entered from an interpreter frame at a loop's head; their
// parameters are receiver, temporaries and operand stack, all oops.
//
// # The op table
//
// gen/table.go has a row for every op. Constants, the run-time table that printer,
// parser, verifier and passes consult, and constructors are generated from it.
package ir

//go:generate go run ./gen
