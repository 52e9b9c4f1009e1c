package image

import (
	"math/bits"

	"github.com/sista-vm/sista/bytecode"
	"github.com/sista-vm/sista/heap"
)

// checkAll goes over everything in memory twice: once from object to object,
// noting where objects start, and once over their contents, relocating pointers.
// What is right already is not written, so that the pages of a mapping stay clean.
func (l *loader) checkAll() error {
	l.prepareStarts()
	for i := range l.segments {
		s := &l.segments[i]
		for at := s.addr; at < s.end(); {
			o, err := l.objectAt(s, at)
			if err != nil {
				return err
			}
			if err := l.checkHeader(o); err != nil {
				return err
			}
			if o.Header().ClassIndex() != heap.ClassFree {
				l.markStart(s, o)
			}
			at = uint64(o) + wordSize + uint64(max(o.NumSlots(), 1))*wordSize
		}
	}
	if err := l.findRoots(); err != nil {
		return err
	}
	if err := l.eachObject(l.relocate); err != nil {
		return err
	}
	if err := l.checkClassTable(); err != nil {
		return err
	}
	return l.eachObject(l.checkContents)
}

// eachObject calls f for everything but free chunks. The walk is known to be sound.
func (l *loader) eachObject(f func(heap.Oop) error) error {
	for i := range l.segments {
		s := &l.segments[i]
		for at := s.addr; at < s.end(); {
			o := heap.Oop(at)
			if heap.Load(at)>>heap.SlotsShift == heap.OverflowSlots {
				o += wordSize
			}
			at = uint64(o) + wordSize + uint64(max(o.NumSlots(), 1))*wordSize
			if o.Header().ClassIndex() == heap.ClassFree {
				continue
			}
			if err := f(o); err != nil {
				return err
			}
		}
	}
	return nil
}

// transientBits are those of a header that mean nothing in a file.
const transientBits = heap.Header(heap.MarkedBit | heap.GreyBit | heap.RememberedBit | heap.WatchedBit)

// checkHeader checks class index and format by themselves, and clears the bits
// that are for collectors only.
func (l *loader) checkHeader(o heap.Oop) error {
	hd := o.Header()
	at := l.offset(uint64(o))
	switch c := hd.ClassIndex(); {
	case c == heap.ClassFree:
		return nil
	case c == heap.ClassBridge:
		return problem(at, "a bridge inside a segment")
	case c == heap.ClassForwarder:
		return problem(at, "a forwarder in a saved image")
	case c < heap.ClassArrayPun || c > heap.ClassWordsPun && c <= heap.ClassLastPun:
		return problem(at, "an object of class index %d, which no object has", c)
	}
	f := hd.Format()
	unused := 0
	switch {
	case f == 6 || f == heap.FmtForwarder || f == 8:
		return problem(at, "an object of format %d, which no object has", f)
	case f >= heap.FmtBytes:
		unused = int(f & 7)
	case f >= heap.FmtShorts:
		unused = int(f&3) * 2
	case f > heap.FmtWords32:
		unused = 4
	}
	if (unused != 0 || f == heap.FmtEphemeron) && o.NumSlots() == 0 {
		return problem(at, "an object of format %d with no slots", f)
	}
	if hd&transientBits != 0 {
		o.SetHeader(hd &^ transientBits)
	}
	return nil
}

// relocate makes the pointers of an object those of this memory.
func (l *loader) relocate(o heap.Oop) error {
	n := 0
	switch f := o.Format(); {
	case o.ClassIndex() == heap.ClassContext:
		var err error
		if n, err = l.liveSlots(o); err != nil {
			return err
		}
		for i := n; i < o.NumSlots(); i++ {
			if o.Slot(i) != l.roots.Nil {
				o.SetSlotRaw(i, l.roots.Nil)
			}
		}
	case f.IsPointers():
		n = o.NumSlots()
	case f.IsMethod():
		if o.NumSlots() == 0 || !o.Slot(0).IsInt() {
			return problem(l.offset(uint64(o)), "compiled code without a header")
		}
		if n = 1 + numLiterals(o); n > o.NumSlots() {
			return problem(l.offset(uint64(o)), "compiled code of %d slots with %d literals", o.NumSlots(), n-1)
		}
	default:
		return nil
	}
	for i := range n {
		v := o.Slot(i)
		if v.IsImmediate() {
			if v.IsInt() || v.IsChar() || v.IsSmallFloat() {
				continue
			}
			return problem(l.offset(o.SlotAddr(i)), "slot %d of an %s holds %#x, which is no object", i, l.where(o), uint64(v))
		}
		p, ok := l.translate(uint64(v))
		if !ok {
			return problem(l.offset(o.SlotAddr(i)), "slot %d of an %s points at %#x, where no object starts", i, l.where(o), uint64(v))
		}
		if p != v {
			o.SetSlotRaw(i, p)
		}
	}
	return nil
}

func numLiterals(method heap.Oop) int { return int(method.Slot(0).Int() & bytecode.MaxLiterals) }

// Slots of a context.
const (
	contextSender = 0
	contextStackp = 2
	contextFixed  = 6
)

// liveSlots answers how many slots of a context mean something. Those above its
// stack pointer are nil, or what a VM left there.
func (l *loader) liveSlots(o heap.Oop) (int, error) {
	n := o.NumSlots()
	if n < contextFixed || o.Format() != heap.FmtVariable {
		return 0, problem(l.offset(uint64(o)), "a context of %d slots and format %d", n, o.Format())
	}
	if o.Slot(contextSender).IsImmediate() {
		return 0, problem(l.offset(o.SlotAddr(contextSender)), "a context whose sender is no object")
	}
	stackp := o.Slot(contextStackp)
	if !stackp.IsInt() {
		return n, nil
	}
	if p := stackp.Int(); p < 0 || p > int64(n-contextFixed) {
		return 0, problem(l.offset(o.SlotAddr(contextStackp)), "a context of %d slots with stack pointer %d", n, p)
	}
	return contextFixed + int(stackp.Int()), nil
}

// checkContents checks that an object has a class, and normalizes floats and
// the indices of external primitives.
func (l *loader) checkContents(o heap.Oop) error {
	c := o.ClassIndex()
	if c > heap.ClassLastPun && (int(c) >= len(l.classes) || !l.classes[c]) {
		return problem(l.offset(uint64(o)), "an object of class index %d, which is no class's", c)
	}
	if c == heap.ClassFloat {
		if o.Format() != heap.FmtWords32 || o.NumSlots() != 1 {
			return problem(l.offset(uint64(o)), "a float of format %d with %d slots", o.Format(), o.NumSlots())
		}
		if l.header.Flags&FlagLittleEndianFloats == 0 {
			o.SetWord(0, bits.RotateLeft64(o.Word(0), 32))
		}
	}
	forgetExternalIndex(o)
	return nil
}

const (
	externalPrimitive = 117
	externalSlots     = 4
	externalIndex     = 3
)

// forgetExternalIndex clears what a VM noted in the first literal of a method with a
// named primitive: where the function is. It means nothing in another run.
func forgetExternalIndex(o heap.Oop) {
	if !o.Format().IsMethod() || primitiveNumber(o) != externalPrimitive || numLiterals(o) == 0 {
		return
	}
	a := o.Slot(1)
	if a.IsObject() && a.Format() == heap.FmtArray && a.NumSlots() == externalSlots &&
		a.Slot(externalIndex).IsInt() && a.Slot(externalIndex).Int() != 0 {
		a.SetSlotRaw(externalIndex, heap.FromInt(0))
	}
}

// primitiveNumber answers the number of a method's primitive, 0 for none.
func primitiveNumber(o heap.Oop) int {
	h := bytecode.DecodeHeader(o.Slot(0).Int())
	pc := h.StartPC()
	b := o.Bytes()
	if !h.HasPrimitive || pc+2 > len(b) {
		return 0
	}
	return int(b[pc]) | int(b[pc+1])<<8
}
