package interp_test

import "testing"

const becomeSetUp = `
Object subclass: #Probe instanceVariableNames: 'a b' classVariableNames: '' package: 'Probes'.
#('a ^ a' 'a: x a := x' 'b ^ b' 'b: x b := x'
'block ^ [ a ]' 'blockWith: x ^ [ {a. x} ]' 'setter ^ [ :x | a := x ]'
'becomeWhileRunning: other self becomeForward: other. ^ a'
'becomeInBlock: other ^ [ self becomeForward: other. a ] value'
'swapWhileRunning: other a := 1. self become: other. ^ {a. self a. other a}'
'adopt: class class adoptInstance: self. ^ self class name'
'temps: x with: y | t | t := x. x becomeForward: y. ^ {t == y. x == y. t. x}'
'vector: x | v b1 b2 | v := x. b1 := [ v ]. b2 := [ :k | v := k ]. b2 value: (b1 value) , ''!''. x becomeForward: 7 printString. ^ b1 value'
'deep: n in: aBlock n = 0 ifTrue: [ ^ aBlock value ]. ^ (self deep: n - 1 in: aBlock)'
'loop: aBlock 1 to: 3 do: [ :i | aBlock value: i ]. ^ a'
) do: [ :each | Probe compile: each ].
Object subclass: #Other instanceVariableNames: 'a b' classVariableNames: '' package: 'Probes'.
#('a ^ a ifNotNil: [ :x | x + 100 ]' 'a: x a := x' 'b ^ b' 'answer ^ #other' ) do: [ :each | Other compile: each ].
Object subclass: #Bigger instanceVariableNames: 'a b c d e' classVariableNames: '' package: 'Probes'.
#('a ^ a' 'a: x a := x' 'e ^ e') do: [ :each | Bigger compile: each ].
Probe`

var becomeSnippets = []snippet{
	{"becomeForward: of the running receiver", `Probe new becomeWhileRunning: (Probe new a: 7; yourself)`, "7"},
	{"becomeForward: of a block's receiver", `Probe new becomeInBlock: (Probe new a: 8; yourself)`, "8"},
	{"a block made before", `| p k | p := Probe new a: 1; yourself. k := p block. p becomeForward: (Probe new a: 9; yourself). {k value. k value. k receiver == p}`, "#(9 9 true)"},
	{"a setter made before", `| p k q | p := Probe new a: 1; yourself. k := p setter. q := Probe new. p becomeForward: q. k value: 5. {q a. p a}`, "#(5 5)"},
	{"blocks in the loop after become:", `| p k s | p := Probe new a: 1; yourself. k := p block. p becomeForward: (Probe new a: 2; yourself). s := 0. 100 timesRepeat: [ s := s + k value ]. s`, "200"},
	{"to another class", `| p k | p := Probe new a: 1; yourself. k := p block. p becomeForward: (Other new a: 2; yourself). {p a. k value. p class name. p answer}`, "#(102 2 #Other #other)"},
	{"swap with a bigger object while running", `| p q | p := Probe new. q := Bigger new a: 50; yourself. p swapWhileRunning: q`, "#(50 50 1)"},
	{"swap twice", `| p q | p := Probe new a: 1; yourself. q := Bigger new a: 2; yourself. p become: q. p become: q. {p class name. q class name. p a. q a}`, "#(#Probe #Bigger 1 2)"},
	{"temporaries", `(Probe new temps: 'x' copy with: 'y' copy)`, "#(true true 'y' 'y')"},
	{"temp vectors", `Probe new vector: 'ab' copy`, "'ab!'"},
	{"arrays and literals", `| x arr | x := Object new. arr := {x. x}. x becomeForward: #sym. {arr first == #sym. arr includes: #sym. arr}`, "#(true true #(#sym #sym))"},
	{"identity after become", `| x y arr | x := Object new. y := Object new. arr := {x. y. {x}}. x becomeForward: y. {arr first == y. arr first == (arr at: 2). arr third first == y. x ~~ y. (arr indexOf: y)}`, "#(true true true false 1)"},
	{"elements become in dictionaries", `| d k v | d := IdentityDictionary new. k := Object new. v := Object new. d at: k put: v. v becomeForward: 42 printString. {d at: k. d size}`, "#('42' 1)"},
	{"become: of closures", `| k l | k := [ 1 ]. l := [ 2 ]. k become: l. {k value. l value}`, "#(2 1)"},
	{"becomeForward: of a running closure", `| k l r | r := OrderedCollection new. l := [ r add: #l ]. k := nil. k := [ k becomeForward: l. r add: #k ]. k value. k value. r asArray`, "#(#k #l)"},
	{"exchanging what looks like a process in a list that is none", `| b | b := #(nil nil nil nil nil nil nil nil) collect: [ :x | {1. 2. 3} ]. b become: Object new. b class name`, "#Object"},
	{"become: of a symbol", `| s r | Probe compile: 'renamed ^ 5'. r := Probe new renamed. {r. Probe new perform: #renamed}`, "#(5 5)"},
	{"becomeForward: of a method", `Probe compile: 'm1 ^ 1'. Probe compile: 'm2 ^ 2'. | p r | p := Probe new. r := {p m1. 0}. (Probe >> #m1) becomeForward: (Probe >> #m2). r at: 2 put: p m1. r`, "#(1 2)"},
	{"becomeForward: of the running method", `Probe compile: 'n2 ^ 2'. Probe compile: 'n1 (Probe >> #n1) becomeForward: (Probe >> #n1) copy. ^ 11'. Probe new n1`, "11"},
	{"become: of running methods", `Probe compile: 'o1 (Probe >> #o1) become: (Probe >> #o2). ^ 1'. Probe compile: 'o2 (Probe >> #o1) become: (Probe >> #o2). ^ 2'. {Probe new o1. Probe new o1}`, "#(2 1)"},
	{"becomeForward: of a class", `| c i | c := Object subclass: #Gone instanceVariableNames: 'a b' classVariableNames: '' package: 'Probes'. i := c new. c becomeForward: Other. {i class name. i answer}`, "#(#Other #other)"},
	{"becomeForward: of a context", `| p c d r | r := OrderedCollection new. p := [ r add: (Probe new deep: 3 in: [ Semaphore new wait. 1 ]). Processor activeProcess suspend ] fork. Processor yield. p primitiveSuspend. c := p suspendedContext. d := c copy. c becomeForward: d. d push: 0. p suspendedContext: d. d pop. p resume. Processor yield. r asArray`, "#(1)"},
	{"become: of the sender of the running context", `| c | c := thisContext. [ | d | d := c copy. [ d becomeForward: d. 3 ] value ] value`, "3"},
	{"become: of a process", `| p q r | r := OrderedCollection new. p := [ r add: 1 ] newProcess. q := p copy. p becomeForward: q. q resume. Processor yield. r asArray`, "#(1)"},
	{"become: of a waiting process", `| p q s r | r := OrderedCollection new. s := Semaphore new. p := [ s wait. r add: 1 ] fork. Processor yield. q := p copy. p becomeForward: q. s signal. Processor yield. r asArray`, "#(1)"},
	{"become: of a semaphore somebody waits for", `| p s r t | r := OrderedCollection new. s := Semaphore new. p := [ s wait. r add: 1 ] fork. Processor yield. t := s shallowCopy. s becomeForward: t. t signal. Processor yield. r asArray`, "#(1)"},
	{"nil refuses", `[ nil becomeForward: 3 ] on: Error do: [ :ex | #refused ]`, "#refused"},
	{"small integers refuse", `[ 3 becomeForward: Object new ] on: Error do: [ :ex | #refused ]`, "#refused"},
	{"collected afterwards", `| x arr | arr := (1 to: 100) asArray collect: [ :i | x := Object new. {x. x} ]. arr do: [ :e | e first becomeForward: 'z' copy ]. Smalltalk garbageCollect. (arr select: [ :e | (e at: 2) = 'z' ]) size`, "100"},

	{"class changed under a running method", `| p | p := Probe new a: 4; yourself. {p adopt: Other. p a. p answer}`, "#(#Other 104 #other)"},
	{"shape changed while instances live", `
		| p q c | c := Object subclass: #Shape instanceVariableNames: 'x' classVariableNames: '' package: 'Probes'. c compile: 'x ^ x'. c compile: 'x: v x := v'. c compile: 'change ^ [ :v | x := v. x ]'.
		p := c new x: 3; yourself. q := p change.
		Object subclass: #Shape instanceVariableNames: 'w x' classVariableNames: '' package: 'Probes'.
		{p x. q value: 8. p x. p class instSize}`, "#(3 8 3 2)"},
	{"shape changed by its own method", `
		| c | c := Object subclass: #Shape2 instanceVariableNames: 'x' classVariableNames: '' package: 'Probes'. c compile: 'x ^ x'. c compile: 'x: v x := v'.
		c compile: 'grow Object subclass: #Shape2 instanceVariableNames: ''w x'' classVariableNames: '''' package: ''Probes''. ^ x'. c new x: 6; yourself; x`, "6"},
	{"read-only objects", `| p | p := Probe new a: 1; yourself. p setIsReadOnlyObject: true. {[ p a: 2. #stored ] on: ModificationForbidden do: [ :ex | #refused ]. p a}`, "#(#refused 1)"},
	{"read-only, resumed", `| p | p := Probe new a: 1; yourself. p setIsReadOnlyObject: true. {[ p a: 2. #after ] on: ModificationForbidden do: [ :ex | ex resume ]. p a}`, "#(#after 1)"},
	{"read-only in a loop", `Probe compile: 'stores: n 1 to: n do: [ :i | a := i ]. ^ a'. | p | p := Probe new a: 0; yourself. p setIsReadOnlyObject: true. [ p stores: 3000 ] on: ModificationForbidden do: [ :ex | ex resume ]`, "0"},
	{"read-only, stored in an expression", `Probe compile: 'both: x b := a := x. ^ {a. b}'. | p | p := Probe new a: 0; yourself. p setIsReadOnlyObject: true. [ p both: 4 ] on: ModificationForbidden do: [ :ex | ex resume: nil ]`, "#(0 nil)"},
	{"read-only arrays", `| x | x := #(1 2 3) copy. x setIsReadOnlyObject: true. {[ x at: 1 put: 9 ] on: ModificationForbidden do: [ :ex | #refused ]. x}`, "#(#refused #(1 2 3))"},
}

func TestBecome(t *testing.T) { runSnippets(t, becomeSetUp, becomeSnippets) }
