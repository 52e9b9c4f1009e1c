package front

import (
	"fmt"
	"slices"

	"github.com/sista-vm/sista/bytecode"
)

// A Refusal says why a method is not translated, or not inlined. Nothing is wrong with
// it: the interpreter runs it.
type Refusal struct {
	Reason string // a name: the same for the same cause
	Detail string
}

func (r *Refusal) Error() string {
	if r.Detail == "" {
		return "front: " + r.Reason
	}
	return "front: " + r.Reason + ": " + r.Detail
}

func refuse(reason, format string, args ...any) *Refusal {
	return &Refusal{reason, fmt.Sprintf(format, args...)}
}

// code is a method with the control flow of its bytecodes.
type code struct {
	*controls
	method *Method
}

// controls is the control flow of a method's bytecodes. It is the same for all
// translations, and changed by none.
type controls struct {
	temps  int           // of the method, arguments included
	blocks []*basicBlock // by pc
	start  int           // pc behind the primitive and the store of its error code
	size   int           // bytes that can be executed
	max    int           // deepest operand stack

	closures bool // makes a block that needs a context
	leaves   bool // of a block: returns from its home
	contexts bool // makes its activation an object
	// wantsError: it begins with a store of its primitive's failure code.
	wantsError bool

	orders []*order // by index of the entry's block, those that were asked for
}

// A basicBlock is a run of instructions that is entered at its first only.
type basicBlock struct {
	pc     int
	depth  int // operands on the stack at its start
	instrs []bytecode.Instruction
	succs  []*basicBlock // of a conditional jump: where it jumps, then what follows
	preds  []*basicBlock
	index  int
	stage  int // see nest
}

func (b *basicBlock) last() *bytecode.Instruction { return &b.instrs[len(b.instrs)-1] }

// unsupported are the operations that no translation exists for.
var unsupported = map[bytecode.Op]string{
	bytecode.Unassigned:  "unassigned bytecode",
	bytecode.PushClosure: "closure inside its method",
	bytecode.CallInlined: "inlined primitive",
	bytecode.CallMapped:  "inlined primitive",
	bytecode.Trap:        "trap",
}

// analyse finds the basic blocks of a method, and whether it can be translated.
func analyse(m *Method) (*controls, error) {
	if !m.Sista {
		return nil, refuse("bytecode set", "%s is not in SistaV1", m.Name)
	}
	a := &analysis{controls: &controls{temps: m.Temps}, method: m,
		at: make([]bytecode.Instruction, len(m.Bytes)), depth: make([]int, len(m.Bytes)), leader: make([]bool, len(m.Bytes))}
	if err := a.start(); err != nil {
		return nil, err
	}
	if err := a.walk(); err != nil {
		return nil, err
	}
	a.build()
	return a.controls, nil
}

// An analysis knows by pc what was found so far.
type analysis struct {
	*controls
	method *Method
	at     []bytecode.Instruction // of size 0 where none was met
	depth  []int                  // of the stack before an instruction, and 1; 0 where none can be yet
	leader []bool
}

// start finds the first instruction that is executed: a primitive has been tried
// before, and a store of its error code that follows is part of it.
func (a *analysis) start() error {
	m := a.method
	if m.Primitive == 0 {
		return nil
	}
	in, err := bytecode.SistaV1.Decode(m.Bytes, 0)
	if err != nil || in.Op != bytecode.CallPrimitive {
		return refuse("malformed code", "%s has primitive %d but begins with %v", m.Name, m.Primitive, in.Op)
	}
	a.controls.start = in.Next()
	if next, err := bytecode.SistaV1.Decode(m.Bytes, in.Next()); err == nil && next.Op == bytecode.StoreTemp && next.Size == 2 {
		a.controls.start, a.controls.wantsError = next.Next(), true
	}
	return nil
}

// walk decodes what can be reached and finds the depth of the stack everywhere.
func (a *analysis) walk() error {
	m := a.method
	if a.controls.start >= len(m.Bytes) {
		return refuse("malformed code", "%s has no bytecodes", m.Name)
	}
	a.leader[a.controls.start] = true
	a.depth[a.controls.start] = 1
	work := []int{a.controls.start}
	for len(work) > 0 {
		pc := work[len(work)-1]
		work = work[:len(work)-1]
		if a.at[pc].Size > 0 {
			continue
		}
		in, err := bytecode.SistaV1.Decode(m.Bytes, pc)
		if err != nil {
			return refuse("malformed code", "%s: %v", m.Name, err)
		}
		if err := a.check(&in); err != nil {
			return err
		}
		a.at[pc] = in
		a.size += in.Size
		depth := a.depth[pc] - 1
		pops, pushes := in.Effect()
		if pops > depth {
			return refuse("malformed code", "%s: pc %d takes %d of %d operands", m.Name, pc, pops, depth)
		}
		depth += pushes - pops
		a.max = max(a.max, depth)
		for _, to := range successors(&in) {
			if to < 0 || to >= len(m.Bytes) {
				return refuse("malformed code", "%s: pc %d leads to pc %d of %d", m.Name, pc, to, len(m.Bytes))
			}
			if d := a.depth[to] - 1; d >= 0 && d != depth {
				return refuse("malformed code", "%s: pc %d is reached with %d and with %d operands", m.Name, to, d, depth)
			}
			a.depth[to] = depth + 1
			work = append(work, to)
			if in.Target != bytecode.NoTarget {
				a.leader[to] = true
			}
		}
	}
	return nil
}

// check finds what cannot be translated in an instruction.
func (a *analysis) check(in *bytecode.Instruction) error {
	m := a.method
	if what, ok := unsupported[in.Op]; ok {
		return refuse(what, "%s: pc %d", m.Name, in.PC)
	}
	if in.Op.UsesLiteral() && in.Index >= len(m.Literals) {
		return refuse("malformed code", "%s: pc %d: literal %d of %d", m.Name, in.PC, in.Index, len(m.Literals))
	}
	temp := -1
	switch in.Op {
	case bytecode.PushTemp, bytecode.StoreTemp, bytecode.PopIntoTemp:
		temp = in.Index
	case bytecode.PushRemoteTemp, bytecode.StoreRemoteTemp, bytecode.PopIntoRemoteTemp:
		temp = in.Vector
	case bytecode.BlockReturnTop:
		if in.Index != 0 {
			return refuse("unassigned bytecode", "%s: pc %d returns from %d blocks", m.Name, in.PC, in.Index+1)
		}
	case bytecode.ReturnReceiver, bytecode.ReturnTrue, bytecode.ReturnFalse, bytecode.ReturnNil, bytecode.ReturnTop:
		a.leaves = m.Block
	case bytecode.PushThisContext, bytecode.PushThisProcess:
		a.contexts = true
	case bytecode.PushFullClosure:
		a.closures = a.closures || !in.IgnoreOuter
	case bytecode.CallPrimitive:
		return refuse("malformed code", "%s: pc %d: a primitive inside", m.Name, in.PC)
	}
	if temp >= m.Temps {
		return refuse("malformed code", "%s: pc %d: temporary %d of %d", m.Name, in.PC, temp, m.Temps)
	}
	return nil
}

// successors answers the pcs that follow an instruction: of a conditional jump its
// target first.
func successors(in *bytecode.Instruction) []int {
	switch in.Op.Class() {
	case bytecode.ClassReturn:
		return nil
	case bytecode.ClassJump:
		return []int{in.Target}
	case bytecode.ClassBranch:
		return []int{in.Target, in.Next()}
	}
	return []int{in.Next()}
}

func (a *analysis) build() {
	byPC := make([]*basicBlock, len(a.at))
	var b *basicBlock
	for pc, in := range a.at {
		if in.Size == 0 {
			continue
		}
		if b == nil || a.leader[pc] || b.last().Next() != pc {
			b = &basicBlock{pc: pc, depth: a.depth[pc] - 1, index: len(a.blocks)}
			a.blocks = append(a.blocks, b)
			byPC[pc] = b
		}
		b.instrs = append(b.instrs, in)
		if len(successors(&in)) != 1 || in.Op == bytecode.Jump {
			b = nil
		}
	}
	for _, b := range a.blocks {
		for _, to := range successors(b.last()) {
			s := byPC[to]
			b.succs = append(b.succs, s)
			s.preds = append(s.preds, b)
		}
	}
}

// blockAt answers the basic block that begins at a pc, nil if none does.
func (c *controls) blockAt(pc int) *basicBlock {
	i, ok := slices.BinarySearchFunc(c.blocks, pc, func(b *basicBlock, pc int) int { return b.pc - pc })
	if !ok {
		return nil
	}
	return c.blocks[i]
}

// An order is the sequence in which the blocks of a method are translated from an
// entry: every block after all that lead to it, except by the way back in a loop.
type order struct {
	blocks []*basicBlock
	place  map[*basicBlock]int
	loops  map[*basicBlock]*loop // by head
}

// A loop is what jumps back to its head.
type loop struct {
	head *basicBlock
	// changes tells which slots of the activation (see scope.slots) may differ at
	// the head from one time to the next.
	changes []bool
}

// isBack tells whether an edge closes a loop.
func (o *order) isBack(from, to *basicBlock) bool { return o.place[to] <= o.place[from] }

// from orders the blocks for an entry.
func (c *controls) from(entry *basicBlock) *order {
	if c.orders == nil {
		c.orders = make([]*order, len(c.blocks))
	}
	if c.orders[entry.index] == nil {
		c.orders[entry.index] = c.arrange(entry)
	}
	return c.orders[entry.index]
}

func (c *controls) arrange(entry *basicBlock) *order {
	o := &order{place: map[*basicBlock]int{}, loops: map[*basicBlock]*loop{}}
	seen := map[*basicBlock]bool{}
	var visit func(*basicBlock)
	visit = func(b *basicBlock) {
		seen[b] = true
		for _, s := range b.succs {
			if !seen[s] {
				visit(s)
			}
		}
		o.blocks = append(o.blocks, b)
	}
	visit(entry)
	slices.Reverse(o.blocks)
	for i, b := range o.blocks {
		o.place[b] = i
	}
	for _, b := range o.blocks {
		for _, s := range b.succs {
			if o.isBack(b, s) && o.loops[s] == nil {
				o.loops[s] = c.loop(o, entry, s)
			}
		}
	}
	return o
}

// body answers the blocks of the loop with a head.
func (o *order) body(head *basicBlock) map[*basicBlock]bool {
	inside := map[*basicBlock]bool{head: true}
	var work []*basicBlock
	add := func(b *basicBlock) {
		if _, reached := o.place[b]; reached && !inside[b] {
			inside[b] = true
			work = append(work, b)
		}
	}
	for _, p := range head.preds {
		if _, reached := o.place[p]; reached && o.isBack(p, head) {
			add(p)
		}
	}
	for len(work) > 0 {
		b := work[len(work)-1]
		work = work[:len(work)-1]
		for _, p := range b.preds {
			add(p)
		}
	}
	return inside
}

// loop finds what a loop changes: slots that are assigned between its head and a jump
// back. Code that jumps into the loop past its head makes that all slots.
func (c *controls) loop(o *order, entry, head *basicBlock) *loop {
	l := &loop{head: head, changes: make([]bool, 1+c.temps+head.depth)}
	inside := o.body(head)
	lowest := head.depth
	for b := range inside {
		depth := b.depth
		lowest = min(lowest, depth)
		for i := range b.instrs {
			in := &b.instrs[i]
			switch in.Op {
			case bytecode.StoreTemp, bytecode.PopIntoTemp:
				l.changes[1+in.Index] = true
			}
			pops, pushes := in.Effect()
			switch in.Op.Class() {
			case bytecode.ClassStore:
				pops, pushes = 0, 0
			default:
				if in.Op == bytecode.Dup {
					pops, pushes = 0, 1
				}
			}
			depth -= pops
			lowest = min(lowest, depth)
			depth += pushes
		}
	}
	for i := lowest; i < head.depth; i++ {
		l.changes[1+c.temps+i] = true
	}
	if inside[entry] && entry != head {
		for i := range l.changes {
			l.changes[i] = i > 0
		}
	}
	return l
}
