package source

import (
	"testing"

	"github.com/sista-vm/sista/smalltalk/parser"
)

func TestRecognizeDefinition(t *testing.T) {
	tests := []struct{ text, want string }{
		{"Object subclass: #Foo", "class Foo < Object normal?"},
		{"Object subclass: 'Foo'", "class Foo < Object normal?"},
		{"nil subclass: #Foo category: 'X'", `class Foo <  normal? category="X"`},
		{"Object subclass: #Foo instanceVariableNames: 'a b' classVariableNames: 'C D' poolDictionaries: 'P' category: 'X'",
			`class Foo < Object normal? inst="a b" class="C D" pools="P" category="X"`},
		{"Object subclass: #Foo instanceVariableNames: '' classVariableNames: '' package: 'X'", `class Foo < Object normal? category="X"`},
		{"Object subclass: #Foo uses: {} instanceVariableNames: 'a' classVariableNames: '' package: 'X'", `class Foo < Object normal? inst="a" category="X"`},
		{"Object subclass: #Foo layout: ByteLayout package: 'X'", `class Foo < Object bytes category="X"`},
		{"Object subclass: #Foo slots: { #a. #b } classVariables: { #C } package: 'X' tag: 'T'",
			`class Foo < Object normal? inst="a b" class="C" category="X-T" package="X"`},
		{"Object variableSubclass: #Foo", "class Foo < Object variable"},
		{"Object variableByteSubclass: #Foo", "class Foo < Object bytes"},
		{"Object variableDoubleByteSubclass: #Foo", "class Foo < Object doubleBytes"},
		{"Object variableWordSubclass: #Foo", "class Foo < Object words"},
		{"Object variableDoubleWordSubclass: #Foo", "class Foo < Object doubleWords"},
		{"Object weakSubclass: #Foo", "class Foo < Object weak"},
		{"Object ephemeronSubclass: #Foo", "class Foo < Object ephemeron"},
		{"Object immediateSubclass: #Foo", "class Foo < Object immediate"},
		{"Object variable: #byte subclass: #Foo instanceVariableNames: '' category: ''", "class Foo < Object bytes"},
		{"Object << #Foo", "class Foo < Object normal?"},
		{"Object << #Foo slots: { #a }; sharedVariables: { #C }; sharedPools: { P }; layout: VariableLayout; tag: 'T'; package: 'X'",
			`class Foo < Object variable inst="a" class="C" pools="P" category="X-T" package="X"`},
		{"(Object << #Foo) package: 'X'; install", `class Foo < Object normal? category="X"`},
		{"(Object << #Foo slots: {}; package: 'X') install", `class Foo < Object normal? category="X"`},
		{"Object << #Foo package: 'X'", `class Foo < Object normal? category="X"`},
		{"Object class << Foo class slots: { #a }", `extend Foo meta="a" sets`},
		{"Foo class instanceVariableNames: 'a b'", `extend Foo meta="a b" sets`},
		{"Foo comment: 'text'", `extend Foo comment="text"`},
		{"foo comment: 'text'", ""},
		{"Foo instanceVariableNames: 'a b'", ""},
		{"Object subclass: Foo", ""},
		{"Object subclass: #Foo category: self category", ""},
		{"Object subclass: #Foo bar: 3", ""},
		{"Object new subclass: #Foo", ""},
		{"Object << #Foo slots: { #a => WeakSlot }", ""},
		{"Object variable: #odd subclass: #Foo", ""},
		{"3 << 4", ""},
		{"Transcript show: 'x'; cr", ""},
		{"^ Object subclass: #Foo", ""},
		{"Object subclass: #Foo uses: TBar category: 'X'", "error: Foo uses traits (TBar): traits are not supported"},
		{"Object << #Foo traits: { TBar }; package: 'X'", "error: Foo uses traits ({ TBar }): traits are not supported"},
		{"Trait << #TFoo package: 'X'", "error: TFoo is a trait: traits are not supported"},
		{"Trait named: #TFoo uses: {} category: 'X'", "error: TFoo is a trait: traits are not supported"},
	}
	for _, tt := range tests {
		s, err := parser.ParseDoIt(newSource(tt.text), parser.Options{})
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if u, err := RecognizeDefinition(s.Statements[0]); err != nil {
			got = "error: " + err.Error()
		} else if u != nil {
			got = describe(u)
		}
		if got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.text, got, tt.want)
		}
	}
}

// TestExpressions checks that the statements which define a class are
// recognized as that class.
func TestExpressions(t *testing.T) {
	for k := Normal; k <= CompiledMethod; k++ {
		d := &ClassDefinition{Name: "Foo", Superclass: "Bar", Kind: k, InheritsKind: k == Normal,
			InstVars: []string{"a", "b"}, ClassVars: []string{"C"}, Pools: []string{"P"},
			Category: "it's", Package: "it's"}
		s, err := parser.ParseDoIt(newSource(d.Expressions()[0]), parser.Options{})
		if err != nil {
			t.Fatal(err)
		}
		u, err := RecognizeDefinition(s.Statements[0])
		if err != nil || u == nil || describe(u) != describe(d) {
			t.Errorf("%s is recognized as %v, %v", d.Expressions()[0], u, err)
		}
	}
	d := &ClassDefinition{Name: "Foo", ClassInstVars: []string{"x"}, Comment: "it's"}
	e := &ClassExtension{Name: "Foo", InstVars: []string{"a"}, ClassVars: []string{"B"}, ClassInstVars: []string{"c"}, Comment: "d"}
	for _, tt := range []struct{ got, want []string }{
		{d.Expressions(), []string{
			"nil subclass: #Foo instanceVariableNames: '' classVariableNames: '' poolDictionaries: '' category: ''",
			"Foo class instanceVariableNames: 'x'", "Foo comment: 'it''s'"}},
		{e.Expressions(), []string{
			"Foo addInstVarName: 'a'", "Foo addClassVarName: 'B'", "Foo class addInstVarName: 'c'", "Foo comment: 'd'"}},
	} {
		if len(tt.got) != len(tt.want) {
			t.Errorf("got %q, want %q", tt.got, tt.want)
			continue
		}
		for i := range tt.got {
			if tt.got[i] != tt.want[i] {
				t.Errorf("got %s, want %s", tt.got[i], tt.want[i])
			}
		}
	}
}
