package interp_test

import "testing"

// Classes and methods that snippets of control flow use.
const controlSetUp = `
Object subclass: #Probe instanceVariableNames: 'a b log' classVariableNames: '' package: 'Probes'.
#('a ^ a' 'a: x a := x' 'b ^ b' 'b: x b := x'
'firstBlock ^ [ ^ 1 ]'
'blockReturning: x ^ [ ^ x ]'
'nested ^ [ [ ^ 7 ] value. 8 ] value'
'deep: n n = 0 ifTrue: [ ^ 0 ]. ^ (self deep: n - 1) + 1'
'deepBlock: n in: aBlock n = 0 ifTrue: [ ^ aBlock value ]. ^ [ (self deepBlock: n - 1 in: aBlock) + 0 ] value'
'deepEnsure: n in: aBlock n = 0 ifTrue: [ ^ aBlock value ]. ^ [ self deepEnsure: n - 1 in: aBlock ] ensure: [ a := a + 1 ]'
'escape: n self deepEnsure: n in: [ ^ #escaped ]. ^ #notReached'
'escapeOverBlocks: n self deepBlock: n in: [ ^ #escaped ]. ^ #notReached'
'escapeThroughEnsure: log [ ^ log add: 1 ] ensure: [ log add: 2 ]'
'nlrInEnsure: log [ ^ log add: 1 ] ensure: [ log add: 2. ^ log add: 3 ]'
'context ^ thisContext'
'contextInBlock ^ [ thisContext ] value'
'contextOf: x with: y | t u | t := x + y. u := t * 2. ^ thisContext'
'unwound: log [ [ self return: [ ^ log ] ] ensure: [ log add: 1 ] ] ensure: [ log add: 2 ]'
'return: aBlock ^ aBlock value'
'args: p with: q with: r | t | t := thisContext. ^ {t at: 1. t at: 2. t at: 3. t size > 3. t method selector. t receiver == self}'
'even: n n = 0 ifTrue: [ ^ true ]. ^ self odd: n - 1'
'odd: n n = 0 ifTrue: [ ^ false ]. ^ self even: n - 1'
'bool: x ^ x ifTrue: [ 1 ] ifFalse: [ 2 ]'
'count: x | i | i := 0. [ x value: i ] whileTrue: [ i := i + 1 ]. ^ i'
) do: [ :each | Probe compile: each ].
Probe`

var controlSnippets = []snippet{
	{"non-local return", `Probe new nested`, "7"},
	{"dead home", `[ Probe new firstBlock value ] on: BlockCannotReturn do: [ :ex | #dead ]`, "#dead"},
	{"dead home with a value", `[ (Probe new blockReturning: 3) value ] on: BlockCannotReturn do: [ :ex | ex return: 4 ]`, "4"},
	{"dead home in another process",
		`| b r | b := Probe new blockReturning: 3. r := nil.
		[ r := [ b value ] on: BlockCannotReturn do: [ :ex | #dead ] ] fork. Processor yield. r`, "#dead"},
	{"live home in another process",
		`| r s | r := OrderedCollection new. s := Semaphore new.
		[ :k | [ [ k value: 3 ] on: BlockCannotReturn do: [ :ex | r add: #other ]. s signal ] fork. s wait. r add: #home ] value: [ :x | x ].
		r asArray`, "#(#home)"},
	{"return across processes",
		`| r | r := OrderedCollection new.
		Probe compile: 'across: r | s | s := Semaphore new. [ [ ^ 1 ] on: BlockCannotReturn do: [ :ex | r add: #cannot ]. s signal ] fork. s wait. ^ 2'.
		r add: (Probe new across: r). r asArray`, "#(#cannot 2)"},
	{"recursion", `Probe new deep: 100000`, "100000"},
	{"recursion in blocks", `Probe new deepBlock: 2000 in: [ 5 ]`, "5"},
	{"mutual recursion", `Probe new even: 100001`, "false"},
	{"escape over many blocks", `Probe new escapeOverBlocks: 2000`, "#escaped"},
	{"escape over ensure blocks", `| p | p := Probe new a: 0; yourself. {p escape: 300. p a}`, "#(#escaped 300)"},
	{"error over ensure blocks", `| p | p := Probe new a: 0; yourself. {[ p deepEnsure: 200 in: [ 1 zork ] ] on: MessageNotUnderstood do: [ :ex | p a ]. p a}`, "#(0 200)"},
	{"return through ensure", `| l | l := OrderedCollection new. l add: (Probe new escapeThroughEnsure: l). l asArray`, "#(1 2 1)"},
	{"return in an ensure block", `| l | l := OrderedCollection new. l add: (Probe new nlrInEnsure: l). l asArray`, "#(1 2 3 3)"},
	{"two ensures", `(Probe new unwound: OrderedCollection new) asArray`, "#(1 2)"},
	{"ifCurtailed", `| l | l := OrderedCollection new. [ [ 1/0 ] ifCurtailed: [ l add: 1 ] ] on: ZeroDivide do: [ :ex | l add: 2 ]. [ 3 ] ifCurtailed: [ l add: 4 ]. l asArray`, "#(2 1)"},
	{"ensure order with return:", `| l | l := OrderedCollection new. l add: ([ [ 1/0 ] ensure: [ l add: 1 ] ] on: ZeroDivide do: [ :ex | ex return: 9 ]). l asArray`, "#(1 9)"},
	{"error in an ensure block", `[ [ 1/0 ] ensure: [ nil zork ] ] on: Error do: [ :ex | ex class name ]`, "#MessageNotUnderstood"},
	{"retry", `| n | n := 0. [ n := n + 1. n < 4 ifTrue: [ n zork ]. n ] on: MessageNotUnderstood do: [ :ex | ex retry ]`, "4"},
	{"retryUsing:", `[ 1/0 ] on: ZeroDivide do: [ :ex | ex retryUsing: [ 6 ] ]`, "6"},
	{"resume", `([ (Warning signal: 'x') + 1 ] on: Warning do: [ :ex | ex resume: 4 ])`, "5"},
	{"pass and outer", `[ [ (Warning signal) + 1 ] on: Warning do: [ :ex | ex outer + 10 ] ] on: Warning do: [ :ex | ex resume: 5 ]`, "15"},
	{"signal in a handler", `[ [ 1/0 ] on: ZeroDivide do: [ :ex | nil zork ] ] on: MessageNotUnderstood do: [ :ex | 12 ]`, "12"},
	{"resignalAs:", `[ [ 1/0 ] on: ZeroDivide do: [ :ex | ex resignalAs: Warning new ] ] on: Warning do: [ :ex | 13 ]`, "13"},
	{"nested handlers", `| r | r := 0. 1 to: 50 do: [ :i | r := r + ([ [ i odd ifTrue: [ 1/0 ]. i zork ] on: ZeroDivide do: [ :ex | ex return: i ] ] on: Error do: [ :ex | ex return: 0 - i ]) ]. r`, "-25"},
	{"exceptions below many frames", `| p | p := Probe new. (1 to: 10) inject: 0 into: [ :s :i | s + ([ p deepBlock: 500 in: [ 1/0 ] ] on: ZeroDivide do: [ :ex | i ]) ]`, "55"},
	{"resume below many frames", `| p | p := Probe new. [ p deepBlock: 700 in: [ Warning signal ] ] on: Warning do: [ :ex | ex resume: 3 ]`, "3"},

	{"thisContext", `| c | c := Probe new contextOf: 3 with: 4. {c pc isNil. c sender isNil. c receiver class name. c method selector}`, "#(true true #Probe #contextOf:with:)"},
	{"thisContext of an active method", `Probe new args: 1 with: 2 with: 3`, "#(1 2 3 true #args:with:with: true)"},
	{"thisContext identity", `thisContext == thisContext`, "true"},
	{"thisContext in a block", `[ | c | c := thisContext. {c isExecutingBlock. c closure numArgs. c home == c outerContext} ] value`, "#(true 0 true)"},
	{"sender", `| c | c := thisContext. [ thisContext sender receiver class == BlockClosure or: [ thisContext sender == c ] ] value`, "true"},
	{"depth", `| p d | p := Probe new. d := thisContext depth. (p deepBlock: 100 in: [ thisContext depth ]) - d`, "202"},
	{"temps through contexts", `Probe compile: 'throughContext | x c | x := 5. c := thisContext. [ :k | c tempAt: 1 put: k ] value: 7. ^ x'. Probe new throughContext`, "7"},
	{"copy of a context", `| c k | c := [ :y | thisContext copy ] value: 3. {c size >= 1. c at: 1. c == c}`, "#(true 3 true)"},
	{"instVarAt: of a context", `| c | c := thisContext. {(c instVarAt: 4) == c method. (c instVarAt: 6) == c receiver. (c instVarAt: 2) isInteger. (c instVarAt: 3) isInteger}`, "#(true true true true)"},
	{"sender set to nil", `| r | r := nil. [ [ thisContext privateSender: nil. 3 ] value. r := #resumed ] fork. Processor yield. r`, "nil"},
	{"sender set to another context", `| r | r := [ :k | [ thisContext privateSender: thisContext sender sender. 3 ] value. 4 ] value: 1. r`, "3"},
	{"jump over", `[ :k | [ (thisContext sender) return: 5 ] value. 6 ] value: 0`, "5"},
	{"return: to a context", `| c | c := thisContext. [ :x | c == nil. thisContext return: x + 1. 99 ] value: 4`, "5"},
	{"context slot written from above", `| r | r := [ | t | t := 1. [ thisContext sender at: 1 put: 42 ] value. t ] value. r`, "42"},
	{"pc read", `thisContext pc isInteger`, "true"},
	{"terminateTo: in the middle of a page",
		`| r | r := OrderedCollection new.
		(Probe new deepBlock: 10 in: [ | c | c := thisContext. 6 timesRepeat: [ c := c sender ]. thisContext terminateTo: c. r add: 1. 0 ]).
		r asArray`, "#(1)"},
	{"terminateTo: over many pages",
		`| here r | here := thisContext. r := [ :v | Probe new deepBlock: 1000 in: [ | c | c := thisContext. 1800 timesRepeat: [ c := c sender ]. thisContext terminateTo: c. 17 ] ] value: 0. r`, "17"},
	{"findContextSuchThat: over pages", `Probe new deepBlock: 1000 in: [ (thisContext findContextSuchThat: [ :c | c sender isNil ]) sender isNil ifTrue: [ 1 ] ]`, "1"},

	{"mustBeBoolean", `[ Probe new bool: 3 ] on: NonBooleanReceiver do: [ :ex | ex class name ]`, "#NonBooleanReceiver"},
	{"mustBeBoolean proceeding with a Boolean", `[ Probe new bool: 3 ] on: NonBooleanReceiver do: [ :ex | ex resume: false ]`, "2"},
	{"mustBeBoolean proceeding in a loop", `[ Probe new count: [ :i | i < 5 ifTrue: [ true ] ifFalse: [ i < 10 ifTrue: [ nil ] ifFalse: [ 7 ] ] ] ] on: NonBooleanReceiver do: [ :ex | ex resume: ex receiver isNil ]`, "10"},

	{"wrong number of arguments", `[ [ :x | x ] value ] on: Error do: [ :ex | ex class name ]`, "#WrongArgumentCount"},
	{"valueWithArguments:", `[ :x :y | x - y ] valueWithArguments: #(5 3)`, "2"},
	{"many block arguments", `([ :p :q :r :s | {s. r. q. p} ] value: 1 value: 2 value: 3 value: 4)`, "#(4 3 2 1)"},
	{"perform:", `{3 perform: #+ with: 4. 3 perform: #between:and: with: 1 with: 5. 3 perform: #printString. #(3 1 2) perform: #indexOf: withArguments: #(1)}`, "#(7 true '3' 2)"},
	{"perform: with the wrong number of arguments", `[ 3 perform: #+ ] on: Error do: [ :ex | #error ]`, "#error"},
	{"perform: of what is not understood", `[ 3 perform: #zork: with: 5 ] on: MessageNotUnderstood do: [ :ex | {ex message selector. ex message arguments. ex receiver} ]`, "#(#zork: #(5) 3)"},
	{"perform: nil", `[ 3 perform: nil ] on: MessageNotUnderstood do: [ :ex | ex message selector ]`, "nil"},
	{"perform: an Integer", `[ 3 perform: 4 ] on: MessageNotUnderstood do: [ :ex | ex message selector ]`, "4"},
	{"perform:withArguments:inSuperclass:", `Smalltalk perform: #printString withArguments: #() inSuperclass: Object`, "'Smalltalk'"},
	{"executeMethod", `{3 withArgs: #(4) executeMethod: SmallInteger >> #+. (Probe >> #a) valueWithReceiver: (Probe new a: 9; yourself) arguments: #()}`, "#(7 9)"},
	{"doesNotUnderstand: with arguments", `[ nil foo: 1 bar: 2 baz: 3 ] on: MessageNotUnderstood do: [ :ex | ex message arguments ]`, "#(1 2 3)"},
	{"doesNotUnderstand: resumed", `[ nil foo + 1 ] on: MessageNotUnderstood do: [ :ex | ex resume: 2 ]`, "3"},
	{"objects as methods", `
		Object subclass: #Wrapper instanceVariableNames: '' classVariableNames: '' package: 'Probes'.
		Wrapper compile: 'run: s with: args in: r ^ {s. args. r class}'.
		Wrapper compile: 'flushCache'. Wrapper compile: 'methodClass: x'. Wrapper compile: 'selector: x'.
		Probe methodDict at: #wrapped:with: put: Wrapper new. Probe flushCache.
		Probe new perform: #wrapped:with: with: 1 with: 2`, "{#wrapped:with:. #(1 2). Probe}"},
	{"method redefined while it runs", `
		Probe compile: 'redefine self class compile: ''redefine ^ 2''. ^ 1'. {Probe new redefine. Probe new redefine}`, "#(1 2)"},
	{"method removed while it runs", `
		Probe compile: 'removed self class removeSelector: #removed. Smalltalk garbageCollect. ^ self deep: 100'.
		{Probe new removed. [ Probe new removed ] on: MessageNotUnderstood do: [ :ex | 0 ]}`, "#(100 0)"},
	{"override seen at once", `
		Probe subclass: #SubProbe instanceVariableNames: '' classVariableNames: '' package: 'Probes'.
		| p r | p := (Smalltalk at: #SubProbe) new. Probe compile: 'over ^ 1'. r := {p over. 0}.
		(Smalltalk at: #SubProbe) compile: 'over ^ super over + 1'. r at: 2 put: p over. r`, "#(1 2)"},
	{"primitive failure code", `
		Probe compile: 'failing: x <primitive: 60 error: ec> ^ ec'. {Probe new failing: 1. Probe new failing: #a}`, "#(#'bad receiver' #'bad argument')"},
	{"quick methods", `
		Probe compile: 'q0 ^ self'. Probe compile: 'q1 ^ true'. Probe compile: 'q2 ^ nil'. Probe compile: 'q3 ^ 2'. Probe compile: 'q4 ^ -1'.
		| p | p := Probe new. {p q0 == p. p q1. p q2. p q3. p q4}`, "#(true true nil 2 -1)"},
}

func TestControl(t *testing.T) { runSnippets(t, controlSetUp, controlSnippets) }
