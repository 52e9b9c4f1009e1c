package image

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/cespare/xxhash/v2"
)

// Formats of image files that can be opened.
const (
	Format         = 68021       // 64-bit Spur
	FormatMultiple = 68021 + 512 // the same, code of both bytecode sets is active
)

// Flags of the header that this package looks at. Others are kept as they are.
const (
	FlagLittleEndianFloats = 1 << 1
	FlagQueueWeaklings     = 1 << 6
)

const (
	headerSize   = 128
	scriptSize   = 512                       // a script in front of the header takes so much room
	markMagic    = 0x31_6d_49_61_74_73_69_53 // "SistaIm1", as the file shows it
	layoutNumber = 1
)

// Header is what stands before the objects in an image file.
//
//	offset
//	  0  +-----------------+-----------------+
//	     | format          | header size     |
//	  8  +-----------------+-----------------+
//	     | bytes of data, bridges included   |
//	 16  +-----------------------------------+
//	     | address of the first object, nil  |
//	 24  +-----------------------------------+
//	     | address of the special objects    |
//	 32  +-----------------------------------+
//	     | state of the hash generator       |
//	 40  +-----------------------------------+
//	     | screen: width << 16 | height      |
//	 48  +-----------------------------------+
//	     | flags                             |
//	 56  +-----------------+--------+--------+
//	     | extra VM memory | stack  | code   |
//	     |                 | pages  | KiB    |
//	 64  +-----------------+--------+--------+
//	     | eden bytes      | extern | image  |
//	     |                 | sems   | version|
//	 72  +-----------------+--------+--------+
//	     | bytes of the first segment        |
//	 80  +-----------------------------------+
//	     | free bytes among the data         |
//	 88  +-----------------------------------+
//	     | five words: zero, or the mark of  |
//	     | an image that can be mapped       |
//	128  +-----------------------------------+
type Header struct {
	Format           uint32
	Size             uint32 // of the header: the data begins so far behind its start
	DataSize         uint64
	Base             uint64
	SpecialObjects   uint64
	LastHash         uint64
	ScreenSize       uint64
	Flags            uint64
	ExtraVMMemory    uint32
	StackPages       uint16
	CodeSizeKiB      uint16
	EdenBytes        uint32
	MaxExtSemTabSize uint16
	ImageVersion     uint16 // or the literal limit of a JIT: kept as it is
	FirstSegment     uint64
	FreeBytes        uint64
	Padding          [5]uint64

	// Start is the offset of the header in the file, 0 or 512.
	Start int64
}

// End answers the offset behind the image in the file: what follows is no part of it.
func (h *Header) End() int64 { return h.Start + int64(h.Size) + int64(h.DataSize) }

// FirstPage answers the page that an image begins with whose header is a page long, as
// Save writes it.
func (h *Header) FirstPage() []byte {
	b := make([]byte, pageSize)
	copy(b, h.encode())
	return b
}

// decodeHeader reads the fields; b has headerSize bytes.
func decodeHeader(b []byte) (h Header) {
	le := binary.LittleEndian
	h = Header{
		Format: le.Uint32(b), Size: le.Uint32(b[4:]),
		DataSize: le.Uint64(b[8:]), Base: le.Uint64(b[16:]), SpecialObjects: le.Uint64(b[24:]),
		LastHash: le.Uint64(b[32:]), ScreenSize: le.Uint64(b[40:]), Flags: le.Uint64(b[48:]),
		ExtraVMMemory: le.Uint32(b[56:]), StackPages: le.Uint16(b[60:]), CodeSizeKiB: le.Uint16(b[62:]),
		EdenBytes: le.Uint32(b[64:]), MaxExtSemTabSize: le.Uint16(b[68:]), ImageVersion: le.Uint16(b[70:]),
		FirstSegment: le.Uint64(b[72:]), FreeBytes: le.Uint64(b[80:]),
	}
	for i := range h.Padding {
		h.Padding[i] = le.Uint64(b[88+8*i:])
	}
	return h
}

// encode writes the fields into headerSize bytes.
func (h *Header) encode() []byte {
	le := binary.LittleEndian
	b := make([]byte, 0, headerSize)
	b = le.AppendUint32(b, h.Format)
	b = le.AppendUint32(b, h.Size)
	for _, w := range []uint64{h.DataSize, h.Base, h.SpecialObjects, h.LastHash, h.ScreenSize, h.Flags} {
		b = le.AppendUint64(b, w)
	}
	b = le.AppendUint32(b, h.ExtraVMMemory)
	b = le.AppendUint16(b, h.StackPages)
	b = le.AppendUint16(b, h.CodeSizeKiB)
	b = le.AppendUint32(b, h.EdenBytes)
	b = le.AppendUint16(b, h.MaxExtSemTabSize)
	b = le.AppendUint16(b, h.ImageVersion)
	b = le.AppendUint64(b, h.FirstSegment)
	b = le.AppendUint64(b, h.FreeBytes)
	for _, w := range h.Padding {
		b = le.AppendUint64(b, w)
	}
	return b
}

// The mark of an image that can be mapped, in the padding. Other VMs leave zeros
// there when they save, and another header has another sum.
//
//	 88  +-----------------------------------+
//	     | magic number                      |
//	 96  +-----------------------------------+
//	     | layout number << 32 | page size   |
//	104  +-----------------------------------+
//	     | number of segments                |
//	112  +-----------------------------------+
//	     | xxhash64 of the data              |
//	120  +-----------------------------------+
//	     | xxhash64 of the 120 bytes before  |
//	128  +-----------------------------------+
//
// It says that marks, remembered bits, watched bits, free lists and external
// primitive indices are clear, that pages of the file and of the address space
// coincide, and that addresses are those of window 0.
func (h *Header) setMark(segments int, dataSum uint64) {
	h.Padding = [5]uint64{markMagic, layoutNumber<<32 | pageSize, uint64(segments), dataSum}
	h.Padding[4] = h.sum()
}

// DataSum answers the xxhash64 of the data of an image that can be mapped.
func (h *Header) DataSum() uint64 { return h.Padding[3] }

func (h *Header) sum() uint64 { return xxhash.Sum64(h.encode()[:headerSize-8]) }

// Mappable tells whether the header has the mark of an image that can be mapped.
func (h *Header) Mappable() bool {
	return h.Padding[0] == markMagic && h.Padding[1] == layoutNumber<<32|pageSize && h.Padding[4] == h.sum()
}

// ReadHeader reads and checks the header of an image file of a given size.
// Images of other formats are refused with an error that names the format.
func ReadHeader(r io.ReaderAt, size int64) (*Header, error) {
	start := int64(0)
	for ; ; start += scriptSize {
		var word [4]byte
		if size < start+4 {
			return nil, problem(0, "not an image file")
		}
		if err := readAt(r, word[:], start); err != nil {
			return nil, err
		}
		if err := checkFormat(word[:], start); err == nil {
			break
		} else if start == scriptSize || !isNoImage(err) {
			return nil, err
		}
	}
	if size < start+headerSize {
		return nil, problem(start, "the file ends in the header: %d bytes of %d", size-start, headerSize)
	}
	b := make([]byte, headerSize)
	if err := readAt(r, b, start); err != nil {
		return nil, err
	}
	h := decodeHeader(b)
	h.Start = start
	data := start + int64(h.Size)
	if h.Size < headerSize || data > size {
		return nil, problem(start+4, "a header of %d bytes in a file of %d", h.Size, size)
	}
	if h.DataSize > uint64(size-data) {
		return nil, problem(start+8, "%d bytes of data announced, %d are there", h.DataSize, size-data)
	}
	if h.Base%wordSize != 0 || h.Base == 0 {
		return nil, problem(start+16, "a heap at address %#x cannot be", h.Base)
	}
	return &h, nil
}

// otherFormats are image formats that are known and cannot be opened.
var otherFormats = map[uint32]string{
	6502: "32-bit V3 (before Spur)", 6504: "32-bit V3 (before Spur) with closures", 6505: "32-bit V3 (before Spur) with native floats",
	68000: "64-bit V3 (before Spur)", 68002: "64-bit V3 (before Spur) with closures", 68003: "64-bit V3 (before Spur) with native floats",
	6521: "32-bit Spur", 7033: "32-bit Spur with both bytecode sets",
}

// checkFormat looks at the first word of a header.
func checkFormat(word []byte, at int64) error {
	f := binary.LittleEndian.Uint32(word)
	if f == Format || f == FormatMultiple {
		return nil
	}
	const can = "only 64-bit Spur images, 68021 and 68533, can be opened"
	if name, ok := otherFormats[f]; ok {
		return problem(at, "image format %d, %s: %s", f, name, can)
	}
	f = binary.BigEndian.Uint32(word)
	name, ok := otherFormats[f]
	if f == Format || f == FormatMultiple {
		name, ok = "64-bit Spur", true
	}
	if ok {
		return problem(at, "image format %d, %s, in big-endian byte order: %s of little-endian byte order", f, name, can)
	}
	return &Error{Offset: at, Problem: fmt.Sprintf("not an image file: the first word is %#x, no known format", binary.LittleEndian.Uint32(word)), noImage: true}
}
