package store

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cespare/xxhash/v2"
)

const (
	mark        = "SistaSto"
	version     = 1
	rootHeader  = 64
	runSize     = 8
	maxRootRuns = (blockSize - rootHeader) / runSize
	firstBlock  = 2 // that is no root
)

// run is blocks in a row.
type run struct{ first, count uint32 }

// blob is bytes that are written at once, to blocks of their own.
type blob struct {
	length int64
	sum    uint64
	runs   []run
}

func (b *blob) blocks() int64 { return blocksFor(b.length) }

func blocksFor(bytes int64) int64 { return (bytes + blockSize - 1) / blockSize }

// root is what a block 0 or 1 says.
type root struct {
	identity   uint64
	generation uint64
	blocks     int64
	catalog    blob
}

var le = binary.LittleEndian

func (r *root) encode() []byte {
	b := make([]byte, blockSize)
	copy(b, mark)
	le.PutUint32(b[16:], version)
	le.PutUint32(b[20:], uint32(len(r.catalog.runs)))
	le.PutUint64(b[24:], r.identity)
	le.PutUint64(b[32:], r.generation)
	le.PutUint64(b[40:], uint64(r.blocks))
	le.PutUint64(b[48:], uint64(r.catalog.length))
	le.PutUint64(b[56:], r.catalog.sum)
	end := rootHeader
	for _, x := range r.catalog.runs {
		le.PutUint32(b[end:], x.first)
		le.PutUint32(b[end+4:], x.count)
		end += runSize
	}
	le.PutUint64(b[8:], xxhash.Sum64(b[16:end]))
	return b
}

var (
	errNoRoot  = errors.New("no root")
	errBadRoot = errors.New("damaged root")
)

// decodeRoot reads a block; errNoRoot if there is nothing of ours in it.
func decodeRoot(b []byte) (*root, error) {
	if string(b[:len(mark)]) != mark {
		return nil, errNoRoot
	}
	n := le.Uint32(b[20:])
	if n > maxRootRuns {
		return nil, errBadRoot
	}
	end := rootHeader + int(n)*runSize
	if le.Uint64(b[8:]) != xxhash.Sum64(b[16:end]) {
		return nil, errBadRoot
	}
	if v := le.Uint32(b[16:]); v != version {
		return nil, fmt.Errorf("a store of version %d; version %d is known here", v, version)
	}
	r := &root{
		identity: le.Uint64(b[24:]), generation: le.Uint64(b[32:]), blocks: int64(le.Uint64(b[40:])),
		catalog: blob{length: int64(le.Uint64(b[48:])), sum: le.Uint64(b[56:])},
	}
	for at := rootHeader; at < end; at += runSize {
		r.catalog.runs = append(r.catalog.runs, run{le.Uint32(b[at:]), le.Uint32(b[at+4:])})
	}
	return r, nil
}
