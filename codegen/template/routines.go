package template

import (
	"slices"
	"sync"

	"github.com/sista-vm/sista/codegen/asm"
	"github.com/sista-vm/sista/native"
)

// Routines are code that all template code shares. It lies in the zone as code of its own, and is
// called through Context.Routines. Each either sets the flag zero and has its result in RAX, or has
// done nothing that matters.
//
// There is one for each operator that Floats know, by the number of its
// special selector: the receiver is in RAX, the argument in RCX, at least one of them is no
// SmallInteger. Each may be a Float or a SmallInteger that is exact as a float. Where they do
// nothing both registers are as they were. Another one makes closures (makers.go).

// floatOperators are the operators, by number.
var floatOperators = [native.NumRoutines]bool{0: true, opSubtract - opAdd: true, opLess - opAdd: true,
	opGreater - opAdd: true, opLessEqual - opAdd: true, opGreaterEqual - opAdd: true, opEqual - opAdd: true,
	opNotEqual - opAdd: true, opMultiply - opAdd: true, opDivide - opAdd: true}

// Routines answers their code, and the offsets at which it is called.
func Routines() (*native.Code, []int, error) {
	r, err := theRoutines()
	if err != nil {
		return nil, nil, err
	}
	return &native.Code{Name: "template routines", Bytes: slices.Clone(r.bytes), CheckedEntry: -1, Template: &native.Template{}}, slices.Clone(r.offsets), nil
}

type routines struct {
	bytes   []byte
	offsets []int
}

var theRoutines = sync.OnceValues(func() (*routines, error) {
	a := asm.New()
	labels := make([]asm.Label, native.NumRoutines)
	for op, ok := range floatOperators {
		if ok {
			labels[op] = a.Here()
			floatRoutine(a, byte(op+opAdd))
		}
	}
	labels[closureRoutine] = a.Here()
	writeClosureRoutine(a)
	out, err := a.Assemble()
	if err != nil {
		return nil, err
	}
	r := &routines{bytes: out.Bytes, offsets: make([]int, native.NumRoutines)}
	for op, ok := range floatOperators {
		if ok {
			r.offsets[op] = a.Offset(labels[op])
		}
	}
	r.offsets[closureRoutine] = a.Offset(labels[closureRoutine])
	return r, nil
})

const (
	// The exponents of SmallFloats are less by this, where floats have it rotated by one.
	floatBias   = 896 << 53
	floatLimit  = 1 << 61
	exactFloat  = 1 << 53 // integers up to it are exact
	classFloat  = 34
	floatHeader = 1<<slotsShift | 10<<formatShift | classFloat
	floatBytes  = 16
)

func floatRoutine(a *asm.Assembler, op byte) {
	fail := a.NewLabel()
	a.Mov(asm.W32, asm.RDX, asm.RAX)
	a.RR(asm.And, asm.W32, asm.RDX, asm.RCX)
	a.RI(asm.Test, asm.W8, asm.RDX, tagInt)
	a.Jcc(asm.NotEqual, fail)
	a.MovImm(asm.R8, floatBias)
	loadFloat(a, asm.X0, asm.RAX, fail)
	loadFloat(a, asm.X1, asm.RCX, fail)
	switch op {
	case opAdd:
		a.XX(asm.FAdd, asm.X0, asm.X1)
	case opSubtract:
		a.XX(asm.FSub, asm.X0, asm.X1)
	case opMultiply:
		a.XX(asm.FMul, asm.X0, asm.X1)
	case opDivide:
		a.XX(asm.FXor, asm.X2, asm.X2)
		a.XX(asm.Ucomisd, asm.X1, asm.X2)
		a.Jcc(asm.Equal, fail) // by zero; or no number, which is the interpreter's
		a.XX(asm.FDiv, asm.X0, asm.X1)
	default:
		compareFloats(a, op)
		answer(a)
		failure(a, fail)
		return
	}
	storeFloat(a, fail)
	failure(a, fail)
}

func answer(a *asm.Assembler) {
	a.Zero(asm.RDX)
	a.Ret(0)
}

func failure(a *asm.Assembler, fail asm.Label) {
	a.Bind(fail)
	a.RR(asm.Test, asm.W64, asm.RSP, asm.RSP)
	a.Ret(0)
}

// loadFloat loads the value of an object. R8 is the bias.
func loadFloat(a *asm.Assembler, x asm.XReg, r asm.Reg, fail asm.Label) {
	notSmall, zero, object, done := a.NewLabel(), a.NewLabel(), a.NewLabel(), a.NewLabel()
	a.Mov(asm.W32, asm.RDX, r)
	a.RI(asm.And, asm.W32, asm.RDX, tagMask)
	a.RI(asm.Cmp, asm.W32, asm.RDX, tagFloat)
	a.Jcc(asm.NotEqual, notSmall)
	a.Mov(asm.W64, asm.RDX, r)
	a.Shift(asm.Shr, asm.W64, asm.RDX, 3)
	a.RI(asm.Cmp, asm.W64, asm.RDX, 1)
	a.Jcc(asm.BelowEqual, zero)
	a.RR(asm.Add, asm.W64, asm.RDX, asm.R8)
	a.Bind(zero)
	a.Shift(asm.Ror, asm.W64, asm.RDX, 1)
	a.BitsToX(asm.W64, x, asm.RDX)
	a.Jmp(done)
	a.Bind(notSmall)
	a.RI(asm.Cmp, asm.W32, asm.RDX, tagInt)
	a.Jcc(asm.NotEqual, object)
	a.Mov(asm.W64, asm.RDX, r)
	a.Shift(asm.Sar, asm.W64, asm.RDX, 3)
	a.MovImm(asm.RSI, exactFloat)
	a.Lea(asm.RDI, asm.Indexed(asm.RDX, asm.RSI, 1, 0))
	a.Shift(asm.Shl, asm.W64, asm.RSI, 1)
	a.RR(asm.Cmp, asm.W64, asm.RDI, asm.RSI)
	a.Jcc(asm.Above, fail)
	a.XX(asm.FXor, x, x)
	a.IntToFloat(asm.W64, x, asm.RDX)
	a.Jmp(done)
	a.Bind(object)
	a.RR(asm.Test, asm.W32, asm.RDX, asm.RDX)
	a.Jcc(asm.NotEqual, fail)
	a.Load(asm.W32, asm.RDX, asm.At(r, 0))
	a.RI(asm.And, asm.W32, asm.RDX, classMask)
	a.RI(asm.Cmp, asm.W32, asm.RDX, classFloat)
	a.Jcc(asm.NotEqual, fail)
	a.LoadX(asm.W64, x, asm.At(r, firstSlot))
	a.Bind(done)
}

// storeFloat answers X0, immediate whenever it can be.
func storeFloat(a *asm.Assembler, fail asm.Label) {
	small, box := a.NewLabel(), a.NewLabel()
	a.XToBits(asm.W64, asm.RDX, asm.X0)
	a.Shift(asm.Rol, asm.W64, asm.RDX, 1)
	a.RI(asm.Cmp, asm.W64, asm.RDX, 1)
	a.Jcc(asm.BelowEqual, small)
	a.RR(asm.Sub, asm.W64, asm.RDX, asm.R8)
	a.RI(asm.Cmp, asm.W64, asm.RDX, 1)
	a.Jcc(asm.BelowEqual, box)
	a.MovImm(asm.RSI, floatLimit)
	a.RR(asm.Cmp, asm.W64, asm.RDX, asm.RSI)
	a.Jcc(asm.AboveEqual, box)
	a.Bind(small)
	a.Lea(asm.RAX, asm.Mem{Base: asm.NoBase, Index: asm.RDX, Scale: 8, Disp: tagFloat})
	answer(a)
	a.Bind(box)
	a.Load(asm.W64, asm.RDI, ctx(native.OffFree))
	a.Lea(asm.RSI, asm.At(asm.RDI, floatBytes))
	a.RM(asm.Cmp, asm.W64, asm.RSI, ctx(native.OffFreeLimit))
	a.Jcc(asm.Above, fail)
	a.Store(asm.W64, ctx(native.OffFree), asm.RSI)
	a.MovImm(asm.RSI, floatHeader)
	a.Store(asm.W64, asm.At(asm.RDI, 0), asm.RSI)
	a.StoreX(asm.W64, asm.At(asm.RDI, firstSlot), asm.X0)
	a.Mov(asm.W64, asm.RAX, asm.RDI)
	answer(a)
}

func compareFloats(a *asm.Assembler, op byte) {
	x, y, cond := asm.X0, asm.X1, asm.Above
	switch op {
	case opLess, opLessEqual: // the other way round, so that what is no number is in no order
		x, y = y, x
	}
	if op == opLessEqual || op == opGreaterEqual {
		cond = asm.AboveEqual
	}
	otherwise, value := native.OffFalse, native.OffTrue
	if op == opNotEqual {
		otherwise, value = value, otherwise
	}
	a.XX(asm.Ucomisd, x, y)
	a.Load(asm.W64, asm.RAX, ctx(otherwise))
	if op == opEqual || op == opNotEqual {
		done := a.NewLabel()
		a.Jcc(asm.Parity, done)
		a.CmovM(asm.Equal, asm.W64, asm.RAX, ctx(value))
		a.Bind(done)
		return
	}
	a.CmovM(cond, asm.W64, asm.RAX, ctx(value))
}
