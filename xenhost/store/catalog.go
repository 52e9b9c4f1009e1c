package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"syscall"
)

// Kinds of entries.
const (
	kindFolder = 1
	kindFile   = 2
)

const (
	maxName  = 255
	maxDepth = 100 // of folders in each other
	allModes = 0o7777
)

// errDamage is part of all errors about bytes that are not what was written.
var errDamage = fmt.Errorf("damaged: %w", syscall.EIO)

func validName(name string) bool {
	return name != "" && name != "." && name != ".." && len(name) <= maxName && !strings.ContainsAny(name, "/\x00")
}

// encode appends an entry and what is in it.
func (n *node) encode(b []byte) []byte {
	kind := byte(kindFile)
	if n.entries != nil {
		kind = kindFolder
	}
	b = append(b, kind)
	b = binary.AppendUvarint(b, uint64(len(n.name)))
	b = append(b, n.name...)
	b = binary.AppendUvarint(b, uint64(n.mode))
	b = binary.AppendVarint(b, n.modified)
	if n.entries != nil {
		b = binary.AppendUvarint(b, uint64(len(n.entries)))
		for _, name := range slices.Sorted(maps.Keys(n.entries)) {
			b = n.entries[name].encode(b)
		}
		return b
	}
	b = binary.AppendUvarint(b, uint64(n.size))
	b = le.AppendUint64(b, n.table.sum)
	b = binary.AppendUvarint(b, uint64(len(n.table.runs)))
	for _, r := range n.table.runs {
		b = binary.AppendUvarint(b, uint64(r.first))
		b = binary.AppendUvarint(b, uint64(r.count))
	}
	return b
}

// bound answers how many bytes encode appends for the entry alone, at most.
func (n *node) bound() int64 {
	const numbers = 1 + 2 + 2 + 10 + 10 + 8 + 5
	return numbers + int64(len(n.name)) + 10*n.tableBlocks()
}

// decoder reads a catalog.
type decoder struct {
	b   []byte
	err error
}

func (d *decoder) fail() {
	if d.err == nil {
		d.err = errors.New("the catalog cannot be understood")
	}
	d.b = nil
}

func (d *decoder) bytes(n uint64) []byte {
	if n > uint64(len(d.b)) {
		d.fail()
		return nil
	}
	p := d.b[:n]
	d.b = d.b[n:]
	return p
}

func (d *decoder) uvarint(most uint64) uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 || v > most {
		d.fail()
		return 0
	}
	d.b = d.b[n:]
	return v
}

// node reads an entry and what is in it.
func (d *decoder) node(depth int, space *space) *node {
	kind := d.bytes(1)
	name := string(d.bytes(d.uvarint(maxName)))
	n := &node{name: name, mode: uint32(d.uvarint(allModes)), links: true}
	modified, size := binary.Varint(d.b)
	if d.err != nil || size <= 0 || depth > maxDepth || depth > 0 && !validName(name) {
		d.fail()
		return n
	}
	n.modified = modified
	d.b = d.b[size:]
	switch kind[0] {
	case kindFolder:
		n.entries = map[string]*node{}
		last := ""
		for range d.uvarint(uint64(len(d.b))) {
			e := d.node(depth+1, space)
			if d.err != nil || e.name <= last {
				d.fail()
				return n
			}
			e.parent = n
			n.entries[e.name], last = e, e.name
		}
	case kindFile:
		n.size = int64(d.uvarint(uint64(space.blocks * blockSize)))
		n.table.length = blocksFor(n.size) * entrySize
		if sum := d.bytes(8); sum != nil {
			n.table.sum = le.Uint64(sum)
		}
		for range d.uvarint(uint64(len(d.b))) {
			n.table.runs = append(n.table.runs, run{uint32(d.uvarint(1<<32 - 1)), uint32(d.uvarint(1<<32 - 1))})
		}
		if d.err == nil {
			if err := space.takeBlob(&n.table); err != nil {
				d.err = fmt.Errorf("map of %s: %w", name, err)
			}
		}
	default:
		d.fail()
	}
	return n
}

// decodeCatalog reads the tree of all entries, and marks the blocks of maps as used. Maps are not read.
func decodeCatalog(b []byte, space *space) (*node, error) {
	d := decoder{b: b}
	n := d.node(0, space)
	switch {
	case d.err != nil:
		return nil, d.err
	case n.entries == nil || n.name != "" || len(d.b) != 0:
		return nil, errors.New("the catalog is no folder")
	}
	return n, nil
}
