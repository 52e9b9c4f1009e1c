package store

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"syscall"

	"github.com/cespare/xxhash/v2"
)

// entrySize is what a block takes in a file's map.
const entrySize = 12

// entry is a block of a file; number 0: it was never written and reads as zeros.
type entry struct {
	block uint32
	sum   uint64
}

// node is a file or a folder. The store's lock guards it.
type node struct {
	name     string
	parent   *node
	links    bool // it has a name
	open     int  // handles
	mode     uint32
	modified int64
	entries  map[string]*node // of a folder; nil for a file

	size    int64
	blocks  []entry
	table   blob // the map, on the device
	changed bool // the map on the device is an old one
	dirty   map[int64][]byte
}

func (n *node) tableBlocks() int64 { return blocksFor(int64(len(n.blocks)) * entrySize) }

// change makes f change a file, and keeps count of what the next Sync will have to write.
func (s *Store) change(n *node, f func() error) error {
	s.count(n, -1)
	err := f()
	s.count(n, 1)
	s.touch()
	return err
}

// count adds what a node needs in the catalog, and in a map to be written, sign times.
func (s *Store) count(n *node, sign int64) {
	if !n.links {
		return
	}
	s.catalogBound += sign * n.bound()
	if n.changed {
		s.tables += sign * n.tableBlocks()
	}
}

// reserve is how many blocks the next Sync may need.
func (s *Store) reserve() int64 { return blocksFor(s.catalogBound) + s.tables + reserveSlack }

// reserveSlack is kept beyond what is needed, so that in a full store something can be removed or cut.
const reserveSlack = 8

// room makes sure that some blocks can be had, by a Sync if that frees any, and that there is
// room for the map of a file that is going to be changed.
func (s *Store) room(n *node, blocks int64) error {
	enough := func() bool {
		need := blocks
		if !n.changed {
			need += n.tableBlocks()
		}
		return s.space.free-need >= s.reserve()
	}
	if enough() {
		return nil
	}
	if err := s.sync(); err != nil {
		return err
	}
	if !enough() {
		return syscall.ENOSPC
	}
	return nil
}

// readBlocks reads blocks of a file that lie in a row on the device, from the one with an index on.
func (s *Store) readBlocks(n *node, index int64, p []byte) error {
	first := n.blocks[index].block
	if _, err := s.device.ReadAt(p, int64(first)*blockSize); err != nil {
		return fmt.Errorf("store: read block %d, of %s: %w", first, n.path(), err)
	}
	for i := range int64(len(p)) / blockSize {
		if e := n.blocks[index+i]; xxhash.Sum64(p[i*blockSize:(i+1)*blockSize]) != e.sum {
			return fmt.Errorf("store: block %d, byte %d of %s: %w", e.block, (index+i)*blockSize, n.path(), errDamage)
		}
	}
	return nil
}

// recent is the block that was last read in part.
type recent struct {
	n     *node
	index int64
	data  [blockSize]byte
}

// mostRead is how many blocks are read at once.
const mostRead = 64

// readAt reads from a place in a file.
func (s *Store) readAt(n *node, p []byte, at int64) (done int, err error) {
	if at >= n.size {
		return 0, io.EOF
	}
	if rest := n.size - at; int64(len(p)) > rest {
		p, err = p[:rest], io.EOF
	}
	for len(p) > 0 {
		index, offset := at/blockSize, at%blockSize
		k, e := s.readSome(n, p, index, offset)
		if e != nil {
			return done, e
		}
		done, at, p = done+k, at+int64(k), p[k:]
	}
	return done, err
}

// readSome reads at most up to where something else begins.
func (s *Store) readSome(n *node, p []byte, index, offset int64) (int, error) {
	if b := n.dirty[index]; b != nil {
		return copy(p, b[offset:]), nil
	}
	if n.blocks[index].block == 0 {
		k := min(int64(len(p)), blockSize-offset)
		clear(p[:k])
		return int(k), nil
	}
	if offset != 0 || len(p) < blockSize {
		if s.recent.n != n || s.recent.index != index {
			s.recent.n = nil
			if err := s.readBlocks(n, index, s.recent.data[:]); err != nil {
				return 0, err
			}
			s.recent.n, s.recent.index = n, index
		}
		return copy(p, s.recent.data[offset:]), nil
	}
	count := int64(1)
	for most := min(int64(len(p))/blockSize, mostRead); count < most; count++ {
		if n.dirty[index+count] != nil || n.blocks[index+count].block != n.blocks[index].block+uint32(count) {
			break
		}
	}
	return int(count * blockSize), s.readBlocks(n, index, p[:count*blockSize])
}

// writeAt writes at a place in a file.
func (s *Store) writeAt(n *node, p []byte, at int64) (done int, err error) {
	if at+int64(len(p)) > s.space.blocks*blockSize {
		return 0, syscall.EFBIG
	}
	if len(p) == 0 {
		return 0, nil
	}
	old := n.size
	if err := s.extend(n, at); err != nil { // what lies between is zero
		return 0, err
	}
	for len(p) > 0 {
		index, offset := at/blockSize, at%blockSize
		k := min(int64(len(p)), blockSize-offset)
		b, err := s.modify(n, index, offset == 0 && (k == blockSize || at+k >= n.size))
		if err != nil {
			if done == 0 && old < n.size {
				_ = s.cut(n, old)
			}
			return done, err
		}
		copy(b[offset:], p[:k])
		n.size = max(n.size, at+k)
		n.modified = s.now()
		done, at, p = done+int(k), at+k, p[k:]
	}
	return done, nil
}

// extend makes a file at least so long, with zeros that take no blocks.
func (s *Store) extend(n *node, size int64) error {
	if size <= n.size {
		return nil
	}
	grown := blocksFor(size) - int64(len(n.blocks))
	if grown > 0 {
		if err := s.room(n, blocksFor(grown*entrySize)+1); err != nil {
			return err
		}
	}
	return s.change(n, func() error {
		n.size, n.changed = size, true
		if grown > 0 {
			n.blocks = append(n.blocks, make([]entry, grown)...)
		}
		return nil
	})
}

// modify answers the contents of a block of a file, to be changed; whole: all that matters will be.
func (s *Store) modify(n *node, index int64, whole bool) ([]byte, error) {
	s.touch()
	if b := n.dirty[index]; b != nil {
		return b, nil
	}
	if len(s.dirty) >= maxDirty {
		if err := s.writeDirty(); err != nil {
			return nil, err
		}
	}
	old := entry{}
	if index < int64(len(n.blocks)) {
		old = n.blocks[index]
	}
	b := make([]byte, blockSize)
	if old.block != 0 && !whole {
		if err := s.readBlocks(n, index, b); err != nil {
			return nil, err
		}
	}
	block, need := old.block, int64(0)
	if block == 0 || s.space.committed.has(block) {
		block, need = 0, 2 // one of them for the map
	}
	if err := s.room(n, need); err != nil {
		return nil, err
	}
	if block == 0 {
		var err error
		if block, err = s.space.alloc(); err != nil {
			return nil, err
		}
	}
	err := s.change(n, func() error {
		n.changed = true
		if index == int64(len(n.blocks)) {
			n.blocks = append(n.blocks, entry{})
		}
		return nil
	})
	if old.block != 0 && old.block != block {
		s.space.release(old.block)
	}
	n.blocks[index].block = block
	if n.dirty == nil {
		n.dirty = map[int64][]byte{}
	}
	n.dirty[index] = b
	s.dirty = append(s.dirty, place{n, index})
	if s.recent.n == n && s.recent.index == index {
		s.recent.n = nil
	}
	return b, err
}

// place is a block of a file.
type place struct {
	n     *node
	index int64
}

// maxDirty is how many blocks are kept in memory before they are written.
const maxDirty = 256

// writeDirty writes all blocks that were changed, those in a row at once.
func (s *Store) writeDirty() error {
	s.dirty = slices.DeleteFunc(s.dirty, func(p place) bool { return p.n.dirty[p.index] == nil })
	// Blocks that were cut off and written again are in the list twice.
	slices.SortFunc(s.dirty, func(a, b place) int {
		return int(int64(a.n.blocks[a.index].block) - int64(b.n.blocks[b.index].block))
	})
	s.dirty = slices.Compact(s.dirty)
	var buffer bytes.Buffer
	for len(s.dirty) > 0 {
		first := s.dirty[0].n.blocks[s.dirty[0].index].block
		buffer.Reset()
		count := 0
		for _, p := range s.dirty {
			if p.n.blocks[p.index].block != first+uint32(count) {
				break
			}
			data := p.n.dirty[p.index]
			p.n.blocks[p.index].sum = xxhash.Sum64(data)
			buffer.Write(data)
			count++
		}
		if err := s.write(buffer.Bytes(), first); err != nil {
			return err
		}
		for _, p := range s.dirty[:count] {
			delete(p.n.dirty, p.index)
		}
		s.dirty = s.dirty[count:]
	}
	return nil
}

// truncate cuts a file, or extends it by zeros.
func (s *Store) truncate(n *node, size int64) error {
	switch {
	case size < 0:
		return syscall.EINVAL
	case size > s.space.blocks*blockSize:
		return syscall.EFBIG
	case size >= n.size:
		if err := s.extend(n, size); err != nil {
			return err
		}
		n.modified = s.now()
		s.touch()
		return nil
	}
	if size > 0 {
		if err := s.room(n, 0); err != nil {
			return err
		}
	}
	last := size / blockSize
	if offset := size % blockSize; offset != 0 && (n.blocks[last].block != 0 || n.dirty[last] != nil) {
		b, err := s.modify(n, last, false)
		if err != nil {
			return err
		}
		clear(b[offset:])
	}
	return s.cut(n, size)
}

// cut makes a file shorter; what it keeps of its last block beyond the end is zero already.
func (s *Store) cut(n *node, size int64) error {
	return s.change(n, func() error {
		keep := blocksFor(size)
		for i := keep; i < int64(len(n.blocks)); i++ {
			delete(n.dirty, i)
			if b := n.blocks[i].block; b != 0 {
				s.space.release(b)
			}
		}
		if s.recent.n == n {
			s.recent.n = nil
		}
		n.blocks = slices.Clip(n.blocks[:keep])
		n.size, n.changed, n.modified = size, true, s.now()
		return nil
	})
}

// writeTable writes the map of a file.
func (s *Store) writeTable(n *node) error {
	b := make([]byte, 0, len(n.blocks)*entrySize)
	for _, e := range n.blocks {
		b = le.AppendUint32(b, e.block)
		b = le.AppendUint64(b, e.sum)
	}
	table, err := s.writeBlob(b)
	if err != nil {
		return err
	}
	s.space.releaseRuns(n.table.runs)
	s.count(n, -1)
	n.table, n.changed = table, false
	s.count(n, 1)
	return nil
}

// readTable reads the map of a file, and marks its blocks as used.
func (s *Store) readTable(n *node) error {
	b, err := readBlob(s.device, &n.table)
	if err != nil {
		return err
	}
	n.blocks = make([]entry, len(b)/entrySize)
	for i := range n.blocks {
		e := entry{le.Uint32(b[i*entrySize:]), le.Uint64(b[i*entrySize+4:])}
		if e.block != 0 {
			if err := s.space.take(e.block); err != nil {
				return err
			}
		}
		n.blocks[i] = e
	}
	return nil
}

// forget gives the blocks of a file back that has neither a name nor handles.
func (s *Store) forget(n *node) {
	if n.links || n.open > 0 || n.entries != nil {
		return
	}
	if s.recent.n == n {
		s.recent.n = nil
	}
	n.dirty = nil
	for _, e := range n.blocks {
		if e.block != 0 {
			s.space.release(e.block)
		}
	}
	s.space.releaseRuns(n.table.runs)
	n.blocks, n.table = nil, blob{}
	s.touch()
}

// path answers the name from the root on.
func (n *node) path() string {
	if n.parent == nil {
		return "/" + n.name
	}
	if n.parent.parent == nil {
		return "/" + n.name
	}
	return n.parent.path() + "/" + n.name
}
