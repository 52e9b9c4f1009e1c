package image

import (
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
	sum, err := p.write(io.Discard, nil)
	if err != nil {
		return err
	}
	hd = p.header(hd, sum)
	if _, err := w.Write(hd.FirstPage()); err != nil {
		return &Error{Offset: 0, Problem: "write", Err: cause(err)}
	}
	_, err = p.write(w, nil)
	return err
}

// WriteFile writes a heap to a file that is empty as Write does, and the header when
// all else is there. What follows the header goes to tee too, unless that is nil, beside the
// writing. The header is answered as it was written, and the file stands at the end of the image.
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
	sum, err := p.write(f, tee)
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

// write writes the segments, to tee too unless it is nil, and answers the sum of their bytes.
func (p *plan) write(w, tee io.Writer) (sum uint64, err error) {
	digest := xxhash.New()
	writers := []io.Writer{io.MultiWriter(w, digest)}
	if tee != nil {
		writers = append(writers, tee)
	}
	behind := newBehind(writers...)
	defer behind.close()
	out := &writer{plan: p, behind: behind}
	if err := out.segments(); err != nil {
		return 0, err
	}
	if at, err := behind.end(out.buffer); err != nil {
		return 0, &Error{Offset: pageSize + at, Problem: "write", Err: cause(err)}
	}
	return digest.Sum64(), nil
}

// writer turns the objects of a heap into those of a file.
type writer struct {
	*plan
	behind *behind
	buffer []uint64 // what is still to be written
}

// room answers where the next words are to be put, n at most and at least one.
func (w *writer) room(n int) []uint64 {
	if len(w.buffer) == cap(w.buffer) {
		w.buffer = w.behind.write(w.buffer)
	}
	at := len(w.buffer)
	n = min(n, cap(w.buffer)-at)
	w.buffer = w.buffer[:at+n]
	return w.buffer[at:]
}

// words writes them as they are.
func (w *writer) words(words []uint64) {
	for len(words) > 0 {
		words = words[copy(w.room(len(words)), words):]
	}
}

// word writes one.
func (w *writer) word(v uint64) { w.room(1)[0] = v }

func (w *writer) zeros(bytes uint64) {
	for n := int(bytes / wordSize); n > 0; {
		room := w.room(n)
		clear(room)
		n -= len(room)
	}
}

// segments writes all.
func (w *writer) segments() error {
	for i := range w.plan.segments {
		if err := w.segment(i); err != nil {
			return err
		}
	}
	return nil
}

// segment writes a segment of the file, with its bridge.
func (w *writer) segment(i int) error {
	s := &w.plan.segments[i]
	for _, part := range s.parts {
		limit := part.End() - heap.BridgeSize
		for at := part.Start; at < min(limit, s.last) && !w.behind.failed.Load(); {
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
	last := i == len(w.plan.segments)-1
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
	next := &w.plan.segments[i+1]
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
	if o == w.heap.HiddenRoots {
		live = min(pointers, heap.MarkStackRoot)
	}
	words := wordsAt(o.SlotAddr(0), slots)
	if err := w.pointers(o, words[:live]); err != nil {
		return err
	}
	for i := live; i < pointers; i++ {
		v := uint64(w.heap.Nil)
		if o == w.heap.HiddenRoots {
			v = uint64(w.hiddenRoot(i))
		}
		w.word(w.home(v))
	}
	w.words(words[pointers:])
	return nil
}

// pointers writes the first words of an object, with what they point at at home.
func (w *writer) pointers(o heap.Oop, words []uint64) error {
	low, high := uint64(w.heap.OldStart), w.heap.OldEnd()
	move := w.home(0)
	for done := 0; done < len(words); {
		room := w.room(len(words) - done)
		for i, v := range words[done:][:len(room)] {
			if heap.Oop(v).IsObject() {
				if v < low || v >= high {
					return problem(-1, "slot %d of the object at %#x, class index %d, points at %#x outside old space",
						done+i, uint64(o), o.Header().ClassIndex(), v)
				}
				v += move
			}
			room[i] = v
		}
		done += len(room)
	}
	return nil
}

// hiddenRoot answers what the file has in a hidden root behind the class table.
func (w *writer) hiddenRoot(i int) heap.Oop {
	if i == heap.MournQueueRoot && len(w.mourners) != 0 {
		return heap.Oop(w.plan.segments[len(w.plan.segments)-1].last + wordSize)
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
