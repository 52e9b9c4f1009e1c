package image

import (
	"io"
	"sync"
	"sync/atomic"
	"unsafe"
)

const (
	// writeWords is how much is written at a time, and writeAhead how many buffers of that there are.
	writeWords = 1 << 18 / wordSize
	writeAhead = 16
)

// behind gives what it is given to writers, each on a goroutine of its own, while the next buffer is filled. After
// an error nothing more is written.
type behind struct {
	all    []*behindWriter
	empty  chan *shared
	filled *shared // by the giver
	wait   sync.WaitGroup
	failed atomic.Bool
	closed bool
}

// shared is a buffer that several writers read.
type shared struct {
	words []uint64
	left  atomic.Int32 // writers that still need it
}

// behindWriter is a writer, and how far it has come when all is done.
type behindWriter struct {
	full    chan *shared
	written int64
	err     error
}

func newBehind(writers ...io.Writer) *behind {
	b := &behind{empty: make(chan *shared, writeAhead)}
	for range writeAhead {
		b.empty <- new(shared)
	}
	for _, w := range writers {
		x := &behindWriter{full: make(chan *shared, writeAhead)}
		b.all = append(b.all, x)
		b.wait.Go(func() { b.run(x, w) })
	}
	return b
}

func (b *behind) run(x *behindWriter, w io.Writer) {
	for s := range x.full {
		if x.err == nil {
			var n int
			n, x.err = w.Write(unsafe.Slice((*byte)(unsafe.Pointer(&s.words[0])), len(s.words)*wordSize))
			x.written += int64(n)
			if x.err != nil {
				b.failed.Store(true)
			}
		}
		if s.left.Add(-1) == 0 {
			b.empty <- s
		}
	}
}

// write takes a full buffer, or none at first, and answers an empty one.
func (b *behind) write(words []uint64) []uint64 {
	b.give(words)
	b.filled = <-b.empty
	if b.filled.words == nil {
		b.filled.words = make([]uint64, writeWords)
	}
	return b.filled.words[:0]
}

func (b *behind) give(words []uint64) {
	if len(words) == 0 {
		return
	}
	s := b.filled
	s.words = words
	s.left.Store(int32(len(b.all)))
	for _, x := range b.all {
		x.full <- s
	}
}

// end gives the last buffer, and answers what went wrong, and at which offset of what was written, when all is done.
func (b *behind) end(words []uint64) (at int64, err error) {
	b.give(words)
	b.close()
	for _, x := range b.all {
		if x.err != nil {
			return x.written, x.err
		}
	}
	return 0, nil
}

// close waits for what was given.
func (b *behind) close() {
	if !b.closed {
		b.closed = true
		for _, x := range b.all {
			close(x.full)
		}
	}
	b.wait.Wait()
}
