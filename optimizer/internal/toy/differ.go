package toy

import (
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/sista-vm/sista/optimizer/ir"
)

// arguments of the runs that are compared.
var arguments = [][numArgs]float64{{0, 0}, {1, 3}, {7, -2}, {1<<59 + 1<<58, 1 << 58}, {2.5, 1e200}}

// Compare runs the program in the interpreter and its IR in the evaluator, with
// guards as they are, all failing, and failing at random; and answers the first
// difference. In every other program Floats are immediate if they can be.
func Compare(p *Program, f *ir.Func, seed uint64) error {
	for _, a := range arguments {
		want, err := p.reference(a, seed%2 == 1)
		if err != nil {
			continue
		}
		r := rand.New(rand.NewPCG(seed, 2))
		for _, m := range []struct {
			name  string
			leave func() bool
		}{
			{"guards as they are", func() bool { return false }},
			{"every guard fails", func() bool { return true }},
			{"guards at random", func() bool { return r.IntN(8) == 0 }},
			{"guards seldom", func() bool { return r.IntN(64) == 0 }},
		} {
			got, err := p.evaluate(f, a, m.leave, seed%2 == 1)
			if errors.Is(err, ErrSteps) || errors.Is(err, ir.ErrFuel) {
				continue
			}
			if err != nil {
				return fmt.Errorf("arguments %v, %s: %w", a, m.name, err)
			}
			if got != want {
				return fmt.Errorf("arguments %v, %s: got\n%s\nwant\n%s", a, m.name, got, want)
			}
		}
	}
	return nil
}

func (p *Program) reference(a [numArgs]float64, smallFloats bool) (string, error) {
	h := NewHeap()
	h.SmallFloats = smallFloats
	v, err := p.Call(h, p.Main().Name, h.numbers(a))
	return h.summary(v), err
}

func (p *Program) evaluate(f *ir.Func, a [numArgs]float64, leave func() bool, smallFloats bool) (string, error) {
	h := NewHeap()
	h.SmallFloats = smallFloats
	h.LeaveAtPoll = leave
	e := &ir.Evaluator{Machine: h, Leave: func(*ir.Value) bool { return leave() }}
	entry, args, err := p.enterAt(h, f, a)
	if err != nil {
		return "", err
	}
	out, err := e.RunAt(f, entry, args...)
	if err != nil {
		return "", err
	}
	v := out.Value
	if out.Kind == ir.Deoptimized {
		if v, err = p.Resume(h, out.Frames); err != nil {
			return "", err
		}
	}
	return h.summary(v), nil
}

// enterAt interprets up to the second time that the program comes to an OSR entry of
// the function, and answers that entry; the entry of the function if it never does.
func (p *Program) enterAt(h *Heap, f *ir.Func, a [numArgs]float64) (*ir.Block, []ir.Oop, error) {
	entries := map[int]*ir.Block{}
	for _, b := range f.Blocks {
		if b.OSR != nil {
			entries[b.OSR.PC] = b
		}
	}
	if len(entries) == 0 {
		return f.Entry(), h.numbers(a), nil
	}
	visits := 0
	stack := []*frame{enter(p.Main(), h.numbers(a))}
	for range maxSteps {
		if b := entries[stack[0].pc]; b != nil && len(stack) == 1 {
			if visits++; visits == 2 {
				return b, stack[0].regs, nil
			}
		}
		var err error
		if _, stack, err = p.next(h, stack); err != nil {
			return nil, nil, err
		}
		if len(stack) == 0 {
			*h = *NewHeap().like(h)
			return f.Entry(), h.numbers(a), nil
		}
	}
	return nil, nil, ErrSteps
}

// like takes over what is asked at polls.
func (h *Heap) like(o *Heap) *Heap {
	h.LeaveAtPoll, h.Methods, h.SmallFloats = o.LeaveAtPoll, o.Methods, o.SmallFloats
	return h
}

// numbers answers SmallIntegers where there are some, else Floats.
func (h *Heap) numbers(a [numArgs]float64) []ir.Oop {
	var os []ir.Oop
	for _, f := range a {
		o := h.Integer(int64(f))
		if n, ok := ir.Truncate(f); !ok || float64(n) != f {
			o, _ = h.Float(f)
		}
		os = append(os, o)
	}
	return os
}

func (h *Heap) summary(v ir.Oop) string {
	s := ""
	for _, e := range h.Log {
		s += e + "\n"
	}
	return s + "answer " + h.Describe(v)
}
