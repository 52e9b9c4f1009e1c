package xz

import (
	"encoding/binary"
	"io"
)

// A chunk begins with a byte that tells what it is:
//
//	0        the end
//	1, 2     size-1 (2, big-endian), data as it is; 1 forgets what came before
//	1rrsssss size-1 (5 bits and 2 bytes), packed size-1 (2), perhaps properties (1), packed data.
//	         rr: 1 resets the state, 2 brings properties too, 3 forgets what came before as well
const (
	chunkEnd    = 0
	chunkReset  = 1
	chunkPlain  = 2
	chunkPacked = 0x80

	resetState = 1
	resetProps = 2
	resetAll   = 3

	maxChunk = 2 << 20
)

// lzma2 unpacks the data of a block.
type lzma2 struct {
	in         *counted
	dictionary int
	coder      lzma
	window     []byte // what was unpacked: a dictionary at most that is over, and what is to be read
	read       int    // of window
	begun      bool   // the first chunk has to forget
	ready      bool   // there are properties
	packed     []byte
}

func newLZMA2(in *counted, dictionary int) *lzma2 {
	return &lzma2{in: in, dictionary: dictionary, packed: make([]byte, 64<<10)}
}

func (l *lzma2) Read(p []byte) (int, error) {
	for l.read == len(l.window) {
		if err := l.chunk(); err != nil {
			return 0, err
		}
	}
	n := copy(p, l.window[l.read:])
	l.read += n
	return n, nil
}

// room makes the window long enough for a chunk.
func (l *lzma2) room(size int) {
	if len(l.window)+size <= cap(l.window) {
		return
	}
	keep := min(len(l.window), l.dictionary)
	if most := l.dictionary + 2*maxChunk; keep+size > cap(l.window) {
		grown := make([]byte, keep, min(most, max(2*cap(l.window), keep+size)))
		copy(grown, l.window[len(l.window)-keep:])
		l.window = grown
	} else {
		copy(l.window, l.window[len(l.window)-keep:])
		l.window = l.window[:keep]
	}
	l.read = len(l.window)
}

func (l *lzma2) chunk() error {
	kind, err := l.in.ReadByte()
	if err != nil {
		return err
	}
	if kind == chunkEnd {
		return io.EOF
	}
	reset := int(kind >> 5 & 3)
	if kind == chunkReset || kind >= chunkPacked && reset == resetAll {
		l.begun = true
		l.window, l.read = l.window[:0], 0
		l.coder.position = 0
	}
	if !l.begun || kind > chunkPlain && kind < chunkPacked {
		return damaged("a chunk")
	}
	var h [4]byte
	if kind < chunkPacked {
		if err := l.in.full(h[:2]); err != nil {
			return err
		}
		size := int(binary.BigEndian.Uint16(h[:])) + 1
		l.room(size)
		n := len(l.window)
		l.window = l.window[:n+size]
		l.coder.position += uint32(size)
		return l.in.full(l.window[n:])
	}
	if err := l.in.full(h[:]); err != nil {
		return err
	}
	size := int(kind&0x1f)<<16 + int(binary.BigEndian.Uint16(h[:])) + 1
	packed := l.packed[:int(binary.BigEndian.Uint16(h[2:]))+1]
	if reset >= resetProps {
		b, err := l.in.ReadByte()
		if err != nil {
			return err
		}
		if !l.coder.setProperties(b) {
			return damaged("properties")
		}
		l.ready = true
	}
	if !l.ready {
		return damaged("a chunk without properties")
	}
	if reset >= resetState {
		l.coder.reset()
	}
	if err := l.in.full(packed); err != nil {
		return err
	}
	l.room(size)
	n := len(l.window)
	l.window = l.window[:n+size]
	if !l.coder.unpack(packed, l.window, n) {
		l.window = l.window[:n]
		return damaged("a packed chunk")
	}
	return nil
}
