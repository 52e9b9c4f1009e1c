package codegen

import "github.com/sista-vm/sista/optimizer/ir"

// reg is a machine register: general ones by their number in instructions, then
// vector registers from X0 on.
type reg int8

const (
	noReg   reg = -1
	rAX     reg = 0
	rCX     reg = 1
	rDX     reg = 2
	rSP     reg = 4
	rBP     reg = 5
	rR10    reg = 10
	rTmp    reg = 11 // never allocated
	rCtx    reg = 15
	rX0     reg = 16
	rTmpX   reg = 31 // never allocated
	numRegs     = 32
)

func (r reg) isX() bool { return r >= rX0 }

var gprNames = [16]string{"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
	"r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"}

// allocatable registers by class, in order of preference.
var allocatable = [2][]reg{
	{6, 7, 8, 9, 3, 12, 13, 14, 2, 1, 0, 10},
	{16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30},
}

// class is a class of registers.
type class uint8

const (
	gpr class = iota
	xmm
)

// vreg is a virtual register; 0 is none.
type vreg int32

// vinfo describes a virtual register.
type vinfo struct {
	class class
	oop   bool      // the collector must know
	val   *ir.Value // what it is of, may be nil
	home  loc       // memory where the value is from the start; locNone if nowhere
	hint  vreg      // would like the register of that one
	fixed reg       // would like this register
}

// cond is a condition of the flags, by its number in instructions; two more are of floats.
type cond uint8

const (
	ccO  cond = 0
	ccNO cond = 1
	ccB  cond = 2
	ccAE cond = 3
	ccE  cond = 4
	ccNE cond = 5
	ccBE cond = 6
	ccA  cond = 7
	ccS  cond = 8
	ccNS cond = 9
	ccP  cond = 10
	ccNP cond = 11
	ccL  cond = 12
	ccGE cond = 13
	ccLE cond = 14
	ccG  cond = 15

	ccFEq    cond = 16 // equal and not unordered
	ccFNe    cond = 17 // not equal, or unordered
	ccAlways cond = 18
)

// not answers the opposite. Comparisons of floats are made so that the carry is
// set where they are unordered, so that opposites are right for them too.
func (c cond) not() cond { return c ^ 1 }

// mop is a machine operation.
type mop uint8

const (
	mNop   mop = iota
	mMov       // d = y
	mMovzx     // d = y of w bytes, without sign
	mLea       // d = address y
	// d = x op y, two-address
	mAdd
	mSub
	mAnd
	mOr
	mXor
	mIMul
	mShl
	mSar
	mShr
	mShlV // by the register y
	mSarV
	mShlX // d = x op y, no flags changed (BMI2)
	mSarX
	mNeg
	mCmp    // x with y
	mTest   // x with y
	mTestM  // memory y with imm, 4 bytes
	mStore  // memory y = z, w bytes
	mStoreI // memory y = imm, w bytes
	mSet    // d = 0 or 1 by cc
	mCmov   // d = y if cc, else x
	mDiv    // d = x / y, by imm: division
	mDivBy  // d = x / imm rounded down, imm no power of 2, x a SmallInteger's value
	// floats
	mFMov // d = y
	mFAdd
	mFSub
	mFMul
	mFDiv
	mFNeg
	mFSqrt // d = root of y
	mFCmp  // x with y
	mIToF  // d = y
	mFToI  // d = y
	mFLoad4
	mFStore     // memory y = z
	mFStore4    // memory y = z rounded
	mUnbox      // d = float of x, a Float
	mBox        // d = Float of x
	mFloatTag   // flags equal if x is a Float
	mGuardFloat // leave unless x is a Float
	mUnboxG     // both
	// objects
	mHasClass // flags equal if x has class imm
	mGuardClass
	mClassIndex
	mClassOf // d = class of x
	mSize    // d = size of x in units of w bytes, tagged if imm
	mHash
	mTouch   // x is about to be written: field imm
	mBarrier // z was stored into x
	mNew     // d = object of class imm with args
	mNewArr  // d = object of class imm with x oops, or imm2 of them
	mNewRaw
	mContext
	mHelper   // d = answer of helper imm for args
	mRemember // x is to be remembered if z is 2
	// control
	mSend
	mPoll
	mDeoptIf // leave if cc
	mDeopt   // leave
	mJmp
	mJcc // to[0] if cc, else to[1]
	mRet
	mNonLocal
	mUnreachable
	mEntry // parameters are in memory

	numMops
)

var mopNames = [numMops]string{"nop", "mov", "movzx", "lea", "add", "sub", "and", "or", "xor", "imul", "shl", "sar", "shr",
	"shlv", "sarv", "shlx", "sarx", "neg", "cmp", "test", "testm", "store", "storei", "set", "cmov", "div", "divby", "fmov", "fadd", "fsub", "fmul", "fdiv", "fneg",
	"fsqrt", "fcmp", "itof", "ftoi", "fload4", "fstore", "fstore4", "unbox", "box", "floattag", "guardfloat", "unboxg", "hasclass", "guardclass",
	"classindex", "classof", "size", "hash", "touch", "barrier", "new", "newarr", "newraw", "context", "helper", "remember", "send", "poll", "deoptif", "deopt",
	"jmp", "jcc", "ret", "nonlocal", "unreachable", "entry"}

// okind is a kind of operand.
type okind uint8

const (
	oNone okind = iota
	oReg        // v
	oImm        // disp
	oMem        // v + idx*scale + disp
	oCtx        // memory at disp from the context
	oLit        // memory: data word of literal disp
	oRaw        // memory: data word of constant disp
)

// operand is the general operand of an instruction.
type operand struct {
	kind  okind
	scale uint8
	v     vreg
	idx   vreg
	disp  int64
}

func reg1(v vreg) operand               { return operand{kind: oReg, v: v} }
func imm(n int64) operand               { return operand{kind: oImm, disp: n} }
func ctx(off int64) operand             { return operand{kind: oCtx, disp: off} }
func mem(base vreg, disp int64) operand { return operand{kind: oMem, v: base, scale: 1, disp: disp} }
func fits32(n int64) bool               { return n == int64(int32(n)) }
func memx(b, i vreg, s uint8, d int64) operand {
	return operand{kind: oMem, v: b, idx: i, scale: s, disp: d}
}

// inst is a machine instruction, or a short sequence that is allocated as one.
type inst struct {
	op    mop
	w     uint8
	cc    cond
	three bool // not two-address, though its kind is
	late  bool // y must not share the register of d though it is not tied
	d     vreg
	x     vreg
	z     vreg
	t     [3]vreg // registers for itself
	y     operand
	imm   int64
	args  []operand // values in any place
	val   *ir.Value
	st    *stateUse // what it leaves by, or nil
	slow  bool      // has a slow path that comes back: what is live keeps its registers
	call  bool      // no register survives
}

// stateUse is a state as machine code refers to it.
type stateUse struct {
	state  *ir.State
	number int
	vals   []vreg // in any place
}

// block is a block of machine code.
type block struct {
	id     int
	ir     *ir.Block // nil of an edge
	params []vreg
	insts  []inst
	succs  []edge
	preds  []*block
	depth  int
	cold   bool
	tail   int // where the instructions begin that end it

	first, last int // of its instructions in the order of all
	in          bitset
	out         bitset
	defs, uses  bitset
}

// edge is a way to a block, with what its parameters get.
type edge struct {
	to   *block
	args []operand // registers or constants
}

// code is a function in machine instructions.
type code struct {
	opts   Options
	fn     *ir.Func
	vregs  []vinfo
	blocks []*block // in order of the code
	argc   int

	vregOf   []vreg // by ID of value
	tagged   []bool // by ID: an integer that is kept as SmallInteger
	sunk     []bool // by ID: not computed, only described
	homed    []bool // by ID: a parameter of the entry
	osr      bool
	osrWords int // of the interpreter's frame that are parameters

	literals *pool
	raw      []uint64
	cells    []cellUse
}

func (c *code) newVreg(k class, v *ir.Value) vreg {
	c.vregs = append(c.vregs, vinfo{class: k, val: v, home: locNone, fixed: noReg})
	return vreg(len(c.vregs) - 1)
}

// tied tells whether d starts as a copy of x.
func (i *inst) tied() bool {
	switch i.op {
	case mAdd, mSub, mAnd, mOr, mXor, mIMul, mShl, mSar, mShr, mShlV, mSarV, mNeg, mCmov, mFAdd, mFSub, mFMul, mFDiv, mFNeg:
		return !i.three
	}
	return false
}

// useKind says where an operand may be.
type useKind uint8

const (
	useAny     useKind = iota // a register or its slot
	useReg                    // a register, free after the operands are read
	useLate                   // a register that the answer and temporaries may not have
	useLateAny                // any place, as late
)

// eachUse calls f with every virtual register that the instruction reads.
func (i *inst) eachUse(f func(v vreg, k useKind)) {
	early := useReg
	if i.slow || i.t[0] != 0 {
		early = useLate
	}
	if i.x != 0 {
		f(i.x, early)
	}
	y := early
	if i.tied() || i.late {
		y = useLate
	}
	if i.y.v != 0 {
		f(i.y.v, y)
	}
	if i.y.idx != 0 {
		f(i.y.idx, y)
	}
	if i.z != 0 {
		f(i.z, early)
	}
	any := useAny
	if i.slow {
		any = useLateAny
	}
	for _, a := range i.args {
		if a.kind == oReg {
			f(a.v, any)
		}
	}
	if i.call {
		any = useLateAny // the state is used while the call is under way
	}
	if i.st != nil {
		for _, v := range i.st.vals {
			f(v, any)
		}
	}
}

// clobbers answers the registers, as a set of bits, that the instruction overwrites
// between reading operands and writing its answer.
func (i *inst) clobbers() uint32 {
	if i.call {
		return 1<<numRegs - 1
	}
	switch i.op {
	case mDiv, mDivBy:
		return 1<<rAX | 1<<rDX
	case mShlV, mSarV:
		return 1 << rCX
	}
	return 0
}
