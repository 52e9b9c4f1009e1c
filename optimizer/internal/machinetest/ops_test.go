//go:build linux && amd64

package machinetest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/sista-vm/sista/codegen"
	"github.com/sista-vm/sista/codegen/asm"
	"github.com/sista-vm/sista/native"
	"github.com/sista-vm/sista/optimizer/internal/toy"
	"github.com/sista-vm/sista/optimizer/ir"
	"github.com/sista-vm/sista/optimizer/passes"
)

// generator makes functions of all ops, defined wherever they are executed.
type generator struct {
	*rand.Rand
	f *ir.Func
	b *ir.Block

	oops, ints, floats, bools, smis []*ir.Value
	points, arrays                  []*ir.Value // objects of two fields; of any number
	raws                            []*ir.Value // objects of bytes
	depth, pc                       int
}

const numParams = 5

func generate(seed uint64) *ir.Func {
	g := &generator{Rand: rand.New(rand.NewPCG(seed, 7)), f: ir.NewFunc("m0")}
	describe(g.f)
	g.f.Classes = classes
	g.b = g.f.NewBlock()
	for range numParams {
		g.oops = append(g.oops, g.b.AddParam(ir.TypeOop))
	}
	n := 4 + g.IntN(30)
	if seed%16 == 0 {
		n *= 6
	}
	g.body(n)
	out := []*ir.Value{}
	for range 1 + g.IntN(10) {
		out = append(out, g.anyOop())
	}
	if g.IntN(20) == 0 {
		g.b.NonLocal(g.oops[0], g.anyOop())
		return g.f
	}
	g.b.Return(g.b.New(toy.ClassArray, ir.ReasonNoMemory, g.state(), out...))
	return g.f
}

func (g *generator) pick(vs []*ir.Value) *ir.Value {
	if g.IntN(2) == 0 && len(vs) > 4 {
		return vs[len(vs)-1-g.IntN(4)]
	}
	return vs[g.IntN(len(vs))]
}

var interesting = []int64{0, 1, -1, 2, 3, 7, 8, 10, -7, 255, 1000, 1 << 31, -1 << 31, 1<<31 - 1, 1 << 32, ir.MaxSmallInteger, ir.MinSmallInteger,
	math.MaxInt64, math.MinInt64, 1 << 61, 12345678901}

func (g *generator) constant() int64 {
	if g.IntN(8) > 0 {
		return int64(g.IntN(20)) - 5
	}
	return interesting[g.IntN(len(interesting))]
}

func (g *generator) int() *ir.Value {
	if len(g.ints) == 0 || g.IntN(5) == 0 {
		return g.b.ConstInt(g.constant())
	}
	return g.pick(g.ints)
}

var floats = []float64{0, math.Copysign(0, -1), 1, -2.5, 1e300, 1e-300, math.Inf(1), math.Inf(-1), math.NaN(), 0.1, 3, 1 << 60, 1e18, 5e-324}

func (g *generator) float() *ir.Value {
	if len(g.floats) == 0 || g.IntN(5) == 0 {
		return g.b.ConstFloat(floats[g.IntN(len(floats))])
	}
	return g.pick(g.floats)
}

func (g *generator) bool() *ir.Value {
	if len(g.bools) == 0 || g.IntN(2) == 0 {
		return g.compare()
	}
	return g.pick(g.bools)
}

func (g *generator) smi() *ir.Value {
	if len(g.smis) == 0 || g.IntN(5) == 0 {
		n := g.constant()
		if !ir.FitsSmallInteger(n) {
			n = 42
		}
		return g.b.ConstSmi(n)
	}
	return g.pick(g.smis)
}

func (g *generator) oop() *ir.Value {
	switch g.IntN(8) {
	case 0:
		return g.b.Literal(ir.HandleNil + ir.Handle(g.IntN(3)))
	case 1:
		return g.smi()
	}
	return g.pick(g.oops)
}

func (g *generator) anyOop() *ir.Value {
	switch g.IntN(5) {
	case 0:
		return g.b.BoxFloat(g.float(), ir.ReasonNoMemory, g.state())
	case 1:
		return g.b.FromBool(g.bool())
	case 2:
		return g.b.Tag(g.small())
	}
	return g.oop()
}

// small answers an integer that is in the range of SmallInteger.
func (g *generator) small() *ir.Value {
	return g.b.IAddO(g.int(), g.b.ConstInt(int64(g.IntN(3))), ir.ReasonOverflow, g.state())
}

func (g *generator) state() *ir.State {
	s := &ir.State{}
	g.pc += 2
	for i := range 1 + g.IntN(2) {
		l := &ir.Level{Method: fmt.Sprintf("m%d", i), PC: g.pc + i, Self: ir.ValueRef(g.oops[0])}
		if i > 0 {
			l.Mode = ir.Resume
		}
		for range g.IntN(6) {
			l.Temps = append(l.Temps, g.ref(s, 0))
		}
		for range g.IntN(3) {
			l.Stack = append(l.Stack, g.ref(s, 0))
		}
		s.Levels = append(s.Levels, l)
	}
	return s
}

func (g *generator) resume() *ir.State {
	s := g.state()
	s.Levels[0].Mode = ir.Resume
	return s
}

func (g *generator) ref(s *ir.State, depth int) ir.Ref {
	switch n := g.IntN(12); {
	case n < 3 && len(g.ints) > 0:
		return ir.ValueRef(g.pick(g.ints))
	case n < 5 && len(g.floats) > 0:
		return ir.ValueRef(g.pick(g.floats))
	case n == 5 && depth < 3:
		v := &ir.Virtual{Kind: ir.VirtualArray, Class: toy.ClassArray}
		s.Virtuals = append(s.Virtuals, v)
		for range g.IntN(3) {
			v.Slots = append(v.Slots, g.ref(s, depth+1))
		}
		return ir.Ref{Virtual: v}
	case n == 6 && len(s.Virtuals) > 0:
		return ir.Ref{Virtual: s.Virtuals[g.IntN(len(s.Virtuals))]}
	}
	return ir.ValueRef(g.pick(g.oops))
}

func (g *generator) compare() *ir.Value {
	var v *ir.Value
	switch g.IntN(16) {
	case 0, 1:
		v = g.b.IEq(g.int(), g.int())
	case 2:
		v = g.b.INe(g.int(), g.int())
	case 3, 4:
		v = g.b.ILt(g.int(), g.int())
	case 5, 6:
		v = g.b.ILe(g.int(), g.int())
	case 7:
		v = g.b.FEq(g.float(), g.float())
	case 8:
		v = g.b.FNe(g.float(), g.float())
	case 9:
		v = g.b.FLt(g.float(), g.float())
	case 10:
		v = g.b.FLe(g.float(), g.float())
	case 11:
		v = g.b.OopEq(g.oop(), g.oop())
	case 12:
		v = []func(*ir.Value) *ir.Value{g.b.IsSmi, g.b.IsChar, g.b.IsFloat}[g.IntN(3)](g.oop())
	case 13:
		v = g.b.HasClass(g.oop(), []int64{toy.ClassPoint, 1, 2, 4, toy.ClassFloat, classBool}[g.IntN(6)])
	case 14:
		v = g.b.ConstBool(g.IntN(2) == 0)
	default:
		v = g.b.BNot(g.bool())
	}
	g.bools = append(g.bools, v)
	return v
}

func (g *generator) addInt(v *ir.Value)   { g.ints = append(g.ints, v) }
func (g *generator) addFloat(v *ir.Value) { g.floats = append(g.floats, v) }
func (g *generator) addOop(v *ir.Value)   { g.oops = append(g.oops, v) }

func (g *generator) body(n int) {
	for range n {
		switch k := g.IntN(50); {
		case k < 16:
			g.addInt(g.integer())
		case k < 23:
			g.floating()
		case k < 28:
			g.compare()
		case k < 30:
			g.guard()
		case k < 44:
			g.object()
		case k < 47 && g.depth < 3:
			g.diamond()
		case k < 49 && g.depth < 2:
			g.loop()
		default:
			g.b.Poll(ir.ReasonRequest, g.state())
		}
	}
}

func (g *generator) integer() *ir.Value {
	x, y := g.int(), g.int()
	dist := g.b.IAnd(y, g.b.ConstInt(63))
	if g.IntN(2) == 0 {
		dist = g.b.ConstInt(int64(g.IntN(63)))
	}
	divisor := g.b.IOr(y, g.b.ConstInt(1))
	if g.IntN(2) == 0 {
		divisor = g.b.ConstInt([]int64{1, -1, 2, 3, -3, 8, 1024, 10, 1 << 40, math.MinInt64}[g.IntN(10)])
	}
	switch g.IntN(24) {
	case 0, 1:
		return g.b.IAdd(x, y)
	case 2, 3:
		return g.b.ISub(x, y)
	case 4:
		return g.b.IMul(x, y)
	case 5:
		return g.b.IDiv(x, divisor)
	case 6:
		return g.b.IMod(x, divisor)
	case 7:
		return g.b.IQuo(x, divisor)
	case 8:
		return g.b.IRem(x, divisor)
	case 9:
		return g.b.IAnd(x, y)
	case 10:
		return g.b.IOr(x, y)
	case 11:
		return g.b.IXor(x, y)
	case 12:
		return g.b.IShl(x, dist)
	case 13:
		return g.b.ISar(x, dist)
	case 14, 15, 16:
		return g.b.IAddO(x, y, ir.ReasonOverflow, g.state())
	case 17, 18:
		return g.b.ISubO(x, y, ir.ReasonOverflow, g.state())
	case 19:
		return g.b.IMulO(x, y, ir.ReasonOverflow, g.state())
	case 20:
		return g.b.IShlO(x, g.b.IMod(dist, g.b.ConstInt(63)), ir.ReasonOverflow, g.state())
	case 21:
		return g.b.Untag(g.smi())
	case 22:
		if g.IntN(2) == 0 {
			return g.b.Untag(g.b.GuardSmi(g.b.ClassOf(g.oop()), ir.ReasonNotSmallInteger, g.state()))
		}
		return g.b.ClassIndex(g.oop())
	}
	return g.b.FToI(g.float(), ir.ReasonOverflow, g.state())
}

func (g *generator) floating() {
	x, y := g.float(), g.float()
	switch g.IntN(8) {
	case 0:
		g.addFloat(g.b.FAdd(x, y))
	case 1:
		g.addFloat(g.b.FSub(x, y))
	case 2:
		g.addFloat(g.b.FMul(x, y))
	case 3:
		g.addFloat(g.b.FDiv(x, y))
	case 4:
		g.addFloat(g.b.FNeg(x))
	case 5:
		g.addFloat(g.b.FSqrt(x))
	case 6:
		g.addFloat(g.b.IToF(g.int()))
	default:
		v := g.b.BoxFloat(x, ir.ReasonNoMemory, g.state())
		g.addOop(v)
		g.addFloat(g.b.UnboxFloat(v))
	}
}

func (g *generator) guard() {
	switch g.IntN(8) {
	case 0:
		v := g.b.GuardSmi(g.pick(g.oops), ir.ReasonNotSmallInteger, g.state())
		g.smis = append(g.smis, v)
		g.addInt(g.b.Untag(v))
	case 1:
		g.addFloat(g.b.UnboxFloat(g.b.GuardFloat(g.pick(g.oops), ir.ReasonNotFloat, g.state())))
	case 2:
		g.points = append(g.points, g.b.GuardClass(g.pick(g.oops), toy.ClassPoint, ir.ReasonWrongClass, g.state()))
	case 3:
		g.addInt(g.index(g.int()))
	case 4:
		if g.IntN(4) == 0 {
			g.b.GuardTrue(g.bool(), ir.ReasonNotBoolean, g.state())
		}
	case 5:
		if g.IntN(4) == 0 {
			g.b.GuardFalse(g.bool(), ir.ReasonNotBoolean, g.state())
		}
	case 6:
		v := g.b.GuardChar(g.pick(g.oops), ir.ReasonWrongClass, g.state())
		g.addInt(g.b.CharValue(v))
	default:
		g.b.GuardObj(g.pick(g.oops), ir.ReasonWrongClass, g.state())
	}
}

// index answers an index below a limit, mostly one that is likely to be.
func (g *generator) index(limit *ir.Value) *ir.Value {
	i := g.int()
	switch g.IntN(4) {
	case 0:
		i = g.b.ConstInt(int64(g.IntN(2)))
	case 1:
		i = g.b.ISub(g.b.IAnd(i, g.b.ConstInt(3)), g.b.ConstInt(1))
	case 2:
		i = g.b.IMod(i, g.b.IOr(g.b.IAnd(limit, g.b.ConstInt(1023)), g.b.ConstInt(1)))
	}
	return g.b.GuardIndex(i, limit, ir.ReasonIndexOutOfBounds, g.state())
}

// detour answers the same integer, by way of another.
func (g *generator) detour(v *ir.Value) *ir.Value {
	if g.IntN(2) == 0 {
		return v
	}
	c := g.b.ConstInt(int64(g.IntN(100)))
	if g.IntN(2) == 0 {
		return g.b.ISub(g.b.IAdd(v, c), c)
	}
	return g.b.IAdd(g.b.ISub(v, c), c)
}

func (g *generator) object() {
	switch g.IntN(16) {
	case 0, 1:
		v := g.b.New(toy.ClassPoint, ir.ReasonNoMemory, g.state(), g.anyOop(), g.anyOop())
		g.points = append(g.points, v)
		g.addOop(v)
	case 2:
		n := g.b.ConstInt(int64([]int{0, 1, 3, 9, 254, 255, 300}[g.IntN(7)]))
		if g.IntN(2) == 0 {
			n = g.b.IAnd(g.int(), g.b.ConstInt(int64([]int{1, 15, 511}[g.IntN(3)])))
		}
		v := g.b.NewArray(n, toy.ClassArray, ir.ReasonNoMemory, g.state())
		g.arrays = append(g.arrays, v)
		g.addOop(v)
	case 3:
		n := g.b.ConstInt(int64([]int{0, 1, 7, 8, 9, 2040}[g.IntN(6)]))
		if g.IntN(2) == 0 {
			n = g.b.IAnd(g.int(), g.b.ConstInt(int64([]int{1, 15, 4095}[g.IntN(3)])))
		}
		v := g.b.NewRaw(n, []int64{classBytes, classShorts, classWords, classLongs}[g.IntN(4)], ir.ReasonNoMemory, g.state())
		g.raws = append(g.raws, v)
		g.addOop(v)
	case 4, 5:
		if len(g.points) > 0 {
			p := g.pick(g.points)
			g.b.StoreSlot(p, g.anyOop(), int64(g.IntN(2)))
			g.addOop(g.b.LoadSlot(p, int64(g.IntN(2))))
		}
	case 6, 7:
		if len(g.arrays) > 0 {
			a := g.pick(g.arrays)
			size := g.b.Size(a, 0)
			g.addInt(size)
			at := g.index(size)
			if g.IntN(3) == 0 {
				g.b.Touch(a, 0, ir.ReasonRequest, g.state())
			} else {
				g.b.GuardWritable(a, ir.ReasonReadOnly, g.state())
			}
			g.b.StoreElement(a, at, g.anyOop())
			g.addOop(g.b.LoadElement(a, g.detour(at)))
		}
	case 8, 9, 10:
		g.raw()
	case 11:
		if len(g.points) > 0 {
			g.addInt(g.b.IdentityHash(g.pick(g.points)))
		}
	case 12, 13:
		args := []*ir.Value{}
		for range g.IntN(4) {
			args = append(args, g.anyOop())
		}
		if g.IntN(2) == 0 {
			g.addOop(g.b.Send(g.oop(), "foo", 77, ir.ReasonInvalidated, g.resume(), args...))
		} else {
			g.addOop(g.b.Call(g.oop(), "m1", 78, ir.ReasonInvalidated, g.resume(), args...))
		}
	case 14:
		c := g.b.NewContext(0, ir.ReasonNoMemory, g.state())
		g.addOop(c)
		if g.IntN(2) == 0 {
			g.b.Widow(c)
		}
	default:
		g.addOop(g.b.MakeChar(g.b.IAnd(g.int(), g.b.ConstInt(0xFFFF))))
	}
}

// bytes answers an object of bytes, or now and then something else.
func (g *generator) bytes(n int) *ir.Value {
	if g.IntN(10) == 0 {
		return g.oop()
	}
	o := g.b.NewRaw(g.b.ConstInt(int64(n)), classBytes, ir.ReasonNoMemory, g.state())
	for range min(n, 3) {
		g.b.StoreRaw(o, g.b.ConstInt(int64(g.IntN(n))), g.b.ConstInt(int64(g.IntN(256))), 1)
	}
	g.raws = append(g.raws, o)
	return o
}

// array answers an Array with something in it, or now and then something else.
func (g *generator) array(n int) *ir.Value {
	if g.IntN(10) == 0 {
		return g.oop()
	}
	o := g.b.NewArray(g.b.ConstInt(int64(n)), toy.ClassArray, ir.ReasonNoMemory, g.state())
	for range min(n, 3) {
		g.b.StoreElement(o, g.b.ConstInt(int64(g.IntN(n))), g.oop())
	}
	g.arrays = append(g.arrays, o)
	return o
}

// bulk does something to many elements.
func (g *generator) bulk() {
	n := []int{0, 1, 3, 9, 20, 300}[g.IntN(6)]
	index := func() *ir.Value {
		if g.IntN(12) == 0 {
			return g.int()
		}
		return g.b.IAdd(g.b.IAnd(g.int(), g.b.ConstInt(1)), g.b.ConstInt(int64(g.IntN(n/2+1))))
	}
	last := func() *ir.Value { return g.b.ISub(g.b.ConstInt(int64(n+g.IntN(2))), index()) }
	source := func(o *ir.Value, other func(int) *ir.Value) *ir.Value {
		if g.IntN(3) == 0 {
			return o
		}
		return other(n + g.IntN(3))
	}
	done := func(v *ir.Value) { g.addInt(g.b.IAnd(g.b.IAdd(v, g.b.ConstInt(1)), g.b.ConstInt(2))) } // 1 and 2 are the same
	switch g.IntN(4) {
	case 0:
		o := g.bytes(n)
		done(g.b.ReplaceBytes(o, index(), last(), source(o, g.bytes), index()))
		g.addInt(g.b.HashBytes(o, g.b.ConstInt(1)))
	case 1:
		o := g.array(n)
		done(g.b.ReplaceOops(o, index(), last(), source(o, g.array), index()))
	case 2:
		o, order := g.bytes(n), g.bytes(254+g.IntN(5))
		g.addInt(g.b.CompareBytes(o, source(o, g.bytes), order))
	default:
		g.addInt(g.b.HashBytes(g.bytes(n), g.int()))
	}
}

func (g *generator) raw() {
	if g.IntN(2) == 0 {
		g.bulk()
		return
	}
	if len(g.raws) == 0 {
		return
	}
	o := g.pick(g.raws)
	w := g.f.Classes[o.Int].Unit()
	n := g.b.Size(o, w)
	g.addInt(n)
	at := g.index(n)
	g.b.StoreRaw(o, at, g.int(), w)
	g.addInt(g.b.LoadRaw(o, g.detour(at), w))
	if w >= 4 {
		x := g.b.FMul(g.float(), g.b.ConstFloat(0.5))
		g.b.GuardTrue(g.b.FEq(x, x), ir.ReasonNotFloat, g.state()) // bits of NaNs are not compared
		g.b.StoreFloat(o, at, x, w)
		g.addFloat(g.b.LoadFloat(o, g.detour(at), w))
	}
}

type mark struct{ lens [8]int }

func (g *generator) lists() []*[]*ir.Value {
	return []*[]*ir.Value{&g.oops, &g.ints, &g.floats, &g.bools, &g.smis, &g.points, &g.arrays, &g.raws}
}

func (g *generator) mark() (m mark) {
	for i, l := range g.lists() {
		m.lens[i] = len(*l)
	}
	return m
}

func (g *generator) release(m mark) {
	for i, l := range g.lists() {
		*l = (*l)[:m.lens[i]]
	}
}

// params gives a block parameters of random types; args chooses what fits them.
func (g *generator) params(b *ir.Block) (types []ir.Type) {
	for range g.IntN(6) {
		t := []ir.Type{ir.TypeInt, ir.TypeFloat, ir.TypeOop, ir.TypeInt, ir.TypeBool}[g.IntN(5)]
		types = append(types, t)
	}
	return types
}

func (g *generator) args(types []ir.Type) (vs []*ir.Value) {
	for _, t := range types {
		switch t {
		case ir.TypeInt:
			vs = append(vs, g.int())
		case ir.TypeFloat:
			vs = append(vs, g.float())
		case ir.TypeBool:
			vs = append(vs, g.bool())
		default:
			vs = append(vs, g.oop())
		}
	}
	return vs
}

func (g *generator) bind(b *ir.Block, types []ir.Type) {
	for _, t := range types {
		p := b.AddParam(t)
		switch t {
		case ir.TypeInt:
			g.addInt(p)
		case ir.TypeFloat:
			g.addFloat(p)
		case ir.TypeBool:
			g.bools = append(g.bools, p)
		default:
			g.addOop(p)
		}
	}
}

func (g *generator) diamond() {
	g.depth++
	yes, join := g.f.NewBlock(), g.f.NewBlock()
	var no *ir.Block
	types := g.params(join)
	c := g.bool()
	direct := g.args(types)
	if g.IntN(3) == 0 {
		g.b.Branch(c, ir.To(yes), ir.To(join, direct...))
	} else {
		no = g.f.NewBlock()
		g.b.Branch(c, ir.To(yes), ir.To(no))
	}
	for _, b := range []*ir.Block{yes, no} {
		if b == nil {
			continue
		}
		m := g.mark()
		g.b = b
		g.body(1 + g.IntN(4))
		switch {
		case b == no && g.IntN(6) == 0:
			g.b.Deopt(ir.ReasonColdBranch, g.state())
		default:
			g.b.Jump(ir.To(join, g.args(types)...))
		}
		g.release(m)
	}
	g.b = join
	g.bind(join, types)
	g.depth--
}

func (g *generator) loop() {
	g.depth++
	head, body, exit := g.f.NewBlock(), g.f.NewBlock(), g.f.NewBlock()
	types := g.params(head)
	g.b.Jump(ir.To(head, append(g.args(types), g.b.ConstInt(0))...))
	g.b = head
	g.bind(head, types)
	i := head.AddParam(ir.TypeInt)
	m := g.mark()
	head.Branch(head.ILt(i, head.ConstInt(int64(g.IntN(4)))), ir.To(body), ir.To(exit))
	g.b = body
	g.addInt(i)
	g.body(1 + g.IntN(5))
	next := g.b.IAdd(i, g.b.ConstInt(1))
	if g.IntN(2) == 0 {
		next = g.b.IAddO(i, g.b.ConstInt(1), ir.ReasonOverflow, g.state())
	}
	g.b.Poll(ir.ReasonRequest, g.state())
	g.b.Jump(ir.To(head, append(g.args(types), next)...))
	g.release(m)
	g.b = exit
	g.depth--
}

func (w *world) outcome(e ending, err error) string {
	if err != nil {
		return "error: " + err.Error()
	}
	s := strings.Join(w.log, "\n") + "\n"
	switch e.kind {
	case ir.Returned:
		return s + "answer " + w.Describe(ir.Oop(e.value))
	case ir.ReturnedNonLocally:
		return s + "nonlocal " + w.Describe(ir.Oop(e.closure), ir.Oop(e.value))
	}
	all := []ir.Oop{}
	for _, f := range e.frames {
		s += fmt.Sprintf("%v %s %d %d %d\n", f.Mode, f.Method, f.PC, len(f.Temps), len(f.Stack))
		all = append(all, f.Self, f.Closure)
		all = append(all, f.Temps...)
		all = append(all, f.Stack...)
	}
	return s + fmt.Sprintf("%v: %s", e.reason, w.Describe(all...))
}

// arguments makes some objects to start with.
func (w *world) arguments(r *rand.Rand) (args []ir.Oop) {
	for range numParams {
		var o ir.Oop
		switch r.IntN(7) {
		case 0, 1:
			o = w.Integer(interesting[r.IntN(15)])
		case 2:
			o, _ = w.Float(floats[r.IntN(len(floats))])
		case 3:
			o = w.Character(int64(r.IntN(300)))
		case 4:
			o, _ = w.Literal(ir.HandleNil + ir.Handle(r.IntN(3)))
		case 5:
			o, _ = w.New(toy.ClassPoint, []ir.Oop{w.Integer(1), w.Integer(2)})
		default:
			o, _ = w.NewArray(toy.ClassArray, 3)
		}
		args = append(args, o)
	}
	return args
}

// TestOps compares random functions of all ops with the evaluator.
func TestOps(t *testing.T) {
	w := newWorld(t)
	w.stay = true
	a := asm.New()
	first, last := seeds(1000)
	var kinds [3]int
	for seed := first; seed < last; seed++ {
		if err := w.compareOps(a, seed, &kinds); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
	t.Logf("outcomes %v, exits %v", kinds, w.exits)
}

// compareOps compares a function before and after the passes, and counts the outcomes.
func (w *world) compareOps(a *asm.Assembler, seed uint64, kinds *[3]int) error {
	f := generate(seed)
	if err := f.Verify(); err != nil {
		return fmt.Errorf("%w\n%v", err, f)
	}
	for i, optimized := range []bool{false, false, true, true} {
		if optimized && i == 2 {
			if err := passes.Run(f, passes.Options{Verify: true}); err != nil {
				return err
			}
		}
		code, err := codegen.Compile(f, codegen.Options{Method: firstMethod, Features: features(i), Temps: -1, Assembler: a, Verify: true})
		if err != nil {
			return fmt.Errorf("%w\n%v", err, f)
		}
		placed, err := w.zone.Place(code)
		if err != nil {
			return err
		}
		for run := range uint64(3) {
			want, got, kind := w.runBoth(placed, f, seed*10+run)
			if kinds != nil {
				kinds[kind]++
			}
			if got != want || strings.HasPrefix(want, "error") {
				show(w.t, f)
				return fmt.Errorf("run %d, optimized %v: got\n%s\nwant\n%s", run, optimized, got, want)
			}
		}
		w.placed = nil
		w.zone.Free(placed)
	}
	return nil
}

// FuzzOps is TestOps with more functions than there is time for.
func FuzzOps(f *testing.F) {
	for seed := range uint64(10) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		w := newWorld(t)
		w.stay = true
		if err := w.compareOps(asm.New(), seed, nil); err != nil {
			t.Fatal(err)
		}
	})
}

func (w *world) runBoth(placed *native.Placed, f *ir.Func, seed uint64) (want, got string, kind ir.OutcomeKind) {
	w.reset(rand.New(rand.NewPCG(seed, 1)))
	w.p, w.placed = nil, nil
	args := w.arguments(rand.New(rand.NewPCG(seed, 2)))
	out, err := (&ir.Evaluator{Machine: w}).Run(f, args...)
	want = w.outcome(ending{out.Kind, uint64(out.Value), uint64(out.Closure), out.Frames, out.Reason}, err)
	w.reset(rand.New(rand.NewPCG(seed, 1)))
	for i := range placed.Code().Literals {
		st(placed.Data()+8*uint64(i), w.Nil)
	}
	args = w.arguments(rand.New(rand.NewPCG(seed, 2)))
	words := []uint64{}
	for _, a := range args {
		words = append(words, uint64(a))
	}
	e := w.run(placed, words)
	return want, w.outcome(e, nil), out.Kind
}
