//go:build linux && amd64

package machinetest

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/sista-vm/sista/optimizer/internal/toy"
	"github.com/sista-vm/sista/optimizer/ir"
)

// The world is a machine for the evaluator too: the same objects, reached from Go.

const (
	classContext = 36
	classBytes   = 50
	classShorts  = 60
	classWords   = 61
	classLongs   = 62
)

var classes = map[int64]ir.Class{
	toy.ClassPoint: {Name: "Point", Format: 1, Fixed: 2}, toy.ClassArray: {Name: "Array", Format: 2},
	classBytes: {Name: "Bytes", Format: 16}, classShorts: {Name: "Shorts", Format: 12},
	classWords: {Name: "Words", Format: 10}, classLongs: {Name: "Longs", Format: 9},
}

var errWorld = errors.New("outside the object")

func (w *world) Literal(h ir.Handle) (ir.Oop, error) {
	switch h {
	case ir.HandleNil:
		return ir.Oop(w.Nil), nil
	case ir.HandleTrue:
		return ir.Oop(w.True), nil
	case ir.HandleFalse:
		return ir.Oop(w.False), nil
	}
	return 0, errWorld
}

func (w *world) Integer(n int64) ir.Oop { return ir.Oop(n<<3 | 1) }

func (w *world) IntegerValue(o ir.Oop) (int64, bool) { return int64(o) >> 3, o&7 == 1 }

func (w *world) Character(n int64) ir.Oop { return ir.Oop(n<<3 | 2) }

func (w *world) CharacterValue(o ir.Oop) (int64, bool) { return int64(o >> 3), o&7 == 2 }

// LargeInteger is a Float, as it is in the toy world.
func (w *world) LargeInteger(n int64) (ir.Oop, error) { return w.Float(float64(n)) }

func (w *world) Float(f float64) (ir.Oop, error) {
	if o, ok := toy.FromSmallFloat(f); ok {
		return o, nil
	}
	o := w.make(10, toy.ClassFloat, 1)
	st(o+8, math.Float64bits(f))
	return ir.Oop(o), nil
}

func (w *world) FloatValue(o ir.Oop) (float64, bool) {
	if o&7 == 4 {
		return toy.SmallFloat(o), true
	}
	if o&7 == 0 && classOf(uint64(o)) == toy.ClassFloat {
		return math.Float64frombits(ld(uint64(o) + 8)), true
	}
	return 0, false
}

func (w *world) IsObject(o ir.Oop) bool { return o&7 == 0 }

func (w *world) ClassIndex(o ir.Oop) int64 {
	if o&7 != 0 {
		return int64(o & 7)
	}
	return int64(classOf(uint64(o)))
}

func (w *world) Size(o ir.Oop, width int64) (int64, error) {
	n := int64(slots(uint64(o)))
	if width == 0 {
		return n, nil
	}
	return n*8/width - int64(format(uint64(o)))&(8/width-1), nil
}

// ClassOf answers the class index in place of the class, as does the class table.
func (w *world) ClassOf(o ir.Oop) ir.Oop { return w.Integer(w.ClassIndex(o)) }

func (w *world) HasBytes(o ir.Oop) bool {
	return w.IsObject(o) && format(uint64(o)) >= 16 && format(uint64(o)) < 24
}

func (w *world) IsArray(o ir.Oop) bool { return w.IsObject(o) && format(uint64(o)) == 2 }

func (w *world) Writable(o ir.Oop) bool { return ld(uint64(o))&(1<<22|1<<23) == 0 }

func (w *world) Slot(o ir.Oop, i int64) (ir.Oop, error) {
	if i < 0 || i >= int64(slots(uint64(o))) || format(uint64(o)) > 5 {
		return 0, errWorld
	}
	return ir.Oop(ld(uint64(o) + 8 + 8*uint64(i))), nil
}

func (w *world) SetSlot(o ir.Oop, i int64, v ir.Oop) error {
	if _, err := w.Slot(o, i); err != nil {
		return err
	}
	st(uint64(o)+8+8*uint64(i), uint64(v))
	return nil
}

func (w *world) Element(o ir.Oop, i int64) (ir.Oop, error)    { return w.Slot(o, i) }
func (w *world) SetElement(o ir.Oop, i int64, v ir.Oop) error { return w.SetSlot(o, i, v) }

func (w *world) Raw(o ir.Oop, i, width int64) (int64, error) {
	if n, _ := w.Size(o, width); i < 0 || i >= n || format(uint64(o)) < 9 {
		return 0, errWorld
	}
	at := uint64(o) + 8 + uint64(i*width)
	return int64(ld(at&^7) >> (at & 7 * 8) << (64 - 8*width) >> (64 - 8*width)), nil
}

func (w *world) SetRaw(o ir.Oop, i, width, v int64) error {
	if _, err := w.Raw(o, i, width); err != nil {
		return err
	}
	at := uint64(o) + 8 + uint64(i*width)
	mask := uint64(math.MaxUint64) >> (64 - 8*width) << (at & 7 * 8)
	st(at&^7, ld(at&^7)&^mask|uint64(v)<<(at&7*8)&mask)
	return nil
}

// make makes an object without leaving its contents to chance.
func (w *world) make(format, class uint64, n uint64) uint64 {
	o := w.Free
	w.Free += sizeOf(n)
	if w.Free > w.young[w.current]+youngBytes {
		w.t.Fatal("no memory")
	}
	w.FreeLimit = max(w.FreeLimit, w.Free)
	if n >= 255 {
		st(o, 255<<56|n)
		o += 8
	}
	st(o, min(n, 255)<<56|format<<24|class)
	for i := range max(n, 1) {
		st(o+8+8*i, w.Nil)
		if format > 5 {
			st(o+8+8*i, 0)
		}
	}
	return o
}

func (w *world) New(class int64, slots []ir.Oop) (ir.Oop, error) {
	o := w.make(uint64(classes[class].Format), uint64(class), uint64(len(slots)))
	for i, s := range slots {
		st(o+8+8*uint64(i), uint64(s))
	}
	return ir.Oop(o), nil
}

func (w *world) NewArray(class, size int64) (ir.Oop, error) {
	if size < 0 || size > 1000 {
		return 0, errWorld
	}
	return ir.Oop(w.make(uint64(classes[class].Format), uint64(class), uint64(size))), nil
}

func (w *world) NewRaw(class, size int64) (ir.Oop, error) {
	if size < 0 || size > 8000 {
		return 0, errWorld
	}
	c := classes[class]
	per := 8 / c.Unit()
	return ir.Oop(w.make(uint64(int64(c.Format)+-size&(per-1)), uint64(class), uint64((size+per-1)/per))), nil
}

func (w *world) newContext() ir.Oop {
	o := w.make(3, classContext, 2)
	st(o+8, 9)
	st(o+16, 17)
	return ir.Oop(o)
}

func (w *world) NewContext(ir.Frame) (ir.Oop, error) {
	w.log = append(w.log, "context")
	return w.newContext(), nil
}

func (w *world) Widow(o ir.Oop) error {
	st(uint64(o)+8, w.Nil)
	st(uint64(o)+16, w.Nil)
	return nil
}

func (w *world) IdentityHash(o ir.Oop) (int64, error) {
	h := ld(uint64(o)) >> 32 & (1<<22 - 1)
	if h == 0 {
		w.hashes++
		h = w.hashes
		st(uint64(o), ld(uint64(o))|h<<32)
	}
	return int64(h), nil
}

// Send logs, changes what it can, and answers what was not there before.
func (w *world) Send(_ string, args []ir.Oop) (ir.Oop, error) {
	w.log = append(w.log, "send "+w.Describe(args...))
	for _, a := range args {
		if a&7 == 0 && classOf(uint64(a)) == toy.ClassPoint && slots(uint64(a)) > 0 {
			st(uint64(a)+8, uint64(w.Integer(int64(len(w.log)))))
			if uint64(a) >= w.OldStart {
				continue
			}
		}
	}
	return w.Integer(int64(len(w.log))), nil
}

func (w *world) Call(_ string, args []ir.Oop) (ir.Oop, error) { return w.Send("", args) }

func (w *world) Poll() (bool, error) { return false, nil }

// Describe writes a graph of objects with its sharing, without addresses.
func (w *world) Describe(roots ...ir.Oop) string {
	seen := map[ir.Oop]int{}
	var b strings.Builder
	var visit func(ir.Oop)
	visit = func(o ir.Oop) {
		if n, ok := w.IntegerValue(o); ok {
			fmt.Fprint(&b, n)
			return
		}
		if n, ok := w.CharacterValue(o); ok {
			fmt.Fprintf(&b, "$%d", n)
			return
		}
		if f, ok := w.FloatValue(o); ok && o&7 != 0 {
			fmt.Fprintf(&b, "%x", f)
			return
		}
		switch uint64(o) {
		case w.Nil:
			b.WriteString("nil")
			return
		case w.True:
			b.WriteString("true")
			return
		case w.False:
			b.WriteString("false")
			return
		}
		if n, ok := seen[o]; ok {
			fmt.Fprintf(&b, "^%d", n)
			return
		}
		seen[o] = len(seen)
		h := ld(uint64(o))
		n := slots(uint64(o))
		fmt.Fprintf(&b, "(%d/%d/%d", classOf(uint64(o)), format(uint64(o)), h>>32&(1<<22-1))
		if f, ok := w.FloatValue(o); ok {
			if math.IsNaN(f) {
				b.WriteString(" NaN)")
				return
			}
		}
		for i := range n {
			b.WriteString(" ")
			if v := ld(uint64(o) + 8 + 8*i); format(uint64(o)) <= 5 {
				visit(ir.Oop(v))
			} else {
				fmt.Fprintf(&b, "%x", v)
			}
		}
		b.WriteString(")")
	}
	for i, r := range roots {
		if i > 0 {
			b.WriteString(" ")
		}
		visit(r)
	}
	return b.String()
}
