package codegen

import "github.com/sista-vm/sista/optimizer/ir"

// block translates a block.
func (l *lowerer) block(b *ir.Block, entry bool) {
	l.b = l.blocks[b]
	clear(l.conv)
	l.b.insts = make([]inst, 0, 2*len(b.Values)+2)
	if entry {
		l.val = nil
		l.emit(inst{op: mEntry})
	}
	for _, v := range b.Values {
		l.val = v
		l.value(v)
	}
	l.val = b.End
	for _, e := range b.Succs {
		le := edge{to: l.blocks[e.To]}
		for i, a := range e.Args {
			le.args = append(le.args, l.edgeArg(a, e.To.Params[i]))
		}
		l.b.succs = append(l.b.succs, le)
	}
	l.end(b)
}

// edgeArg answers what a parameter gets, in the form that it has.
func (l *lowerer) edgeArg(a, p *ir.Value) operand {
	if o, ok := l.constant(a, l.tagged[p.ID]); ok {
		return o
	}
	if a.Type == ir.TypeInt && l.tagged[a.ID] != l.tagged[p.ID] {
		if l.tagged[p.ID] {
			return l.tagOperand(a)
		}
		return l.plainOperand(a)
	}
	r := l.vregOf[a.ID]
	if pr := l.vregOf[p.ID]; l.vregs[pr].hint == 0 {
		l.vregs[pr].hint = r
	}
	if l.vregs[r].hint == 0 {
		l.vregs[r].hint = l.vregOf[p.ID]
	}
	return reg1(r)
}

func (l *lowerer) end(b *ir.Block) {
	v := b.End
	l.b.tail = len(l.b.insts)
	switch v.Op {
	case ir.OpJump:
		l.emit(inst{op: mJmp})
	case ir.OpBranch:
		if c := v.Args[0].Root(); c.Op == ir.OpConstBool {
			l.b.succs = l.b.succs[1-c.Int : 2-c.Int]
			l.emit(inst{op: mJmp})
			return
		}
		cc := l.flags(v.Args[0])
		l.emit(inst{op: mJcc, cc: cc})
	case ir.OpReturn:
		o := l.operand(v.Args[0])
		if o.kind == oReg && l.vregs[o.v].fixed == noReg {
			l.vregs[o.v].fixed = rAX
		}
		l.emit(inst{op: mRet, args: []operand{o}})
	case ir.OpNonLocal:
		l.emit(inst{op: mNonLocal, call: true, args: []operand{l.operand(v.Args[0]), l.operand(v.Args[1])}})
	case ir.OpDeopt:
		l.emit(inst{op: mDeopt, st: l.state(v)})
	default:
		l.emit(inst{op: mUnreachable})
	}
}

// splitEdges puts a block on each edge from a block with several successors to one
// with several predecessors, and numbers blocks and predecessors.
func (l *lowerer) splitEdges() {
	preds := map[*block]int{}
	var blocks []*block
	reached := map[*block]bool{}
	work := []*block{l.blocks[l.order[0]]}
	for len(work) > 0 {
		b := work[len(work)-1]
		work = work[:len(work)-1]
		if reached[b] {
			continue
		}
		reached[b] = true
		for _, e := range b.succs {
			preds[e.to]++
			work = append(work, e.to)
		}
	}
	for _, b := range l.order {
		if reached[l.blocks[b]] {
			blocks = append(blocks, l.blocks[b])
		}
	}
	var warm, cold []*block
	for _, b := range blocks {
		list := &warm
		if b.cold {
			list = &cold
		}
		*list = append(*list, b)
		if len(b.succs) < 2 {
			continue
		}
		for i := range b.succs {
			e := &b.succs[i]
			if preds[e.to] < 2 {
				continue
			}
			mid := &block{depth: min(b.depth, e.to.depth), cold: b.cold || e.to.cold, succs: []edge{*e}}
			mid.insts = []inst{{op: mJmp, w: 8, val: b.insts[len(b.insts)-1].val}}
			*e = edge{to: mid}
			if mid.cold {
				cold = append(cold, mid)
			} else {
				warm = append(warm, mid)
			}
		}
	}
	l.code.blocks = append(warm, cold...)
	for i, b := range l.code.blocks {
		b.id = i
		for _, e := range b.succs {
			e.to.preds = append(e.to.preds, b)
		}
	}
}
