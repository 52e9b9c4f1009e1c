package heap

import (
	"encoding/binary"

	"github.com/cespare/xxhash/v2"
)

// HashOptions choose what CanonicalHash looks at.
type HashOptions struct {
	// Contexts includes activations; a context otherwise counts as no more than that it is one.
	Contexts bool
}

// CanonicalHash answers a hash of everything reachable from roots, equal for
// equal graphs wherever their objects lie: objects are numbered in the order of
// a breadth-first visit. Class, shape, contents, identity hash and the read-only bit
// count; addresses, collector bits and class indices do not, nor do the identity
// hashes of classes, which are their indices, nor what a virtual machine noted in a method
// about its external primitive.
func CanonicalHash(h *Heap, roots []Oop, opts HashOptions) uint64 {
	c := canonical{h: h, opts: opts, numbers: make(map[Oop]uint64), external: map[Oop]bool{}, digest: xxhash.New()}
	for _, o := range roots {
		c.reference(o)
	}
	for i := 0; i < len(c.queue); i++ {
		c.object(c.queue[i])
	}
	c.flush()
	return c.digest.Sum64()
}

type canonical struct {
	h       *Heap
	opts    HashOptions
	numbers map[Oop]uint64
	queue   []Oop
	// external are the literals that name external primitives, of the methods so far.
	external map[Oop]bool
	digest   *xxhash.Digest
	buf      []byte
}

func (c *canonical) word(w uint64) {
	c.buf = binary.LittleEndian.AppendUint64(c.buf, w)
	if len(c.buf) >= 4096 {
		c.flush()
	}
}

func (c *canonical) flush() {
	c.digest.Write(c.buf)
	c.buf = c.buf[:0]
}

// reference hashes what a slot holds: an immediate as it is, an object by its
// number, which is a multiple of 8 and so no immediate.
func (c *canonical) reference(o Oop) {
	if o = c.h.Follow(o); o.IsImmediate() || o == Invalid {
		c.word(uint64(o))
		return
	}
	if !c.opts.Contexts && o.ClassIndex() == ClassContext {
		c.word(^uint64(0) &^ TagMask)
		return
	}
	n, ok := c.numbers[o]
	if !ok {
		n = uint64(len(c.queue)+1) << tagShift
		c.numbers[o] = n
		c.queue = append(c.queue, o)
	}
	c.word(n)
}

func (c *canonical) object(o Oop) {
	hd := o.Header()
	hash := hd.Hash()
	if c.h.IsClassInTable(o) {
		hash = 0
	}
	c.word(uint64(hd.Format()) | uint64(hd&ImmutableBit) | uint64(hash)<<HashShift)
	c.word(uint64(o.NumSlots()))
	c.reference(c.h.ClassOf(o))
	n := 0
	if hasPointers(hd.Format()) {
		n = o.strongSlots()
	}
	if lit := externalOf(o); lit != Invalid {
		c.external[c.h.Follow(lit)] = true
	}
	for i := range n {
		if i == externalIndex && c.external[o] {
			c.word(0)
			continue
		}
		c.reference(o.Slot(i))
	}
	// The rest is raw bytes; above the top of a context's stack it means nothing.
	if hd.Format() >= FmtWords64 {
		c.flush()
		c.digest.Write(o.Bytes()[n*Word:])
	}
}

// externalIndex is the slot of an external primitive's literal where a virtual machine notes what it
// found.
const externalIndex = 3

// externalOf answers the literal that names the external primitive of a method, Invalid if it has none.
func externalOf(o Oop) Oop {
	const primitive, named = 1 << 19, 117
	if !o.Format().IsMethod() || o.Word(0)&primitive == 0 {
		return Invalid
	}
	literals := int(o.Word(0) >> 3 & 0x7fff)
	code := (1 + literals) * Word
	if b := o.Bytes(); literals == 0 || code+3 > len(b) || int(b[code+1])|int(b[code+2])<<8 != named {
		return Invalid
	}
	return o.Slot(1)
}
