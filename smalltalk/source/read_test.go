package source

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/sista-vm/sista/smalltalk/ast"
	"github.com/sista-vm/sista/smalltalk/parser"
)

func TestDetect(t *testing.T) {
	tests := []struct {
		file, text string
		want       Format
	}{
		{"Foo.class.st", "", Tonel},
		{"Foo.extension.st", "", Tonel},
		{"package.st", "Package { #name : #Foo }", Tonel},
		{"Foo.st", "\"comment!\"\nClass {\n#name : #Foo }", Tonel},
		{"Foo.st", "Class foo.", Script},
		{"Foo.st", "Class subclass: Foo [ ]", Script},
		{"Foo.cs", "", Chunks},
		{"Foo.st", "'From Cuis'!\n", Chunks},
		{"Foo.st", "!Foo methodsFor: 'x'!", Chunks},
		{"Foo.st", "Foo bar!\n", Chunks},
		{"Foo.st", "'Hello!' printNl. \"wow!\" $! printNl.", Script},
		{"Foo.st", "#!/usr/bin/env x\nfoo bar", Script},
		{"Foo.st", "", Script},
		{"Foo.st", "'open", Script},
	}
	for _, tt := range tests {
		if got := Detect(tt.file, tt.text); got != tt.want {
			t.Errorf("%s %q: %s, want %s", tt.file, tt.text, got, tt.want)
		}
	}
}

func TestRead(t *testing.T) {
	tests := []struct{ file, text, want, errors string }{
		{"a.st", "\uFEFFfoo bar", "1:1 do top \"foo bar\"\n", ""},
		{"a.st", "foo bar!", "1:1 do \"foo bar\"\n", ""},
		{"a.class.st", "Class { #name : #Foo }", "1:1 class Foo <  normal?\n", ""},
		{"a.st", "foo\n é\xff", "", "a.st:2:3: byte 16rFF is not valid UTF-8"},
		{"a.st", "foo bar: '\uFFFD'", "1:1 do top \"foo bar: '\uFFFD'\"\n", ""},
		{"a.st", "foo '\uFFFD\x80' bar", "", "a.st:1:7: byte 16r80 is not valid UTF-8"},
	}
	for _, tt := range tests {
		units, err := Read(tt.file, []byte(tt.text))
		if got := dump(units); got != tt.want {
			t.Errorf("%q: got %s, want %s", tt.text, got, tt.want)
		}
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != tt.errors {
			t.Errorf("%q: got error %s, want %s", tt.text, got, tt.errors)
		}
	}
}

func TestReadTree(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	tree := fstest.MapFS{
		"src/.properties":        file("{ #format : #tonel }"),
		"src/.git/x.st":          file("'"),
		"src/README.md":          file("'"),
		"src/B/package.st":       file("Package { #name : 'B' }"),
		"src/B/Foo.class.st":     file("Class { #name : 'Foo', #superclass : 'Bar' }"),
		"src/B/Bad.class.st":     file("Class { #name : 'Bad', #superclass : 'Bar' }\nBad >> x [ ^ ]\nBad >> y [ ]"),
		"src/A/package.st":       file("Package { #name : 'A' }"),
		"src/A/Bar.class.st":     file("Class { #name : 'Bar', #superclass : nil, #category : 'A-Z' }"),
		"src/A/Foo.extension.st": file("Extension { #name : 'Foo' }\nFoo >> bar [ ^ 1 ]"),
		"src/A/worse.st":         file("'"),
	}
	units, err := ReadTree(tree, "src")
	want := outdent(`
		1:1 class Bar <  normal? category="A-Z"
		1:1 extend Foo
		2:8 method Foo >> bar source="bar ^ 1"
		1:1 package A
		1:1 class Bad < Bar normal? category="B"
		3:8 method Bad >> y source="y"
		1:1 class Foo < Bar normal? category="B"
		1:1 package B`)
	if got := dump(units); got != want {
		t.Errorf("units\n%swant\n%s", got, want)
	}
	var es parser.Errors
	if !errors.As(err, &es) {
		t.Fatalf("error is %v", err)
	}
	if got, want := es.Error(), "src/A/worse.st:1:1: string is not closed: expected ''' before the end\n"+
		"src/B/Bad.class.st:2:13: expected an expression, found the end"; got != want {
		t.Errorf("errors\n%s\nwant\n%s", got, want)
	}
	if _, err := ReadTree(tree, "nowhere"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing folder gives %v", err)
	}
}

func TestSortClasses(t *testing.T) {
	parse := func(pairs string) []*ClassDefinition {
		var list []*ClassDefinition
		for _, pair := range strings.Fields(pairs) {
			name, super, _ := strings.Cut(pair, "<")
			list = append(list, &ClassDefinition{origin: origin{ast.NewSource("f", pair)}, Name: name, Superclass: super})
		}
		return list
	}
	known := func(name string) bool { return name == "Known" }
	tests := []struct{ in, want, errors string }{
		{"", "", ""},
		{"C<B A< B<A", "A B C", ""},
		{"A< B<A C< D<A", "A B C D", ""},
		{"B<Known A<B", "B A", ""},
		{"A<Missing B<A C<", "C", "f:1:1: superclass Missing of class A is not defined"},
		{"B<A A<Missing", "", "f:1:1: superclass Missing of class A is not defined"},
		{"D<C A<C B<A C<B E<", "E", "f:1:1: class C is its own superclass: C -> B -> A -> C"},
		{"A<A B<", "B", "f:1:1: class A is its own superclass: A -> A"},
		{"A< B<A A<B", "A B", "f:1:1: class A is defined twice, the first time at f:1:1"},
	}
	for _, tt := range tests {
		sorted, err := SortClasses(parse(tt.in), known)
		var names []string
		for _, d := range sorted {
			names = append(names, d.Name)
		}
		if got := strings.Join(names, " "); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.in, got, tt.want)
		}
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != tt.errors {
			t.Errorf("%s: got error %s, want %s", tt.in, got, tt.errors)
		}
	}
}

func TestKinds(t *testing.T) {
	for k := Normal; k <= CompiledMethod; k++ {
		byName, ok1 := kindNamed(k.String())
		byLayout, ok2 := kindNamed(kinds[k].layout)
		bySelector, ok3 := kindSelected(k.selector())
		if !ok1 || !ok2 || !ok3 || byName != k || byLayout != k || bySelector != k {
			t.Errorf("%s is found as %s, %s and %s", k, byName, byLayout, bySelector)
		}
	}
	if Normal.HasIndexedFields() || Ephemeron.HasIndexedFields() || !Bytes.HasIndexedFields() || !CompiledMethod.HasIndexedFields() {
		t.Error("wrong kinds have indexed fields")
	}
}

// fuzz checks that a reader takes any text without a panic, and that every
// unit's source stands in the file where its places say.
func fuzz(f *testing.F, read func(*ast.Source) ([]Unit, error), seeds ...string) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		units, err := read(newSource(text))
		if err != nil {
			if len(err.(parser.Errors)) == 0 {
				t.Fatal("an error without errors")
			}
			err.(parser.Errors).Format()
		}
		dump(units)
		SortClasses(ClassDefinitions(units), nil)
		if len(text) < 1000 {
			checkPlaces(t, text, units)
		}
	})
}

// TestManyErrors checks that files that are all errors are not read to the end
// once an error.
func TestManyErrors(t *testing.T) {
	const many = 30_000
	tests := []struct {
		name string
		read func(*ast.Source) ([]Unit, error)
		text string
	}{
		{"Tonel", ReadTonel, "Class { #name : #Foo }\n" + strings.Repeat("Foo >> a [\n", many)},
		{"Tonel methods", ReadTonel, "Class { #name : #Foo }\n" + strings.Repeat("Foo >> a [ ( ]\n", many)},
		{"chunks", ReadChunks, strings.Repeat("a b:!\n", many)},
		{"methods", ReadScript, strings.Repeat("Foo >> a [\n", many)},
		{"classes", ReadScript, strings.Repeat("Foo subclass: A [\n", many)},
		{"statements", ReadScript, strings.Repeat("a := (3.\n", many)},
		{"characters", ReadScript, strings.Repeat("a ¢\n", many)},
		{"namespaces", ReadScript, strings.Repeat("Namespace current: A [", many) + strings.Repeat("]", many)},
		{"metaclasses", ReadScript, "Foo extend [" + strings.Repeat("Foo class [", many) + strings.Repeat("]", many+1)},
		{"members", ReadScript, "Foo extend [" + strings.Repeat("3 [ ] ", many) + "]"},
	}
	for _, tt := range tests {
		_, err := tt.read(newSource(tt.text))
		es, ok := err.(parser.Errors)
		if !ok || len(es) > maxErrors+1 || len(es) == 0 {
			t.Errorf("%s: %d errors", tt.name, len(es))
		}
	}
}

func FuzzTonel(f *testing.F) {
	fuzz(f, ReadTonel, "\"c\"\nClass { #name : #Foo, #instVars : [ 'a' ], #type : #bytes }\n{ #category : 'x' }\nFoo class >> bar: x [ ^ [ ']' ] ]\n",
		"Extension { #name : 'Foo' }\nFoo >> a [ ^ (\n]\n\nFoo >> b [\n]", "Package { #name : #'A\\u00e9' }")
}

func FuzzChunk(f *testing.F) {
	fuzz(f, ReadChunks, "'x'!\nObject subclass: #Foo!\n!Foo class methodsFor: 'a' stamp: 'b'!\na ^ '!!'! !\n",
		"!Foo commentStamp: 'x' prior: 0!\nwow!!!\n]style[(3)!\n!requires: 'A' 1 2 nil!\nFoo a. Foo class instanceVariableNames: 'a'!")
}

func FuzzScript(f *testing.F) {
	fuzz(f, ReadScript, "#!/x\n| a | a := 3. Foo >> at: x put: y [ ^ x ] Foo class >> + a [ ]",
		"Object subclass: Foo [ | a | <comment: 'x'> A := 3. Foo class [ | b | ] Foo class >> c [ ^ 1 ] d [ ] ] Foo extend [ e [ ] ] Eval [ 3 ]",
		"Namespace current: A.B [ a := (3. ] Object << #Foo slots: { #a }; package: 'x'.", "|a|<b: `> ]")
}

func BenchmarkReadTonel(b *testing.B) {
	var text strings.Builder
	text.WriteString("Class { #name : #Foo, #superclass : #Object }\n\n")
	for text.Len() < 1<<20 {
		text.WriteString("{ #category : #x }\nFoo >> at: index put: value [\n\t\"Store value at index, and answer it.\"\n\n\t<primitive: 61>\n\t| t |\n\tt := [:each | each foo: 3 + index bar: #(1 2 $a); yourself ].\n\t^ index isInteger\n\t\tifTrue: [ self error: 'index out of range' ]\n\t\tifFalse: [ t value: index ]\n]\n\n")
	}
	src := newSource(text.String())
	b.SetBytes(int64(text.Len()))
	for b.Loop() {
		if _, err := ReadTonel(src); err != nil {
			b.Fatal(err)
		}
	}
}
