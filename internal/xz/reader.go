package xz

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"
)

// A stream is a header, blocks, an index and a footer; all are multiples of four bytes:
//
//	header   magic (6)  0 (1)  kind of check (1)  CRC32 of the two bytes before (4)
//	block    size/4-1 (1)  flags (1)  sizes  filters  zeros  CRC32 (4) | data  zeros  check
//	index    0 (1)  records  zeros  CRC32 (4)
//	footer   CRC32 (4)  size of the index (4)  0 (1)  kind of check (1)  "YZ"
const (
	headerSize = 12
	footerSize = 12

	checkNone  = 0
	checkCRC32 = 1
	checkCRC64 = 4

	flagFilters    = 0x03
	flagReserved   = 0x3c
	flagPacked     = 0x40
	flagUnpacked   = 0x80
	filterLZMA2    = 0x21
	maxVLI         = 9
	sizeUnit       = 4
	indexIndicator = 0
)

var (
	magic       = []byte{0xfd, '7', 'z', 'X', 'Z', 0}
	footerMagic = []byte("YZ")
)

// MaxDictionary is the largest dictionary that is accepted.
const MaxDictionary = 64 << 20

// ErrFormat is data that is no stream of this kind, or one that was damaged.
var ErrFormat = errors.New("xz: not the format, or damaged")

func damaged(what string) error { return fmt.Errorf("%w: %s", ErrFormat, what) }

// Reader unpacks a stream.
type Reader struct {
	in    *counted
	kind  byte
	block *lzma2
	check hash.Hash
	err   error
}

// counted counts what was read.
type counted struct {
	r *bufio.Reader
	n int64
}

func (c *counted) ReadByte() (byte, error) {
	b, err := c.r.ReadByte()
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	if err == nil {
		c.n++
	}
	return b, err
}

func (c *counted) full(p []byte) error {
	n, err := io.ReadFull(c.r, p)
	c.n += int64(n)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// NewReader reads the header of a stream.
func NewReader(r io.Reader) (*Reader, error) {
	z := &Reader{in: &counted{r: bufio.NewReaderSize(r, 64<<10)}}
	var h [headerSize]byte
	if err := z.in.full(h[:]); err != nil {
		return nil, err
	}
	if !bytes.Equal(h[:6], magic) || h[6] != 0 || binary.LittleEndian.Uint32(h[8:]) != crc32.ChecksumIEEE(h[6:8]) {
		return nil, damaged("header")
	}
	switch z.kind = h[7]; z.kind {
	case checkNone, checkCRC32, checkCRC64:
	default:
		return nil, fmt.Errorf("xz: check of kind %d is not supported", z.kind)
	}
	return z, nil
}

// Read implements io.Reader.
func (z *Reader) Read(p []byte) (int, error) {
	for z.err == nil && len(p) > 0 {
		if z.block == nil {
			if z.err = z.begin(); z.err != nil {
				break
			}
		}
		n, err := z.block.Read(p)
		if z.check != nil {
			z.check.Write(p[:n])
		}
		if err == io.EOF {
			err = z.end()
		}
		z.err = err
		if n > 0 {
			return n, nil
		}
	}
	return 0, z.err
}

// begin reads the header of a block; io.EOF means that there was the stream's end instead.
func (z *Reader) begin() error {
	z.in.n = 0
	size, err := z.in.ReadByte()
	if err != nil {
		return err
	}
	if size == indexIndicator {
		if err := z.finish(); err != nil {
			return err
		}
		return io.EOF
	}
	h := make([]byte, (int(size)+1)*sizeUnit)
	h[0] = size
	if err := z.in.full(h[1:]); err != nil {
		return err
	}
	body, sum := h[:len(h)-4], binary.LittleEndian.Uint32(h[len(h)-4:])
	if crc32.ChecksumIEEE(body) != sum {
		return damaged("header of a block")
	}
	flags, rest := body[1], bytes.NewReader(body[2:])
	if flags&(flagFilters|flagReserved) != 0 {
		return errors.New("xz: other filters than LZMA2 are not supported")
	}
	for _, f := range []byte{flagPacked, flagUnpacked} {
		if flags&f != 0 {
			if _, err := vli(rest); err != nil {
				return err
			}
		}
	}
	var filter [3]byte // its number, the size of its properties, those
	if _, err := io.ReadFull(rest, filter[:]); err != nil || filter[0] != filterLZMA2 || filter[1] != 1 {
		return errors.New("xz: other filters than LZMA2 are not supported")
	}
	dictionary, err := dictionarySize(filter[2])
	if err != nil {
		return err
	}
	z.block = newLZMA2(z.in, dictionary)
	z.in.n = 0
	switch z.kind {
	case checkCRC32:
		z.check = crc32.NewIEEE()
	case checkCRC64:
		z.check = crc64.New(crc64.MakeTable(crc64.ECMA))
	}
	return nil
}

// dictionarySize: 2 or 3 times a power of two.
func dictionarySize(b byte) (int, error) {
	if b > 40 {
		return 0, damaged("size of the dictionary")
	}
	size := (2 | uint64(b)&1) << (b/2 + 11)
	if size > MaxDictionary {
		return 0, fmt.Errorf("xz: a dictionary of %d MiB is not supported", size>>20)
	}
	return int(size), nil
}

// end reads what follows the data of a block.
func (z *Reader) end() error {
	z.block = nil
	if err := z.padding(); err != nil {
		return err
	}
	if z.check == nil {
		return nil
	}
	got := z.check.Sum(nil)
	want := make([]byte, len(got))
	if err := z.in.full(want); err != nil {
		return err
	}
	for i := range got { // sums are big-endian, checks are not
		if got[i] != want[len(want)-1-i] {
			return damaged("a block's check")
		}
	}
	return nil
}

func (z *Reader) padding() error {
	for z.in.n%sizeUnit != 0 {
		if b, err := z.in.ReadByte(); err != nil {
			return err
		} else if b != 0 {
			return damaged("padding")
		}
	}
	return nil
}

// finish reads index and footer. The blocks have been checked one by one, so the index tells nothing new.
func (z *Reader) finish() error {
	records, err := vli(z.in)
	if err != nil {
		return err
	}
	for range records {
		for range 2 {
			if _, err := vli(z.in); err != nil {
				return err
			}
		}
	}
	if err := z.padding(); err != nil {
		return err
	}
	var tail [4 + footerSize]byte
	if err := z.in.full(tail[:]); err != nil {
		return err
	}
	if footer := tail[4:]; !bytes.Equal(footer[10:], footerMagic) || binary.LittleEndian.Uint32(footer) != crc32.ChecksumIEEE(footer[4:10]) {
		return damaged("footer")
	}
	return nil
}

// vli reads a number of variable length, the low seven bits first.
func vli(r io.ByteReader) (uint64, error) {
	var n uint64
	for i := range maxVLI {
		b, err := r.ReadByte()
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return 0, err
		}
		n |= uint64(b&0x7f) << (7 * i)
		if b < 0x80 {
			return n, nil
		}
	}
	return 0, damaged("a number")
}
