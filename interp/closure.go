package interp

import "github.com/sista-vm/sista/heap"

// Slots of closures. The V3 form has its start pc and copied values from slot 3,
// the full form its block and receiver.
const (
	closureOuter     = 0
	closureStartPC   = 1 // V3
	closureBlock     = 1 // full
	closureNumArgs   = 2
	closureCopied    = 3 // V3
	closureReceiver  = 3 // full
	fullBlockCopied  = 4
	ignoreOuterBit   = 1 << 6
	receiverOnStack  = 1 << 7
	numCopiedMask    = 63
	maxClosureValues = 63
)

// pushFullClosure makes a closure of the block at a literal; flags is the second operand byte.
func (in *Interp) pushFullClosure(literal, flags int) {
	n := flags & numCopiedMask
	for try := 0; ; try++ {
		outer := in.nilOop
		if flags&ignoreOuterBit == 0 {
			outer = in.marry(in.fp)
		}
		c := heap.Invalid
		if outer != heap.Invalid {
			c = in.heap.Allocate(heap.ClassFullBlock, heap.FmtVariable, fullBlockCopied+n)
		}
		if c == heap.Invalid {
			if !in.makeRoom(try) {
				return
			}
			continue
		}
		block := in.follow(methodLiteral(in.method, literal))
		if !isMethod(block) {
			in.fatal("corrupt image: literal %d of a closure creation is no CompiledBlock", literal)
			return
		}
		rcvr := in.frameWord(in.fp, frameReceiver)
		for i := n - 1; i >= 0; i-- {
			in.heap.Store(c, fullBlockCopied+i, in.pop())
		}
		if flags&receiverOnStack != 0 {
			rcvr = in.pop()
		}
		in.heap.Store(c, closureOuter, outer)
		in.heap.Store(c, closureBlock, block)
		in.heap.Store(c, closureNumArgs, heap.FromInt(int64(headerNumArgs(methodHeader(block)))))
		in.heap.Store(c, closureReceiver, rcvr)
		in.push(c)
		return
	}
}

// pushClosure makes a V3 closure whose body follows the instruction, and skips the body.
func (in *Interp) pushClosure(numArgs, numCopied, size int) {
	for try := 0; ; try++ {
		outer := in.marry(in.fp)
		c := heap.Invalid
		if outer != heap.Invalid {
			c = in.heap.Allocate(heap.ClassBlock, heap.FmtVariable, closureCopied+numCopied)
		}
		if c == heap.Invalid {
			if !in.makeRoom(try) {
				return
			}
			continue
		}
		for i := numCopied - 1; i >= 0; i-- {
			in.heap.Store(c, closureCopied+i, in.pop())
		}
		in.heap.Store(c, closureOuter, outer)
		in.heap.Store(c, closureStartPC, heap.FromInt(int64(in.pc-uint64(in.method)-7)))
		in.heap.Store(c, closureNumArgs, heap.FromInt(int64(numArgs)))
		in.pc += uint64(size)
		in.push(c)
		return
	}
}

// isClosure tells closures of either form.
func isClosure(o heap.Oop) bool {
	if !o.IsObject() || !o.Format().IsPointers() || o.NumSlots() < 3 {
		return false
	}
	ci := o.ClassIndex()
	return ci == heap.ClassFullBlock || ci == heap.ClassBlock
}

// closureArgs answers the number of arguments of a closure, -1 if it is none.
func closureArgs(c heap.Oop) int {
	if !isClosure(c) || !c.Slot(closureNumArgs).IsInt() {
		return -1
	}
	return int(c.Slot(closureNumArgs).Int())
}

// activateClosure lays the frame of the closure that lies under argc arguments.
// It answers false, with nothing changed, if the closure does not fit them.
func (in *Interp) activateClosure(argc int) bool {
	c := in.stackAt(argc)
	if closureArgs(c) != argc || in.unfit && !in.closureFits(c) {
		return false
	}
	if c.ClassIndex() == heap.ClassFullBlock {
		return in.activateFullBlock(c, argc)
	}
	return in.activateV3Block(c, argc)
}

func (in *Interp) activateFullBlock(c heap.Oop, argc int) bool {
	if c.NumSlots() < fullBlockCopied {
		return false
	}
	block := in.follow(c.Slot(closureBlock))
	if !isMethod(block) {
		return false
	}
	h := methodHeader(block)
	copied := c.NumSlots() - fullBlockCopied
	if headerNumArgs(h) != argc || argc+copied > headerNumTemps(h) {
		return false
	}
	in.layFrame(block, in.follow(c.Slot(closureReceiver)), argc, flagBlock)
	for i := 0; i < copied; i++ {
		in.push(c.Slot(fullBlockCopied + i))
	}
	for i := argc + copied; i < headerNumTemps(h); i++ {
		in.push(in.nilOop)
	}
	in.pc = uint64(block) + methodStart(h)
	return true
}

func (in *Interp) activateV3Block(c heap.Oop, argc int) bool {
	outer := in.follow(c.Slot(closureOuter))
	start := c.Slot(closureStartPC)
	if !in.isContext(outer) || !start.IsInt() || c.NumSlots() > closureCopied+maxClosureValues {
		return false
	}
	m, rcvr := in.follow(outer.Slot(contextMethod)), in.follow(outer.Slot(contextReceiver))
	if !isPC(m, start) {
		return false
	}
	in.layFrame(m, rcvr, argc, flagBlock)
	for i := closureCopied; i < c.NumSlots(); i++ {
		in.push(c.Slot(i))
	}
	in.pc = uint64(m) + 7 + uint64(start.Int())
	return true
}
