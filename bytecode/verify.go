package bytecode

import "fmt"

// A VerifyError says where code breaks a rule, and which.
type VerifyError struct {
	PC     int // offset of the instruction in its method or block
	Image  int // the same as the image counts
	Reason string
	Path   string // the blocks that lead to the code, "" for the method itself
}

func (e *VerifyError) Error() string {
	return fmt.Sprintf("bytecode: %spc %d: %s", e.Path, e.Image, e.Reason)
}

// Verify proves that a method and its blocks can be executed:
//
//   - from the first byte to the end of the code every instruction has a
//     meaning;
//   - jumps land on instructions (not on a bytecode behind its extensions) of
//     the same activation;
//   - wherever paths join the stack has the same depth; it never runs empty
//     and never outgrows the frame size that the header promises;
//   - control never runs off the end;
//   - temps, literals and, where known, receiver variables exist, and literals
//     fit their use;
//   - callPrimitive is the first instruction exactly when the header says so;
//   - bodies of closures inside the method are properly nested, and returns
//     from a block are in one.
//
// What it does not prove: that temps said to hold temp vectors do, and what
// the operands of inlined primitives are.
func Verify(m *Method) error {
	return (&family{state: map[*Method]visit{}}).verify(m, "", 0)
}

// FrameUse answers how many slots the method's own activation needs for
// arguments, temps and stack, its blocks not counted, or an error as from
// Verify if the code breaks a rule other than the frame size.
func FrameUse(m *Method) (int, error) {
	v := verifier{m: m}
	if err := v.run(); err != nil {
		return 0, err
	}
	return v.deepest, nil
}

// Literals of damaged images may be cyclic, and may be made anew whenever they
// are asked for: a method with its blocks may not be larger than this.
const (
	maxBlockNesting = 2000
	maxBlocks       = 1 << 16
)

// A family is a method with its blocks while it is visited.
type family struct{ state map[*Method]visit }

type visit uint8

const (
	active visit = iota + 1
	done
)

func (f *family) verify(m *Method, path string, nesting int) error {
	v := verifier{m: m, path: path}
	switch f.state[m] {
	case active:
		return v.errorf(0, "the block contains itself")
	case done:
		return nil
	}
	if nesting > maxBlockNesting || len(f.state) > maxBlocks {
		return v.errorf(0, "too many blocks")
	}
	f.state[m] = active
	if err := v.run(); err != nil {
		return err
	}
	if size := m.Header.FrameSize(); v.deepest > size {
		return v.errorf(v.deepestPC, "the frame needs %d slots and has %d", v.deepest, size)
	}
	for _, in := range v.code {
		if in.Op != PushFullClosure {
			continue
		}
		block := m.literal(in.Index).Block
		if block == nil {
			continue
		}
		if err := v.checkClosure(in, block); err != nil {
			return err
		}
		if err := f.verify(block, fmt.Sprintf("%sblock in literal %d: ", path, in.Index), nesting+1); err != nil {
			return err
		}
	}
	f.state[m] = done
	return nil
}

// A unit is a stretch of code with activations of its own: the method, or the
// body of a closure inside it.
type unit struct {
	start, end int
	temps      int  // slots in use on entry
	inner      bool // a closure's body: further temps are pushed
	isBlock    bool
}

type verifier struct {
	m    *Method
	path string

	code  []Instruction
	at    []int // by pc: index into code, -1 inside instructions
	owner []int // by index into code: unit
	units []unit

	depth     []int // by index into code, -1: not reached yet
	work      []int // indices to go on from
	deepest   int
	deepestPC int
}

func (v *verifier) errorf(pc int, format string, args ...any) error {
	return &VerifyError{PC: pc, Image: pc + v.m.Header.StartPC(), Reason: fmt.Sprintf(format, args...), Path: v.path}
}

func (v *verifier) run() error {
	h := v.m.Header
	if h.NumArgs > h.NumTemps {
		return v.errorf(0, "%d arguments among %d temps", h.NumArgs, h.NumTemps)
	}
	if err := v.scan(); err != nil {
		return err
	}
	if err := v.nest(); err != nil {
		return err
	}
	for i := range v.code {
		if err := v.checkOperands(i); err != nil {
			return err
		}
	}
	for _, u := range v.units {
		if err := v.flow(u); err != nil {
			return err
		}
	}
	return nil
}

// scan decodes the code from end to end.
func (v *verifier) scan() error {
	end := v.m.End()
	if end == 0 {
		return v.errorf(0, "no code")
	}
	v.at = make([]int, end)
	for i := range v.at {
		v.at[i] = -1
	}
	for in, err := range v.m.Set().All(v.m.Code[:end]) {
		if err != nil {
			return v.errorf(in.PC, "%v", err)
		}
		v.at[in.PC] = len(v.code)
		v.code = append(v.code, in)
	}
	return nil
}

// nest finds the units and gives every instruction to its own.
func (v *verifier) nest() error {
	h := v.m.Header
	v.units = []unit{{start: 0, end: len(v.at), temps: h.NumTemps, isBlock: v.m.IsBlock}}
	open := []int{0}
	for _, in := range v.code {
		for in.PC >= v.units[open[len(open)-1]].end {
			open = open[:len(open)-1]
		}
		enclosing := open[len(open)-1]
		v.owner = append(v.owner, enclosing)
		if in.Op != PushClosure {
			continue
		}
		switch {
		case in.Target <= in.Next():
			return v.errorf(in.PC, "a closure without a body")
		case in.Target >= v.units[enclosing].end:
			return v.errorf(in.PC, "the body of the closure goes on to the end of the code around it")
		case v.at[in.Target] < 0:
			return v.errorf(in.PC, "the body of the closure ends inside an instruction")
		}
		open = append(open, len(v.units))
		v.units = append(v.units, unit{start: in.Next(), end: in.Target,
			temps: in.NumArgs + in.NumCopied, inner: true, isBlock: true})
	}
	return nil
}

// checkOperands checks what can be seen without knowing the stack.
func (v *verifier) checkOperands(i int) error {
	in := &v.code[i]
	h := v.m.Header
	if in.Op.UsesLiteral() {
		if in.Index >= h.NumLiterals {
			return v.errorf(in.PC, "%v: literal %d of %d", in.Op, in.Index, h.NumLiterals)
		}
		if err := v.checkLiteral(in); err != nil {
			return err
		}
	}
	u := &v.units[v.owner[i]]
	switch in.Op {
	case Unassigned:
		return v.errorf(in.PC, "the bytes <% X> have no meaning in %v", v.m.Code[in.PC:in.Next()], v.m.Set())
	case PushReceiverVariable, StoreReceiverVariable, PopIntoReceiverVariable:
		if n := v.m.NumInstVars; n != UnknownInstVars && in.Index >= n {
			return v.errorf(in.PC, "%v: receiver variable %d of %d", in.Op, in.Index, n)
		}
	case PushTemp, StoreTemp, PopIntoTemp:
		return v.checkTemp(in, u, in.Index)
	case PushRemoteTemp, StoreRemoteTemp, PopIntoRemoteTemp:
		return v.checkTemp(in, u, in.Vector)
	case CallPrimitive:
		if i != 0 || !h.HasPrimitive || v.m.IsBlock {
			return v.errorf(in.PC, "callPrimitive is only for the start of a method whose header announces it")
		}
	case BlockReturnNil, BlockReturnTop:
		if !u.isBlock {
			return v.errorf(in.PC, "%v outside of blocks", in.Op)
		}
		if in.Index != 0 {
			return v.errorf(in.PC, "return from an enclosing block")
		}
	case CallInlined, CallMapped:
		p, ok := in.Inlined()
		if !ok {
			return v.errorf(in.PC, "no inlined primitive has number %d", in.Index)
		}
		if p.Jumps && in.Target == NoTarget {
			return v.errorf(in.PC, "%s: the distance is not a constant", p.Name)
		}
	}
	if i == 0 && h.HasPrimitive && in.Op != CallPrimitive {
		return v.errorf(in.PC, "the header announces a primitive, the code begins with %v", in.Op)
	}
	return nil
}

// checkTemp checks a temp's index where it is known from the header. The temps
// of a closure's body are checked against the stack in step.
func (v *verifier) checkTemp(in *Instruction, u *unit, index int) error {
	if !u.inner && index >= u.temps {
		return v.errorf(in.PC, "%v: temp %d of %d", in.Op, index, u.temps)
	}
	return nil
}

func (v *verifier) checkLiteral(in *Instruction) error {
	lit := v.m.literal(in.Index)
	if lit.Kind == UnknownLiteral {
		return nil
	}
	var want LiteralKind
	switch in.Op {
	case PushLiteral:
		return nil
	case PushLiteralVariable, StoreLiteralVariable, PopIntoLiteralVariable:
		want = BindingLiteral
	case PushFullClosure:
		want = BlockLiteral
	default:
		want = SymbolLiteral
		if lit.Kind == want && lit.NumArgs != UnknownArgs && lit.NumArgs != in.NumArgs {
			return v.errorf(in.PC, "%v: %s with %d arguments", in.Op, lit.Text, in.NumArgs)
		}
	}
	if lit.Kind != want {
		return v.errorf(in.PC, "%v: literal %d (%s) does not fit", in.Op, in.Index, lit.Text)
	}
	return nil
}

// checkClosure compares the making of a full closure with the block's header.
func (v *verifier) checkClosure(in Instruction, block *Method) error {
	h := block.Header
	if !block.IsBlock {
		return v.errorf(in.PC, "the closure's code is not that of a block")
	}
	if h.SistaV1 != v.m.Header.SistaV1 {
		return v.errorf(in.PC, "the closure's code is in the other bytecode set")
	}
	if h.NumArgs+in.NumCopied > h.NumTemps {
		return v.errorf(in.PC, "%d arguments and %d copied values for a block of %d temps", h.NumArgs, in.NumCopied, h.NumTemps)
	}
	return nil
}

// flow follows every path through a unit.
func (v *verifier) flow(u unit) error {
	if v.depth == nil {
		v.depth = make([]int, len(v.code))
		for i := range v.depth {
			v.depth[i] = -1
		}
	}
	if err := v.reach(u.start, v.at[u.start], u.temps); err != nil {
		return err
	}
	for len(v.work) > 0 {
		i := v.work[len(v.work)-1]
		v.work = v.work[:len(v.work)-1]
		if err := v.step(i, u); err != nil {
			return err
		}
	}
	return nil
}

// reach records that the instruction at index to is reached from the one at
// pc from with depth slots in use.
func (v *verifier) reach(from, to, depth int) error {
	if depth > v.deepest {
		v.deepest, v.deepestPC = depth, from
	}
	switch v.depth[to] {
	case -1:
		v.depth[to] = depth
		v.work = append(v.work, to)
	case depth:
	default:
		return v.errorf(v.code[to].PC, "reached with %d and, from pc %d, with %d slots in use",
			v.depth[to], from+v.m.Header.StartPC(), depth)
	}
	return nil
}

// step executes one instruction on depths.
func (v *verifier) step(i int, u unit) error {
	in := &v.code[i]
	depth := v.depth[i]
	pops, pushes := in.Effect()
	if v.isErrorCodeStore(i) {
		pops, pushes = 0, 0
	}
	if in.Op == CallMapped && in.Index == MappedDirectCall {
		n, err := v.directCallArgs(i)
		if err != nil {
			return err
		}
		pops += n
	}
	floor := u.temps
	if u.inner {
		if err := v.checkPushedTemp(in, depth, u.temps); err != nil {
			return err
		}
	}
	if depth-pops < floor {
		return v.errorf(in.PC, "%v: takes %d values from a stack of %d", in.Op, pops, depth-floor)
	}
	depth += pushes - pops
	if in.Target != NoTarget {
		if in.Op != PushClosure {
			if err := v.checkTarget(i); err != nil {
				return err
			}
		}
		if err := v.reach(in.PC, v.at[in.Target], depth); err != nil {
			return err
		}
	}
	if in.Op == PushClosure || in.EndsFlow() {
		return nil
	}
	if in.Next() >= u.end {
		return v.errorf(in.PC, "control runs off the end of the code after %v", in.Op)
	}
	return v.reach(in.PC, i+1, depth)
}

func (v *verifier) checkTarget(i int) error {
	in := &v.code[i]
	switch {
	case in.Target < 0 || in.Target >= len(v.at):
		return v.errorf(in.PC, "%v %d leaves the code", in.Op, in.Target+v.m.Header.StartPC())
	case v.at[in.Target] < 0:
		return v.errorf(in.PC, "%v %d lands inside an instruction", in.Op, in.Target+v.m.Header.StartPC())
	case v.owner[v.at[in.Target]] != v.owner[i]:
		return v.errorf(in.PC, "%v %d crosses the edge of a closure's body", in.Op, in.Target+v.m.Header.StartPC())
	}
	// A constant distance counts only if nobody jumps past it.
	target := &v.code[v.at[in.Target]]
	if p, ok := target.Inlined(); ok && (p.Jumps || target.Index == MappedDirectCall && p.Mapped) {
		return v.errorf(in.PC, "%v %d lands between an inlined primitive and its constant operand", in.Op, in.Target+v.m.Header.StartPC())
	}
	return nil
}

// isErrorCodeStore reports whether instruction i is the store behind
// callPrimitive that says where a failed primitive's error code goes. The VM
// has put the code on the stack, in place of the last temp.
func (v *verifier) isErrorCodeStore(i int) bool {
	return i == 1 && v.code[0].Op == CallPrimitive && v.code[1].Op == StoreTemp
}

// checkPushedTemp checks a temp of a closure's body: it is an argument, a
// copied value, or a slot that has been pushed.
func (v *verifier) checkPushedTemp(in *Instruction, depth, temps int) error {
	index := -1
	switch in.Op {
	case PushTemp:
		index = in.Index
	case StoreTemp:
		index = in.Index
		depth--
	case PopIntoTemp:
		index = in.Index
		depth--
	case PushRemoteTemp, StoreRemoteTemp, PopIntoRemoteTemp:
		index = in.Vector
	}
	if index >= 0 && index >= max(depth, temps) {
		return v.errorf(in.PC, "%v: temp %d of %d", in.Op, index, depth)
	}
	return nil
}

// directCallArgs answers the number of arguments of the method that a direct
// call names by a constant literal index.
func (v *verifier) directCallArgs(i int) (int, error) {
	if i == 0 || v.code[i-1].Op != PushInteger {
		return 0, v.errorf(v.code[i].PC, "directCall: the literal index is not a constant")
	}
	index := v.code[i-1].Value
	if index < 0 || index >= v.m.Header.NumLiterals {
		return 0, v.errorf(v.code[i].PC, "directCall: literal %d of %d", index, v.m.Header.NumLiterals)
	}
	lit := v.m.literal(index)
	if lit.Kind != MethodLiteral || lit.NumArgs < 0 {
		return 0, v.errorf(v.code[i].PC, "directCall: literal %d is no known method", index)
	}
	return lit.NumArgs, nil
}
