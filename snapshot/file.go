package snapshot

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"unsafe"

	"github.com/cespare/xxhash/v2"

	"github.com/sista-vm/sista/host"
	"github.com/sista-vm/sista/image"
)

// ErrNone says that a file has no section of a kind, and never had.
var ErrNone = errors.New("no such section")

// Damage is why a section, or all of a trailer, is not used.
type Damage struct {
	Path    string
	Section Kind  // 0: the trailer as a whole
	Offset  int64 // in the file
	Problem string
	Err     error // the cause, if something below failed
}

func (d *Damage) Error() string {
	what := "the trailer"
	if d.Section != 0 {
		what = "section " + d.Section.String()
	}
	s := fmt.Sprintf("%s: %s at offset %#x: %s", d.Path, what, d.Offset, d.Problem)
	if d.Err != nil {
		s += ": " + d.Err.Error()
	}
	return s
}

func (d *Damage) Unwrap() error { return d.Err }

// Source is what the bytes of a file are read from. If it is a host.MappableFile too it
// can be mapped.
type Source interface {
	io.ReaderAt
}

// Trusted is a file that may be executed: who wrote it is known. Sections are as those of
// File, but for what was changed since.
type Trusted interface {
	Section(k Kind) ([]byte, error)
	Manifest() (*Manifest, error)
}

// File is an open image file with its trailer. Its methods may be called by any
// goroutine.
type File struct {
	Path   string
	Header image.Header // of the image
	// Problem is why there is a trailer and no section of it is used; nil otherwise.
	Problem error

	src    Source
	size   int64
	memory host.Memory
	info   *host.FileInfo // nil: no file of a file system
	close  func() error
	page   []byte // the first of the image
	minor  uint16
	index  []Entry

	mu       sync.Mutex
	sections map[Kind]*loaded
	mapped   [][2]uint64 // addresses and sizes of reservations
}

// loaded is a section that was asked for.
type loaded struct {
	data    []byte
	err     error
	checked bool
}

// Open opens an image file and looks at its trailer: at footer and index. A plain image
// is a File without sections, and so is one whose trailer cannot be used, which Problem
// tells. An error means that this is no image. Sections are mapped with memory; with nil
// they are read.
func Open(files host.Files, path string, memory host.Memory) (*File, error) {
	h, err := files.Open(path, os.O_RDONLY, 0)
	if err != nil {
		return nil, &image.Error{Path: path, Offset: -1, Err: host.Cause(err)}
	}
	info, err := h.Stat()
	if err == nil && info.Mode&host.ModeType != host.ModeRegular {
		err = errors.New("not a regular file")
	}
	if err != nil {
		_ = h.Close()
		return nil, &image.Error{Path: path, Offset: -1, Err: host.Cause(err)}
	}
	src, ok := h.(Source)
	if !ok {
		src = &seeking{f: h}
	}
	f, err := Read(src, info.Size, path, memory)
	if err != nil {
		_ = h.Close()
		return nil, err
	}
	f.info, f.close = &info, h.Close
	return f, nil
}

// seeking reads anywhere in a file that only reads where it stands.
type seeking struct {
	mu sync.Mutex
	f  host.File
}

func (s *seeking) ReadAt(b []byte, offset int64) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.f.Seek(offset, io.SeekStart); err != nil {
		return 0, err
	}
	return io.ReadFull(s.f, b)
}

// Read looks at an image of size bytes as Open does; path is for messages.
func Read(src Source, size int64, path string, memory host.Memory) (*File, error) {
	hd, err := image.ReadHeader(src, size)
	if err != nil {
		var e *image.Error
		if errors.As(err, &e) && e.Path == "" {
			e.Path = path
		}
		return nil, err
	}
	f := &File{Path: path, Header: *hd, src: src, size: size, memory: memory, sections: map[Kind]*loaded{}}
	if size > hd.End() {
		if err := f.readIndex(); err != nil {
			f.Problem, f.index = err, nil
		}
	}
	return f, nil
}

func (f *File) damage(k Kind, offset int64, format string, args ...any) *Damage {
	return &Damage{Path: f.Path, Section: k, Offset: offset, Problem: fmt.Sprintf(format, args...)}
}

// bytes reads a part of the trailer.
func (f *File) bytes(k Kind, offset, length int64) ([]byte, error) {
	b := make([]byte, length)
	if n, err := f.src.ReadAt(b, offset); n < len(b) {
		if err == nil || errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		d := f.damage(k, offset, "%d bytes wanted, %d read", length, n)
		d.Err = host.Cause(err)
		return nil, d
	}
	return b, nil
}

// readIndex reads what leads to the sections, and checks it.
func (f *File) readIndex() error {
	end := f.Header.End()
	at := f.size - footerSize
	ours := f.Header.Mappable() // what follows the images of others is no trailer
	if at < end {
		if !ours {
			return nil
		}
		return f.damage(0, end, "%d bytes follow the image, too few for a trailer", f.size-end)
	}
	b, err := f.bytes(0, at, footerSize)
	if err != nil {
		return err
	}
	if !ours && !isFooter(b) {
		return nil
	}
	ft, problem := decodeFooter(b)
	switch {
	case problem != "":
		return f.damage(0, at, "%s", problem)
	case ft.sections > maxSections:
		return f.damage(0, at, "%d sections, more than %d", ft.sections, maxSections)
	case ft.image != end || end%PageSize != 0:
		return f.damage(0, at, "it is that of an image of %d bytes, and this one has %d", ft.image, end)
	case ft.index < end || ft.index != at-int64(ft.sections)*entrySize:
		return f.damage(0, at, "no index of %d sections fits before offset %#x", ft.sections, at)
	}
	if f.page, err = f.bytes(0, 0, PageSize); err != nil {
		return err
	}
	if xxhash.Sum64(f.page) != ft.page {
		return f.damage(0, at, "it is that of another image, or the image was changed since")
	}
	index, err := f.bytes(0, ft.index, int64(ft.sections)*entrySize)
	if err != nil {
		return err
	}
	if xxhash.Sum64(index) != ft.indexHash {
		return f.damage(0, ft.index, "the index is damaged")
	}
	f.minor = ft.minor
	return f.decodeIndex(index, end, ft.index)
}

// decodeIndex takes the entries of an index for sections between two offsets.
func (f *File) decodeIndex(b []byte, from, to int64) error {
	seen := map[Kind]bool{}
	for i := 0; i < len(b); i += entrySize {
		e := decodeEntry(b[i:])
		switch {
		case e.Offset < from || e.Offset%PageSize != 0 || e.Length < 0 || e.Length > to-e.Offset:
			return f.damage(0, to+int64(i), "section %v with %d bytes at offset %#x cannot be", e.Kind, e.Length, e.Offset)
		case seen[e.Kind]:
			return f.damage(0, to+int64(i), "section %v is there twice", e.Kind)
		}
		seen[e.Kind] = true
		from = e.Offset + e.Length
		f.index = append(f.index, e)
	}
	return nil
}

// Index answers the sections that the file has, in their order, also those of unknown kinds.
func (f *File) Index() []Entry { return f.index }

// Entry answers the place of a section.
func (f *File) Entry(k Kind) (Entry, bool) {
	for _, e := range f.index {
		if e.Kind == k {
			return e, true
		}
	}
	return Entry{}, false
}

// Section answers the bytes of a section, mapped or read at its first use, and checked
// then. The error is ErrNone if there is no such section, and a *Damage otherwise. The
// bytes are the caller's to change, where they are mapped without changing the file;
// they are there until Close.
func (f *File) Section(k Kind) ([]byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s, e, err := f.load(k)
	if err != nil {
		return nil, err
	}
	if !s.checked {
		s.checked = true
		if got := xxhash.Sum64(s.data); got != e.Hash {
			s.err = f.damage(k, e.Offset, "its %d bytes are not those that were written: their hash is %#x, not %#x", e.Length, got, e.Hash)
			s.data = nil
		}
	}
	return s.data, s.err
}

// Unchecked answers the bytes of a section without looking at its hash, for who checks
// them by another.
func (f *File) Unchecked(k Kind) ([]byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s, _, err := f.load(k)
	if err != nil {
		return nil, err
	}
	return s.data, s.err
}

// load brings a section into memory.
func (f *File) load(k Kind) (*loaded, Entry, error) {
	e, ok := f.Entry(k)
	if !ok {
		return nil, e, fmt.Errorf("%s: section %v: %w", f.Path, k, ErrNone)
	}
	s := f.sections[k]
	if s == nil {
		s = &loaded{}
		f.sections[k] = s
		switch {
		case e.Flags != 0:
			s.err = f.damage(k, e.Offset, "it has the flags %#x, which this program does not know", e.Flags)
		case e.Length == 0:
			s.data = []byte{}
		default:
			if s.data = f.mapSection(e); s.data == nil {
				s.data, s.err = f.bytes(k, e.Offset, e.Length)
			}
		}
		s.checked = s.err != nil
	}
	return s, e, nil
}

// mapSection maps a section, and answers nil if that cannot be done.
func (f *File) mapSection(e Entry) []byte {
	m, ok := f.src.(host.MappableFile)
	if !ok || f.memory == nil || PageSize%f.memory.PageSize() != 0 {
		return nil
	}
	size := uint64(pages(e.Length))
	addr, err := f.memory.Reserve(0, size)
	if err != nil {
		return nil
	}
	if err := f.memory.MapFile(m, e.Offset, addr, size); err != nil {
		_ = f.memory.Release(addr, size)
		return nil
	}
	f.mapped = append(f.mapped, [2]uint64{addr, size})
	return unsafe.Slice((*byte)(unsafe.Add(nil, uintptr(addr))), e.Length)
}

// Source answers what the file is read from, and the length of the image in it: what
// image.Load takes.
func (f *File) Source() (src Source, length int64) { return f.src, f.Header.End() }

// Size answers the length of the file.
func (f *File) Size() int64 { return f.size }

// FirstPage answers the bytes of the image that its header is among.
func (f *File) FirstPage() []byte { return f.page }

// Info answers what the file system knows of the open file; ok is false if it is none.
func (f *File) Info() (info host.FileInfo, ok bool) {
	if f.info == nil {
		return host.FileInfo{}, false
	}
	return *f.info, true
}

// Close ends the use of the file and of its sections.
func (f *File) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	var err error
	for _, m := range f.mapped {
		err = errors.Join(err, f.memory.Release(m[0], m[1]))
	}
	f.mapped, f.index, f.sections = nil, nil, nil
	if f.Problem == nil {
		f.Problem = fs.ErrClosed
	}
	if f.close != nil {
		err = errors.Join(err, f.close())
		f.close = nil
	}
	return err
}
