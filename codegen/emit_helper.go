package codegen

import (
	"github.com/sista-vm/sista/codegen/asm"
	"github.com/sista-vm/sista/native"
	"github.com/sista-vm/sista/optimizer/ir"
)

// helpers are the routines that do an operation.
var helpers = map[ir.Op]native.Helper{
	ir.OpReplaceBytes: native.HelperReplaceBytes, ir.OpReplaceOops: native.HelperReplaceOops,
	ir.OpCompareBytes: native.HelperCompareBytes, ir.OpHashBytes: native.HelperHashBytes,
}

// helped translates an operation that a routine does.
func (l *lowerer) helped(v *ir.Value) {
	i := inst{op: mHelper, imm: int64(helpers[v.Op])}
	for _, a := range v.Args {
		if a.Type == ir.TypeInt {
			i.args = append(i.args, l.plainOperand(a))
		} else {
			i.args = append(i.args, l.operand(a))
		}
	}
	var object vreg
	if v.Op == ir.OpReplaceOops {
		object = l.reg(v.Args[0])
	}
	i.d = l.temp(gpr)
	l.emit(i)
	if object != 0 {
		l.emit(inst{op: mRemember, x: object, z: i.d, slow: true})
	}
	l.is(v, i.d)
	if l.tagged[v.ID] {
		l.is(v, l.lea(memx(0, i.d, 8, 1)))
	}
}

// helper calls a routine, which keeps all registers but the one that is never allocated.
func (e *emitter) helper() {
	for _, x := range e.in.args {
		e.push(x)
	}
	e.a.CallMem(asm.At(asm.R15, native.OffHelper(native.Helper(e.in.imm))))
	e.a.Lea(asm.RSP, asm.At(asm.RSP, int32(8*len(e.in.args))))
	e.a.Mov(asm.W64, e.d(), tmp)
}
