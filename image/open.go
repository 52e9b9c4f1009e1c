package image

import (
	"fmt"
	"io"
	"os"
	"unsafe"

	"github.com/cespare/xxhash/v2"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/host"
)

// Options say how an image is opened.
type Options struct {
	// Verify checks everything in a file that would be mapped, too, and that its data
	// are those that were saved.
	Verify bool
	// NoMap reads every file and maps none.
	NoMap bool
	// Placement is filled in with where the objects have come to lie, if it is not nil.
	Placement *Placement
}

// Open opens an image file and makes a heap of it.
func Open(path string, c heap.Config, o Options) (*heap.Heap, *Header, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, &Error{Path: path, Offset: -1, Err: cause(err)}
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		return nil, nil, &Error{Path: path, Offset: -1, Err: cause(err)}
	}
	if !fi.Mode().IsRegular() {
		return nil, nil, &Error{Path: path, Offset: -1, Problem: "not a regular file"}
	}
	return Load(f, fi.Size(), path, c, o)
}

// Load makes a heap of an image of size bytes; path is for messages. The image
// can be mapped if r is a host.MappableFile, and r is not needed afterwards.
func Load(r io.ReaderAt, size int64, path string, c heap.Config, o Options) (*heap.Heap, *Header, error) {
	h, hd, err := load(r, size, c, o)
	if err != nil {
		return nil, nil, named(path, err)
	}
	return h, hd, nil
}

func load(r io.ReaderAt, size int64, c heap.Config, o Options) (*heap.Heap, *Header, error) {
	hd, err := ReadHeader(r, size)
	if err != nil {
		return nil, nil, err
	}
	segments, err := readSegments(r, hd)
	if err != nil {
		return nil, nil, err
	}
	if c.MaxHeap != 0 && hd.DataSize > c.MaxHeap {
		return nil, nil, problem(-1, "%d bytes of objects exceed the limit of the heap, %d bytes", hd.DataSize, c.MaxHeap)
	}
	h, err := heap.New(c)
	if err != nil {
		return nil, nil, &Error{Offset: -1, Err: err}
	}
	l := &loader{heap: h, header: hd, memory: memory{segments: segments}}
	if err := l.load(r, o); err != nil {
		_ = h.Close()
		return nil, nil, err
	}
	if hd.LastHash != 0 {
		h.LastHash = hd.LastHash
	}
	h.QueueBereavedWeaklings = hd.Flags&FlagQueueWeaklings != 0
	hd.Flags |= FlagLittleEndianFloats
	if p := o.Placement; p != nil {
		p.memory = l.memory
		p.starts, p.last = nil, 0
	}
	return h, hd, nil
}

// loader brings an image into a heap.
type loader struct {
	memory
	heap    *heap.Heap
	header  *Header
	roots   heap.Roots
	classes []bool // class indices that objects may have
}

func (l *loader) load(r io.ReaderAt, o Options) error {
	f, mappable := r.(host.MappableFile)
	if mappable && !o.NoMap && l.fits() {
		if err := l.mapFile(f); err != nil {
			return err
		}
		if !o.Verify {
			if err := l.checkMapped(); err != nil {
				return err
			}
			return l.adopt()
		}
	} else if err := l.read(r); err != nil {
		return err
	}
	if err := l.checkAll(); err != nil {
		return err
	}
	if err := l.adopt(); err != nil {
		return err
	}
	if o.Verify {
		if err := l.checkSum(r); err != nil {
			return err
		}
		if err := l.heap.Verify(); err != nil {
			return &Error{Offset: -1, Err: err}
		}
	}
	return nil
}

// checkSum checks the data of a file with our mark against the sum in the header.
func (l *loader) checkSum(r io.ReaderAt) error {
	if !l.header.Mappable() {
		return nil
	}
	at := l.header.Start + int64(l.header.Size)
	digest := xxhash.New()
	if _, err := io.Copy(digest, io.NewSectionReader(r, at, int64(l.header.DataSize))); err != nil {
		return &Error{Offset: at, Err: cause(err)}
	}
	if digest.Sum64() != l.header.Padding[3] {
		return problem(at, "the %d bytes of data are not those that were saved: their sum is %#x, not %#x", l.header.DataSize, digest.Sum64(), l.header.Padding[3])
	}
	return nil
}

// fits tells whether the file can be mapped: it says so, it has pages as large as
// memory has, and the addresses it was saved for are those of this heap.
func (l *loader) fits() bool {
	if !l.header.Mappable() || l.header.Padding[2] != uint64(len(l.segments)) || !l.heap.AtHome(0) ||
		pageSize%l.heap.Memory().PageSize() != 0 {
		return false
	}
	for _, s := range l.segments {
		if s.file%pageSize != 0 || s.old%pageSize != 0 || s.size%pageSize != 0 ||
			s.old < uint64(l.heap.OldStart) || s.old+s.size > l.heap.OldEnd() {
			return false
		}
	}
	return true
}

// mapFile puts the segments of the file where they were saved for.
func (l *loader) mapFile(f host.MappableFile) error {
	for i := range l.segments {
		s := &l.segments[i]
		if _, err := l.heap.MapSegment(f, s.file, s.old, s.size); err != nil {
			return &Error{Offset: s.file, Err: err}
		}
		s.addr = s.old
		// The bridge of the file has an extent and the size of the next segment.
		heap.StoreWord(s.end(), uint64(heap.Bridge))
		heap.StoreWord(s.end()+wordSize, 0)
	}
	return nil
}

// read reads all segments into one, the objects of the next in place of the
// bridge of the last.
func (l *loader) read(r io.ReaderAt) error {
	total := uint64(heap.BridgeSize)
	for i := range l.segments {
		total += l.segments[i].bodySize()
	}
	seg, err := l.heap.AddSegment(0, total)
	if err != nil {
		return &Error{Offset: -1, Err: err}
	}
	at := seg.Start
	for i := range l.segments {
		s := &l.segments[i]
		s.addr = at
		if err := readAt(r, bytesAt(at, s.bodySize()), s.file); err != nil {
			return err
		}
		at = s.end()
	}
	return nil
}

func wordsAt(addr uint64, n int) []uint64 {
	return unsafe.Slice((*uint64)(heap.Pointer(addr)), n)
}

func bytesAt(addr, n uint64) []byte { return unsafe.Slice((*byte)(heap.Pointer(addr)), n) }

// adopt hands the objects to the heap.
func (l *loader) adopt() error {
	r := &l.roots
	mourners, err := l.mournQueue(r.HiddenRoots.Slot(heap.MournQueueRoot), r.Nil)
	if err != nil {
		return err
	}
	for i := heap.MarkStackRoot; i < r.HiddenRoots.NumSlots(); i++ {
		if r.HiddenRoots.Slot(i) != r.Nil {
			r.HiddenRoots.SetSlotRaw(i, r.Nil)
		}
	}
	clear(nonZero(r.FreeLists.Words()))
	l.heap.AdoptImage(l.roots)
	for _, m := range mourners {
		l.heap.AddMourner(m)
	}
	return nil
}

// nonZero answers the words if one of them is not zero: pages are not to be
// copied for nothing.
func nonZero(words []uint64) []uint64 {
	for _, w := range words {
		if w != 0 {
			return words
		}
	}
	return nil
}

// where names an object for a message.
func (l *loader) where(o heap.Oop) string {
	return fmt.Sprintf("object of class index %d, format %d", o.Header().ClassIndex(), o.Format())
}
