//go:build linux && amd64

package machinetest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"unsafe"

	"github.com/sista-vm/sista/host/hostos"
	"github.com/sista-vm/sista/native"
	"github.com/sista-vm/sista/optimizer/internal/toy"
	"github.com/sista-vm/sista/optimizer/ir"
)

// world is memory with objects as machine code knows them, and what handles the exits:
//
//	| young | young | old |
//
// Objects are made in one of the young areas, and copied to the other one, or to the
// old area, whenever it may be.
type world struct {
	native.Context
	classPage, classPages []uint64

	t    testing.TB
	zone *native.Zone
	r    *rand.Rand

	young      [2]uint64
	current    int
	old, oldAt uint64
	tenured    []uint64
	remembered map[uint64]bool
	hashes     uint64
	stack      []uint64

	placed *native.Placed
	p      *toy.Program
	log    []string

	exits [native.NumExits]int
	stay  bool // code is left only where it wants to
}

const (
	youngBytes = 256 << 10
	oldBytes   = 8 << 20
	classNil   = 6
	classBool  = 5
)

func ld(a uint64) uint64 { return *(*uint64)(unsafe.Add(nil, uintptr(a))) }
func st(a, v uint64)     { *(*uint64)(unsafe.Add(nil, uintptr(a))) = v }

func newWorld(t testing.TB) *world {
	w := &world{t: t, stack: make([]uint64, 4096), remembered: map[uint64]bool{}}
	m := hostos.Memory()
	size := uint64(2*youngBytes + oldBytes)
	base, err := m.Reserve(0, size)
	if err == nil {
		err = m.Commit(base, size)
	}
	if err != nil {
		t.Fatal(err)
	}
	w.young = [2]uint64{base, base + youngBytes}
	w.old = base + 2*youngBytes
	// The class table has class indices in place of classes.
	w.classPage = make([]uint64, 1+1024)
	for i := range 1024 {
		w.classPage[1+i] = uint64(w.Integer(int64(i)))
	}
	w.classPages = []uint64{uint64(uintptr(unsafe.Pointer(&w.classPage[0])))}
	w.ClassPages = uint64(uintptr(unsafe.Pointer(&w.classPages[0])))
	if w.zone, err = native.NewZone(&w.Context, m, 0, 4<<20, 0); err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() {
		if err := w.zone.Close(); err != nil {
			t.Error(err)
		}
		if err := m.Release(base, size); err != nil {
			t.Error(err)
		}
	})
	return w
}

// reset empties the heap.
func (w *world) reset(r *rand.Rand) {
	w.r, w.current, w.oldAt, w.tenured = r, 0, w.old, nil
	clear(w.remembered)
	w.log, w.hashes = nil, 0
	w.OldStart = w.old
	w.Nil = w.makeOld(classNil)
	w.True = w.makeOld(classBool)
	w.False = w.makeOld(classBool)
	w.tenured = nil
	w.Free = w.young[0]
	w.pressure()
}

func (w *world) makeOld(class uint64) uint64 {
	o := w.oldAt
	st(o, class)
	st(o+8, w.Nil)
	w.oldAt += 16
	return o
}

// pressure decides by chance when code is left next.
func (w *world) pressure() {
	w.FreeLimit = min(w.Free+uint64(w.r.IntN(300)), w.young[w.current]+youngBytes)
	limit := uint64(0)
	if w.r.IntN(2) == 0 {
		limit = math.MaxUint64
	}
	w.StackLimit.Store(limit)
}

func (w *world) isYoung(o uint64) bool { return o&7 == 0 && o < w.OldStart }

// objects begin with an overflow word if they have 255 slots or more.
func slots(o uint64) uint64 {
	n := ld(o) >> 56
	if n == 255 {
		n = ld(o-8) << 8 >> 8
	}
	return n
}

func classOf(o uint64) uint64 { return ld(o) & (1<<22 - 1) }

func format(o uint64) uint64 { return ld(o) >> 24 & 31 }

func sizeOf(n uint64) uint64 {
	size := 8 * (max(n, 1) + 1)
	if n >= 255 {
		size += 8
	}
	return size
}

// allocate makes an object for an exit; its contents are not what code may rely on.
func (w *world) allocate(header, n uint64) uint64 {
	size := sizeOf(n)
	if w.r.IntN(2) == 0 || w.Free+size > w.young[w.current]+youngBytes {
		w.collect()
	}
	o := w.Free
	w.Free += size
	if n >= 255 {
		st(o, 255<<56|n)
		o += 8
	}
	st(o, header)
	for i := range max(n, 1) {
		v := w.Nil
		if format(o) > 5 {
			v = 0xBAD0BAD0BAD0BAD1
		}
		st(o+8+8*i, v)
	}
	w.pressure()
	return o
}

// collect moves every young object, by chance to the old area, and wipes out where
// they were.
func (w *world) collect() {
	for _, o := range w.tenured {
		if format(o) > 5 || w.remembered[o] {
			continue
		}
		for i := range slots(o) {
			if v := ld(o + 8 + 8*i); w.isYoung(v) {
				w.t.Fatalf("old object %#x of class %d refers to a young one and is not remembered", o, classOf(o))
			}
		}
	}
	from := w.young[w.current]
	w.current = 1 - w.current
	to := w.young[w.current]
	scan, free := to, to
	moved := map[uint64]uint64{}
	var grey []uint64
	forward := func(p uint64) {
		o := ld(p)
		if !w.isYoung(o) {
			return
		}
		if o < from || o >= from+youngBytes {
			w.t.Fatalf("%#x at %#x is no object", o, p)
		}
		c, ok := moved[o]
		if !ok {
			n := slots(o)
			start, size := o, sizeOf(n)
			if n >= 255 {
				start -= 8
			}
			at := &free
			old := w.r.IntN(6) == 0
			if old {
				at = &w.oldAt
			}
			for i := uint64(0); i < size; i += 8 {
				st(*at+i, ld(start+i))
			}
			c = *at + (o - start)
			*at += size
			if old {
				w.tenured = append(w.tenured, c)
			}
			moved[o] = c
			grey = append(grey, c)
		}
		st(p, c)
	}
	_ = scan
	for o := range w.remembered {
		grey = append(grey, o)
	}
	w.roots(forward)
	for len(grey) > 0 {
		o := grey[len(grey)-1]
		grey = grey[:len(grey)-1]
		if format(o) > 5 {
			continue
		}
		young := false
		for i := range slots(o) {
			forward(o + 8 + 8*i)
			young = young || w.isYoung(ld(o+8+8*i))
		}
		if o >= w.OldStart {
			w.setRemembered(o, young)
		}
	}
	if w.oldAt > w.old+oldBytes-youngBytes {
		w.t.Fatal("old space is full")
	}
	for a := from; a < from+youngBytes; a += 8 {
		st(a, 0xDEADDEADDEADDEA1)
	}
	w.Free = free
}

const rememberedBit = 1 << 29

func (w *world) setRemembered(o uint64, on bool) {
	if on {
		w.remembered[o] = true
		st(o, ld(o)|rememberedBit)
	} else {
		delete(w.remembered, o)
		st(o, ld(o)&^rememberedBit)
	}
}

// roots visits the words of the frame that hold objects, and the literals.
func (w *world) roots(visit func(uint64)) {
	if w.placed == nil {
		return
	}
	c := w.placed.Code()
	for i := range c.Literals {
		visit(w.placed.Data() + 8*uint64(i))
	}
	fp := w.FP
	argc := ld(fp-16) >> 3 & 0xff
	for i := range argc + 1 {
		visit(fp + 16 + 8*i)
	}
	if c.OSR {
		visit(fp - 24)
		visit(fp - 32)
	}
	s := w.placed.Safepoint(w.PC)
	if s == nil {
		w.t.Fatalf("no safepoint at %#x", w.PC-w.placed.Text())
	}
	for i, word := range s.Oops {
		for b := range 64 {
			if word>>b&1 != 0 {
				visit(fp - c.SlotsAt() - 8*uint64(64*i+b))
			}
		}
	}
}

// An ending is how a run of machine code came out.
type ending struct {
	kind    ir.OutcomeKind
	value   uint64
	closure uint64
	frames  []ir.Frame // where it was left
	reason  ir.Reason
}

// run calls the code and handles its exits.
func (w *world) run(placed *native.Placed, args []uint64) ending {
	w.placed = placed
	sp := uint64(uintptr(unsafe.Pointer(&w.stack[len(w.stack)-16])))
	for _, a := range args {
		sp -= 8
		st(sp, a)
	}
	sp -= 8
	st(sp, w.Stubs[native.ExitReturn])
	w.SP, w.FP, w.PC = sp, 0, placed.Entry()
	return w.loop()
}

// runOSR takes over an interpreter frame with one argument: registers 0 and 1 are
// receiver and argument, the others temporaries.
func (w *world) runOSR(placed *native.Placed, h *toy.Heap, regs []ir.Oop) ending {
	w.placed = placed
	made := map[ir.Oop]uint64{toy.Nil: w.Nil, toy.True: w.True, toy.False: w.False}
	var words []uint64
	for _, o := range regs {
		words = append(words, w.importOop(h, o, made))
	}
	sp := uint64(uintptr(unsafe.Pointer(&w.stack[len(w.stack)-16])))
	push := func(v uint64) {
		sp -= 8
		st(sp, v)
	}
	push(words[0])
	push(words[1])
	push(w.Stubs[native.ExitReturn])
	push(0)
	fp := sp
	push(w.Nil)
	push(1<<3 | 1)
	push(w.Nil)
	push(words[0])
	push(1)
	for _, v := range words[2:] {
		push(v)
	}
	w.SP, w.FP, w.PC = sp, fp, placed.Entry()
	e := w.loop()
	if e.kind == ir.Returned && w.SP != uint64(uintptr(unsafe.Pointer(&w.stack[len(w.stack)-16]))) {
		w.t.Fatalf("returned with sp off by %d", w.SP-uint64(uintptr(unsafe.Pointer(&w.stack[len(w.stack)-16]))))
	}
	return e
}

// importOop copies an object of a toy heap.
func (w *world) importOop(h *toy.Heap, o ir.Oop, made map[ir.Oop]uint64) uint64 {
	if o&7 != 0 {
		return uint64(o)
	}
	if c, ok := made[o]; ok {
		return c
	}
	class := h.ClassIndex(o)
	if f, ok := h.FloatValue(o); ok {
		c, _ := w.Float(f)
		made[o] = uint64(c)
		return uint64(c)
	}
	n, err := h.Size(o, 0)
	if err != nil {
		w.t.Fatal(err)
	}
	c := w.make(uint64(classes[class].Format), uint64(class), uint64(n))
	made[o] = c
	for i := range n {
		v, err := h.Slot(o, i)
		if err != nil {
			w.t.Fatal(err)
		}
		st(c+8+8*uint64(i), w.importOop(h, v, made))
	}
	return c
}

func (w *world) loop() ending {
	for range 1 << 20 {
		native.Enter(&w.Context)
		w.exits[w.Exit]++
		switch w.Exit {
		case native.ExitReturn:
			return ending{value: w.Args[0]}
		case native.ExitNonLocal:
			return ending{kind: ir.ReturnedNonLocally, closure: w.Args[0], value: w.Args[1]}
		case native.ExitDeopt:
			return w.leave(true)
		case native.ExitSend, native.ExitCall:
			w.send()
		case native.ExitContext:
			w.log = append(w.log, "context")
			w.collectMaybe()
			w.Args[0] = uint64(w.newContext())
		case native.ExitPoll:
			s := w.placed.Safepoint(w.PC)
			if s.State >= 0 && !w.stay && w.r.IntN(8) == 0 {
				return w.leave(false)
			}
			if w.r.IntN(2) == 0 {
				w.collect()
			}
			w.pressure()
		case native.ExitNew:
			s := w.placed.Safepoint(w.PC)
			if s.State >= 0 && !w.stay && w.r.IntN(16) == 0 {
				return w.leave(false)
			}
			n := w.Args[0] >> 56
			if n == 255 {
				n = w.Args[1]
			}
			w.Args[0] = w.allocate(w.Args[0], n)
		case native.ExitFloat:
			f := w.Args[0]
			o := w.allocate(1<<56|10<<24|toy.ClassFloat, 1)
			st(o+8, f)
			w.Args[0] = o
		case native.ExitRemember:
			o := w.Args[0]
			if o < w.OldStart || ld(o)&rememberedBit != 0 {
				w.t.Fatalf("%#x is to be remembered", o)
			}
			w.setRemembered(o, true)
			w.collectMaybe()
		case native.ExitTouch:
			if int64(w.Args[1]) != 0 || w.Writable(ir.Oop(w.Args[0])) {
				w.t.Fatalf("%#x is touched at %d", w.Args[0], int64(w.Args[1]))
			}
			return w.leave(true)
		case native.ExitHash:
			w.hashes++
			st(w.Args[0], ld(w.Args[0])|w.hashes<<32)
			w.collectMaybe()
			w.Args[0] = w.hashes
		default:
			w.t.Fatalf("exit %d at %#x (fault %#x)", w.Exit, w.PC-w.placed.Text(), w.FaultAddr)
		}
	}
	w.t.Fatal("runs too long")
	return ending{}
}

func (w *world) collectMaybe() {
	if w.r.IntN(2) == 0 {
		w.collect()
		w.pressure()
	}
}

// send does what Send of the toy heap does.
func (w *world) send() {
	cell := w.Args[1]
	argc := ld(cell + 24)
	if w.p == nil {
		var args []ir.Oop
		for i := range argc + 1 {
			args = append(args, ir.Oop(ld(w.SP+8*(argc-i))))
		}
		v, _ := w.Send("", args)
		w.SP += 8 * (argc + 1)
		w.collectMaybe()
		w.Args[0] = uint64(v)
		return
	}
	x := newExporter(w)
	var args []ir.Oop
	for i := range argc + 1 {
		o := ld(w.SP + 8*(argc-i))
		args = append(args, x.oop(o))
	}
	n, _ := x.heap.Send("event", args)
	w.log = x.heap.Log
	for i := range argc + 1 {
		if o := ld(w.SP + 8*(argc-i)); o&7 == 0 && classOf(o) == toy.ClassPoint {
			st(o+8, uint64(n))
		}
	}
	w.SP += 8 * (argc + 1)
	w.collectMaybe()
	w.Args[0] = uint64(n)
}

// exporter copies objects to a toy heap.
type exporter struct {
	w    *world
	heap *toy.Heap
	made map[uint64]ir.Oop
}

func newExporter(w *world) *exporter {
	h := toy.NewHeap()
	h.SmallFloats, h.Log = true, w.log
	return &exporter{w, h, map[uint64]ir.Oop{w.Nil: toy.Nil, w.True: toy.True, w.False: toy.False}}
}

func (x *exporter) oop(o uint64) ir.Oop {
	if o == 0 {
		return toy.Nil // nothing was answered
	}
	if o&7 != 0 {
		return ir.Oop(o)
	}
	if c, ok := x.made[o]; ok {
		return c
	}
	switch class := classOf(o); class {
	case toy.ClassFloat:
		c, _ := x.heap.Float(math.Float64frombits(ld(o + 8)))
		x.made[o] = c
		return c
	case toy.ClassPoint, toy.ClassArray:
		n := slots(o)
		c, _ := x.heap.New(int64(class), make([]ir.Oop, n))
		if class == toy.ClassArray {
			c, _ = x.heap.NewArray(int64(class), int64(n))
		}
		x.made[o] = c
		for i := range n {
			if err := x.heap.SetSlot(c, int64(i), x.oop(ld(o+8+8*i))); err != nil {
				x.w.t.Fatal(err)
			}
		}
		return c
	default:
		x.w.t.Fatalf("%#x is of class %d", o, class)
	}
	return 0
}

// leave reads the state where code was left.
func (w *world) leave(regs bool) ending {
	s := w.placed.Safepoint(w.PC)
	if s == nil || s.State < 0 {
		w.t.Fatalf("left at %#x, where there is no state", w.PC-w.placed.Text())
	}
	c := w.placed.Code()
	state := c.States[s.State]
	virtuals := make([]ir.Oop, len(state.Virtuals))
	made := make([]bool, len(state.Virtuals))
	word := func(l native.Loc) uint64 {
		switch l.Kind {
		case native.InReg, native.InXReg:
			if !regs {
				w.t.Fatalf("state at %#x names a register", s.PC)
			}
			if l.Kind == native.InReg {
				return w.Regs[l.Index] + uint64(l.Add)
			}
			return w.XRegs[l.Index]
		case native.InSlot:
			return ld(w.FP-c.SlotsAt()-8*uint64(l.Index)) + uint64(l.Add)
		case native.InArg:
			return ld(w.FP+16+8*uint64(l.Index)) + uint64(l.Add)
		case native.IsConst:
			return uint64(l.Index)
		case native.IsLiteral:
			return ld(w.placed.Data() + 8*uint64(l.Index))
		case native.IsSpecial:
			return [3]uint64{w.Nil, w.False, w.True}[l.Index]
		}
		w.t.Fatalf("state at %#x: %+v", s.PC, l)
		return 0
	}
	must := func(o ir.Oop, err error) ir.Oop {
		if err != nil {
			w.t.Fatal(err)
		}
		return o
	}
	w.FreeLimit = w.young[w.current] + youngBytes
	var oop func(l native.Loc) ir.Oop
	oop = func(l native.Loc) ir.Oop {
		if l.Kind == native.None {
			return ir.Oop(w.Nil)
		}
		if l.Kind != native.IsVirtual {
			switch v := word(l); l.Repr {
			case native.ReprInt:
				if ir.FitsSmallInteger(int64(v)) {
					return w.Integer(int64(v))
				}
				return must(w.LargeInteger(int64(v)))
			case native.ReprFloat:
				return must(w.Float(math.Float64frombits(v)))
			default:
				return ir.Oop(v)
			}
		}
		i := l.Index
		if made[i] {
			return virtuals[i]
		}
		made[i] = true
		v := state.Virtuals[i]
		switch v.Kind {
		case native.VirtualFloat:
			virtuals[i] = oop(v.Slots[0])
			return virtuals[i]
		case native.VirtualEither:
			l := v.Slots[0]
			if l.Kind != native.IsVirtual && l.Repr == native.ReprOop && word(l) == native.Absent {
				l = v.Slots[1]
			}
			virtuals[i] = oop(l)
			return virtuals[i]
		case native.VirtualArray:
			virtuals[i] = must(w.NewArray(v.Class, int64(len(v.Slots))))
		default:
			virtuals[i] = must(w.New(v.Class, make([]ir.Oop, len(v.Slots))))
		}
		for j, s := range v.Slots {
			must(0, w.SetSlot(virtuals[i], int64(j), oop(s)))
		}
		return virtuals[i]
	}
	list := func(ls []native.Loc) (os []ir.Oop) {
		for _, l := range ls {
			os = append(os, oop(l))
		}
		return os
	}
	e := ending{kind: ir.Deoptimized, reason: ir.Reason(s.Reason)}
	for _, l := range state.Levels {
		f := ir.Frame{PC: l.PC, Method: fmt.Sprintf("m%d", c.Literals[l.Method]-firstMethod), Self: oop(l.Self),
			Closure: oop(l.Closure), Context: oop(l.Context), Temps: list(l.Temps), Stack: list(l.Stack)}
		if l.Resume {
			f.Mode = ir.Resume
		}
		e.frames = append(e.frames, f)
	}
	return e
}
