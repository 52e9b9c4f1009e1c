package snapshot

import (
	"encoding/binary"
	"fmt"

	"github.com/cespare/xxhash/v2"
)

// The version of the format.
const (
	Major = 1
	Minor = 0
)

// Kind is what a section has.
type Kind uint32

// The kinds of sections. A trailer has at most one of each.
const (
	KindManifest Kind = 1 // what the others are for, see Manifest
	KindFeedback Kind = 2 // counters, as package counters encodes them
	KindPortable Kind = 3 // functions after the optimizer's passes
	KindNative   Kind = 4 // machine code and what it needs
	KindSeal     Kind = 5 // proof of who wrote the file, see package trust
)

var kindNames = map[Kind]string{
	KindManifest: "manifest", KindFeedback: "feedback", KindPortable: "portable", KindNative: "native", KindSeal: "seal",
}

func (k Kind) String() string {
	if name, ok := kindNames[k]; ok {
		return name
	}
	return fmt.Sprintf("kind %d", uint32(k))
}

// Section is what a trailer has of one kind.
type Section struct {
	Kind Kind
	Data []byte
}

// PageSize is what sections are aligned to: where they are mapped they are used in place.
const PageSize = 4096

// Entry is a section in the index.
//
//	 0  +-----------------+-----------------+
//	    | kind            | flags: 0        |
//	 8  +-----------------+-----------------+
//	    | offset in the file                |
//	16  +-----------------------------------+
//	    | length                            |
//	24  +-----------------------------------+
//	    | xxhash64 of the bytes             |
//	32  +-----------------------------------+
//
// Entries are in the order of their offsets, which are multiples of PageSize; sections do
// not overlap.
type Entry struct {
	Kind           Kind
	Flags          uint32
	Offset, Length int64
	Hash           uint64
}

const entrySize = 32

func (e Entry) append(b []byte) []byte {
	le := binary.LittleEndian
	b = le.AppendUint32(b, uint32(e.Kind))
	b = le.AppendUint32(b, e.Flags)
	b = le.AppendUint64(b, uint64(e.Offset))
	b = le.AppendUint64(b, uint64(e.Length))
	return le.AppendUint64(b, e.Hash)
}

func decodeEntry(b []byte) Entry {
	le := binary.LittleEndian
	return Entry{
		Kind: Kind(le.Uint32(b)), Flags: le.Uint32(b[4:]),
		Offset: int64(le.Uint64(b[8:])), Length: int64(le.Uint64(b[16:])), Hash: le.Uint64(b[24:]),
	}
}

// footer is the end of a file with a trailer. It says of which image the trailer is: an
// image that another virtual machine has changed in place has another first page.
//
//	 0  +-----------------------------------+
//	    | magic number                      |
//	 8  +--------+--------+-----------------+
//	    | major  | minor  | number of       |
//	    | version| version| sections        |
//	16  +--------+--------+-----------------+
//	    | length of the image               |
//	24  +-----------------------------------+
//	    | xxhash64 of the image's first     |
//	    | PageSize bytes                    |
//	32  +-----------------------------------+
//	    | offset of the index, which ends   |
//	    | where the footer begins           |
//	40  +-----------------------------------+
//	    | xxhash64 of the index             |
//	48  +-----------------------------------+
//	    | zero                              |
//	56  +-----------------------------------+
//	    | xxhash64 of the 56 bytes before   |
//	64  +-----------------------------------+
type footer struct {
	major, minor uint16
	sections     uint32
	image        int64
	page         uint64
	index        int64
	indexHash    uint64
}

const (
	footerSize  = 64
	footerMagic = 0x6c_72_54_61_74_73_69_53 // "SistaTrl", as the file shows it
	// maxSections bounds what a file can make the reader keep in mind.
	maxSections = 1 << 10
)

func (f *footer) encode() []byte {
	le := binary.LittleEndian
	b := make([]byte, 0, footerSize)
	b = le.AppendUint64(b, footerMagic)
	b = le.AppendUint16(b, f.major)
	b = le.AppendUint16(b, f.minor)
	b = le.AppendUint32(b, f.sections)
	for _, w := range []uint64{uint64(f.image), f.page, uint64(f.index), f.indexHash, 0} {
		b = le.AppendUint64(b, w)
	}
	return le.AppendUint64(b, xxhash.Sum64(b))
}

// isFooter tells whether the last bytes of a file are those of a trailer, damaged or not.
func isFooter(b []byte) bool { return binary.LittleEndian.Uint64(b) == footerMagic }

// decodeFooter reads a footer; what is wrong with it is told in words.
func decodeFooter(b []byte) (f footer, problem string) {
	le := binary.LittleEndian
	switch {
	case !isFooter(b):
		return f, "what follows the image has no footer: it is cut off or damaged"
	case le.Uint64(b[56:]) != xxhash.Sum64(b[:56]):
		return f, "the footer is damaged"
	}
	f = footer{
		major: le.Uint16(b[8:]), minor: le.Uint16(b[10:]), sections: le.Uint32(b[12:]),
		image: int64(le.Uint64(b[16:])), page: le.Uint64(b[24:]), index: int64(le.Uint64(b[32:])), indexHash: le.Uint64(b[40:]),
	}
	if f.major != Major {
		return f, fmt.Sprintf("the trailer has version %d.%d of the format, this program knows %d", f.major, f.minor, Major)
	}
	return f, ""
}

// pages answers n, or the next multiple of PageSize.
func pages(n int64) int64 { return (n + PageSize - 1) / PageSize * PageSize }
