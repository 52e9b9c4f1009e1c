package benchmarks

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sista-vm/sista/smalltalk/ast"
	"github.com/sista-vm/sista/vm"
)

// A program is the body of a method without arguments. It answers a number that
// tells whether it did what it should.
type program struct {
	name, source string
	want         int64
	unit         string // what a run does times of, for a rate
	times        int64
}

var programs = []program{
	{"bytecodes", `^ 10 benchmark`, 1028, "bytecodes/s", 10 * 500_000},
	{"sends", `^ 26 benchFib`, 392835, "sends/s", 392835},
	{"blocks", `| s | s := 0. 1 to: 1000 do: [ :k | #(1 2 3 4 5 6 7 8 9 10) do: [ :x | s := s + (x * k) ] ]. ^ s`, 27527500, "", 0},
	{"polymorphic sends", `| s list | s := 0. list := {1. 2.5. 3/4. 'abc'. #(1 2). $a. nil. true}.
		1000 timesRepeat: [ 1 to: list size do: [ :i | (list at: i) isNumber ifTrue: [ s := s + 1 ] ] ]. ^ s`, 3000, "", 0},
	{"dictionary", `| d s | d := Dictionary new. 1 to: 2000 do: [ :i | d at: i * 7 put: i ]. s := 0. 1 to: 14000 do: [ :i | s := s + (d at: i ifAbsent: [ 0 ]) ]. ^ s`, 2001000, "", 0},
	{"symbols in a dictionary", `| d s | d := IdentityDictionary new. #(#a #b #c #d #e) doWithIndex: [ :k :i | d at: k put: i ]. s := 0. 2000 timesRepeat: [ #(#a #b #c #d #e) do: [ :k | s := s + (d at: k) ] ]. ^ s`, 30000, "", 0},
	{"collections", `| c | c := OrderedCollection new. 1 to: 5000 do: [ :i | c add: i ]. ^ ((c select: [ :x | x even ]) collect: [ :x | x * 2 ]) inject: 0 into: [ :a :b | a + b ]`, 12505000, "", 0},
	{"sorting", `| r a | r := 12345. a := (1 to: 3000) asArray collect: [ :i | r := r * 1103 + 12345 \\ 65536 ]. a := a sorted: [ :x :y | x <= y ]. ^ (a at: 1) - (a at: 1) + a size`, 3000, "", 0},
	{"string streams", `| s | s := WriteStream on: String new. 1 to: 1000 do: [ :i | s print: i; nextPutAll: ', '; nextPut: $x ]. ^ s contents size`, 5893, "", 0},
	{"string comparison", `| a b n | a := 'the quick brown fox' copy. b := 'the quick brown fog' copy. n := 0. 3000 timesRepeat: [ a < b ifTrue: [ n := n + 1 ]. a = b ifTrue: [ n := n + 1 ] ]. ^ n`, 0, "", 0},
	{"floats", `| x | x := 0.0. 1 to: 20000 do: [ :i | x := x * 0.5 + (i * 0.25) - 1.0 ]. ^ x truncated`, 9997, "", 0},
	{"large integers", `^ (1 to: 300) inject: 1 into: [ :a :b | a * b \\ (1 bitShift: 400) + b ]`, -1, "", 0},
	{"allocation", `| p | 20000 timesRepeat: [ p := Association new ]. ^ p key isNil ifTrue: [ 1 ] ifFalse: [ 0 ]`, 1, "objects/s", 20000},
	{"lists", `| list | 1 to: 20000 do: [ :i | list := Association key: i value: list. i \\ 1000 = 0 ifTrue: [ list := nil ] ]. ^ list isNil ifTrue: [ 1 ] ifFalse: [ 0 ]`, 1, "", 0},
	{"exceptions", `| n | n := 0. 300 timesRepeat: [ n := n + ([ ZeroDivide signal. 0 ] on: ZeroDivide do: [ :ex | ex return: 1 ]) ]. ^ n`, 300, "exceptions/s", 300},
	{"non-local returns", `| n | n := 0. 3000 timesRepeat: [ n := n + (#(5 6 7) detect: [ :x | x > 5 ]) ]. ^ n`, 18000, "", 0},
	{"ensure blocks", `| n | n := 0. 3000 timesRepeat: [ [ n := n + 1 ] ensure: [ n := n + 1 ] ]. ^ n`, 6000, "", 0},
	{"process switches", `| s n | n := 0. s := Semaphore new. [ 2000 timesRepeat: [ s wait. n := n + 1 ] ] forkAt: Processor activePriority + 1. 2000 timesRepeat: [ s signal ]. ^ n`, 2000, "switches/s", 4000},
	{"yields", `| n | n := 0. [ 2000 timesRepeat: [ n := n + 1. Processor yield ] ] fork. 2001 timesRepeat: [ Processor yield ]. ^ n`, 2000, "switches/s", 4000},
	{"deep recursion", `| deep | deep := nil. deep := [ :n | n = 0 ifTrue: [ 0 ] ifFalse: [ (deep value: n - 1) + 1 ] ]. ^ deep value: 10000`, 10000, "", 0},
	{"contexts", `| c n | c := thisContext. n := 0. 500 timesRepeat: [ [ c == thisContext outerContext. n := n + thisContext depth sign ] value ]. ^ n`, 500, "", 0},
}

func BenchmarkPrograms(b *testing.B) {
	m, err := vm.Open(vm.Config{CacheDir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer m.Close()
	var load strings.Builder
	load.WriteString("Object subclass: #BenchmarkPrograms instanceVariableNames: '' classVariableNames: '' package: 'Benchmarks'.\n")
	for i, p := range programs {
		fmt.Fprintf(&load, "BenchmarkPrograms compile: %s.\n", ast.Quote(fmt.Sprintf("program%d %s", i, p.source)))
	}
	load.WriteString("BenchmarkPrograms new")
	receiver, err := m.Eval(b.Context(), load.String())
	if err != nil {
		b.Fatal(err)
	}
	for i, p := range programs {
		b.Run(p.name, func(b *testing.B) {
			selector := fmt.Sprintf("program%d", i)
			for b.Loop() {
				v, err := receiver.Send(b.Context(), selector)
				if err != nil {
					b.Fatal(err)
				}
				n, err := v.Int()
				if p.want >= 0 && (err != nil || n != p.want) {
					b.Fatalf("%d, want %d (%v)", n, p.want, err)
				}
				v.Release()
			}
			if p.unit != "" {
				b.ReportMetric(float64(p.times)*float64(b.N)/b.Elapsed().Seconds(), p.unit)
			}
		})
	}
}

// BenchmarkStart is the time from nothing to the first answer.
func BenchmarkStart(b *testing.B) {
	c := vm.Config{CacheDir: b.TempDir()}
	for b.Loop() {
		m, err := vm.Open(c)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := m.Eval(b.Context(), "3 + 4"); err != nil {
			b.Fatal(err)
		}
		if err := m.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// The programs do what they should wherever nobody runs benchmarks.
func TestPrograms(t *testing.T) {
	m, err := vm.Open(vm.Config{CacheDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if _, err := m.Eval(t.Context(), "Object subclass: #BenchmarkPrograms instanceVariableNames: '' classVariableNames: '' package: 'Benchmarks'"); err != nil {
		t.Fatal(err)
	}
	for _, p := range programs {
		v, err := m.Eval(t.Context(), fmt.Sprintf("BenchmarkPrograms compile: %s. BenchmarkPrograms new program", ast.Quote("program "+p.source)))
		if err != nil {
			t.Errorf("%s: %v", p.name, err)
			continue
		}
		if n, err := v.Int(); p.want >= 0 && n != p.want {
			t.Errorf("%s: %d, want %d (%v)", p.name, n, p.want, err)
		}
	}
}
