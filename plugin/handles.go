package plugin

import "encoding/binary"

// HandleSize is the least number of bytes of a handle.
const HandleSize = 16

// Handles gives out the opaque ByteArrays by which images name files, sockets
// and the like. A handle made in another session, closed, or made up is refused.
//
//	0  session id
//	8  index into the table
//	12 generation of that index, odd while in use
type Handles[T any] struct {
	session uint64
	slots   []handleSlot[T]
	free    []uint32
}

type handleSlot[T any] struct {
	generation uint32
	value      T
}

// NewHandles makes an empty table for a session.
func NewHandles[T any](session uint64) *Handles[T] { return &Handles[T]{session: session} }

// Add remembers v and writes its handle into b, of at least HandleSize bytes.
func (h *Handles[T]) Add(b []byte, v T) {
	var i uint32
	if n := len(h.free); n > 0 {
		i, h.free = h.free[n-1], h.free[:n-1]
	} else {
		i = uint32(len(h.slots))
		h.slots = append(h.slots, handleSlot[T]{})
	}
	s := &h.slots[i]
	s.generation++
	s.value = v
	binary.LittleEndian.PutUint64(b, h.session)
	binary.LittleEndian.PutUint32(b[8:], i)
	binary.LittleEndian.PutUint32(b[12:], s.generation)
}

func (h *Handles[T]) slot(b []byte) *handleSlot[T] {
	if len(b) < HandleSize || binary.LittleEndian.Uint64(b) != h.session {
		return nil
	}
	i := binary.LittleEndian.Uint32(b[8:])
	if uint64(i) >= uint64(len(h.slots)) {
		return nil
	}
	s := &h.slots[i]
	if s.generation&1 == 0 || s.generation != binary.LittleEndian.Uint32(b[12:]) {
		return nil
	}
	return s
}

// Get answers what a handle stands for.
func (h *Handles[T]) Get(b []byte) (v T, ok bool) {
	if s := h.slot(b); s != nil {
		return s.value, true
	}
	return v, false
}

// Remove forgets a handle and answers what it stood for.
func (h *Handles[T]) Remove(b []byte) (v T, ok bool) {
	s := h.slot(b)
	if s == nil {
		return v, false
	}
	v, ok = s.value, true
	var none T
	s.value = none
	s.generation++
	h.free = append(h.free, binary.LittleEndian.Uint32(b[8:]))
	return v, ok
}

// Each calls f with everything that has a handle.
func (h *Handles[T]) Each(f func(v T)) {
	for i := range h.slots {
		if h.slots[i].generation&1 == 1 {
			f(h.slots[i].value)
		}
	}
}
