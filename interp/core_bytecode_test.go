package interp_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sista-vm/sista/bytecode"
)

// A coded is a method of Probe put together by hand: the compiler emits neither
// V3PlusClosures nor every form of SistaV1.
type coded struct {
	selector  string
	v3        bool
	args      int
	temps     int // arguments included
	primitive bool
	literals  string // the elements of a brace array; the selector and Probe's binding follow
	code      []byte
}

// install answers the code that installs it.
func (c coded) install() string {
	n := 2
	if c.literals != "" {
		n += strings.Count(c.literals, ".") + 1
	}
	h, err := bytecode.MethodHeader{NumLiterals: n, NumArgs: c.args, NumTemps: c.temps, LargeFrame: true,
		HasPrimitive: c.primitive, SistaV1: !c.v3}.Encode()
	if err != nil {
		panic(err)
	}
	return fmt.Sprintf("Probe code: #%s header: %d literals: {%s} bytes: #%v", c.selector, h, c.literals,
		strings.NewReplacer("[", "(", "]", ")").Replace(fmt.Sprint(c.code)))
}

const codeSetUp = `
Object subclass: #Base instanceVariableNames: 'a b c' classVariableNames: '' package: 'Probes'.
#('a ^ a' 'a: x a := x' 'b ^ b' 'b: x b := x' 'c ^ c' 'over ^ #base' 'over: x ^ {#base. x}') do: [ :each | Base compile: each ].
Base subclass: #Probe instanceVariableNames: '' classVariableNames: '' package: 'Probes'.
#('over ^ #probe' 'over: x ^ {#probe. x}' 'twice: x ^ x * 2' 'call: aBlock ^ aBlock value' 'call: aBlock with: x ^ aBlock value: x'
'safely: aBlock log: log ^ aBlock ensure: [ log add: #unwound ]'
'p: w p: x p: y p: z ^ {w. x. y. z}'
'recurse: n n = 0 ifTrue: [ ^ 0 ]. ^ (self v3Recurse: n - 1) + 1') do: [ :each | Probe compile: each ].
Probe class compile: 'code: selector header: header literals: literals bytes: bytes
	| m |
	m := CompiledMethod newMethod: bytes size header: header.
	literals doWithIndex: [ :each :i | m literalAt: i put: each ].
	m literalAt: literals size + 1 put: selector.
	m literalAt: literals size + 2 put: self binding.
	bytes doWithIndex: [ :each :i | m at: (m numLiterals + 1) * 8 + i put: each ].
	self addSelector: selector withMethod: m'.
Smalltalk at: #ProbeGlobal put: 77.
Probe`

var codes = []coded{
	// V3PlusClosures.
	{selector: "v3Add:to:", v3: true, args: 2, temps: 2, code: []byte{16, 17, 176, 124}},
	{selector: "v3Constants", v3: true, literals: "#lit. 4. Smalltalk associationAt: #ProbeGlobal",
		code: []byte{113, 114, 115, 116, 117, 118, 119, 32, 33, 66, 138, 128 + 10, 124}},
	{selector: "v3Fields", v3: true, code: []byte{118, 96, 119, 97, 117, 98, 0, 1, 2, 138, 128 + 3, 124}},
	{selector: "v3LongFields:", v3: true, args: 1, temps: 2, literals: "#lit. Smalltalk associationAt: #ProbeGlobal",
		code: []byte{16, 130, 0, 128, 0, 129, 1, 135, 128, 0x40, 130, 0x41, 128, 0x41, 129, 0x40, 135, 128, 0x80, 128, 0xC1, 128, 1, 16, 138, 128 + 4, 124}},
	{selector: "v3StoreGlobal:", v3: true, args: 1, temps: 1, literals: "Smalltalk associationAt: #ProbeGlobal",
		code: []byte{64, 16, 129, 0xC0, 135, 64, 118, 130, 0xC0, 128, 0xC0, 16, 132, 7 << 5, 0, 135, 64, 119, 117, 130, 0xC0, 132, 4 << 5, 0, 138, 128 + 6, 124}},
	{selector: "v3DoubleFields:", v3: true, args: 1, temps: 1, literals: "#lit",
		code: []byte{16, 132, 5 << 5, 0, 132, 6 << 5, 1, 132, 2 << 5, 0, 132, 2 << 5, 1, 132, 3 << 5, 0, 138, 128 + 3, 124}},
	{selector: "v3Sends:", v3: true, args: 1, temps: 1, literals: "#twice:. #p:p:p:p:. #over. #over:",
		code: []byte{112, 16, 224, 112, 16, 131, 1 << 5, 112, 16, 134, 1 << 6, 112, 16, 132, 1, 0,
			112, 117, 118, 119, 116, 131, 4<<5 | 1, 112, 133, 2, 112, 16, 132, 1<<5 | 1, 3, 112, 210, 138, 128 + 8, 124}},
	{selector: "v3Block:", v3: true, args: 1, temps: 1, code: []byte{16, 143, 0x11, 0, 6, 16, 17, 176, 0, 176, 125, 124}},
	{selector: "v3NonLocal:", v3: true, args: 1, temps: 1, literals: "#call:", code: []byte{112, 16, 143, 0x10, 0, 2, 16, 124, 224, 135, 115, 124}},
	{selector: "v3NonLocal:log:", v3: true, args: 2, temps: 2, literals: "#safely:log:",
		code: []byte{112, 16, 143, 0x10, 0, 2, 16, 124, 17, 240, 135, 115, 124}},
	{selector: "v3DeadHome", v3: true, code: []byte{143, 0, 0, 1, 120, 124}},
	{selector: "v3Vector:", v3: true, args: 1, temps: 2, literals: "#call:with:",
		// | v | v := {x}. self call: [:y | v := v + y] with: 5. ^ v
		code: []byte{138, 1, 105, 16, 142, 0, 1, 112, 17, 143, 0x11, 0, 9, 140, 0, 1, 16, 176, 141, 0, 1, 125, 118, 119, 119, 176, 176, 240, 135, 140, 0, 1, 124}},
	{selector: "v3Loop:", v3: true, args: 1, temps: 2, // i := 0. [i < n] whileTrue: [i := i + 1]. ^ i
		code: []byte{117, 105, 17, 16, 178, 172, 6, 17, 118, 176, 105, 163, 256 - 11, 17, 124}},
	{selector: "v3Jumps:", v3: true, args: 1, temps: 1, // x ifTrue: [1] ifFalse: [2]
		code: []byte{16, 153, 118, 144, 119, 124}},
	{selector: "v3LongJumps:", v3: true, args: 1, temps: 1, code: []byte{16, 168, 3, 119, 164, 1, 118, 124}},
	{selector: "v3Context", v3: true, code: []byte{137, 124}},
	{selector: "v3Unknown", v3: true, code: []byte{126, 118, 124}},
	{selector: "v3Primitive:", v3: true, args: 1, temps: 2, primitive: true, code: []byte{139, 1, 0, 129, 0x41, 17, 124}},
	{selector: "v3Recurse:", v3: true, args: 1, temps: 1, literals: "#recurse:",
		code: []byte{16, 117, 182, 153, 117, 124, 112, 16, 118, 177, 224, 118, 176, 124}},
	{selector: "v3Special:", v3: true, args: 1, temps: 1, code: []byte{16, 118, 192, 16, 194, 16, 199, 16, 16, 198, 16, 16, 200, 138, 128 + 5, 124}},
	{selector: "v3Float", v3: true, literals: "1.5. 2.25", code: []byte{32, 33, 176, 32, 33, 184, 32, 33, 178, 33, 32, 177, 138, 128 + 4, 124}},

	// SistaV1.
	{selector: "integers", code: []byte{80, 81, 232, 200, 225, 255, 232, 1, 225, 0, 225, 200, 232, 7, 225, 1, 232, 44, 233, 65, 225, 3, 233, 177, 231, 128 + 8, 92}},
	{selector: "nop", code: []byte{224, 9, 95, 80, 225, 1, 95, 232, 5, 96, 92}},
	{selector: "process", code: []byte{225, 1, 82, 224, 7, 82, 224, 0, 82, 231, 128 + 3, 92}},
	{selector: "longTemps:", args: 1, temps: 20, code: []byte{229, 0, 245, 19, 242, 12, 229, 19, 229, 12, 229, 11, 231, 128 + 3, 92}},
	{selector: "longFields:", args: 1, temps: 1, code: []byte{64, 243, 0, 240, 1, 226, 0, 226, 1, 224, 0, 226, 2, 231, 128 + 3, 92}},
	{selector: "globals:", args: 1, temps: 1, literals: "Smalltalk associationAt: #ProbeGlobal",
		code: []byte{16, 64, 244, 0, 216, 227, 0, 80, 241, 0, 224, 0, 227, 0, 231, 128 + 3, 92}},
	{selector: "sends:", args: 1, temps: 1, literals: "#twice:. #p:p:p:p:. #over. #over:",
		code: []byte{76, 64, 144, 76, 64, 234, 1, 76, 80, 81, 64, 64, 234, 1<<3 | 4, 76, 235, 2 << 3, 76, 64, 235, 3<<3 | 1, 231, 128 + 5, 92}},
	{selector: "directed:", args: 1, temps: 1, literals: "#over. #over:. #printString. Smalltalk associationAt: #Probe. Smalltalk associationAt: #Base",
		code: []byte{76, 19, 225, 64, 235, 0, 76, 64, 19, 225, 64, 235, 1<<3 | 1, 76, 20, 225, 64, 235, 2 << 3, 231, 128 + 3, 92}},
	{selector: "oldBlock:", args: 1, temps: 1, code: []byte{64, 250, 1<<3 | 1, 6, 64, 65, 96, 0, 96, 94, 92}},
	{selector: "oldNonLocal:", args: 1, temps: 1, literals: "#call:", code: []byte{76, 64, 250, 1 << 3, 2, 64, 92, 144, 216, 79, 92}},
	{selector: "vector:", args: 1, temps: 2, literals: "#call:with:",
		code: []byte{231, 1, 209, 64, 253, 0, 1, 76, 65, 250, 1<<3 | 1, 9, 251, 0, 1, 64, 96, 252, 0, 1, 94, 232, 5, 160, 216, 251, 0, 1, 92}},
	{selector: "extendedOldBlock", // copies 9 values, takes none
		code: []byte{80, 81, 80, 81, 80, 81, 80, 81, 81, 224, 16, 250, 1 << 3, 7, 64, 65, 96, 72, 96, 94, 95, 92}},
	{selector: "loop:", args: 1, temps: 2, code: []byte{80, 209, 65, 64, 98, 239, 7, 65, 81, 96, 209, 225, 255, 237, 256 - 13, 65, 92}},
	{selector: "longJumps:", args: 1, temps: 1, code: []byte{64, 225, 0, 238, 3, 80, 237, 1, 81, 92}},
	{selector: "mustJump:", args: 1, temps: 1, code: []byte{64, 224, 1, 239, 2, 81, 92, 80, 92}},
	{selector: "unknown", code: []byte{84, 81, 92}},
	{selector: "unknownExtended", code: []byte{224, 1, 94, 81, 92}},
	{selector: "trap", code: []byte{217, 81, 92}},
	{selector: "lateCallPrimitive", code: []byte{80, 248, 1, 0, 92}},
	{selector: "inlined:", args: 1, temps: 1, code: []byte{64, 81, 248, 2000 & 255, 2000>>8 | 128, 64, 64, 248, 2002 & 255, 2002>>8 | 128, 64, 80, 248, 2032 & 255, 2032>>8 | 128, 231, 128 + 3, 92}},
	{selector: "inlinedAt:", args: 1, temps: 1, code: []byte{64, 81, 248, 2064 & 255, 2064>>8 | 128, 64, 248, 1001 & 255, 1001>>8 | 128, 64, 232, 2, 81, 248, 3001 & 255, 3001>>8 | 128, 231, 128 + 3, 92}},
	{selector: "ensured", code: []byte{225, 16, 232, 0, 236, 50, 92}},
	{selector: "backward", code: []byte{81, 77, 225, 255, 238, 256 - 6, 92}},
	{selector: "guarded", temps: 1, primitive: true, code: []byte{248, 19, 0, 245, 0, 64, 92}},
	{selector: "arrays", code: []byte{231, 3, 80, 81, 231, 128 + 2, 231, 0, 231, 128 + 3, 92}},
}

var codeSnippets = []snippet{
	{"V3 arithmetic", `{Probe new v3Add: 3 to: 4. Probe new v3Add: SmallInteger maxVal to: 1}`, "#(7 1152921504606846976)"},
	{"V3 constants", `Probe new v3Constants`, "#(true false nil -1 0 1 2 #lit 4 77)"},
	{"V3 fields", `Probe new v3Fields`, "#(1 2 0)"},
	{"V3 long pushes and stores", `Probe new v3LongFields: 9`, "#(#lit 77 9 9)"},
	{"V3 globals", `Probe new v3StoreGlobal: 5`, "#(77 5 1 5 2 0)"},
	{"V3 globals restored", `Smalltalk at: #ProbeGlobal put: 77`, "77"},
	{"V3 double extended fields", `Probe new v3DoubleFields: 6`, "#(6 6 #lit)"},
	{"V3 sends", `Probe new v3Sends: 4`, "#(8 8 8 8 #(0 1 2 -1) #base #(#base 4) #probe)"},
	{"V3 block", `| k | k := (Probe new a: 100; yourself) v3Block: 3. {k value: 4. k value: 5. k numArgs. k class}`, "{107. 108. 1. BlockClosure}"},
	{"V3 block of the wrong arity", `[ (Probe new v3Block: 3) value ] on: WrongArgumentCount do: [ :ex | 1 ]`, "1"},
	{"V3 non-local return", `Probe new v3NonLocal: 9`, "9"},
	{"V3 non-local return over ensure", `| l | l := OrderedCollection new. l add: (Probe new v3NonLocal: 8 log: l). l asArray`, "#(#unwound 8)"},
	{"V3 dead home", `[ Probe new v3DeadHome value ] on: BlockCannotReturn do: [ :ex | #dead ]`, "#dead"},
	{"V3 temp vector", `Probe new v3Vector: 10`, "15"},
	{"V3 loop", `Probe new v3Loop: 100000`, "100000"},
	{"V3 jumps", `{Probe new v3Jumps: true. Probe new v3Jumps: false. Probe new v3LongJumps: true. Probe new v3LongJumps: false}`, "#(1 2 1 2)"},
	{"V3 mustBeBoolean", `{[ Probe new v3Jumps: 3 ] on: NonBooleanReceiver do: [ :ex | ex resume: true ]. [ Probe new v3LongJumps: nil ] on: NonBooleanReceiver do: [ :ex | ex resume: false ]}`, "#(1 2)"},
	{"V3 context", `| c | c := Probe new v3Context. {c class. c isDead. c method selector}`, "{Context. true. #v3Context}"},
	{"V3 unknown bytecode", `[ Probe new v3Unknown ] on: Error do: [ :ex | ex messageText ]`, "'unknown bytecode 126'"},
	{"V3 primitive", `{3 perform: #+ with: 4. Probe new v3Primitive: 3}`, "#(7 #'bad receiver')"},
	{"V3 and SistaV1 calling each other", `Probe new recurse: 20000`, "20000"},
	{"V3 special sends", `Probe new v3Special: #(5 6)`, "{5. 2. Array. true. false}"},
	{"V3 floats", `Probe new v3Float`, "#(3.75 3.375 true 0.75)"},
	{"integers and characters", `Probe new integers`, "#(0 1 200 -255 51207 300 $A $α)"},
	{"nop with extensions", `Probe new nop`, "5"},
	{"thisProcess", `| a | a := Probe new process. {a first == Processor activeProcess. (a at: 2) class. (a at: 3) == (a at: 2)}`, "{true. Context. true}"},
	{"long temporaries", `Probe new longTemps: 3`, "#(3 3 nil)"},
	{"long fields", `Probe new longFields: 3`, "#(3 3 nil)"},
	{"globals", `Probe new globals: 4`, "#(77 4 0)"},
	{"sends", `Probe new sends: 4`, "#(8 8 #(0 1 4 4) #base #(#base 4))"},
	{"directed super sends", `Probe new directed: 4`, "#(#base #(#base 4) 'a Probe')"},
	{"old blocks in SistaV1", `| k | k := (Probe new a: 100; yourself) oldBlock: 3. {k value: 4. k value: 5}`, "#(107 108)"},
	{"old non-local return in SistaV1", `Probe new oldNonLocal: 9`, "9"},
	{"temp vector", `Probe new vector: 10`, "15"},
	{"old block with extensions", `Probe new extendedOldBlock value`, "2"},
	{"loop with extended jump", `Probe new loop: 100000`, "100000"},
	{"long jumps", `{Probe new longJumps: true. Probe new longJumps: false}`, "#(1 0)"},
	{"jump with a hint", `{Probe new mustJump: true. Probe new mustJump: false. [ Probe new mustJump: 3 ] on: NonBooleanReceiver do: [ :ex | ex resume: false ]}`, "#(1 0 0)"},
	{"unknown bytecodes", `#(unknown unknownExtended lateCallPrimitive backward) collect: [ :each | [ Probe new perform: each ] on: Error do: [ :ex | ex messageText ] ]`, "#('unknown bytecode 84' 'unknown bytecode 94' 'unknown bytecode 248' 'unknown bytecode 238')"},
	{"inlined arithmetic", `Probe new inlined: 6`, "#(7 36 true)"},
	{"inlined, operands wrong", `[ Probe new inlined: nil ] on: Error do: [ :ex | ex messageText ]`, "'unknown bytecode 248'"},
	{"inlined access", `| a | a := #(10 20) copy. {Probe new inlinedAt: a. a}`, "#(#(10 2 1) #(10 1))"},
	{"room ensured", `Probe new ensured`, "4096"},
	{"failure of a primitive that only marks", `Probe new guarded`, "#'not found'"},
	{"quick method of a context", `| m | m := CompiledMethod newMethod: 5 header: 16r10002 + SmallInteger minVal. m literalAt: 1 put: #quickSender. m literalAt: 2 put: Context binding.
		#(248 8 1 0 92) doWithIndex: [ :b :i | m at: 24 + i put: b ]. Context addSelector: #quickSender withMethod: m.
		{thisContext quickSender == thisContext sender. (Smalltalk perform: #yourself) == Smalltalk}`, "#(true true)"},
	{"arrays", `Probe new arrays`, "#(#(nil nil nil) #(0 1) #())"},
	{"suspended between V3 frames", `| r p | r := OrderedCollection new. p := [ r add: (Probe new v3Add: (Probe new call: [ Processor yield. 3 ]) to: 4) ] fork. Processor yield. r add: 1. Processor yield. r asArray`, "#(1 7)"},
}

func TestBytecodes(t *testing.T) {
	var setUp strings.Builder
	setUp.WriteString(codeSetUp)
	for _, c := range codes {
		setUp.WriteString(".\n" + c.install())
	}
	runSnippets(t, setUp.String(), codeSnippets)
}
