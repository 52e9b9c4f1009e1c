package front_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/sista-vm/sista/bytecode"
	"github.com/sista-vm/sista/optimizer/front"
)

// TestRandomCode translates code that no compiler makes: what cannot be translated is
// refused, all else is well formed.
func TestRandomCode(t *testing.T) {
	m, err := newMachine()
	if err != nil {
		t.Fatal(err)
	}
	refused, translated := map[string]int{}, 0
	for seed := range uint64(4000) {
		r := rand.New(rand.NewPCG(seed, 1))
		x := randomMethod(m, r)
		w := &world{m: m}
		if r.IntN(2) == 0 {
			distrustAll(w)
		}
		o := front.Options{}
		if heads := loopHeads(x); len(heads) > 0 && r.IntN(2) == 0 {
			o.OSR, o.OSRPC = true, heads[0]
		}
		f, report, err := front.Translate(w, &x.Method, o)
		var refusal *front.Refusal
		switch {
		case errors.As(err, &refusal):
			refused[refusal.Reason]++
			if report == nil || report.Reason == "" {
				t.Errorf("seed %d: no report of a refusal", seed)
			}
		case err != nil:
			t.Fatalf("seed %d: %v", seed, err)
		default:
			translated++
			if err := f.Verify(); err != nil {
				t.Fatalf("seed %d: %v\n%v\n%s", seed, err, x.Bytes, f)
			}
		}
	}
	t.Log(translated, refused)
	if translated < 200 {
		t.Errorf("only %d methods were translated", translated)
	}
}

// randomMethod makes a method of instructions that fit the stack as a rule.
func randomMethod(m *machine, r *rand.Rand) *testMethod {
	x := &testMethod{owner: m.byName["OrderedCollection"], selector: "random"}
	x.Name = fmt.Sprintf("OrderedCollection>>random%d", len(m.objects))
	x.Args, x.Temps, x.Block = r.IntN(3), 4, r.IntN(4) == 0
	block := m.lookup(m.byName["Array"], m.symbol("inject:into:"))
	x.Literals = append(x.Literals, block.Literals...)
	for _, name := range []string{"size", "do:", "at:put:", "value"} {
		x.Literals = append(x.Literals, m.handle(m.symbol(name)))
	}
	x.Literals = append(x.Literals, m.handle(m.binding("Array")), front.Nil, m.handle(m.Integer(7)))
	m.add(&object{}) // the next method has another name
	x.Handle = front.Handle(m.add(&object{class: m.byName["CompiledMethod"], method: x}) >> 3)
	x.Owner = front.Handle(x.owner.oop >> 3)
	x.Sista = r.IntN(50) != 0
	var a bytecode.Assembler
	labels := []bytecode.Label{a.NewLabel(), a.NewLabel(), a.NewLabel(), a.NewLabel()}
	placed := make([]bool, len(labels))
	depth := 0
	for range 4 + r.IntN(30) {
		if i := r.IntN(len(labels)); r.IntN(5) == 0 && !placed[i] {
			a.Place(labels[i])
			placed[i] = true
		}
		in := bytecode.Instruction{Op: bytecode.Op(1 + r.IntN(int(bytecode.Trap))), Index: r.IntN(len(x.Literals)), NumArgs: r.IntN(3),
			Vector: r.IntN(5), Value: r.IntN(300) - 100, NumCopied: r.IntN(3), Target: bytecode.NoTarget, FromStack: r.IntN(2) == 0,
			IgnoreOuter: r.IntN(3) == 0, ReceiverOnStack: r.IntN(5) == 0}
		switch in.Op.Class() {
		case bytecode.ClassNone, bytecode.ClassInlined, bytecode.ClassTrap, bytecode.ClassPrimitive:
			if r.IntN(30) > 0 {
				continue
			}
		case bytecode.ClassReturn:
			if r.IntN(4) > 0 {
				continue
			}
		}
		if _, ok := a, in.Op.UsesLiteral(); !ok && in.Index > 5 {
			in.Index = r.IntN(6)
		}
		if in.Op == bytecode.SendSpecial {
			in.Index = r.IntN(32)
			in.NumArgs = bytecode.SpecialSelectors[in.Index].NumArgs
		}
		if in.Op == bytecode.PushNewArray {
			in.Index = r.IntN(3)
		}
		pops, pushes := in.Effect()
		for depth < pops {
			a.Emit(bytecode.Instruction{Op: []bytecode.Op{bytecode.PushReceiver, bytecode.PushTrue, bytecode.PushNil}[r.IntN(3)]})
			depth++
		}
		depth += pushes - pops
		switch in.Op {
		case bytecode.Jump, bytecode.JumpIfTrue, bytecode.JumpIfFalse:
			a.Jump(in.Op, labels[r.IntN(len(labels))])
		default:
			if _, err := bytecode.Append(nil, in); err == nil {
				a.Emit(in)
			}
		}
	}
	for i, done := range placed {
		if !done {
			a.Place(labels[i])
		}
	}
	a.Emit(bytecode.Instruction{Op: bytecode.ReturnReceiver})
	code, _, err := a.Assemble()
	if err != nil {
		code = []byte{byte(r.IntN(256)), byte(r.IntN(256)), 88}
	}
	x.Bytes = code
	return x
}
