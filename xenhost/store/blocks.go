package store

import (
	"fmt"
	"math/bits"
	"syscall"

	"github.com/cespare/xxhash/v2"
)

// bitmap has a bit for each block.
type bitmap []uint64

func newBitmap(n int64) bitmap { return make(bitmap, (n+63)/64) }

func (m bitmap) has(b uint32) bool { return m[b/64]>>(b%64)&1 != 0 }
func (m bitmap) set(b uint32)      { m[b/64] |= 1 << (b % 64) }
func (m bitmap) clear(b uint32)    { m[b/64] &^= 1 << (b % 64) }

func (m bitmap) count() (n int64) {
	for _, w := range m {
		n += int64(bits.OnesCount64(w))
	}
	return n
}

// space says which blocks are free. A block that the last root on the device needs is not free, even
// if nothing uses it any more: that root must stay true until there is another one.
type space struct {
	blocks    int64
	used      bitmap // now
	committed bitmap // by the root on the device
	free      int64  // in neither
	next      uint32 // where to look first
}

func newSpace(blocks int64) space {
	s := space{blocks: blocks, used: newBitmap(blocks), free: blocks - firstBlock, next: firstBlock}
	for b := range uint32(firstBlock) {
		s.used.set(b)
	}
	s.committed = newBitmap(blocks)
	return s
}

// take marks a block of what is on the device as used.
func (s *space) take(b uint32) error {
	switch {
	case b < firstBlock || int64(b) >= s.blocks:
		return fmt.Errorf("block %d is not one of 2 to %d", b, s.blocks-1)
	case s.used.has(b):
		return fmt.Errorf("block %d is used twice", b)
	}
	s.used.set(b)
	s.free--
	return nil
}

// alloc answers a free block, near the last one.
func (s *space) alloc() (uint32, error) {
	if s.free == 0 {
		return 0, syscall.ENOSPC
	}
	words := uint32(len(s.used))
	start := s.next / 64
	for i := range words + 1 {
		w := (start + i) % words
		free := ^(s.used[w] | s.committed[w])
		if i == 0 {
			free &= ^uint64(0) << (s.next % 64)
		}
		for free != 0 {
			b := w*64 + uint32(bits.TrailingZeros64(free))
			if int64(b) >= s.blocks {
				break
			}
			s.used.set(b)
			s.free--
			s.next = b + 1
			if int64(s.next) == s.blocks {
				s.next = firstBlock
			}
			return b, nil
		}
	}
	return 0, syscall.ENOSPC
}

// release says that a block is not used any more.
func (s *space) release(b uint32) {
	s.used.clear(b)
	if !s.committed.has(b) {
		s.free++
	}
}

func (s *space) releaseRuns(list []run) {
	for _, r := range list {
		for i := range r.count {
			s.release(r.first + i)
		}
	}
}

// commit says that the device now needs what is used now.
func (s *space) commit() {
	copy(s.committed, s.used)
	s.free = s.blocks - s.used.count()
}

// takeBlob marks the blocks of a blob on the device as used.
func (s *space) takeBlob(b *blob) error {
	if b.length < 0 || b.length > s.blocks*blockSize {
		return fmt.Errorf("a length of %d", b.length)
	}
	n := int64(0)
	for _, r := range b.runs {
		if int64(r.first)+int64(r.count) > s.blocks {
			return fmt.Errorf("blocks from %d on, %d of them, are not there", r.first, r.count)
		}
		for i := range r.count {
			if err := s.take(r.first + i); err != nil {
				return err
			}
		}
		n += int64(r.count)
	}
	if n != b.blocks() {
		return fmt.Errorf("%d blocks for %d bytes", n, b.length)
	}
	return nil
}

// readBlob reads bytes that were written at once.
func readBlob(d Device, b *blob) ([]byte, error) {
	data := make([]byte, b.blocks()*blockSize)
	at := int64(0)
	for _, r := range b.runs {
		n := int64(r.count) * blockSize
		if _, err := d.ReadAt(data[at:at+n], int64(r.first)*blockSize); err != nil {
			return nil, err
		}
		at += n
	}
	data = data[:b.length]
	if sum := xxhash.Sum64(data); sum != b.sum {
		return nil, fmt.Errorf("%w: the sum of %d bytes is %#x, not %#x", errDamage, b.length, sum, b.sum)
	}
	return data, nil
}

// writeBlob writes bytes to free blocks.
func (s *Store) writeBlob(data []byte) (blob, error) {
	b := blob{length: int64(len(data)), sum: xxhash.Sum64(data)}
	for range b.blocks() {
		n, err := s.space.alloc()
		if err != nil {
			s.space.releaseRuns(b.runs)
			return blob{}, err
		}
		if last := len(b.runs) - 1; last >= 0 && b.runs[last].first+b.runs[last].count == n {
			b.runs[last].count++
		} else {
			b.runs = append(b.runs, run{n, 1})
		}
	}
	padded := make([]byte, b.blocks()*blockSize)
	copy(padded, data)
	for _, r := range b.runs {
		n := int(r.count) * blockSize
		if err := s.write(padded[:n], r.first); err != nil {
			s.space.releaseRuns(b.runs)
			return blob{}, err
		}
		padded = padded[n:]
	}
	return b, nil
}

// write writes blocks in a row.
func (s *Store) write(p []byte, first uint32) error {
	if _, err := s.device.WriteAt(p, int64(first)*blockSize); err != nil {
		return fmt.Errorf("store: write block %d: %w", first, err)
	}
	return nil
}
