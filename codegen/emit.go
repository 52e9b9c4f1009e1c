package codegen

import (
	"fmt"

	"github.com/sista-vm/sista/codegen/asm"
	"github.com/sista-vm/sista/native"
)

// emitter turns the allocated code into bytes.
type emitter struct {
	*plan
	a      *asm.Assembler
	out    *native.Code
	labels []asm.Label // by block
	later  []func()    // code out of line
	sites  []site
	states stateTable
	places []loc  // by virtual register, of the state being described
	key    []byte // of the state being looked for

	entry, checked asm.Label
	slow           asm.Label // where code out of line begins
	hasChecked     bool

	b   *block
	in  *inst
	pos int32
	err error
}

// site is a return address at which Go code may see the frame.
type site struct {
	at    asm.Label
	point native.Safepoint
}

// Data words are numbered by kind until all are known.
const (
	cellWords = 1 << 20
	rawWords  = 2 << 20
)

func (e *emitter) fail(format string, args ...any) {
	if e.err == nil {
		e.err = fmt.Errorf("codegen: %s: %s", e.fn.Name, fmt.Sprintf(format, args...))
	}
}

// uses notes what an instruction needs of the processor, which it may.
func (e *emitter) uses(f native.Features) { e.out.Features |= f }

func gr(r reg) asm.Reg  { return asm.Reg(r) }
func xr(r reg) asm.XReg { return asm.XReg(r - rX0) }

const (
	tmp  = asm.R11
	tmpX = asm.X15
)

// regAt answers the register of v at an offset from the current position.
func (e *emitter) regAt(v vreg, off int32) reg {
	l := e.where(v, e.pos+off)
	if !l.isReg() {
		e.fail("%s of v%d at %d is in %v, not in a register", mopNames[e.in.op], v, e.pos+off, l)
		return 0
	}
	return l.reg()
}

func (e *emitter) r(v vreg) asm.Reg  { return gr(e.regAt(v, 0)) }
func (e *emitter) x(v vreg) asm.XReg { return xr(e.regAt(v, 0)) }

// d and dx are the register of the answer.
func (e *emitter) d() asm.Reg      { return gr(e.regAt(e.in.d, posAnswer)) }
func (e *emitter) dx() asm.XReg    { return xr(e.regAt(e.in.d, posAnswer)) }
func (e *emitter) t(i int) asm.Reg { return gr(e.regAt(e.in.t[i], 0)) }

func context(off int64) asm.Mem { return asm.At(asm.R15, int32(off)) }

// frame answers a slot or argument.
func (e *emitter) frame(l loc) asm.Mem { return asm.At(asm.RBP, e.offset(l)) }

// offset answers how far from the frame pointer it is.
func (e *emitter) offset(l loc) int32 {
	switch {
	case l.isArg():
		return int32(16 + 8*l.arg())
	case l == locSlot(receiverSlot):
		return frameReceiver
	}
	return -e.slotsAt() - int32(8*l.slot())
}

func (e *emitter) slotsAt() int32 {
	if e.osr {
		return native.OSRSlotsAt
	}
	return native.SlotsAt
}

// mem answers an operand in memory.
func (e *emitter) mem(o operand) asm.Mem {
	switch o.kind {
	case oCtx:
		return context(o.disp)
	case oLit:
		return asm.Data(int(o.disp))
	case oRaw:
		return asm.Data(rawWords + int(o.disp))
	}
	m := asm.Mem{Base: asm.NoBase, Disp: int32(o.disp)}
	if o.v != 0 {
		m.Base = e.r(o.v)
	}
	if o.idx != 0 {
		m.Index, m.Scale = e.r(o.idx), o.scale
	}
	return m
}

func width(w uint8) asm.Width {
	switch w {
	case 1:
		return asm.W8
	case 2:
		return asm.W16
	case 4:
		return asm.W32
	}
	return asm.W64
}

// emit produces the whole function.
func (e *emitter) emit() {
	e.labels = make([]asm.Label, len(e.blocks))
	var order []*block
	for _, b := range e.blocks {
		e.labels[b.id] = e.a.NewLabel()
		if b == e.blocks[0] || e.target(b) == b {
			order = append(order, b)
		} else {
			e.a.Bind(e.labels[b.id]) // nobody jumps here
		}
	}
	for i, b := range order {
		var next *block
		if i+1 < len(order) {
			next = order[i+1]
		}
		e.block(b, next)
	}
	e.slow = e.a.Here()
	for len(e.later) > 0 {
		f := e.later[0]
		e.later = e.later[1:]
		f()
	}
}

// target answers where a jump to a block ends: blocks that only jump are left out.
func (e *emitter) target(b *block) *block {
	for n := 0; n < len(e.blocks); n++ {
		if len(b.insts) != 1 || b.insts[0].op != mJmp || len(e.into[b.id])+len(e.store[b.id])+len(e.out_(b)) > 0 || b == e.blocks[0] {
			break
		}
		if b.succs[0].to == b {
			break
		}
		b = b.succs[0].to
	}
	return b
}

func (e *emitter) out_(b *block) []move { return e.plan.out[b.id] }

func (e *emitter) block(b, next *block) {
	e.b = b
	e.a.Bind(e.labels[b.id])
	entry := b == e.blocks[0]
	if !entry {
		e.moves(e.into[b.id])
		e.moves(e.store[b.id])
	}
	for i := range b.insts {
		n := int32(b.first + i)
		e.in, e.pos = &b.insts[i], 4*n
		if e.in.val != nil {
			e.a.Line(int32(e.in.val.ID))
		}
		if i == len(b.insts)-1 {
			e.moves(e.out_(b))
		}
		e.moves(e.before[n])
		if i == len(b.insts)-1 {
			e.moves(e.early[b.id])
		}
		e.inst(next)
		if entry && i == 0 {
			e.moves(e.store[b.id])
		}
		e.moves(e.after[n])
	}
}

// moves emits moves that happen at once.
func (e *emitter) moves(list []move) {
	if len(list) == 0 {
		return
	}
	list = sequence(list)
	// Unless a value waits in it, moves between words of memory go over a register.
	free := true
	for _, m := range list {
		free = free && m.to != locReg(rTmp)
	}
	held := operand{}
	for _, m := range list {
		if free && !m.to.isReg() && (m.from.kind >= oCtx || m.from.kind == oNone && !m.src.isReg()) {
			switch {
			case m.from.kind == oNone:
				e.a.Load(asm.W64, tmp, e.frame(m.src))
			case m.from != held:
				e.a.Load(asm.W64, tmp, e.mem(m.from))
			}
			held = m.from
			e.a.Store(asm.W64, e.frame(m.to), tmp)
			continue
		}
		e.move(m)
	}
}

func (e *emitter) move(m move) {
	a := e.a
	switch {
	case m.from.kind == oImm && m.to.isReg():
		a.MovImm(gr(m.to.reg()), m.from.disp)
	case m.from.kind == oImm && fits32(m.from.disp):
		a.StoreImm(asm.W64, e.frame(m.to), int32(m.from.disp))
	case m.from.kind == oImm:
		at := e.offset(m.to)
		a.StoreImm(asm.W32, asm.At(asm.RBP, int32(at)), int32(m.from.disp))
		a.StoreImm(asm.W32, asm.At(asm.RBP, int32(at+4)), int32(m.from.disp>>32))
	case m.from.kind != oNone && m.to.isReg() && m.to.reg().isX():
		a.LoadX(asm.W64, xr(m.to.reg()), e.mem(m.from))
	case m.from.kind != oNone && m.to.isReg():
		a.Load(asm.W64, gr(m.to.reg()), e.mem(m.from))
	case m.from.kind != oNone:
		a.PushMem(e.mem(m.from))
		a.PopMem(e.frame(m.to))
	default:
		e.copyLoc(m.to, m.src)
	}
}

// copyLoc copies a word between places.
func (e *emitter) copyLoc(to, from loc) {
	a := e.a
	switch {
	case !from.isReg() && from < slotBase+receiverSlot || !to.isReg() && to < slotBase+receiverSlot:
		e.fail("copy from %v to %v", from, to)
	case to.isReg() && from.isReg():
		x, y := to.reg(), from.reg()
		switch {
		case x.isX() && y.isX():
			a.MovX(xr(x), xr(y))
		case x.isX():
			a.BitsToX(asm.W64, xr(x), gr(y))
		case y.isX():
			a.XToBits(asm.W64, gr(x), xr(y))
		default:
			a.Mov(asm.W64, gr(x), gr(y))
		}
	case to.isReg() && to.reg().isX():
		a.LoadX(asm.W64, xr(to.reg()), e.frame(from))
	case to.isReg():
		a.Load(asm.W64, gr(to.reg()), e.frame(from))
	case from.isReg() && from.reg().isX():
		a.StoreX(asm.W64, e.frame(to), xr(from.reg()))
	case from.isReg():
		a.Store(asm.W64, e.frame(to), gr(from.reg()))
	default:
		a.PushMem(e.frame(from))
		a.PopMem(e.frame(to))
	}
}

// inst emits an instruction.
func (e *emitter) inst(next *block) {
	switch op := e.in.op; {
	case op == mNop:
	case op <= mDivBy:
		e.integer()
	case op <= mUnboxG:
		e.float()
	case op <= mRemember:
		e.object()
	default:
		e.control(next)
	}
}
