package source

import (
	"strings"
	"testing"
)

func TestTonel(t *testing.T) {
	tests := []readTest{
		{name: "old dialect", text: `"
I am ""Foo"".
Really.
"
Class {
	#name : #Foo,
	#superclass : #Object,
	#type : #variable,
	#instVars : [
		'a',
		'b'
	],
	#classVars : [ 'C' ],
	#classInstVars : [ #d ],
	#pools : [ 'P' ],
	#category : #'Foo-Core'
}

{ #category : #accessing }
Foo >> at: i put: x [
	"a ] bracket, and 'a quote"
	| t |
	^ [ a at: i put: $] ] value: #(']' ) value: #[ 1 2 ]
]

{ #category : #'instance creation' }
Foo class >> new [
	^ super new
]

Foo >> + other [ ^ other ]

Foo >> one[^1]
Foo >> two ["empty"]
`, want: `
			5:1 class Foo < Object variable inst="a b" class="C" meta="d" pools="P" category="Foo-Core" comment="I am \"Foo\".\nReally."
			20:8 method Foo >> at:put: category="accessing" source="at: i put: x\n\t\"a ] bracket, and 'a quote\"\n\t| t |\n\t^ [ a at: i put: $] ] value: #(']' ) value: #[ 1 2 ]"
			27:14 method Foo class >> new category="instance creation" source="new\n\t^ super new"
			31:8 method Foo >> + source="+ other ^ other"
			33:8 method Foo >> one source="one ^1"
			34:8 method Foo >> two source="two \"empty\""`},
		{name: "new dialect", text: `Class {
	#name : 'Foo',
	#superclass : 'Object',
	#category : 'Kernel-Parts',
	#package : 'Kernel',
	#tag : 'Parts'
}

{ #category : 'accessing' }
Foo >> bar [
	^ 1
]`, want: `
			1:1 class Foo < Object normal? category="Kernel-Parts" package="Kernel"
			10:8 method Foo >> bar category="accessing" source="bar\n\t^ 1"`},
		{name: "package and tag", text: "Class { #name : 'Foo', #superclass : 'nil', #package : 'A', #tag : 'B', #type : 'DoubleWordLayout', #traits : '{}', #classTraits : nil }",
			want: `1:1 class Foo <  doubleWords category="A-B" package="A"`},
		{name: "package only", text: "Class { #name : 'Foo', #superclass : #Bar, #package : 'A' }",
			want: `1:1 class Foo < Bar normal? category="A"`},
		{name: "escapes", text: `Class { #name : 'Foo', #superclass : nil, #category : 'it\'s\t\\ a\u00e9', }`,
			want: `1:1 class Foo <  normal? category="it's\t\\ aé"`},
		{name: "extension", text: "Extension { #name : #Foo }\r\n\r\n{ #category : #'*Bar' }\r\nFoo >> bar [\r\n\t^ 1\r\n]\r\n", want: `
			1:1 extend Foo
			4:8 method Foo >> bar category="*Bar" source="bar\r\n\t^ 1"`},
		{name: "package", text: "Package { #name : #'Foo-Bar' }\n", want: `1:1 package Foo-Bar`},
		{name: "slots and class side", text: "Class { #name : 'Foo', #instVars : [ '#a' ] }\nFoo classSide >> b [ ]",
			want: "1:1 class Foo <  normal? inst=\"a\"\n2:18 method Foo class >> b source=\"b\""},
		{name: "trait", text: "Trait { #name : #TFoo }", errors: "1:1: TFoo is a trait: traits are not supported"},
		{name: "uses trait", text: "Class { #name : #Foo, #superclass : #Object, #traits : 'TFoo + TBar' }",
			errors: "1:46: Foo uses traits (TFoo + TBar): traits are not supported"},
		{name: "slot class", text: "Class { #name : #Foo, #instVars : [ 'a => WeakSlot' ] }",
			errors: "1:23: 'a => WeakSlot' is a slot of its own class: only plain instance variables are supported"},
		{name: "bad name", text: "Class { #name : #Foo, #instVars : [ 'a b' ] }", errors: "1:23: 'a b' is no name for a variable"},
		{name: "bad type", text: "Class { #name : #Foo, #type : #odd }", errors: "1:23: unknown #type of class: odd"},
		{name: "bad list", text: "Class { #name : #Foo, #pools : 3 }", errors: "1:23: expected a list of names for #pools"},
		{name: "no name", text: "Class { #superclass : #Foo }", errors: "1:1: Class has no #name"},
		{name: "no header", text: "Foo >> bar [ ]", errors: "1:1: expected Class, Extension or Package, found 'F'"},
		{name: "empty", text: "", errors: "1:1: expected Class, Extension or Package, found the end"},
		{name: "bad header", text: "Class { #name : #Foo #superclass : #Bar }", errors: "1:22: expected ',' or '}', found '#'"},
		{name: "open header", text: "Class {\n #name : ", errors: "2:10: expected a value, found the end"},
		{name: "open string", text: "Class { #name : 'Foo }", errors: "1:17: string is not closed: expected ''' before the end"},
		{name: "open comment", text: "\"Foo", errors: "1:1: comment is not closed: expected '\"' before the end"},
	}
	for _, tt := range tests {
		tt.run(t, ReadTonel)
	}
}

// TestTonelRecovery checks that the other methods survive a bad one.
func TestTonelRecovery(t *testing.T) {
	method := func(bad string) string {
		return "Class { #name : #Foo }\n\nFoo >> one [\n\t^ 1\n]\n\n{ #category : #x }\n" + bad + "\n\n{ #category : #y }\nFoo >> two [\n\t^ ' '\n]\n"
	}
	const first = `
		1:1 class Foo <  normal?
		3:8 method Foo >> one source="one\n\t^ 1"
		`
	tests := []struct{ name, bad, errors string }{
		{"syntax", "Foo >> bad [\n\t^ 1 +\n]", "9:7: expected the argument of +, found the end"},
		{"string", "Foo >> bad [\n\t^ 'abc\n]", "9:4: string is not closed: expected ''' before the end"},
		{"comment", "Foo >> bad [\n\t\"abc\n]", "9:2: comment is not closed: expected '\"' before the end"},
		{"open block", "Foo >> bad [\n\t[ 1\n]", "9:5: expected ']' for the '[' of line 9, column 2, found the end"},
		{"extra bracket", "Foo >> [ ]\n]", "8:8: expected a method's selector, found the end\n9:1: expected a method (Class >> selector [ ... ]), found ']'"},
		{"paren", "Foo >> bad [\n\t^ (1 ]\n", "9:6: expected a message or ')' for the '(' of line 9, column 4, found the end"},
		{"pattern", "Foo >> bad: [\n\t^ 1\n]", "8:12: expected the parameter of bad:, found the end"},
		{"more than a pattern", "Foo >> bad ^ 1 [\n\t^ 1\n]", "8:12: expected the end of the selector pattern, found '^'"},
		{"no selector", "Foo >> [\n\t^ 1\n]", "8:8: expected a method's selector, found the end"},
		{"no arrows", "Foo bad [\n\t^ 1\n]", "8:5: expected '>>' after Foo , found 'b'"},
		{"class trait", "Foo classTrait >> bad [\n\t^ 1\n]", "8:5: expected '>>' after Foo , found 'c'"},
		{"metadata", "{ #category #z }\nFoo >> bad [\n\t^ 1\n]", "8:13: expected ':' after the key, found '#'"},
	}
	for _, tt := range tests {
		text := method(tt.bad)
		if tt.name == "metadata" {
			text = strings.Replace(text, "{ #category : #x }", "", 1)
		}
		units, _ := ReadTonel(newSource(text))
		two := ""
		for _, u := range units {
			if m, ok := u.(*MethodDefinition); ok && m.Method.Selector == "two" {
				two = dump([]Unit{u})
			}
		}
		if two == "" {
			t.Errorf("%s: the method after the bad one is lost", tt.name)
		}
		readTest{name: tt.name, text: text, want: first + two, errors: tt.errors}.run(t, ReadTonel)
	}
}
