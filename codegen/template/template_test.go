package template

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/sista-vm/sista/codegen/asm"
	"github.com/sista-vm/sista/native"
)

// benchFib is ^self < 2 ifTrue: [1] ifFalse: [(self - 1) benchFib + (self - 2) benchFib + 1].
var benchFib = &Method{Name: "benchFib", Literals: 2, Bytes: []byte{
	76, 232, 2, 98, 193, 81, 92, 76, 81, 97, 128, 76, 232, 2, 97, 128, 96, 81, 96, 92}}

// sum is a block of an argument, a copied value and a temporary: a loop.
var sum = &Method{Name: "[] in sum", Literals: 3, Args: 1, Temps: 3, Copied: 1, Block: true, Bytes: []byte{
	80, 210, // temp 2 := 0
	66, 64, 98, 239, 8, // [temp 2 < argument] whileTrue:
	66, 81, 96, 210, // temp 2 := temp 2 + 1
	225, 255, 237, 0xF3, // back
	66, 94}}

func TestCode(t *testing.T) {
	for _, m := range []*Method{benchFib, sum} {
		code, err := Compile(m)
		if err != nil {
			t.Fatal(err)
		}
		check(t, m, code)
	}
	code, _ := Compile(benchFib)
	if n := len(code.Cells); n != 7 {
		t.Errorf("%d cells", n)
	}
	text := listing(code)
	for _, want := range []string{"cmp rax, 0x11", "jnl", "ret 0x8", "add rdx, 0x8"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if code.Template.Returns[11] == 0 || code.Template.Entries[11] == 0 || code.Template.Entries[0] == 0 {
		t.Errorf("no way back to a send: %v", code.Template)
	}
	if code, _ = Compile(sum); code.Template.Flags != 1+flagBlock || code.CheckedEntry != -1 || code.Template.Entries[2] == 0 {
		t.Errorf("a block is %+v, %+v", code, code.Template)
	}
}

func listing(c *native.Code) string {
	var b strings.Builder
	for _, i := range asm.Disassemble(c.Bytes, nil) {
		b.WriteString(i.Text + "\n")
	}
	return b.String()
}

// check finds what can be wrong with any code.
func check(t *testing.T, m *Method, c *native.Code) {
	t.Helper()
	starts := map[int]bool{}
	for _, i := range asm.Disassemble(c.Bytes, nil) {
		starts[i.Offset] = true
		if i.Text == "?" {
			t.Fatalf("%v: no instruction at %#x", m.Bytes, i.Offset)
		}
		if op, to, _ := strings.Cut(i.Text, " 0x"); strings.HasPrefix(op, "j") && strings.HasPrefix(to, "-") {
			t.Fatalf("%v: %s", m.Bytes, i.Text)
		}
	}
	for pc, at := range append(append([]int32{int32(c.Entry), int32(max(0, c.CheckedEntry))}, c.Template.Entries...), c.Template.Returns...) {
		if !starts[int(at)] && int(at) != len(c.Bytes) {
			t.Fatalf("%v: entry %d is within an instruction, at %#x", m.Bytes, pc, at)
		}
	}
	if len(c.Cells) != len(c.Template.Sites) {
		t.Fatalf("%v: %d cells, %d sites", m.Bytes, len(c.Cells), len(c.Template.Sites))
	}
	for i, cell := range c.Cells {
		if cell.Selector < -1 || (cell.Selector < 0) != (c.Template.Sites[i] >= native.SiteSpecial) {
			t.Fatalf("%v: cell %d is %+v", m.Bytes, i, cell)
		}
	}
}

// Any bytes are compiled or refused.
func TestAnyBytes(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	compiled := 0
	for range 20000 {
		m := &Method{Name: "any", Literals: r.IntN(100), Args: r.IntN(16), Block: r.IntN(3) == 0, Bytes: make([]byte, 1+r.IntN(30))}
		m.Temps = m.Args + r.IntN(5)
		if m.Block {
			m.Copied = r.IntN(4)
		}
		for i := range m.Bytes {
			m.Bytes[i] = byte(r.Uint32())
		}
		m.Bytes[len(m.Bytes)-1] = opReturnTop
		if r.IntN(8) == 0 {
			m.Primitive = r.IntN(600)
		}
		if c, err := Compile(m); err == nil {
			compiled++
			check(t, m, c)
		}
	}
	if compiled < 2000 {
		t.Errorf("only %d are compiled", compiled)
	}
}

func TestUnsuited(t *testing.T) {
	for name, m := range map[string]*Method{
		"a primitive":             {Bytes: []byte{248, 1, 0, 88}, Primitive: 1},
		"a block in the method":   {Bytes: []byte{250, 0, 1, 94, 92}},
		"too many copied values":  {Bytes: []byte{88}, Copied: 2, Temps: 1},
		"arguments of a constant": {Bytes: []byte{248, 1, 1, 88}, Primitive: 257, Args: 1},
	} {
		if _, err := Compile(m); !errors.Is(err, ErrUnsuited) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, bytes := range map[string][]byte{
		"no end": {76}, "no operand": {232}, "a jump out": {183, 88}, "into a bytecode": {64, 192, 232, 2, 92},
	} {
		if _, err := Compile(&Method{Bytes: bytes}); err == nil || errors.Is(err, ErrUnsuited) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Quick methods lay no frame.
func TestQuick(t *testing.T) {
	for primitive, want := range map[int]string{
		256: "ret 0x8", 257: "mov rax, qword ptr [r15+0x28]", 259: "mov rax, qword ptr [r15+0x18]",
		260: "mov rax, -0x7", 263: "mov rax, 0x11", 266: "mov rax, qword ptr [rax+0x18]",
	} {
		c, err := Compile(&Method{Bytes: []byte{248, 0, 1, 88}, Primitive: primitive})
		if err != nil {
			t.Fatal(err)
		}
		if text := listing(c); !strings.Contains(text, want) || strings.Contains(text, "push") {
			t.Errorf("primitive %d is\n%s", primitive, text)
		}
	}
}

func BenchmarkCompile(b *testing.B) {
	bytecodes := 0
	for pc := 0; pc < len(benchFib.Bytes); bytecodes++ {
		in, _ := decode(benchFib.Bytes, pc)
		pc = in.next
	}
	for b.Loop() {
		if _, err := Compile(benchFib); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(bytecodes), "ns/bytecode")
}
