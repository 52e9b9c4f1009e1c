package interp

import (
	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/native"
)

// The global method cache maps (selector, class tag) to what a send does. The
// class tag is the class index or, of an immediate, its tag: forwarders have a
// tag of their own and never hit.

// How an entry is activated.
const (
	kindEmpty      uint8 = iota
	kindSista            // SistaV1 code without a primitive: lay a frame
	kindV3               // the same of V3PlusClosures
	kindReturnSelf       // quick method answering the receiver
	kindReturnVar        // quick method answering instance variable prim
	kindContextVar       // the same of a Context, which may be married
	kindPrimitive        // call primitive prim, lay a frame if it fails
	kindObject           // an object used as a method: run:with:in:
	kindNative           // SistaV1 code that is compiled
)

type cacheEntry struct {
	selector uint64
	method   heap.Oop
	tag      uint32
	start    uint32 // offset of the first bytecode from the method's header
	prim     uint16
	kind     uint8
	argc     uint8
	temps    uint8 // temporaries that are not arguments
}

const cacheSize = 2048

type methodCache struct {
	entries [cacheSize]cacheEntry
}

// probe answers where the entry for selector and tag would be.
func (c *methodCache) probe(selector, tag uint64) *cacheEntry {
	return &c.entries[(selector>>3^selector>>14^tag*0x9d)&(cacheSize-1)]
}

func (in *Interp) flushMethodCache() {
	clear(in.cache.entries[:])
	in.nat.At = native.Shortcuts{}
	in.needed = neededFields{}
}

// flushMethod forgets entries for one method (primitive 116).
func (in *Interp) flushMethod(m heap.Oop) {
	for i := range in.cache.entries {
		if in.cache.entries[i].method == m {
			in.cache.entries[i] = cacheEntry{}
		}
	}
	in.flushShortcuts()
	in.needed = neededFields{}
}

// flushSelector forgets entries for one selector (primitive 119).
func (in *Interp) flushSelector(selector heap.Oop) {
	for i := range in.cache.entries {
		if in.cache.entries[i].selector == uint64(selector) {
			in.cache.entries[i] = cacheEntry{}
		}
	}
	in.flushShortcuts()
}

// flushShortcuts forgets what needs no send, with the entries from which it will be known again.
func (in *Interp) flushShortcuts() {
	in.nat.At = native.Shortcuts{}
	for _, selector := range []heap.Oop{in.special[specialAt], in.special[specialAtPut], in.special[specialSize]} {
		for _, class := range []uint64{heap.ClassArray, heap.ClassByteString, heap.ClassByteArray} {
			if e := in.cache.probe(uint64(selector), class); e.selector == uint64(selector) {
				*e = cacheEntry{}
			}
		}
	}
}

// Method headers (SmallInteger in slot 0 of compiled code), as raw bits.
func methodHeader(m heap.Oop) uint64           { return m.Word(0) }
func headerNumLiterals(h uint64) uint64        { return h >> 3 & 0x7fff }
func headerHasPrimitive(h uint64) bool         { return h>>19&1 != 0 }
func headerLargeFrame(h uint64) bool           { return h>>20&1 != 0 }
func headerNumTemps(h uint64) int              { return int(h >> 21 & 63) }
func headerNumArgs(h uint64) int               { return int(h >> 27 & 15) }
func headerIsSista(h uint64) bool              { return int64(h) < 0 }
func methodStart(h uint64) uint64              { return 16 + headerNumLiterals(h)*8 }
func isMethod(o heap.Oop) bool                 { return o.IsObject() && o.Format().IsMethod() }
func methodIsSista(m heap.Oop) bool            { return headerIsSista(methodHeader(m)) }
func methodLiteral(m heap.Oop, i int) heap.Oop { return m.Slot(1 + i) }

const callPrimitiveSize = 3 // bytes, in both sets

// methodPrimitive answers the number of the method's primitive, 0 for none.
func methodPrimitive(m heap.Oop) int {
	h := methodHeader(m)
	if !headerHasPrimitive(h) {
		return 0
	}
	a := uint64(m) + methodStart(h)
	return int(ldb(a+1)) | int(ldb(a+2))<<8
}

// Primitives that mark methods for the unwinder, and always fail; and another.
const (
	primEnsure  = 198
	primHandler = 199
	primNoOp    = 19
	primByName  = 117 // the primitive that a literal names
)

// fill makes e the entry for a method found for selector and tag.
func (in *Interp) fill(e *cacheEntry, selector heap.Oop, tag uint32, m heap.Oop) {
	if in.code != nil && len(in.code.wanted) > 0 {
		in.called(m)
	}
	*e = cacheEntry{selector: uint64(selector), tag: tag, method: m}
	in.describe(e)
	if e.kind == kindReturnVar && tag == heap.ClassContext {
		e.kind = kindContextVar
	}
	if e.kind != kindPrimitive {
		return
	}
	at, put, size := &in.nat.At.Array, &in.nat.At.ArrayPut, &in.nat.At.ArraySize
	get := uint16(60)
	switch tag {
	case heap.ClassArray:
	case heap.ClassByteString:
		at, put, size, get = &in.nat.At.String, &in.nat.At.StringPut, &in.nat.At.StringSize, 63
	case heap.ClassByteArray:
		at, put, size = &in.nat.At.Bytes, &in.nat.At.BytesPut, &in.nat.At.BytesSize
	default:
		return
	}
	switch {
	case selector == in.special[specialAt] && e.prim == get:
		*at = true
	case selector == in.special[specialAtPut] && e.prim == get+1:
		*put = true
	case selector == in.special[specialSize] && e.prim == 62:
		*size = true
	}
}

// Places in the special selectors array.
const (
	specialAt    = 16
	specialAtPut = 17
	specialSize  = 18
)

// describe derives how e.method is activated.
func (in *Interp) describe(e *cacheEntry) {
	m := e.method
	if !isMethod(m) {
		e.kind = kindObject
		return
	}
	h := methodHeader(m)
	e.start = uint32(methodStart(h))
	e.argc = uint8(headerNumArgs(h))
	e.temps = uint8(max(0, headerNumTemps(h)-headerNumArgs(h)))
	e.kind = kindV3
	if headerIsSista(h) {
		e.kind = kindSista
	}
	if in.code != nil && in.code.byMethod[m] != nil {
		e.kind = kindNative
		return
	}
	p := methodPrimitive(m)
	switch {
	case p == 0:
	case (p == primHandler || p == primNoOp) && !storesFailure(m, uint64(m)+uint64(e.start)+callPrimitiveSize):
		e.start += callPrimitiveSize
	case p == 256 && e.argc == 0:
		e.kind = kindReturnSelf
	case p >= 264 && p < 520 && e.argc == 0:
		e.kind, e.prim = kindReturnVar, uint16(p-264)
	default:
		e.kind, e.prim = kindPrimitive, uint16(p)
	}
	if e.kind == kindSista && in.code != nil && in.code.templates[m] != nil {
		e.kind = kindNative
	}
}
