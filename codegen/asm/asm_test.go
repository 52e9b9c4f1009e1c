package asm

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
)

func assemble(t *testing.T, a *Assembler) *Output {
	t.Helper()
	out, err := a.Assemble()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestJumps jumps forth and back over a growing distance: jumps are long when they
// must be, and arrive either way.
func TestJumps(t *testing.T) {
	a := New()
	for n := range 200 {
		a.Reset()
		forth, back := a.NewLabel(), a.Here()
		a.Jmp(forth)
		a.Jcc(Less, forth)
		for range n {
			a.Push(RAX)
		}
		a.Jmp(back)
		a.Jcc(Equal, back)
		a.Bind(forth)
		a.Ret(0)
		out := assemble(t, a)
		list := Disassemble(out.Bytes, nil)
		end := fmt.Sprintf("%#x", a.Offset(forth))
		if a.Offset(forth) != len(out.Bytes)-1 {
			t.Fatalf("%d: label at %s", n, end)
		}
		got := []string{list[0].Text, list[1].Text, list[2+n].Text, list[3+n].Text}
		if want := []string{"jmp " + end, "jl " + end, "jmp 0x0", "jz 0x0"}; !slices.Equal(got, want) {
			t.Fatalf("%d: %q: want %q", n, got, want)
		}
		short, distance := len(list[0].Bytes) == 2, a.Offset(forth)-2
		if short && distance > 127 {
			t.Errorf("a short jump over %d bytes", distance)
		}
		if n < 5 && !short {
			t.Errorf("a long jump over %d pushes", n)
		}
	}
}

func TestManyDependentJumps(t *testing.T) {
	a := New()
	labels := make([]Label, 3000)
	for i := range labels {
		labels[i] = a.NewLabel()
	}
	for i := range labels {
		a.Jcc(Equal, labels[len(labels)-1-i])
		a.Bind(labels[i])
	}
	out := assemble(t, a)
	at := 0
	for i, in := range Disassemble(out.Bytes, nil) {
		if want := fmt.Sprintf("jz %#x", a.Offset(labels[len(labels)-1-i])); in.Text != want || in.Offset != at {
			t.Fatalf("%d at %#x: %s, want %s", i, in.Offset, in.Text, want)
		}
		at += len(in.Bytes)
	}
}

// TestRefs has displacements with immediates of all sizes after them.
func TestRefs(t *testing.T) {
	a := New()
	here := a.NewLabel()
	a.Load(W64, RAX, Data(3))
	a.MI(Cmp, W64, Data(4), 1000)
	a.MI(Cmp, W64, Data(0), 1)
	a.MI(Cmp, W16, Data(9), 1000)
	a.XM(FAdd, X3, Data(7))
	a.Lea(R10, Code(here))
	a.Trap()
	a.Bind(here)
	a.Ret(0)
	out := assemble(t, a)
	list := Disassemble(out.Bytes, nil)
	words := []int{3, 4, 0, 9, 7}
	if len(out.Refs) != len(words) {
		t.Fatalf("refs %v", out.Refs)
	}
	// With the data at 0x1000 every displacement must lead to its word.
	for i, r := range out.Refs {
		if r.Word != words[i] {
			t.Errorf("ref %d is to word %d", i, r.Word)
		}
		field := out.Bytes[r.Offset:]
		disp := int32(binary.LittleEndian.Uint32(field)) + int32(0x1000+8*r.Word-r.Offset-4)
		binary.LittleEndian.PutUint32(field, uint32(disp))
		end := list[i].Offset + len(list[i].Bytes)
		if got := end + int(disp); got != 0x1000+8*words[i] {
			t.Errorf("%s: leads to %#x", list[i].Text, got)
		}
	}
	if got := Disassemble(out.Bytes, nil)[5].Text; got != "lea r10, ptr [rip+0x1]" {
		t.Errorf("address of a label: %s", got)
	}
}

func TestLines(t *testing.T) {
	a := New()
	a.Line(7)
	a.Push(RAX)
	a.Line(8)
	a.Line(9)
	a.Load(W64, RAX, At(RSP, 8))
	a.Line(10)
	out := assemble(t, a)
	if want := []Line{{0, 7}, {1, 9}, {6, 10}}; !reflect.DeepEqual(out.Lines, want) {
		t.Errorf("lines %v, want %v", out.Lines, want)
	}
}

func TestMistakes(t *testing.T) {
	for want, emit := range map[string]func(a *Assembler){
		"label 0 is not bound":   func(a *Assembler) { a.Jmp(a.NewLabel()) },
		"label 0 is bound twice": func(a *Assembler) { a.Bind(a.Here()) },
		"label 5 is of another":  func(a *Assembler) { a.Jmp(5) },
		"label 6 is of another":  func(a *Assembler) { a.Lea(RAX, Code(6)) },
		"no operation 200":       func(a *Assembler) { a.RR(200, W64, RAX, RAX) },
		"no float operation 99":  func(a *Assembler) { a.XX(99, X0, X0) },
	} {
		a := New()
		a.Push(RAX)
		emit(a)
		if _, err := a.Assemble(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: want %s", err, want)
		}
		a.Reset()
		a.Ret(0)
		if out := assemble(t, a); !bytes.Equal(out.Bytes, []byte{0xC3}) {
			t.Errorf("after %s: %x", want, out.Bytes)
		}
		if _, err := a.Assemble(); err == nil {
			t.Error("assembled twice")
		}
	}
	if out := assemble(t, New()); len(out.Bytes) != 0 {
		t.Errorf("nothing is %x", out.Bytes)
	}
}

// program emits n instructions of many kinds, deterministically.
func program(a *Assembler, n int) {
	top := a.Here()
	for i := range n {
		r := Reg(i % 16)
		switch i % 7 {
		case 0:
			a.RR(Add, W64, r, RAX)
		case 1:
			a.Load(W64, r, At(RBP, int32(i)))
		case 2:
			a.MovImm(r, int64(i)<<uint(i%50))
		case 3:
			a.Jcc(Cond(i%16), top)
		case 4:
			a.XX(FMul, XReg(r), X1)
		case 5:
			a.MI(Cmp, W64, Data(i), 5)
		case 6:
			a.CallMem(At(R15, 64))
		}
	}
}

// TestReset checks that nothing of a longer program is left over.
func TestReset(t *testing.T) {
	fresh := New()
	program(fresh, 700)
	want := assemble(t, fresh)
	a := New()
	for _, n := range []int{3000, 10, 700} {
		a.Reset()
		program(a, n)
		out := assemble(t, a)
		if n == 700 && !reflect.DeepEqual(out, want) {
			t.Error("a used assembler yields something else")
		}
	}
}

func TestConcurrent(t *testing.T) {
	var wait sync.WaitGroup
	results := make([]*Output, 4)
	for i := range results {
		wait.Go(func() {
			a := New()
			program(a, 500)
			results[i], _ = a.Assemble()
		})
	}
	wait.Wait()
	for _, r := range results[1:] {
		if r == nil || !reflect.DeepEqual(r, results[0]) {
			t.Error("assemblers disagree")
		}
	}
}

func BenchmarkAssemble(b *testing.B) {
	a := New()
	for b.Loop() {
		a.Reset()
		program(a, 1000)
		if _, err := a.Assemble(); err != nil {
			b.Fatal(err)
		}
	}
}
