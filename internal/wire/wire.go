// Package wire writes and reads the numbers and strings that the code sections of an
// optimized image are made of. A [Reader] never panics: it remembers the first thing that is
// wrong and reads zeros from then on, and no count that it answers is larger than
// what is left to read.
package wire

import (
	"encoding/binary"
	"fmt"
)

// A Writer appends to Bytes.
type Writer struct{ Bytes []byte }

// Uint writes a number in as few bytes as it needs, seven bits each.
func (w *Writer) Uint(n uint64) { w.Bytes = binary.AppendUvarint(w.Bytes, n) }

// Int writes a number that may be negative.
func (w *Writer) Int(n int64) { w.Bytes = binary.AppendVarint(w.Bytes, n) }

// Byte writes a byte.
func (w *Writer) Byte(b byte) { w.Bytes = append(w.Bytes, b) }

// Bool writes 0 or 1.
func (w *Writer) Bool(b bool) {
	if b {
		w.Byte(1)
	} else {
		w.Byte(0)
	}
}

// Word writes eight bytes, the lowest first.
func (w *Writer) Word(n uint64) { w.Bytes = binary.LittleEndian.AppendUint64(w.Bytes, n) }

// Half writes four bytes, the lowest first.
func (w *Writer) Half(n uint32) { w.Bytes = binary.LittleEndian.AppendUint32(w.Bytes, n) }

// String writes length and bytes.
func (w *Writer) String(s string) {
	w.Uint(uint64(len(s)))
	w.Bytes = append(w.Bytes, s...)
}

// Block writes length and bytes.
func (w *Writer) Block(b []byte) {
	w.Uint(uint64(len(b)))
	w.Bytes = append(w.Bytes, b...)
}

// Align writes zeros until the length is a multiple of n.
func (w *Writer) Align(n int) {
	for len(w.Bytes)%n != 0 {
		w.Bytes = append(w.Bytes, 0)
	}
}

// A Reader reads what a Writer wrote.
type Reader struct {
	all []byte
	at  int
	err error
}

// NewReader reads from b, which it keeps.
func NewReader(b []byte) *Reader { return &Reader{all: b} }

// Err answers the first thing that was wrong.
func (r *Reader) Err() error { return r.err }

// Fail notes that something is wrong here.
func (r *Reader) Fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("at byte %d of %d: %s", r.at, len(r.all), fmt.Sprintf(format, args...))
	}
}

// Left answers how many bytes are left, 0 after an error.
func (r *Reader) Left() int {
	if r.err != nil {
		return 0
	}
	return len(r.all) - r.at
}

// End notes it if anything is left.
func (r *Reader) End() error {
	if n := r.Left(); n > 0 {
		r.Fail("%d bytes too many", n)
	}
	return r.err
}

// Take answers the next n bytes, which are not copied; nil if there are not so many.
func (r *Reader) Take(n int) []byte {
	if n < 0 || n > r.Left() {
		r.Fail("%d bytes are missing", n-r.Left())
		return nil
	}
	r.at += n
	return r.all[r.at-n : r.at : r.at]
}

// Uint reads a number.
func (r *Reader) Uint() uint64 {
	n, size := binary.Uvarint(r.all[r.at:])
	if size <= 0 || r.err != nil {
		r.Fail("a number is cut short or too long")
		return 0
	}
	r.at += size
	return n
}

// Int reads a number that may be negative.
func (r *Reader) Int() int64 {
	n, size := binary.Varint(r.all[r.at:])
	if size <= 0 || r.err != nil {
		r.Fail("a number is cut short or too long")
		return 0
	}
	r.at += size
	return n
}

// Below reads a number that is below a limit.
func (r *Reader) Below(limit uint64, what string) uint64 {
	n := r.Uint()
	if n >= limit && r.err == nil {
		r.Fail("%s is %d, not below %d", what, n, limit)
		return 0
	}
	return n
}

// Count reads the length of a list of things that take at least a byte each.
func (r *Reader) Count() int { return int(r.Below(uint64(r.Left())+1, "a length")) }

// Byte reads a byte.
func (r *Reader) Byte() byte {
	if b := r.Take(1); b != nil {
		return b[0]
	}
	return 0
}

// Bool reads a byte that is 0 or 1.
func (r *Reader) Bool() bool {
	b := r.Byte()
	if b > 1 {
		r.Fail("%d is neither true nor false", b)
	}
	return b == 1
}

// Word reads eight bytes.
func (r *Reader) Word() uint64 {
	if b := r.Take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

// Half reads four bytes.
func (r *Reader) Half() uint32 {
	if b := r.Take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

// String reads a string.
func (r *Reader) String() string { return string(r.Block()) }

// Block reads length and bytes, which are not copied.
func (r *Reader) Block() []byte { return r.Take(r.Count()) }

// Align skips the zeros that Align wrote.
func (r *Reader) Align(n int) {
	for r.at%n != 0 && r.err == nil {
		if r.Byte() != 0 {
			r.Fail("filling that is not 0")
		}
	}
}
