package build

import (
	"errors"
	"strings"
	"testing"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/host/hostos"
	"github.com/sista-vm/sista/smalltalk/parser"
)

func TestWarnings(t *testing.T) {
	const text = `
Object >> foo [ ^ Unknown new ]
Object >> foo [ | unused | ^ Unknown ]
`
	b := build(t, Options{}, text)
	if len(b.Warnings) != 2 || !strings.Contains(b.Warnings.Error(), "Object >> foo is defined twice") || !strings.Contains(b.Warnings.Error(), "Unknown is not known") {
		t.Errorf("warnings: %v", b.Warnings)
	}
	if len(b.Notes) != 1 {
		t.Errorf("notes: %v", b.Notes)
	}
	if b.global("Unknown") != b.literals("Object", "foo")[0] {
		t.Error("the unknown name is no global")
	}
	_, err := tryBuild(t, Options{Strict: true}, testKernel, text)
	wantErrors(t, err, "Object >> foo is defined twice", "Unknown")
}

func wantErrors(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("no error, want %q", parts)
		return
	}
	for _, p := range parts {
		if !strings.Contains(err.Error(), p) {
			t.Errorf("error %q lacks %q", err, p)
		}
	}
}

func TestErrors(t *testing.T) {
	for _, c := range []struct {
		text string
		want []string
	}{
		{"Nowhere subclass: #A instanceVariableNames: '' classVariableNames: '' package: 'K'.\nA >> foo [ ^ 3 ]",
			[]string{"test.st:1:1: superclass Nowhere of class A is not defined"}},
		{"Nobody >> foo [ ^ 1 ]", []string{"test.st:1:11: class Nobody is not defined"}},
		{"Object >> a [ ^ 1.5 ]\nObject >> b [ ^ 100000000000000000000 ]", []string{"test.st:1:17", "class BoxedFloat64", "test.st:2:17", "class LargePositiveInteger"}},
		{"Object >> a [ ^ 3.25s2 ]", []string{"class ScaledDecimal"}},
		{"Object >> a [ ^ 'wide ∀' ]", []string{"class WideString"}},
		{"Object >> a [ ^ #'wide ∀' ]", []string{"class WideSymbol"}},
		{"3 + 4.", []string{"test.st:1:1: statements cannot be executed"}},
		{"Object >> a [ x := 3 ]\nObject >> b [ ^ undeclared ]", []string{"test.st:1:15", "test.st:2:17"}},
		{"Array subclass: #A instanceVariableNames: '' classVariableNames: '' poolDictionaries: 'P' package: 'K'.", []string{"uses the pool P, which no class is"}},
		{"Object variableByteSubclass: #A instanceVariableNames: 'a' classVariableNames: '' package: 'K'.", []string{"class A of kind bytes has instance variables (a)"}},
		{"Object ephemeronSubclass: #A instanceVariableNames: '' classVariableNames: '' package: 'K'.", []string{"no instance variable for its key"}},
		{"Object subclass: #Bitmap instanceVariableNames: '' classVariableNames: '' package: 'K'.", []string{"instances of class Bitmap have format 0"}},
		{"Object subclass: #Point instanceVariableNames: 'x' classVariableNames: '' package: 'K'.", []string{"class Point has 1 instance variables"}},
	} {
		_, err := tryBuild(t, Options{}, testKernel, c.text)
		wantErrors(t, err, c.want...)
		var es parser.Errors
		if !errors.As(err, &es) {
			t.Errorf("%q: %T is no list of errors with places", c.text, err)
		}
	}
	_, err := tryBuild(t, Options{Startup: "3 +"}, testKernel)
	wantErrors(t, err, "startup:", "expected")
	_, err = tryBuild(t, Options{}, "nil subclass: #Object instanceVariableNames: '' classVariableNames: '' package: 'K'.\nObject >> a [ ^ b ]")
	wantErrors(t, err, "no class SmallInteger, which every image needs", "no class ByteSymbol or Symbol", "no class ProcessList or LinkedList", "test.st:2:17")
	var all *Errors
	if !errors.As(err, &all) || len(all.Placed) != 1 || all.Len() < 10 || !strings.Contains(all.Format(), "^ b ]\n") || !strings.Contains(all.Format(), "SmallInteger") {
		t.Errorf("error %v", err)
	}
}

// A tree without closures builds as long as no method has a block that needs one.
func TestWithoutBlocks(t *testing.T) {
	text := strings.Replace(testKernel, "BlockClosure variableSubclass: #FullBlockClosure instanceVariableNames: 'receiver' classVariableNames: '' package: 'Kernel'.", "", 1)
	if _, err := tryBuild(t, Options{}, text); err != nil {
		t.Error(err)
	}
	_, err := tryBuild(t, Options{}, text, "Object >> a [ ^ [ 3 ] ]")
	wantErrors(t, err, "test.st:1:17: this block needs a class FullBlockClosure")
}

func TestMemoryLimit(t *testing.T) {
	_, err := Build(units(t, testKernel), Options{Heap: heap.Config{Memory: hostos.Memory(), Window: -1, MaxHeap: 7 << 20}})
	if err == nil {
		t.Skip("the limit is too wide for this kernel")
	}
	wantErrors(t, err, "memory")
}
