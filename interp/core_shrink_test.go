package interp_test

import (
	"strings"
	"testing"
	"time"

	"github.com/sista-vm/sista/vm"
)

// Receivers that become objects with fewer variables while somebody who was
// compiled for more has still to do with them.

const shrinkSetUp = `
Object subclass: #Small instanceVariableNames: 'a' classVariableNames: '' package: 'Probes'.
Object subclass: #Middle instanceVariableNames: 'a b c d' classVariableNames: '' package: 'Probes'.
Middle subclass: #Big instanceVariableNames: 'e f g h' classVariableNames: '' package: 'Probes'.
Small subclass: #Tiny instanceVariableNames: '' classVariableNames: '' package: 'Probes'.
Small compile: 'a ^ a'. Small compile: 'a: x a := x'. Small compile: 'foo ^ #small'. Small compile: 'value: x ^ #none'.
Middle compile: 'foo d := 5. ^ d'.
#('h ^ h' 'h: x h := x' 'foo ^ #big'
'run: s h := 1. self becomeForward: s. h := 99. ^ h'
'swap: s h := 1. self become: s. h := 99. ^ h'
'read: s self becomeForward: s. ^ h'
'late: s h := 1. self becomeForward: s. a := 2. ^ a'
'within: s h := 1. self becomeForward: s. [ :x | h := x ] value: 3. ^ h'
'withinLoop: s | n | n := 0. [ n < 2 ] whileTrue: [ h := n. n = 1 ifTrue: [ self becomeForward: s ]. n := n + 1 ]. ^ n'
'inBlock: s ^ [ h := 1. self becomeForward: s. h := 2 ] value'
'super: s self becomeForward: s. ^ super foo'
'self: s self becomeForward: s. ^ self foo'
'later: aBlock aBlock value. h := 7. ^ h'
'storer ^ [ :x | h := x ]' 'reader ^ [ h ]' 'nested ^ [ [ :x | h := x ] ]' 'superFoo ^ [ super foo ]' 'harmless ^ [ :x | a := x ]' 'two ^ [ :x :y | h := x + y ]'
'deep: n then: aBlock n = 0 ifTrue: [ ^ aBlock value ]. h := self deep: n - 1 then: aBlock. ^ h'
) do: [ :each | Big compile: each ].
Object subclass: #Refusal instanceVariableNames: '' classVariableNames: '' package: 'Probes'.
Refusal class compile: 'of: aBlock ^ [ aBlock value ] on: Error do: [ :ex | ex class name ]'.
Big`

var shrinkSnippets = []snippet{
	{"a running method stores", `Refusal of: [ Big new run: Small new ]`, "#PrimitiveFailed"},
	{"the reason", `[ Big new run: Small new ] on: Error do: [ :ex | ex messageText ]`, "'primitive #elementsForwardIdentityTo: of Array failed: inappropriate operation'"},
	{"nothing was changed", `| b | b := Big new. Refusal of: [ b run: Small new ]. b h: 4. {b class name. b h}`, "#(#Big 4)"},
	{"a running method reads", `Refusal of: [ Big new read: Small new ]`, "#PrimitiveFailed"},
	{"exchanged", `Refusal of: [ Big new swap: Small new ]`, "#PrimitiveFailed"},
	{"all variants", `
		| refuse | refuse := [ :how | | b s r | b := Big new. s := Small new. r := nil. Refusal of: [ b later: [ r := Refusal of: [ how value: {b} value: {s} ] ] ]. r ].
		{refuse value: [ :x :y | x elementsForwardIdentityTo: y ]. refuse value: [ :x :y | x elementsForwardIdentityTo: y copyHash: true ]. refuse value: [ :x :y | x elementsForwardIdentityTo: y copyHash: false ]. refuse value: [ :x :y | x elementsExchangeIdentityWith: y ]. refuse value: [ :x :y | y elementsExchangeIdentityWith: x ]}`,
		"#(#PrimitiveFailed #PrimitiveFailed #PrimitiveFailed #PrimitiveFailed #PrimitiveFailed)"},
	{"variables that stay", `Big new late: Small new`, "2"},
	{"into nothing with variables", `{Refusal of: [ Big new late: Object new ]. Refusal of: [ Big new late: 3 ]. Refusal of: [ Big new late: 'abcdefghijklmnopqrstuvwxyz' copy ]. Refusal of: [ Big new late: [ ] asContext ]}`, "#(#PrimitiveFailed #PrimitiveFailed #PrimitiveFailed #PrimitiveFailed)"},
	{"an exchange with bytes of the same size", `Refusal of: [ Big new swap: (ByteArray new: 64) ]`, "#PrimitiveFailed"},
	{"a block the method has yet to make", `Refusal of: [ Big new within: Small new ]`, "#PrimitiveFailed"},
	{"a jump back leads to the use", `Refusal of: [ Big new withinLoop: Small new ]`, "#PrimitiveFailed"},
	{"a running block", `Refusal of: [ Big new inBlock: Small new ]`, "#PrimitiveFailed"},
	{"a method of the superclass to be sent to super", `Refusal of: [ Big new super: Small new ]`, "#PrimitiveFailed"},
	{"a method to be looked up", `Big new self: Small new`, "#small"},
	{"a method further out", `| b | b := Big new. Refusal of: [ b later: [ b becomeForward: Small new ] ]`, "#PrimitiveFailed"},
	{"a method deep below", `| b | b := Big new. Refusal of: [ b deep: 3000 then: [ b becomeForward: Small new ] ]`, "#PrimitiveFailed"},
	{"another process", `| b p s r | b := Big new. s := Semaphore new. r := nil. p := [ r := b later: [ s wait ] ] fork. Processor yield. {Refusal of: [ b becomeForward: Small new ]. b class name. s signal == s. Processor yield == Processor. r. b h}`, "#(#PrimitiveFailed #Big true true 7 7)"},
	{"a process nobody has any more", `| b p | b := Big new. p := [ b later: [ Processor activeProcess suspend ] ] fork. Processor yield. p := nil. b becomeForward: (Small new a: 3). b a`, "3"},
	{"a terminated process", `| b p | b := Big new. p := [ b later: [ Semaphore new wait ] ] fork. Processor yield. p terminate. b becomeForward: (Small new a: 3). b a`, "3"},
	{"a chain of pairs", `| b m | b := Big new. m := Middle new. Refusal of: [ b later: [ {b. m} elementsForwardIdentityTo: {m. Small new} ] ]`, "#PrimitiveFailed"},
	{"a chain to something large enough", `| b m | b := Big new. m := Small new. b later: [ {b. m} elementsForwardIdentityTo: {m. Big new} ]. b h`, "7"},
	{"to and fro", `| b s | b := Big new. s := Small new. b later: [ {b. b} elementsExchangeIdentityWith: {s. s} ]. b h`, "7"},

	{"a block made before stores", `| b k | b := Big new. k := b storer. b becomeForward: Small new. {Refusal of: [ k value: 3 ]. Refusal of: [ k value: 4 ]}`, "#(#Error #Error)"},
	{"what the block says", `| b k | b := Big new. k := b storer. b becomeForward: Small new. [ k value: 3 ] on: Error do: [ :ex | ex messageText ]`, "'this block uses variables that its receiver, Small, has not got'"},
	{"after a collection", `| b k | b := Big new. k := b storer. b becomeForward: Small new. Smalltalk garbageCollect. Smalltalk garbageCollect. Refusal of: [ k value: 3 ]`, "#Error"},
	{"a block that reads", `| b k | b := Big new. k := b reader. b becomeForward: Small new. {Refusal of: [ k value ]. Refusal of: [ k numArgs ]}`, "#(#Error 0)"},
	{"a block in a block", `| b k | b := Big new. k := b nested. b becomeForward: Small new. Refusal of: [ k value value: 3 ]`, "#Error"},
	{"a block that sends to super", `| b k | b := Big new. k := b superFoo. b becomeForward: Small new. Refusal of: [ k value ]`, "#Error"},
	{"a block with arguments in an array", `| b k | b := Big new. k := b two. b becomeForward: Small new. {Refusal of: [ k valueWithArguments: #(1 2) ]. Refusal of: [ k value: 1 value: 2 ]}`, "#(#Error #Error)"},
	{"a block in an ensure", `| b k | b := Big new. k := b reader. b becomeForward: Small new. Refusal of: [ [ 3 ] ensure: k ]`, "#Error"},
	{"a block in a loop", `| b k n | b := Big new. k := b storer. b becomeForward: Small new. n := 0. 200 timesRepeat: [ [ k value: 3 ] on: Error do: [ :ex | n := n + 1 ] ]. n`, "200"},
	{"a block in a process", `| b k r | b := Big new. k := b reader. b becomeForward: Small new. r := nil. [ r := Refusal of: k ] fork. Processor yield. r`, "#Error"},
	{"a context that has not run yet", `| b c | b := Big new. c := b reader asContext. {Refusal of: [ b becomeForward: Small new ]. b class name. c receiver == b}`, "#(#PrimitiveFailed #Big true)"},
	{"a block that does not mind", `| b k | b := Big new. k := b harmless. b becomeForward: Small new. k value: 3. b a`, "3"},
	{"a block whose receiver is large again", `| b k s | b := Big new. k := b storer. s := Small new. b become: s. Refusal of: [ k value: 1 ]. b become: s. k value: 5. b h`, "5"},

	{"a method run by name", `{Refusal of: [ (Big >> #h:) valueWithReceiver: Small new arguments: #(3) ]. Refusal of: [ (Big >> #later:) valueWithReceiver: Small new arguments: #(3) ]. Refusal of: [ (Big >> #later:) valueWithReceiver: 3 arguments: #(3) ]. (Big >> #later:) valueWithReceiver: Big new arguments: {[ ]}}`, "#(#PrimitiveFailed #PrimitiveFailed #PrimitiveFailed 7)"},
	{"a global's binding", `| r | Smalltalk at: #ProbeGlobal put: 3. Big class compile: 'global ^ ProbeGlobal'. Big global. r := Refusal of: [ (Smalltalk associationAt: #ProbeGlobal) becomeForward: Object new ]. {r. Big global}`, "#(#PrimitiveFailed 3)"},
	{"a literal that is no binding", `| x | Big class compile: 'literal ^ #(1 2 3)'. x := Big literal. x becomeForward: 'ab' copy. Big literal`, "'ab'"},

	{"classes with larger instances", `| s | s := Small new. {Refusal of: [ Small becomeForward: Big ]. s class name}`, "#(#PrimitiveFailed #Small)"},
	{"classes without instances", `| c | c := Object subclass: #Gone1 instanceVariableNames: 'a' classVariableNames: '' package: 'Probes'. c becomeForward: (Object subclass: #Gone2 instanceVariableNames: 'a b c' classVariableNames: '' package: 'Probes'). c name`, "#Gone2"},
	{"classes and objects", `{Refusal of: [ Small becomeForward: Object new ]. Refusal of: [ Small become: 'abc' copy ]}`, "#(#PrimitiveFailed #PrimitiveFailed)"},
	{"classes that the machine knows", `
		{3 class. $a class. 1.5 class. (2 raisedTo: 70) class. Array. Context. FullBlockClosure. Message. ByteString. Point. Semaphore} collect: [ :each | Refusal of: [ each becomeForward: Object ] ]`,
		"#(#PrimitiveFailed #PrimitiveFailed #PrimitiveFailed #PrimitiveFailed #PrimitiveFailed #PrimitiveFailed #PrimitiveFailed #PrimitiveFailed #PrimitiveFailed #PrimitiveFailed #PrimitiveFailed)"},
	{"objects that processes are switched with", `
		{Processor. Processor activeProcess. Processor instVarAt: 1. Processor waitingProcessesAt: 1. Smalltalk associationAt: #Processor} collect: [ :each | Refusal of: [ each becomeForward: Object new ] ]`,
		"#(#PrimitiveFailed #PrimitiveFailed #PrimitiveFailed #PrimitiveFailed #PrimitiveFailed)"},
	{"a waiting process", `| p | p := [ Semaphore new wait ] fork. Processor yield. {Refusal of: [ p becomeForward: Object new ]. p terminate == p. p isTerminated}`, "#(#PrimitiveFailed true true)"},
	{"something else in a list of processes", `| s | s := Semaphore new. s addLast: Link new. s signal. s signal. [ s addLast: Link new. s wait ] fork. Processor yield. s signal. 3`, "3"},

	{"fewer variables for live instances", `
		| c p | c := Object subclass: #Shape9 instanceVariableNames: 'x y z' classVariableNames: '' package: 'Probes'. c compile: 'z: v z := v'. c compile: 'y ^ y'. c compile: 'y: v y := v'. p := c new y: 3; yourself.
		Object subclass: #Shape9 instanceVariableNames: 'y' classVariableNames: '' package: 'Probes'. {p y. p class instSize}`, "#(3 1)"},
	{"a variable that a running method uses cannot go", `
		| c d p s r | c := Object subclass: #Shape8 instanceVariableNames: 'x y z' classVariableNames: '' package: 'Probes'. c compile: 'later: aBlock aBlock value. z := 7. ^ z'. c compile: 'y: v y := v'. c compile: 'y ^ y'.
		d := c subclass: #Shape7 instanceVariableNames: 'w' classVariableNames: '' package: 'Probes'. d compile: 'w ^ w'. d compile: 'w: v w := v'.
		p := d new y: 3; w: 4; yourself. s := Semaphore new. [ r := p later: [ s wait ] ] fork. Processor yield.
		{Refusal of: [ Object subclass: #Shape8 instanceVariableNames: 'y' classVariableNames: '' package: 'Probes' ]. c instanceVariableNames. c instSize. d instSize. p y. p w. p class == d. p class superclass == c.
		s signal == s. Processor yield == Processor. r. p y. p w. (d new y: 5) y.
		(Object subclass: #Shape8 instanceVariableNames: 'y' classVariableNames: '' package: 'Probes') instSize. p y. p w. d instSize}`,
		"#(#Error #('x' 'y' 'z') 3 4 3 4 true true true true 7 3 4 5 1 3 4 2)"},
}

func TestShrink(t *testing.T) { runSnippets(t, shrinkSetUp, shrinkSnippets) }

// A context that the image itself gave another receiver or method is found out when
// it goes on.
func TestContextOfAnother(t *testing.T) {
	for _, store := range []string{"instVarAt: 6 put: Object new", "instVarAt: 4 put: Probe8 >> #h"} {
		m := open(t, vm.Config{})
		got := print(t, m, `
Object subclass: #Probe8 instanceVariableNames: 'a b c d e f g h' classVariableNames: '' package: 'Probes'.
Probe8 compile: 'later: aBlock aBlock value. h := 7. ^ h'.
Probe8 compile: 'h h := 3. self value. h := 4. ^ h'.
Object subclass: #Probe9 instanceVariableNames: '' classVariableNames: '' package: 'Probes'.
Probe9 compile: 'later: aBlock aBlock value. ^ 3'.
`+map[bool]string{true: "Probe8", false: "Probe9"}[strings.Contains(store, "Object")]+` new later: [ thisContext sender `+store+` ]`, 10*time.Second)
		if !strings.Contains(got, "goes on with variables that its receiver has not got") {
			t.Errorf("%s: %s", store, got)
		}
	}
}
