package source

import (
	"testing"

	"github.com/sista-vm/sista/smalltalk/ast"
)

func newSource(text string) *ast.Source { return ast.NewSource("", text) }

func TestChunks(t *testing.T) {
	tests := []readTest{
		{name: "Squeak", text: `'From Squeak5.3 of 3 March 2020'!
"Change Set: Foo!! by me"!

Object subclass: #Foo
	instanceVariableNames: 'a b'
	classVariableNames: 'C'
	poolDictionaries: ''
	category: 'Foo-Core'!
!Foo commentStamp: 'me 1/1/2020 10:00' prior: 0!
I am Foo!! 'Really.!
]style[(5 3)f1!

!Foo methodsFor: 'accessing' stamp: 'me 1/1/2020 10:00'!
at: i put: x
	"wow!!"
	^ a at: i put: 'x!!!!'! !

!Foo methodsFor: 'x' stamp: 'me' prior: 3!
one
	^ 1!
two
	^ 2!
]style[(3)b!
three x _ 3. ^ x! !
"-- -- --"!

!Foo class methodsFor: #y!
new
	^ super new! !
!Foo reorganize!
('x' one two)
!

Foo class
	instanceVariableNames: 'd'!
Foo new one. Foo new two!
Foo class instanceVariableNames: 'e'. Smalltalk bar!
| t | t := 3. Foo comment: 'x'!
`, want: `
			1:1 do "'From Squeak5.3 of 3 March 2020'"
			4:1 do "Object subclass: #Foo\n\tinstanceVariableNames: 'a b'\n\tclassVariableNames: 'C'\n\tpoolDictionaries: ''\n\tcategory: 'Foo-Core'" = class Foo < Object normal? inst="a b" class="C" category="Foo-Core"
			10:1 extend Foo comment="I am Foo! 'Really."
			14:1 method Foo >> at:put: category="accessing" stamp="me 1/1/2020 10:00" source="at: i put: x\n\t\"wow!\"\n\t^ a at: i put: 'x!!'"
			19:1 method Foo >> one category="x" stamp="me" source="one\n\t^ 1"
			21:1 method Foo >> two category="x" stamp="me" source="two\n\t^ 2"
			24:1 method Foo >> three category="x" stamp="me" source="three x _ 3. ^ x"
			28:1 method Foo class >> new category="y" source="new\n\t^ super new"
			34:1 do "Foo class\n\tinstanceVariableNames: 'd'" = extend Foo meta="d" sets
			36:1 do "Foo new one. Foo new two"
			37:1 do "Foo class instanceVariableNames: 'e'" = extend Foo meta="e" sets
			37:39 do "Smalltalk bar"
			38:1 do "| t | t := 3. Foo comment: 'x'"`},
		{name: "Cuis", text: `'From Cuis 6.0 [latest update: #5000] on 1 January 2023 at 1:00:00 pm'!
'Description Foo'!
!provides: 'Foo' 1 2!
!requires: 'Bar' 1 0 nil!
SystemOrganization addCategory: #Foo!

!classDefinition: #Foo category: #Foo!
Object subclass: #Foo
	instanceVariableNames: ''
	classVariableNames: ''
	poolDictionaries: ''
	category: 'Foo'!
!classDefinition: 'Foo class' category: #Foo!
Foo class
	instanceVariableNames: ''!

!Foo methodsFor: 'x' stamp: 'me 1/1/2023'!
bar
	^1! !

!methodRemoval: Foo #zork stamp: 'me'!
Foo removeSelector: #zork!`, want: `
			1:1 do "'From Cuis 6.0 [latest update: #5000] on 1 January 2023 at 1:00:00 pm'"
			2:1 do "'Description Foo'"
			5:1 do "SystemOrganization addCategory: #Foo"
			8:1 do "Object subclass: #Foo\n\tinstanceVariableNames: ''\n\tclassVariableNames: ''\n\tpoolDictionaries: ''\n\tcategory: 'Foo'" = class Foo < Object normal? category="Foo"
			14:1 do "Foo class\n\tinstanceVariableNames: ''" = extend Foo sets
			18:1 method Foo >> bar category="x" stamp="me 1/1/2023" source="bar\n\t^1"
			22:1 do "Foo removeSelector: #zork"`},
		{name: "CR line ends", text: "Foo bar!\r!Foo methodsFor: 'x'!\rbar\r\t^ 1! !\r", want: `
			1:1 do "Foo bar"
			3:1 method Foo >> bar category="x" source="bar\r\t^ 1"`},
		{name: "GNU", text: "\"a! b\"\nFoo bar: 'x!y'!\n!Foo methodsFor: 'x'!\none\n\t\"wow!\" ^ 'a!' , $! asString!\ntwo ^ 2!\n\n!Foo methodsFor: 'y'!\nthree ^ 3! !\n", want: `
			1:1 do "\"a! b\"\nFoo bar: 'x!y'"
			4:1 method Foo >> one category="x" source="one\n\t\"wow!\" ^ 'a!' , $! asString"
			6:1 method Foo >> two category="x" source="two ^ 2"
			9:1 method Foo >> three category="y" source="three ^ 3"`},
		{name: "chunks and brackets", text: "Foo bar: 'x!!'!\n\nEval [ 'a!!' printNl ]\nObject subclass: Bar [ a [ ^$ ] b [ ^$$ ] ]\n\n!Foo methodsFor: 'x'!\none ^ $ ! !\nEval [ 3 ]", want: `
			1:1 do "Foo bar: 'x!'"
			3:8 do "'a!!' printNl"
			4:1 class Bar < Object normal?
			4:24 method Bar >> a source="a ^$ "
			4:33 method Bar >> b source="b ^$$"
			7:1 method Foo >> one category="x" source="one ^ $ "
			8:8 do "3"`},
		{name: "last chunk not ended", text: "Foo bar!\nFoo zork\n", want: `
			1:1 do "Foo bar"
			2:1 do "Foo zork"`},
		{name: "errors", text: "Foo bar: ]!\n!Foo methodsFor: 'x'!\none\n\t^ 1 + !\ntwo\n\t^ '!!' foo: !\nthree ^ 3! !\n!Foo +!\nFoo bar!", want: `
			7:1 method Foo >> three category="x" source="three ^ 3"
			9:1 do "Foo bar"`, errors: `
			1:10: expected the argument of bar:, found ']'
			4:7: expected the argument of +, found the end
			6:13: expected the argument of foo:, found the end
			8:7: expected the argument of +, found the end`},
		{name: "traits", text: "Object subclass: #Foo uses: TBar instanceVariableNames: ''!\nTrait << #TFoo package: 'X'!", errors: `
			1:1: Foo uses traits (TBar): traits are not supported
			2:1: TFoo is a trait: traits are not supported`},
		{name: "empty", text: " ! !\n!! "},
	}
	for _, tt := range tests {
		tt.run(t, ReadChunks)
	}
}
