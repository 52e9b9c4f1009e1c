// Package toy is a small world to test the optimizer in: a heap, a register
// language over it with an interpreter, random programs, and their translation to
// IR, with guards, states and inlined calls. A program run by the interpreter, and
// its IR run by the evaluator that goes on in the interpreter where a guard leaves,
// must answer the same and log the same events.
package toy

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"strings"

	"github.com/sista-vm/sista/optimizer/ir"
)

// Class indices of the toy world.
const (
	ClassSmallInteger = 1
	ClassCharacter    = 2
	ClassSmallFloat   = 4
	ClassBoolean      = 5
	ClassNil          = 6
	ClassFloat        = 34
	ClassArray        = 51
	ClassBytes        = 52
	ClassPoint        = 100
	ClassContext      = 101
)

type object struct {
	class    int64
	slots    []ir.Oop
	raw      []byte
	float    float64
	hash     int64
	readOnly bool
}

// Heap is the machine of tests. An oop is n<<3|1 for the integer n, n<<3|2 for the
// Character of that code, or the place of an object times 8; the first objects are nil, true and false. Every Float is an
// object, so that sharing of boxes shows.
type Heap struct {
	objects []*object
	hashes  int64
	Log     []string
	// LeaveAtPoll is asked at polls; may be nil.
	LeaveAtPoll func() bool
	// Methods are those that Call finds; may be nil.
	Methods *Program
	// SmallFloats makes Floats immediate where the object format of the machine has
	// them so.
	SmallFloats bool
}

// NewHeap answers a heap with nil, true and false.
func NewHeap() *Heap {
	return &Heap{objects: []*object{{class: ClassNil}, {class: ClassBoolean}, {class: ClassBoolean}}}
}

// The first objects.
const (
	Nil   = ir.Oop(0)
	True  = ir.Oop(8)
	False = ir.Oop(16)
)

var errAccess = errors.New("toy: access outside the object")

func (h *Heap) add(o *object) ir.Oop {
	h.objects = append(h.objects, o)
	return ir.Oop(len(h.objects)-1) << 3
}

func (h *Heap) at(o ir.Oop) *object {
	switch {
	case o&7 == 2:
		return &object{class: ClassCharacter}
	case o&7 == 4:
		return &object{class: ClassSmallFloat, float: SmallFloat(o)}
	case o&7 != 0 || int(o>>3) >= len(h.objects):
		return &object{class: ClassSmallInteger}
	}
	return h.objects[o>>3]
}

func (h *Heap) Literal(l ir.Handle) (ir.Oop, error) {
	if l < ir.HandleNil || l >= ir.FirstFreeHandle {
		return 0, fmt.Errorf("toy: no literal %v", l)
	}
	return ir.Oop(l-ir.HandleNil) << 3, nil
}

func (h *Heap) Integer(n int64) ir.Oop { return ir.Oop(n<<3 | 1) }

func (h *Heap) IntegerValue(o ir.Oop) (int64, bool) { return int64(o) >> 3, o&7 == 1 }

func (h *Heap) LargeInteger(n int64) (ir.Oop, error) { return h.Float(float64(n)) }

func (h *Heap) Float(f float64) (ir.Oop, error) {
	if o, ok := FromSmallFloat(f); ok && h.SmallFloats {
		return o, nil
	}
	return h.add(&object{class: ClassFloat, float: f}), nil
}

// The bits of an immediate Float are rotated left by one, with 896 less in the
// exponent, which must be in the quarter of its range from there on; zeros stay.
const smallFloatBias = 896 << 53

// FromSmallFloat answers a Float as an immediate, if it can be.
func FromSmallFloat(f float64) (o ir.Oop, ok bool) {
	r := bits.RotateLeft64(math.Float64bits(f), 1)
	if r > 1 {
		if r -= smallFloatBias; r <= 1 || r >= 1<<61 {
			return 0, false
		}
	}
	return ir.Oop(r<<3 | 4), true
}

// SmallFloat answers the value of an immediate Float.
func SmallFloat(o ir.Oop) float64 {
	r := uint64(o) >> 3
	if r > 1 {
		r += smallFloatBias
	}
	return math.Float64frombits(bits.RotateLeft64(r, -1))
}

func (h *Heap) FloatValue(o ir.Oop) (float64, bool) {
	x := h.at(o)
	return x.float, x.class == ClassFloat || x.class == ClassSmallFloat
}

func (h *Heap) Character(n int64) ir.Oop { return ir.Oop(n<<3 | 2) }

func (h *Heap) CharacterValue(o ir.Oop) (int64, bool) { return int64(o >> 3), o&7 == 2 }

func (h *Heap) IsObject(o ir.Oop) bool { return o&7 == 0 && int(o>>3) < len(h.objects) }

func (h *Heap) ClassIndex(o ir.Oop) int64 { return h.at(o).class }

func (h *Heap) Size(o ir.Oop, width int64) (int64, error) {
	x := h.at(o)
	if width == 0 {
		return int64(len(x.slots)), nil
	}
	return int64(len(x.raw)) / width, nil
}

// ClassOf answers the class index in place of the class.
func (h *Heap) ClassOf(o ir.Oop) ir.Oop { return h.Integer(h.ClassIndex(o)) }

func (h *Heap) HasBytes(o ir.Oop) bool { return h.IsObject(o) && h.at(o).class == ClassBytes }

func (h *Heap) IsArray(o ir.Oop) bool { return h.IsObject(o) && h.at(o).class == ClassArray }

func (h *Heap) Writable(o ir.Oop) bool { return !h.at(o).readOnly }

func pick(list []ir.Oop, i int64) (*ir.Oop, error) {
	if i < 0 || i >= int64(len(list)) {
		return nil, errAccess
	}
	return &list[i], nil
}

func read(list []ir.Oop, i int64) (ir.Oop, error) {
	p, err := pick(list, i)
	if err != nil {
		return 0, err
	}
	return *p, nil
}

func write(list []ir.Oop, i int64, v ir.Oop) error {
	p, err := pick(list, i)
	if err == nil {
		*p = v
	}
	return err
}

func (h *Heap) Slot(o ir.Oop, i int64) (ir.Oop, error)       { return read(h.at(o).slots, i) }
func (h *Heap) SetSlot(o ir.Oop, i int64, v ir.Oop) error    { return write(h.at(o).slots, i, v) }
func (h *Heap) Element(o ir.Oop, i int64) (ir.Oop, error)    { return read(h.at(o).slots, i) }
func (h *Heap) SetElement(o ir.Oop, i int64, v ir.Oop) error { return write(h.at(o).slots, i, v) }

// units answers the bytes of a unit.
func (h *Heap) units(o ir.Oop, i, width int64) ([]byte, error) {
	raw := h.at(o).raw
	if i < 0 || i >= int64(len(raw))/width {
		return nil, errAccess
	}
	return raw[i*width:][:width], nil
}

func (h *Heap) Raw(o ir.Oop, i, width int64) (int64, error) {
	raw, err := h.units(o, i, width)
	n := uint64(0)
	for i, b := range raw {
		n |= uint64(b) << (8 * i)
	}
	return int64(n), err
}

func (h *Heap) SetRaw(o ir.Oop, i, width, v int64) error {
	raw, err := h.units(o, i, width)
	for i := range raw {
		raw[i] = byte(v >> (8 * i))
	}
	return err
}

// NewContext makes an object with the receiver,
// and whether its activation has returned.
func (h *Heap) NewContext(f ir.Frame) (ir.Oop, error) {
	return h.add(&object{class: ClassContext, slots: []ir.Oop{f.Self, False}}), nil
}

func (h *Heap) Widow(context ir.Oop) error {
	if x := h.at(context); x.class == ClassContext {
		x.slots[1] = True
		return nil
	}
	return errors.New("toy: no context")
}

// maxSize bounds what tests allocate.
const maxSize = 1 << 16

func (h *Heap) New(class int64, slots []ir.Oop) (ir.Oop, error) {
	return h.add(&object{class: class, slots: append([]ir.Oop(nil), slots...)}), nil
}

func (h *Heap) NewArray(class, size int64) (ir.Oop, error) {
	if size < 0 || size > maxSize {
		return 0, errAccess
	}
	return h.add(&object{class: class, slots: make([]ir.Oop, size)}), nil
}

func (h *Heap) NewRaw(class, size int64) (ir.Oop, error) {
	if size < 0 || size > maxSize {
		return 0, errAccess
	}
	return h.add(&object{class: class, raw: make([]byte, size)}), nil
}

func (h *Heap) IdentityHash(o ir.Oop) (int64, error) {
	x := h.at(o)
	if x.hash == 0 {
		h.hashes++
		x.hash = h.hashes
	}
	return x.hash, nil
}

// Send logs its arguments, changes the first slot of points among them and answers
// the number of events so far.
func (h *Heap) Send(selector string, args []ir.Oop) (ir.Oop, error) {
	h.Log = append(h.Log, selector+" "+h.Describe(args...))
	for _, a := range args {
		if x := h.at(a); x.class == ClassPoint && len(x.slots) > 0 {
			x.slots[0] = h.Integer(int64(len(h.Log)))
		}
	}
	return h.Integer(int64(len(h.Log))), nil
}

// Call runs a method of the program.
func (h *Heap) Call(method string, args []ir.Oop) (ir.Oop, error) {
	if h.Methods == nil {
		return h.Send(method, args)
	}
	return h.Methods.Call(h, method, args)
}

func (h *Heap) Poll() (bool, error) { return h.LeaveAtPoll != nil && h.LeaveAtPoll(), nil }

// Describe writes a graph of objects with its sharing, without addresses.
func (h *Heap) Describe(roots ...ir.Oop) string {
	seen := map[ir.Oop]int{}
	var w strings.Builder
	var visit func(ir.Oop)
	list := func(open string, os []ir.Oop) {
		w.WriteString(open)
		for _, o := range os {
			w.WriteString(" ")
			visit(o)
		}
		w.WriteString(")")
	}
	visit = func(o ir.Oop) {
		if n, ok := h.IntegerValue(o); ok {
			fmt.Fprint(&w, n)
			return
		}
		if n, ok := h.CharacterValue(o); ok {
			fmt.Fprintf(&w, "$%d", n)
			return
		}
		if o <= False {
			w.WriteString([]string{"nil", "true", "false"}[o>>3])
			return
		}
		if n, ok := seen[o]; ok {
			fmt.Fprintf(&w, "^%d", n)
			return
		}
		seen[o] = len(seen)
		x := h.at(o)
		switch {
		case x.class == ClassFloat || x.class == ClassSmallFloat:
			if math.IsNaN(x.float) {
				w.WriteString("NaN")
			} else {
				fmt.Fprintf(&w, "%x", x.float)
			}
		case x.raw != nil:
			fmt.Fprintf(&w, "bytes%v", x.raw)
		case x.class == ClassArray:
			list("(array", x.slots)
		default:
			list(fmt.Sprintf("(%d", x.class), x.slots)
		}
	}
	for i, r := range roots {
		if i > 0 {
			w.WriteString(" ")
		}
		visit(r)
	}
	return w.String()
}
