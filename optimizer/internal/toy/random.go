package toy

import "math/rand/v2"

// Random answers a program that a seed determines. Registers mostly hold what the
// instructions that use them bet on, and sometimes something else.
func Random(seed uint64) *Program {
	p := &Program{}
	r := rand.New(rand.NewPCG(seed, 1))
	for left := r.IntN(3); left >= 0; left-- {
		g := &generator{Rand: r, p: p, m: &Method{Name: "m" + string(rune('0'+len(p.Methods))), Regs: numRegs}}
		g.start()
		g.statements(0, 4+r.IntN(12))
		g.show(left == 0)
		g.emit(Instr{Op: Return, A: r.IntN(numRegs)})
		p.Methods = append(p.Methods, g.m)
	}
	return p
}

// Registers by what they mostly hold; loops count in registers of their own.
const (
	firstInt     = 0 // arguments are integers
	indexReg     = 2
	firstFloat   = 4
	firstPoint   = 6
	firstArray   = 8
	firstBool    = 10
	firstAny     = 11
	firstCounter = 16
	maxDepth     = 3
	numRegs      = firstCounter + 2*maxDepth
)

type generator struct {
	*rand.Rand
	p *Program
	m *Method
}

func (g *generator) emit(i Instr) int {
	g.m.Code = append(g.m.Code, i)
	return len(g.m.Code) - 1
}

// reg answers a register from first to below limit, or sometimes any.
func (g *generator) reg(first, limit int) int {
	if g.IntN(100) == 0 {
		return g.IntN(firstCounter)
	}
	return first + g.IntN(limit-first)
}

func (g *generator) int() int   { return g.reg(firstInt, firstFloat) }
func (g *generator) float() int { return g.reg(firstFloat, firstPoint) }
func (g *generator) point() int { return g.reg(firstPoint, firstArray) }
func (g *generator) array() int { return g.reg(firstArray, firstBool) }
func (g *generator) any() int   { return g.IntN(firstCounter) }

func (g *generator) start() {
	g.emit(Instr{Op: Const, A: 2, N: int64(g.IntN(5))})
	g.emit(Instr{Op: Const, A: 3, N: []int64{1, 3, 0, -2, 1, 3, 1 << 59, -1 << 60}[g.IntN(8)]})
	g.emit(Instr{Op: MakeFloat, A: 4, N: int64(g.IntN(9))})
	g.emit(Instr{Op: MakeFloat, A: 5, N: int64(g.IntN(9)) - 4})
	g.emit(Instr{Op: NewPoint, A: 6, B: g.any(), C: 4})
	g.emit(Instr{Op: NewPoint, A: 7, B: 0, C: g.any()})
	g.emit(Instr{Op: NewArray, A: 8, N: int64(3 + g.IntN(3))})
	g.emit(Instr{Op: NewArray, A: 9, N: int64(3 + g.IntN(2))})
	g.emit(Instr{Op: Less, A: 10, B: 0, C: 1})
}

// show logs some registers, in the method that is run about every second, so that
// what went wrong in them is seen, and some objects still do not escape.
func (g *generator) show(main bool) {
	oneIn := 8
	if main {
		oneIn = 2
	}
	for r := range firstCounter {
		if g.IntN(oneIn) == 0 {
			g.emit(Instr{Op: Event, A: firstCounter, B: r, C: g.any()})
		}
	}
}

func (g *generator) statements(depth, n int) {
	for range n {
		g.statement(depth)
	}
}

func (g *generator) statement(depth int) {
	kind := g.IntN(23)
	if depth >= maxDepth && kind >= 20 {
		kind = g.IntN(20)
	}
	arith := []Op{Add, Sub, Mul, Less}
	switch kind {
	case 0, 1, 2:
		i := Instr{Op: arith[g.IntN(3)], A: g.int(), B: g.int(), C: g.int()}
		g.emit(i)
	case 3, 4:
		g.emit(Instr{Op: arith[g.IntN(3)], A: g.float(), B: g.float(), C: g.float(), Floats: true})
	case 5:
		g.emit(Instr{Op: Less, A: firstBool, B: g.int(), C: g.int()})
	case 6:
		g.emit(Instr{Op: NewPoint, A: g.point(), B: g.any(), C: g.any()})
	case 7, 8:
		g.emit(Instr{Op: GetSlot, A: g.reg(firstAny, firstCounter), B: g.point(), N: int64(g.IntN(2))})
	case 9, 10:
		g.emit(Instr{Op: PutSlot, A: g.any(), B: g.point(), N: int64(g.IntN(2))})
	case 11:
		g.index()
		g.emit(Instr{Op: At, A: g.reg(firstAny, firstCounter), B: g.array(), C: indexReg})
	case 12:
		g.index()
		g.emit(Instr{Op: AtPut, A: g.any(), B: g.array(), C: indexReg})
	case 13:
		g.fresh()
	case 14:
		same := []func() int{g.int, g.float, g.point, g.array, g.any}[g.IntN(5)]
		a, b := same(), same()
		g.emit(Instr{Op: Move, A: a, B: b})
	case 15:
		g.emit(Instr{Op: []Op{Event, Same}[g.IntN(2)], A: g.reg(firstAny, firstCounter), B: g.any(), C: g.any()})
	case 16:
		if n := len(g.p.Methods); n > 0 {
			g.emit(Instr{Op: Call, A: g.reg(firstAny, firstCounter), B: g.int(), C: g.int(), N: int64(g.IntN(n))})
		}
	case 17:
		g.twice()
	case 18:
		g.shared()
	case 19:
		c := g.int()
		if g.IntN(3) > 0 {
			g.emit(Instr{Op: Const, A: c, N: []int64{1, 2, 3, 4, -1, 8, 60}[g.IntN(7)]})
		}
		g.emit(Instr{Op: Integer, A: g.int(), B: g.int(), C: c, N: int64(g.IntN(len(integerOps)))})
	case 20, 21:
		g.conditional(depth + 1)
	default:
		g.loop(depth + 1)
	}
}

// twice reads a field before and after something that may change it.
func (g *generator) twice() {
	p, n := g.point(), int64(g.IntN(2))
	g.emit(Instr{Op: GetSlot, A: firstAny, B: p, N: n})
	switch g.IntN(4) {
	case 0:
		g.emit(Instr{Op: Event, A: firstAny + 1, B: p, C: g.any()})
	case 1:
		g.emit(Instr{Op: AtPut, A: g.any(), B: g.array(), C: indexReg})
	default:
		g.emit(Instr{Op: PutSlot, A: g.any(), B: g.point(), N: n})
	}
	g.emit(Instr{Op: GetSlot, A: firstAny + 2, B: p, N: n})
	g.emit(Instr{Op: Same, A: firstAny + 3, B: firstAny, C: firstAny + 2})
}

// shared has an object or box in two registers, and asks so after a check.
func (g *generator) shared() {
	first := []int{firstFloat, firstPoint, firstArray}[g.IntN(3)]
	switch first {
	case firstFloat:
		g.emit(Instr{Op: Add, A: first, B: g.float(), C: g.float(), Floats: true})
	case firstPoint:
		g.emit(Instr{Op: NewPoint, A: first, B: g.any(), C: g.any()})
	default:
		g.emit(Instr{Op: NewArray, A: first, N: 3})
	}
	g.emit(Instr{Op: Move, A: first + 1, B: first})
	g.emit(Instr{Op: Add, A: 0, B: g.int(), C: g.int()})
	g.emit(Instr{Op: Same, A: firstAny + 3, B: first, C: first + 1})
	g.emit(Instr{Op: Event, A: firstAny + 1, B: firstAny + 3, C: 0})
}

// index mostly puts an index that all arrays have in the register of indices.
func (g *generator) index() {
	if g.IntN(3) > 0 {
		g.emit(Instr{Op: Const, A: indexReg, N: int64(g.IntN(20) % 6 % 4)})
	}
}

// fresh puts something new in a register for its like.
func (g *generator) fresh() {
	n := int64(g.IntN(4))
	switch g.IntN(3) {
	case 0:
		g.emit(Instr{Op: Const, A: g.int(), N: n})
	case 1:
		g.emit(Instr{Op: NewArray, A: g.array(), N: 3 + n})
	default:
		g.emit(Instr{Op: MakeFloat, A: g.float(), N: n})
	}
}

func (g *generator) conditional(depth int) {
	if g.IntN(2) == 0 {
		g.emit(Instr{Op: Less, A: firstBool, B: g.int(), C: g.int()})
	}
	skip := g.emit(Instr{Op: JumpIfFalse, A: firstBool})
	g.statements(depth, 1+g.IntN(3))
	end := g.emit(Instr{Op: Jump})
	g.m.Code[skip].N = int64(len(g.m.Code))
	g.statements(depth, g.IntN(3))
	g.m.Code[end].N = int64(len(g.m.Code))
}

// loop runs its body up to four times; sometimes it walks the size of an array.
func (g *generator) loop(depth int) {
	count, limit := firstCounter+2*(depth-1), firstCounter+2*(depth-1)+1
	g.emit(Instr{Op: Const, A: count})
	g.emit(Instr{Op: Const, A: limit, N: int64(g.IntN(4))})
	head := g.emit(Instr{Op: Less, A: firstBool, B: count, C: limit})
	exit := g.emit(Instr{Op: JumpIfFalse, A: firstBool})
	if g.IntN(2) == 0 {
		g.emit(Instr{Op: At, A: firstAny, B: g.array(), C: count})
	}
	g.statements(depth, 1+g.IntN(4))
	g.emit(Instr{Op: Const, A: limit + 0, N: g.m.Code[head-1].N})
	one := g.IntN(4)
	g.emit(Instr{Op: Const, A: one, N: 1})
	g.emit(Instr{Op: Add, A: count, B: count, C: one})
	g.emit(Instr{Op: Jump, N: int64(head)})
	g.m.Code[exit].N = int64(len(g.m.Code))
}
