package interp_test

import "testing"

const processSetUp = `
Object subclass: #Probe instanceVariableNames: 'a log' classVariableNames: '' package: 'Probes'.
#('a ^ a' 'a: x a := x'
'deep: n in: aBlock n = 0 ifTrue: [ ^ aBlock value ]. ^ (self deep: n - 1 in: aBlock) + 0'
'loop: n | i | i := 0. [ i < n ] whileTrue: [ i := i + 1 ]. ^ i'
) do: [ :each | Probe compile: each ].
Probe`

var processSnippets = []snippet{
	{"fork and yield", `| r | r := OrderedCollection new. [ r add: 1. Processor yield. r add: 3 ] fork. Processor yield. r add: 2. Processor yield. r asArray`, "#(1 2 3)"},
	{"many yields", `| r | r := 0. 1 to: 5 do: [ :k | [ 100 timesRepeat: [ r := r + k. Processor yield ] ] fork ]. 120 timesRepeat: [ Processor yield ]. r`, "1500"},
	{"signals wake in order", `| r s | r := OrderedCollection new. s := Semaphore new. 1 to: 5 do: [ :k | [ s wait. r add: k ] fork ]. Processor yield. 5 timesRepeat: [ s signal ]. Processor yield. r asArray`, "#(1 2 3 4 5)"},
	{"signals are counted", `| s | s := Semaphore new. s signal; signal; signal. s wait; wait. s excessSignals`, "1"},
	{"higher priority runs at once", `| r s | r := OrderedCollection new. s := Semaphore new.
		[ s wait. r add: #high ] forkAt: Processor activePriority + 1. r add: #low. s signal. r add: #after. r asArray`, "#(#low #high #after)"},
	{"lower priority waits", `| r s | r := OrderedCollection new. s := Semaphore new. [ r add: #background. s signal ] forkAt: Processor activePriority - 1. Processor yield. r add: #here. s wait. r asArray`, "#(#here #background)"},
	{"preempted process goes behind others of its priority", `| r | r := OrderedCollection new.
		[ r add: 1 ] fork. [ r add: 0 ] forkAt: Processor activePriority + 1. Processor yield. r asArray`, "#(0 1)"},
	{"priority: raises and lowers", `| r p | r := OrderedCollection new. p := [ r add: #p ] newProcess. p priority: Processor activePriority - 1. p resume. r add: #a. p priority: Processor activePriority + 1. r add: #b. r asArray`, "#(#a #p #b)"},
	{"suspend and resume", `| r p | r := OrderedCollection new. p := [ 3 timesRepeat: [ r add: r size. Processor yield ] ] fork. Processor yield. p suspend. Processor yield. r add: #x. p resume. Processor yield. Processor yield. r asArray`, "#(0 #x 2 3)"},
	{"suspend of a waiting process waits anew", `| s r p | r := OrderedCollection new. s := Semaphore new. p := [ s wait. r add: 1 ] fork. Processor yield. p suspend. s signal. r add: s excessSignals. p resume. Processor yield. r add: s excessSignals. r asArray`, "#(1 1 0)"},
	{"suspend of a process waiting in perform:", `| s r p | r := OrderedCollection new. s := Semaphore new. p := [ s perform: #wait. r add: 1 ] fork. Processor yield. p primitiveSuspend. p resume. Processor yield. r asArray`, "#(1)"},
	{"suspend the active process", `| r p | r := OrderedCollection new. p := [ r add: 1. Processor activeProcess suspend. r add: 3 ] fork. Processor yield. r add: 2. p resume. Processor yield. r asArray`, "#(1 2 3)"},
	{"resume twice", `| r p | r := OrderedCollection new. p := [ r add: 1 ] newProcess. p resume. p resume. r add: ([ p primitiveResume. #resumed ] on: PrimitiveFailed do: [ :ex | #failed ]). Processor yield. Processor yield. r asArray`, "#(#failed 1)"},
	{"resume a dead process", `| p | p := [ 3 ] newProcess. p suspendedContext: thisContext copy. p suspendedContext terminate. [ p primitiveResume ] on: PrimitiveFailed do: [ :ex | #failed ]`, "#failed"},
	{"signal a dead process", `| s p r | r := 0. s := Semaphore new. p := [ s wait. r := 1 ] forkAt: Processor activePriority + 1. p suspendedContext terminate. s signal. r`, "0"},
	{"a dead process in a run queue", `| p r | r := 0. p := [ r := 1 ] fork. p suspendedContext terminate. Processor yield. r`, "0"},
	{"terminate runs ensure blocks", `| r p | r := OrderedCollection new. p := [ [ [ Semaphore new wait ] ensure: [ r add: 1 ] ] ensure: [ r add: 2 ] ] fork. Processor yield. p terminate. r add: p isTerminated. r asArray`, "#(1 2 true)"},
	{"terminate in an ensure block", `| r p s | r := OrderedCollection new. s := Semaphore new. p := [ [ 1 ] ensure: [ s wait. r add: 1 ] ] fork. Processor yield. [ p terminate. r add: 3 ] fork. Processor yield. s signal. 3 timesRepeat: [ Processor yield ]. r asArray size`, "1"},
	{"terminate oneself", `| r p | r := OrderedCollection new. p := [ [ Processor activeProcess terminate. r add: 0 ] ensure: [ r add: 1 ] ] fork. Processor yield. r add: p isTerminated. r asArray`, "#(1 true)"},
	{"terminate a deep process", `| r p | r := OrderedCollection new. p := [ Probe new deep: 400 in: [ [ Semaphore new wait ] ensure: [ r add: 1 ] ] ] fork. Processor yield. p terminate. r asArray`, "#(1)"},
	{"terminate a process that has not begun", `| r p | r := 0. p := [ [ r := 1 ] ensure: [ r := 2 ] ] fork. p terminate. Processor yield. r`, "0"},
	{"terminate with non-local return in an ensure block", `| r p | r := OrderedCollection new.
		Probe compile: 'stuck: r [ Semaphore new wait ] ensure: [ r add: 1. ^ 5 ]'.
		p := [ Probe new stuck: r. r add: 9 ] fork. Processor yield. p terminate. Processor yield. r first`, "1"},
	{"mutex", `| m r | m := Mutex new. r := OrderedCollection new. [ m critical: [ r add: 1. Processor yield. r add: 2 ] ] fork. [ m critical: [ r add: 3 ] ] fork. 5 timesRepeat: [ Processor yield ]. r asArray`, "#(1 2 3)"},
	{"mutex entered twice", `| m | m := Mutex new. m critical: [ m critical: [ 7 ] ]`, "7"},
	{"mutex left by an error", `| m | m := Mutex new. [ m critical: [ 1/0 ] ] on: ZeroDivide do: [ :ex | 0 ]. m isOwned`, "false"},
	{"mutex of a terminated process", `| m p | m := Mutex new. p := [ m critical: [ Semaphore new wait ] ] fork. Processor yield. p terminate. m critical: [ 8 ]`, "8"},
	{"mutex with priorities", `| m r s | r := OrderedCollection new. m := Mutex new. s := Semaphore new.
		[ m critical: [ r add: #low. s wait. r add: #lowEnd ] ] fork. Processor yield.
		[ m critical: [ r add: #high ] ] forkAt: Processor activePriority + 2.
		[ r add: #middle ] forkAt: Processor activePriority + 1. s signal. Processor yield. r asArray`, "#(#low #middle #lowEnd #high)"},
	{"critical section tested", `| m r p | m := Mutex new. r := OrderedCollection new. p := [ m critical: [ Processor activeProcess suspend ] ] fork. Processor yield. r add: (m critical: [ 1 ] ifLocked: [ 2 ]). p resume. Processor yield. r add: (m critical: [ 1 ] ifLocked: [ 2 ]). r asArray`, "#(2 1)"},
	{"delays", `| r | r := OrderedCollection new. [ (Delay forMilliseconds: 120) wait. r add: 2 ] fork. [ (Delay forMilliseconds: 2) wait. r add: 1 ] fork. (Delay forMilliseconds: 240) wait. r asArray`, "#(1 2)"},
	{"a loop does not starve a higher priority", `| r | r := 0. [ (Delay forMilliseconds: 1) wait. r := 1 ] forkAt: Processor activePriority + 1. [ r = 0 ] whileTrue. r`, "1"},
	{"a loop of sends does not starve either", `| r p | r := 0. p := Probe new. [ (Delay forMilliseconds: 1) wait. r := 1 ] forkAt: Processor activePriority + 1. [ r = 0 ] whileTrue: [ p deep: 3 in: [ 1 ] ]. r`, "1"},
	{"timeout", `Semaphore new waitTimeoutMilliseconds: 3`, "true"},
	{"shared queue", `| q r | q := SharedQueue new. r := OrderedCollection new. [ 20 timesRepeat: [ r add: q next ] ] fork. 1 to: 20 do: [ :i | q nextPut: i. i \\ 3 = 0 ifTrue: [ Processor yield ] ]. Processor yield. r sum`, "210"},
	{"exceptions stay in their process", `| r | r := OrderedCollection new. [ [ r add: ([ Processor yield. nil zork ] on: MessageNotUnderstood do: [ :ex | #mine ]) ] fork. Processor yield. Processor yield. r add: #here ] on: MessageNotUnderstood do: [ :ex | r add: #wrong ]. r asArray`, "#(#mine #here)"},
	{"deep stacks in many processes", `| r s | r := 0. s := Semaphore new. 1 to: 12 do: [ :k | [ | x | x := Probe new deep: 150 in: [ Processor yield. k ]. r := r + x. s signal ] fork ]. 12 timesRepeat: [ s wait ]. r`, "78"},
	{"a context of another process read", `| p | p := [ Probe new deep: 60 in: [ Semaphore new wait. 1 ] ] fork. Processor yield. {p suspendedContext depth > 60. (p suspendedContext stack select: [ :c | c receiver class == Probe ]) size}`, "#(true 61)"},
	{"a context of another process changed", `| r p c | r := nil. p := [ r := Probe new deep: 5 in: [ Semaphore new wait. 1 ] ] fork. Processor yield. c := p suspendedContext. [ c selector == #deep:in: ] whileFalse: [ c := c sender ]. c := c sender sender. p primitiveSuspend. p suspendedContext: c. c push: 10. p resume. Processor yield. r`, "10"},
	{"a context switched to another process in the middle of its page", `| r p q c | r := OrderedCollection new.
		p := [ r add: (Probe new deep: 20 in: [ Semaphore new wait. 1 ]). Processor activeProcess suspend ] fork. Processor yield.
		c := p suspendedContext. 12 timesRepeat: [ c := c sender ]. c push: 7.
		q := Process forContext: c priority: Processor activePriority. q resume. Processor yield. r asArray`, "#(7)"},
	{"the frames above live on as contexts", `| p q c | 
		p := [ Probe new deep: 20 in: [ Semaphore new wait. 1 ]. Processor activeProcess suspend ] fork. Processor yield.
		c := p suspendedContext. 12 timesRepeat: [ c := c sender ]. c push: 7.
		q := Process forContext: c priority: Processor activePriority. q resume. Processor yield.
		{p suspendedContext isDead. p suspendedContext depth. c isDead}`, "#(false 13 true)"},
	{"coroutines by contexts", `
		Probe compile: 'transfer: aBlock a := thisContext sender. log := aBlock. ^ 5'.
		| r | r := OrderedCollection new. #(1 2 3) readStream do: [ :x | r add: x ]. (Generator on: [ :g | 1 to: 3 do: [ :i | g nextPut: i ] ]) do: [ :x | r add: x * 2 ]. r asArray`, "#(1 2 3 2 4 6)"},
	{"a generator with a deep stack", `| g r | g := Generator on: [ :y | 1 to: 5 do: [ :k | Probe new deep: 80 in: [ y nextPut: k. 0 ] ] ]. r := 0. [ g atEnd ] whileFalse: [ r := r + (Probe new deep: 50 in: [ g next ]) ]. r`, "15"},
	{"interrupted process", `| p r | r := nil. p := [ [ [ true ] whileTrue: [ Processor yield ] ] on: Warning do: [ :ex | r := ex messageText ] ] fork. Processor yield. p signalException: (Warning new messageText: 'stop'). 3 timesRepeat: [ Processor yield ]. r`, "'stop'"},
	{"active process", `{Processor activeProcess == Processor activeProcess. Processor activeProcess suspendedContext class. Processor activePriority}`, "{true. Context. 40}"},
	{"fork in fork", `| r s | r := 0. s := Semaphore new. [ [ [ r := 42. s signal ] fork ] fork ] fork. s wait. r`, "42"},
	{"simulated primitives", `| c r | c := thisContext. Context compile: 'tryPrimitive: n withArgs: args <primitive: 118 error: ec> ^ {#failed. ec}'. Object compile: 'tryPrim: n with: args <primitive: 118 error: ec> ^ {#failed. ec}'.
		r := OrderedCollection new. r add: (3 tryPrim: 1 with: #(4)). r add: (3 tryPrim: 1 with: #(nil)). r add: ((Array new: 2) tryPrim: 60 with: #(3)). r add: (3 tryPrim: 201 with: #()). r add: (Semaphore new tryPrim: 85 with: #()) class. r asArray`, "{7. #(#failed -3). #(#failed -4). #(#failed -2). Semaphore}"},
	{"a simulated switch", `| r s | r := OrderedCollection new. s := Semaphore new. Object compile: 'tryPrim: n with: args <primitive: 118 error: ec> ^ {#failed. ec}'.
		[ r add: 1. r add: (s tryPrim: 86 with: #()) == s. r add: 3 ] fork. Processor yield. r add: 2. r add: (s tryPrim: 85 with: #()) == s. Processor yield. r asArray`, "#(1 2 true true 3)"},
}

func TestProcesses(t *testing.T) { runSnippets(t, processSetUp, processSnippets) }
