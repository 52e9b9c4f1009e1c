package compiler

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/sista-vm/sista/bytecode"
	"github.com/sista-vm/sista/smalltalk/ast"
	"github.com/sista-vm/sista/smalltalk/parser"
)

func repeatf(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// TestLarge compiles methods whose operands need the long forms.
func TestLarge(t *testing.T) {
	many := func(n int) string { return repeatf(n, "t%d ") }
	for _, test := range []struct {
		name, source string
		want         string // in the listing
	}{
		{"literals beyond 32", "foo " + repeatf(40, "self a: 'x%d'. "), "<E4 26> pushConstant: 'x37'"},
		{"literals beyond 255", "foo " + repeatf(300, "self a: 'x%d'. "), "<E0 01 E4 01> pushConstant: 'x256'"},
		{"selectors beyond 31", "foo " + repeatf(40, "self a%d. "), "<E0 01 EA 38> send: #a39"},
		{"globals beyond 255", "foo " + repeatf(300, "self a: G%d. "), "<E0 01 E3 01> pushLit: G256"},
		{"stores to globals", "foo " + repeatf(300, "G%d := 1. "), "<E0 01 F1 00> popIntoLit: G256"},
		{"blocks beyond 255", "foo " + repeatf(300, "self a: [%d]. "), "<E0 01 F9 00 00> pushFullClosure"},
		{"temps beyond 12", "foo | " + many(20) + " | t19 := t18 := t17. ^t19", "<E5 13> pushTemp: 19"},
		{"63 temps", "foo | " + many(50) + "| ^t0", "50 temps"},
		{"jumps of all sizes", "foo: x " + strings.Repeat("x ifTrue: [", 12) + strings.Repeat("self a: x. ", 30) +
			strings.Repeat("] ifFalse: [x foo]", 12), "jumpFalse"},
		{"long loop", "foo: x [x] whileTrue: [" + strings.Repeat("self a: x. ", 1000) + "]", "<E1 F0 ED"},
		{"brace of 30", "foo ^{" + repeatf(30, "%d. ") + "}", "pop 30 into (Array new: 30)"},
		{"brace of 127", "foo ^{" + repeatf(127, "%d. ") + "}", "push: (Array new: 127)"},
		{"brace of 300", "foo ^{" + repeatf(300, "%d. ") + "}", "send: new:"},
		{"100 shared temps in loops", "foo: x " + repeatf(60, "1 to: 3 do: [:i%[1]d | | v%[1]d w%[1]d | x a: [v%[1]d := w%[1]d := 1]]. "), ""},
	} {
		m, err := compileMethod(test.source, testEnv{}, Options{})
		if test.name == "100 shared temps in loops" {
			if err == nil || !strings.Contains(err.Error(), "temporaries; the limit is 63") {
				t.Errorf("%s: %v", test.name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		verify(t, m)
		if !strings.Contains(m.Listing(), test.want) {
			t.Errorf("%s: no %q in\n%s", test.name, test.want, m.Listing())
		}
	}
}

func TestLimits(t *testing.T) {
	for _, test := range []struct{ name, source, want string }{
		{"temps", "foo | " + repeatf(64, "t%d ") + "|", "64 temporaries; the limit is 63"},
		{"temps of a block", "foo ^[ | " + repeatf(64, "t%d ") + "| t0]", "the block needs 64 temporaries"},
		{"copied values", "foo | " + repeatf(63, "t%d ") + "| ^[:x | {" + repeatf(63, "t%d. ") + "}]", "the block needs 64 temporaries"},
		{"block arguments", "foo ^[" + repeatf(16, ":t%d ") + "| 1]", "16 arguments; the limit is 15"},
		{"jump", "foo: x x ifTrue: [" + strings.Repeat("self a: x. ", 20000) + "]", "too long"},
		{"loop", "foo: x [x] whileTrue: [" + strings.Repeat("self a: x. ", 20000) + "]", "too long"},
		{"frame of a block", "foo: x ^[:y | | " + repeatf(50, "t%d ") + "| self " + repeatf(9, "a%d: y ") + "]", "the block needs 61 slots"},
	} {
		_, err := compileMethod(test.source, testEnv{}, Options{})
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", test.name, err, test.want)
		}
	}
	_, err := compileMethod("foo ^super foo", testEnv{noClass: true}, Options{})
	if err == nil || !strings.Contains(err.Error(), "1:12: a message to super") {
		t.Errorf("super without class: %v", err)
	}
}

func TestLastLiterals(t *testing.T) {
	last := func(source string, env testEnv) []Literal {
		m, err := compileMethod(source, env, Options{})
		if err != nil {
			t.Fatal(err)
		}
		return m.Literals[len(m.Literals)-2:]
	}
	if got := last("foo: x ^Foo", testEnv{}); !reflect.DeepEqual(got, []Literal{Symbol("foo:"), Binding{Name: "Foo"}}) {
		t.Errorf("plain method: %v", got)
	}
	if got := last("foo ^3", testEnv{noClass: true}); !reflect.DeepEqual(got, []Literal{Symbol("foo"), NoBinding{}}) {
		t.Errorf("no class: %v", got)
	}
	got := last("foo <menu: 'x' order: 3> <primitive: 7> <b: Foo> ^3", testEnv{})
	want := &MethodState{"foo", []Pragma{
		{"menu:order:", []Literal{String("x"), smallInteger(3)}}, {"b:", []Literal{Symbol("Foo")}}}}
	if !reflect.DeepEqual(got[0], want) {
		t.Errorf("pragmas: %v", LiteralText(got[0]))
	}
	m, err := compileMethod("foo <primitive: 'f' module: 'M'>", testEnv{}, Options{})
	if err != nil || m.Primitive != 117 || !reflect.DeepEqual(m.Literals[0], Array{Symbol("M"), Symbol("f"), smallInteger(0), smallInteger(0)}) {
		t.Errorf("named primitive: %v, %v", m, err)
	}
	m, err = compileMethod("foo <primitive: 'f'>", testEnv{}, Options{})
	if err != nil || LiteralText(m.Literals[0]) != "#(nil #f 0 0)" {
		t.Errorf("named primitive of the VM: %v, %v", m, err)
	}
}

// TestLiteralIdentity: numbers, characters, symbols and bindings share slots,
// strings and arrays do not.
func TestLiteralIdentity(t *testing.T) {
	m, err := compileMethod("foo ^{100000. 100000. 1.5. 1.5. -0.0. 0.0. 'a'. 'a'. #(1). #(1). #a. #a. Foo. Foo. 1.5s2. 1.50s2. 1.5s3. #{Foo}}", testEnv{}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, l := range m.Literals {
		got = append(got, LiteralText(l))
	}
	want := "100000 1.5 -0.0 0.0 'a' 'a' #(1) #(1) #a Foo 1.5s2 1.5s3 #foo Foo"
	if strings.Join(got, " ") != want {
		t.Errorf("literals %v, want %s", got, want)
	}
}

func TestTrailer(t *testing.T) {
	source := "foo\n\t^ 'é'"
	m, err := compileMethod(source, testEnv{}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	code := append(bytes.Clone(m.Bytecodes), m.Trailer...)
	if text, ok := TrailerSourceText(code); !ok || text != source {
		t.Errorf("source %q, %v", text, ok)
	}
	d := m.Describe()
	d.Code = code
	if d.End() != len(m.Bytecodes) {
		t.Errorf("the code ends at %d of %d", d.End(), len(m.Bytecodes))
	}
	m, err = compileMethod(source, testEnv{}, Options{NoSource: true})
	if err != nil || !bytes.Equal(m.Trailer, []byte{0xF0}) {
		t.Errorf("trailer % X, %v", m.Trailer, err)
	}
	for _, b := range [][]byte{nil, {0xF4}, {1, 0, 0, 0, 0xF4}, {255, 255, 255, 255, 0xF4}, {'a', 'b', 2, 0, 0, 0, 0xF0}} {
		if text, ok := TrailerSourceText(b); ok {
			t.Errorf("% X has the source %q", b, text)
		}
	}
}

func TestPositions(t *testing.T) {
	source := "foo: x\n\t^self bar: (x baz: 3) qux"
	m, err := compileMethod(source, testEnv{}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	src := ast.NewSource("", source)
	var got []string
	for in, err := range bytecode.SistaV1.All(m.Bytecodes) {
		if err != nil {
			t.Fatal(err)
		}
		span, ok := m.SpanAt(in.PC)
		if !ok {
			t.Errorf("pc %d has no place", in.PC)
		}
		got = append(got, src.Slice(span))
	}
	want := []string{"self", "x", "3", "baz: 3", "qux", "bar: (x baz: 3) qux", "self bar: (x baz: 3) qux"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("places %q, want %q", got, want)
	}
	if _, ok := (&Code{}).SpanAt(0); ok {
		t.Error("code without positions has one")
	}
}

func TestTemps(t *testing.T) {
	m, err := compileMethod("foo: x | t u | t := 1. u := [:y | t := x]. x ifNotNil: [:z | z foo: u]", testEnv{}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	end := len(m.Bytecodes)
	check := func(c *Code, want []Temp) {
		t.Helper()
		for i := range c.Temps {
			if c.Temps[i].To-c.Temps[i].From > 0 && c.Temps[i].Name != "z" {
				continue
			}
			if c.Temps[i].Name == "z" {
				if c.Temps[i].From <= 0 || c.Temps[i].To <= c.Temps[i].From || c.Temps[i].To >= end {
					t.Errorf("z holds from %d to %d", c.Temps[i].From, c.Temps[i].To)
				}
				c.Temps[i].From, c.Temps[i].To = 0, 0
			}
		}
		if !reflect.DeepEqual(c.Temps, want) {
			t.Errorf("temps %+v, want %+v", c.Temps, want)
		}
	}
	check(&m.Code, []Temp{
		{Name: "x", Index: 0, To: end},
		{Name: "t", InVector: true, Index: 0, Vector: 2, To: end},
		{Name: "u", Index: 1, To: end},
		{Name: "z", Index: 3},
	})
	b := m.Blocks()[0]
	check(&b.Code, []Temp{
		{Name: "y", Index: 0, To: len(b.Bytecodes)},
		{Name: "x", Index: 1, To: len(b.Bytecodes)},
		{Name: "t", InVector: true, Index: 0, Vector: 2, To: len(b.Bytecodes)},
	})
}

func TestDoIt(t *testing.T) {
	compile := func(text string) *Method {
		t.Helper()
		src := ast.NewSource("", text)
		s, err := parser.ParseDoIt(src, parser.Options{})
		if err != nil {
			t.Fatal(err)
		}
		m, err := CompileDoIt(src, s, testEnv{}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		verify(t, m)
		return m
	}
	m := compile("| x | x := 3. x foo. x + 4")
	if m.Selector != "DoIt" || !strings.HasSuffix(m.Listing(), "send: +\n43 <5C> returnTop\n") {
		t.Errorf("DoIt %s\n%s", m.Selector, m.Listing())
	}
	if m := compile(""); m.Primitive != 259 {
		t.Errorf("an empty doIt answers\n%s", m.Listing())
	}
}

// TestDeterminism compiles the same source again and again.
func TestDeterminism(t *testing.T) {
	source := `foo: x
	| a1 b1 c1 |
	a1 := b1 := c1 := 0.
	x do: [:y | a1 := b1 + y. [:z | | d1 | d1 := c1. [d1 := z + a1]] value: Foo].
	^{a1. b1. c1. Foo. Bar. 'x'. [a1 := b1 := c1]}`
	first, err := compileMethod(source, testEnv{}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		again, err := compileMethod(source, testEnv{}, Options{})
		if err != nil || again.Listing() != first.Listing() {
			t.Fatalf("%v\n%s\n%s", err, first.Listing(), again.Listing())
		}
	}
}

// FuzzCompile holds that whatever parses compiles to verified code or to an
// error, and never panics.
func FuzzCompile(f *testing.F) {
	f.Add("foo: x | t | t := x. ^[:y | t := y. 1 to: t do: [:i | | u | u := [i + u]]]")
	f.Add("foo <primitive: 60 error: ec> ^ec ifNil: [super foo] ifNotNil: [:e | {e. thisContext}]")
	f.Add("foo [a and: [b or: [^1]]] whileFalse: [a ifTrue: [b := 1] ifFalse: [Shared := 2s2]]")
	f.Fuzz(func(t *testing.T, source string) {
		m, err := compileMethod(source, testEnv{}, Options{CleanBlocks: true})
		if err != nil {
			if strings.Contains(err.Error(), "invalid code") {
				t.Fatalf("%q: %v", source, err)
			}
			return
		}
		if err := bytecode.Verify(m.Describe()); err != nil {
			t.Fatalf("%q: %v\n%s", source, err, m.Listing())
		}
	})
}
