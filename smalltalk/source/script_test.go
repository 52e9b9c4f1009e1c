package source

import "testing"

func TestScript(t *testing.T) {
	tests := []readTest{
		{name: "statements", text: `#!/usr/bin/env run
"A script!"
| n m |
n := 3. m := #(1 $. 2.5).
Transcript showCr: 'a.b'; cr.
n _ Smalltalk.Foo bar: [:x | x. ^ 3 ].
| late | late := 1.
n printNl
`, want: `
			3:1 do top "| n m |"
			4:1 do top "n := 3"
			4:9 do top "m := #(1 $. 2.5)"
			5:1 do top "Transcript showCr: 'a.b'; cr"
			6:1 do top "n _ Smalltalk.Foo bar: [:x | x. ^ 3 ]"
			7:1 do top "| late |"
			7:10 do top "late := 1"
			8:1 do top "n printNl"`},
		{name: "methods", text: `Object subclass: #Foo
	instanceVariableNames: 'a' classVariableNames: '' package: 'X'.
Foo >> bar: x [ <category: 'acc'> ^ x ]
Foo >> + other [ "]" ^ $] ]
Foo >> at: i put: x [
	^ [ x ] value ]
Foo class >> new [ ^ super new ].
(Foo >> #bar:) printNl.
Foo>>bar.
(Foo new + 3) printNl.`, want: `
			1:1 do top "Object subclass: #Foo\n\tinstanceVariableNames: 'a' classVariableNames: '' package: 'X'" = class Foo < Object normal? inst="a" category="X"
			3:8 method Foo >> bar: category="acc" source="bar: x <category: 'acc'> ^ x"
			4:8 method Foo >> + source="+ other \"]\" ^ $]"
			5:8 method Foo >> at:put: source="at: i put: x\n\t^ [ x ] value"
			7:14 method Foo class >> new source="new ^ super new"
			8:1 do top "(Foo >> #bar:) printNl"
			9:1 do top "Foo>>bar"
			10:1 do top "(Foo new + 3) printNl"`},
		{name: "brackets", text: `"x"
Object subclass: Account [
	| balance owner |
	<comment: 'Money'>
	<shape: #pointer><category: 'Bank'>
	<import: SystemExceptions>
	Rate := 3/100.
	Limit := [:x | x. 4 ] value: 3.
	Count.
	Account class [ | count | count [ ^count ] ]
	Account class >> new [ ^super new init ]
	Account >> reset [ balance := 0 ]
	init [ <category: 'private'> balance := 0 ]
	< other [ ^balance < other balance ]
	| other [ ^nil ]
	spend: n from: x [ ^[:k | k ] value: n ]
	| last |
]
Account subclass: #Savings [ ]
nil subclass: Root [ "nothing" ]
Smalltalk.Account extend [ | more | More := 1. balance [ ^balance ] ]
Account class extend [ | again | zork [ ^1 ] ]
Account class [ <comment: 'c'> | third | ]
Eval [ | a | a := Account new. a init ]
Eval [ ]
Namespace current: Bank [ Object subclass: Teller [ foo [ ] ] Teller new foo. ]
Account new printNl.
`, want: `
			2:1 class Account < Object variable inst="balance owner last" class="Rate Limit Count" meta="count" pools="SystemExceptions" category="Bank" comment="Money"
			7:2 do in Account "Rate := 3/100"
			8:2 do in Account "Limit := [:x | x. 4 ] value: 3"
			10:28 method Account class >> count source="count ^count"
			11:19 method Account class >> new source="new ^super new init"
			12:13 method Account >> reset source="reset balance := 0"
			13:2 method Account >> init category="private" source="init <category: 'private'> balance := 0"
			14:2 method Account >> < source="< other ^balance < other balance"
			15:2 method Account >> | source="| other ^nil"
			16:2 method Account >> spend:from: source="spend: n from: x ^[:k | k ] value: n"
			19:1 class Savings < Account normal?
			20:1 class Root <  normal?
			21:1 extend Account inst="more" class="More"
			21:37 do in Account "More := 1"
			21:48 method Account >> balance source="balance ^balance"
			22:1 extend Account meta="again"
			22:34 method Account class >> zork source="zork ^1"
			23:1 extend Account meta="third" comment="c"
			24:8 do "| a | a := Account new. a init"
			26:27 class Teller < Object normal?
			26:53 method Teller >> foo source="foo"
			26:63 do top "Teller new foo"
			27:1 do top "Account new printNl"`},
		{name: "names", text: "Eval := 3.\nextend := Eval + 1.\nFoo class == Bar class.\nFoo subclass: [ 3 ].\nFoo extend: [ 4 ].", want: `
			1:1 do top "Eval := 3"
			2:1 do top "extend := Eval + 1"
			3:1 do top "Foo class == Bar class"
			4:1 do top "Foo subclass: [ 3 ]"
			5:1 do top "Foo extend: [ 4 ]"`},
		{name: "errors", text: `a := 3 +.
b := 'fine'.
Foo >> bad [ ^ ) ]
Foo >> good [ ^ 1 ]
c := (3.
d := 4.
Object subclass: Bar [
	| a 3 |
	<comment: >
	<shape: #odd>
	<comment 'x'>
	3 foo.
	Bar class [ | x | ]
	Baz class [ | y | ]
	bad [ ^ 1 2 ]
	good [ ^ ¢ ]
	fine [ ]
]
e := ].
f := 5.
`, want: `
			2:1 do top "b := 'fine'"
			4:8 method Foo >> good source="good ^ 1"
			6:1 do top "d := 4"
			7:1 class Bar < Object normal? inst="a" meta="x"
			17:2 method Bar >> fine source="fine"
			20:1 do top "f := 5"`, errors: `
			1:9: expected the argument of +, found the end
			3:16: expected an expression, found ')'
			5:8: expected a message or ')' for the '(' of line 5, column 6, found '.'
			8:6: expected a variable's name or '|', found '3'
			9:12: expected a literal, found the end
			10:10: unknown shape of class Bar: #odd
			11:2: expected an attribute such as <comment: 'text'>
			12:2: expected a variable, attribute or method of Bar, found '3'
			14:2: Baz class cannot be defined here, within Bar
			15:12: expected a message, '.' or the end, found number 2
			16:11: character '¢' has no meaning here
			19:6: expected an expression, found ']'`},
		{name: "open string", text: "a := 3.\nFoo >> bar [ ^ 'abc ]\nb := 4.", want: `1:1 do top "a := 3"`, errors: `
			2:12: expected ']' for this '[' before the end
			2:16: string is not closed: expected ''' before the end`},
		{name: "open class", text: "Object subclass: Foo [\n\tbar [ ^ [ 1 ]\n\tzork [ ^ 2 ]\n]\na := 3.", want: `
			1:1 class Foo < Object normal?
			5:1 do top "a := 3"`, errors: `
			1:22: expected ']' for the '[' of Foo before the end
			3:7: expected a message, '.' or the end, found '['`},
		{name: "empty", text: ""},
		{name: "only a first line", text: "#!/bin/x"},
	}
	for _, tt := range tests {
		tt.run(t, ReadScript)
	}
}
