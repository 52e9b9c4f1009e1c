package toy

import "github.com/sista-vm/sista/optimizer/ir"

// EnterAt interprets the program until it comes to one of the OSR entries of the
// function for the second time, and answers that entry with the registers; the entry of
// the function with the arguments if it never does. SmallIntegers are whole numbers.
func (p *Program) EnterAt(h *Heap, f *ir.Func, a, b float64) (*ir.Block, []ir.Oop, error) {
	return p.enterAt(h, f, [numArgs]float64{float64(a), float64(b)})
}
