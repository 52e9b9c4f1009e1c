package image

import (
	"encoding/binary"
	"io"

	"github.com/cespare/xxhash/v2"

	"github.com/sista-vm/sista/heap"
)

// Write writes a heap as an image. A full collection has to come before, and every
// activation has to be a context. What the file must have of the header is taken
// from hd, sizes and addresses are filled in. The heap stays as it is, but for
// indices of external primitives, which are cleared.
//
// The header, which comes first, has a sum of the data: it is made twice.
func Write(w io.Writer, h *heap.Heap, hd Header) error {
	p, err := newPlan(h)
	if err != nil {
		return err
	}
	sum, err := p.write(io.Discard)
	if err != nil {
		return err
	}
	hd = p.header(hd, sum)
	if _, err := w.Write(hd.FirstPage()); err != nil {
		return &Error{Offset: 0, Problem: "write", Err: cause(err)}
	}
	_, err = p.write(w)
	return err
}

// WriteFile writes a heap to a file that is empty as Write does, and the header when
// all else is there. What follows the header goes to tee too, unless that is nil. The
// header is answered as it was written, and the file stands at the end of the image.
func WriteFile(f io.WriteSeeker, h *heap.Heap, hd Header, tee io.Writer) (Header, error) {
	p, err := newPlan(h)
	if err != nil {
		return Header{}, err
	}
	seek := func(to int64) error {
		if _, err := f.Seek(to, io.SeekStart); err != nil {
			return &Error{Offset: to, Problem: "seek", Err: cause(err)}
		}
		return nil
	}
	if err := seek(pageSize); err != nil {
		return Header{}, err
	}
	out := io.Writer(f)
	if tee != nil {
		out = io.MultiWriter(f, tee)
	}
	sum, err := p.write(out)
	if err != nil {
		return Header{}, err
	}
	if err := seek(0); err != nil {
		return Header{}, err
	}
	hd = p.header(hd, sum)
	if _, err := f.Write(hd.FirstPage()); err != nil {
		return Header{}, &Error{Offset: 0, Problem: "write", Err: cause(err)}
	}
	return hd, seek(hd.End())
}

// write writes the segments and answers the sum of their bytes.
func (p *plan) write(w io.Writer) (sum uint64, err error) {
	digest := xxhash.New()
	out := &writer{plan: p, w: io.MultiWriter(w, digest), buffer: make([]byte, 0, writeBytes), at: pageSize}
	for i := range p.segments {
		if err := out.segment(i); err != nil {
			return 0, err
		}
	}
	if out.flush(); out.err != nil {
		return 0, &Error{Offset: int64(out.at), Problem: "write", Err: cause(out.err)}
	}
	return digest.Sum64(), nil
}

// writeBytes is how much is written at a time.
const writeBytes = 1 << 18

// writer turns the objects of a heap into those of a file. After an error of the
// underlying writer nothing more is written.
type writer struct {
	*plan
	w      io.Writer
	buffer []byte // what is still to be written
	at     uint64 // offset in the file
	err    error
}

// flush writes what was buffered.
func (w *writer) flush() {
	if w.err == nil && len(w.buffer) > 0 {
		_, w.err = w.w.Write(w.buffer)
	}
	w.buffer = w.buffer[:0]
}

// bytes writes whole words.
func (w *writer) bytes(b []byte) {
	w.at += uint64(len(b))
	for len(b) > 0 {
		if len(w.buffer) == cap(w.buffer) {
			w.flush()
		}
		n := min(len(b), cap(w.buffer)-len(w.buffer))
		w.buffer, b = append(w.buffer, b[:n]...), b[n:]
	}
}

// word writes one.
func (w *writer) word(v uint64) {
	n := len(w.buffer)
	if n == cap(w.buffer) {
		w.flush()
		n = 0
	}
	w.buffer = w.buffer[:n+wordSize]
	binary.LittleEndian.PutUint64(w.buffer[n:], v)
	w.at += wordSize
}

func (w *writer) zeros(bytes uint64) {
	for ; bytes > 0; bytes -= wordSize {
		w.word(0)
	}
}

// segment writes a segment of the file, with its bridge.
func (w *writer) segment(i int) error {
	s := &w.segments[i]
	for _, part := range s.parts {
		limit := part.End() - heap.BridgeSize
		for at := part.Start; at < min(limit, s.last) && w.err == nil; {
			o := objectStarting(at)
			if err := w.object(o); err != nil {
				return err
			}
			at = endOf(o)
		}
		if limit < s.last { // more parts follow: their bridge becomes a chunk
			w.chunk(heap.BridgeSize)
		}
	}
	last := i == len(w.segments)-1
	if last {
		w.mournQueue(s.last)
	}
	if fill := s.size - heap.BridgeSize - (s.end - s.start()); fill != 0 {
		w.chunk(fill)
	}
	if last {
		w.word(uint64(heap.Bridge))
		w.word(0)
		return nil
	}
	next := &w.segments[i+1]
	if span := next.start() - (s.start() + s.size); span != 0 {
		w.word(heap.OverflowSlots<<heap.SlotsShift | span/wordSize)
	} else {
		w.word(uint64(heap.Bridge))
	}
	w.word(next.size)
	return nil
}

// headers writes the header of an object of so many slots, and the overflow word.
func (w *writer) headers(hd heap.Header, slots uint64) {
	if hd.SlotsByte() == heap.OverflowSlots {
		w.word(heap.OverflowSlots<<heap.SlotsShift | slots)
	}
	w.word(uint64(hd &^ transientBits))
}

// chunk writes so many bytes as a free chunk. One of them has too many slots for a header
// and too few for one with an overflow word: it becomes two.
func (w *writer) chunk(bytes uint64) {
	const between = (heap.OverflowSlots + 1) * wordSize
	if bytes == between {
		const smallest = 2 * wordSize
		w.chunk(smallest)
		bytes -= smallest
	}
	slots := bytes/wordSize - 1
	if slots >= heap.OverflowSlots {
		slots--
	}
	w.headers(heap.MakeHeader(slots, heap.FmtWords64, heap.ClassFree), slots)
	w.zeros(slots * wordSize)
}

// object writes an object with the addresses of window 0.
func (w *writer) object(o heap.Oop) error {
	hd, slots := o.Header(), o.NumSlots()
	switch {
	case hd.ClassIndex() == heap.ClassFree:
		w.headers(hd, uint64(slots))
		w.zeros(uint64(max(slots, 1)) * wordSize)
		return nil
	case hd.ClassIndex() == heap.ClassForwarder:
		return problem(-1, "a forwarder at %#x: a full collection has to come before", uint64(o))
	case o == w.heap.FreeLists || slots == 0:
		w.headers(hd, uint64(slots))
		w.zeros(uint64(max(slots, 1)) * wordSize)
		return nil
	}
	w.headers(hd, uint64(slots))
	pointers := 0
	switch f := hd.Format(); {
	case f.IsPointers():
		pointers = slots
	case f.IsMethod():
		pointers = 1 + numLiterals(o)
	}
	live := pointers
	if hd.ClassIndex() == heap.ClassContext {
		if o.Slot(contextSender).IsInt() {
			return problem(-1, "the context at %#x has a frame on a stack", uint64(o))
		}
		if stackp := o.Slot(contextStackp); stackp.IsInt() {
			live = min(pointers, contextFixed+int(stackp.Int()))
		}
	}
	for i := range pointers {
		v := o.Slot(i)
		switch {
		case o == w.heap.HiddenRoots && i >= heap.MarkStackRoot:
			v = w.hiddenRoot(i)
		case i >= live:
			v = w.heap.Nil
		}
		if v.IsObject() {
			if v < w.heap.OldStart || uint64(v) >= w.heap.OldEnd() {
				return problem(-1, "slot %d of the object at %#x, class index %d, points at %#x outside old space", i, uint64(o), hd.ClassIndex(), uint64(v))
			}
			v = heap.Oop(w.home(uint64(v)))
		}
		w.word(uint64(v))
	}
	if rest := uint64(slots - pointers); rest != 0 {
		w.bytes(bytesAt(o.SlotAddr(pointers), rest*wordSize))
	}
	return nil
}

// hiddenRoot answers what the file has in a hidden root behind the class table.
func (w *writer) hiddenRoot(i int) heap.Oop {
	if i == heap.MournQueueRoot && len(w.mourners) != 0 {
		return heap.Oop(w.segments[len(w.segments)-1].last + wordSize)
	}
	return w.heap.Nil
}

// mournQueue writes the pages of the mourn queue, which begin at an address.
func (w *writer) mournQueue(at uint64) {
	rest := w.mourners
	for page := range w.stackPages() {
		// The first page takes what does not fill the pages that follow.
		n := len(rest) - (w.stackPages()-1-page)*stackRoom
		w.headers(heap.MakeHeader(stackSlots, heap.FmtWords64, heap.ClassWordsPun), stackSlots)
		at += stackPageBytes
		next := uint64(0)
		if page+1 < w.stackPages() {
			next = w.home(at + wordSize)
		}
		for _, v := range [stackElements]uint64{stackTop: uint64(n), stackRoot: heap.MournQueueRoot, stackNext: next} {
			w.word(v)
		}
		for i := n - 1; i >= 0; i-- {
			w.word(w.home(uint64(rest[i])))
		}
		w.zeros(uint64(stackRoom-n) * wordSize)
		rest = rest[n:]
	}
}
