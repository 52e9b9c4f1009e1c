package counters

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/cespare/xxhash/v2"
)

// The encoding of a table; n is an unsigned varint:
//
//	magic     8 bytes "SISTACNT"
//	version   2 bytes, little endian
//	methods   n, then each the difference to the one before, ascending
//	sends     n, then each: path, other, cases: n of (class, target, count)
//	evaluations n, then each: path, other, cases: n of (block, count)
//	branches  n, then each: path, reached, taken
//	loops     n, then each: path, back edges
//	allocations n, then each: path, other, cases: n of (class, count, elements)
//	failures  n, then each: path, cases: n of (code, count)
//	splits    n, then each: site, depth
//	checksum  8 bytes, little endian: xxhash64 of all before
//
//	path = length, sites      site = place in methods, pc       target, block = place in methods
//
// Lists are in ascending order of paths. Encode is a function of the contents.
const (
	magic         = "SISTACNT"
	FormatVersion = 2
	headerSize    = len(magic) + 2
	sumSize       = 8
)

// Errors of Decode, in the order in which they are found.
var (
	ErrMagic    = errors.New("counters: not feedback")
	ErrVersion  = errors.New("counters: feedback of another format version")
	ErrChecksum = errors.New("counters: feedback damaged: checksum")
	ErrCorrupt  = errors.New("counters: feedback damaged")
)

// Encode answers the table as bytes.
func (t *Table) Encode() []byte {
	e := &encoder{place: map[Method]uint64{}}
	e.b = binary.LittleEndian.AppendUint16([]byte(magic), FormatVersion)
	e.methods(t)
	encodeList(e, t.sends, func(s *Send) {
		e.n(s.Other)
		e.n(uint64(len(s.Cases)))
		for _, c := range s.Cases {
			e.n(uint64(c.Class))
			e.n(e.place[c.Target])
			e.n(c.Count)
		}
	})
	encodeList(e, t.evaluations, func(v *Evaluation) {
		e.n(v.Other)
		e.n(uint64(len(v.Cases)))
		for _, c := range v.Cases {
			e.n(e.place[c.Block])
			e.n(c.Count)
		}
	})
	encodeList(e, t.branches, func(b *Branch) {
		e.n(b.Reached)
		e.n(b.Taken)
	})
	encodeList(e, t.loops, func(l *Loop) { e.n(l.BackEdges) })
	encodeList(e, t.allocations, func(a *Allocation) {
		e.n(a.Other)
		e.n(uint64(len(a.Cases)))
		for _, c := range a.Cases {
			e.n(uint64(c.Class))
			e.n(c.Count)
			e.n(c.Elements)
		}
	})
	encodeList(e, t.failures, func(f *Failure) {
		e.n(uint64(len(f.Cases)))
		for _, c := range f.Cases {
			e.n(uint64(c.Code))
			e.n(c.Count)
		}
	})
	sites := slices.SortedFunc(maps.Keys(t.depth), func(a, b Site) int { return comparePaths(MakePath(a), MakePath(b)) })
	e.n(uint64(len(sites)))
	for _, s := range sites {
		e.site(s)
		e.n(uint64(t.depth[s]))
	}
	return binary.LittleEndian.AppendUint64(e.b, xxhash.Sum64(e.b))
}

type encoder struct {
	b     []byte
	place map[Method]uint64
}

func (e *encoder) n(n uint64) { e.b = binary.AppendUvarint(e.b, n) }

func (e *encoder) site(s Site) {
	e.n(e.place[s.Method])
	e.n(uint64(s.PC))
}

// methods collects and writes the list that all else refers to.
func (e *encoder) methods(t *Table) {
	all := map[Method]bool{}
	path := func(p Path) {
		for _, s := range p[:p.Len()] {
			all[s.Method] = true
		}
	}
	for p, s := range t.sends {
		path(p)
		for _, c := range s.Cases {
			all[c.Target] = true
		}
	}
	for p, v := range t.evaluations {
		path(p)
		for _, c := range v.Cases {
			all[c.Block] = true
		}
	}
	for p := range t.branches {
		path(p)
	}
	for p := range t.loops {
		path(p)
	}
	for p := range t.allocations {
		path(p)
	}
	for p := range t.failures {
		path(p)
	}
	for s := range t.depth {
		all[s.Method] = true
	}
	e.n(uint64(len(all)))
	last := Method(0)
	for i, m := range slices.Sorted(maps.Keys(all)) {
		e.n(uint64(m - last))
		e.place[m], last = uint64(i), m
	}
}

func encodeList[T any](e *encoder, m map[Path]*T, record func(*T)) {
	e.n(uint64(len(m)))
	for _, p := range sorted(m) {
		e.n(uint64(p.Len()))
		for _, s := range p[:p.Len()] {
			e.site(s)
		}
		record(m[p])
	}
}

// Decode reads what Encode wrote into a table with a policy. What the policy has no
// room for is kept as it is.
func Decode(data []byte, policy Policy) (*Table, error) {
	switch {
	case len(data) < headerSize+sumSize || string(data[:len(magic)]) != magic:
		return nil, ErrMagic
	case binary.LittleEndian.Uint16(data[len(magic):]) != FormatVersion:
		return nil, fmt.Errorf("%w: %d, not %d", ErrVersion, binary.LittleEndian.Uint16(data[len(magic):]), FormatVersion)
	case binary.LittleEndian.Uint64(data[len(data)-sumSize:]) != xxhash.Sum64(data[:len(data)-sumSize]):
		return nil, ErrChecksum
	}
	d := &decoder{b: data[headerSize : len(data)-sumSize]}
	t := New(policy)
	d.table(t)
	if d.what == "" && len(d.b) > 0 {
		d.what = "bytes left over"
	}
	if d.what != "" {
		return nil, fmt.Errorf("%w: %s, %d bytes before the checksum", ErrCorrupt, d.what, len(d.b))
	}
	return t, nil
}

// A decoder remembers the first thing wrong; from then on it reads zeros.
type decoder struct {
	b    []byte
	all  []Method
	what string
}

func (d *decoder) fail(what string) {
	if d.what == "" {
		d.what = what
	}
}

func (d *decoder) n() uint64 {
	n, size := binary.Uvarint(d.b)
	if size <= 0 || d.what != "" {
		d.fail("number cut short or too long")
		return 0
	}
	d.b = d.b[size:]
	return n
}

// below reads a number that must be below a limit.
func (d *decoder) below(limit uint64, what string) uint64 {
	n := d.n()
	if n >= limit {
		d.fail(what + " out of range")
		return 0
	}
	return n
}

// count reads the length of a list of things of at least a byte.
func (d *decoder) count() int { return int(d.below(uint64(len(d.b))+1, "length")) }

func (d *decoder) method() Method {
	i := d.below(uint64(len(d.all)), "method")
	if d.what != "" {
		return 0
	}
	return d.all[i]
}

func (d *decoder) site() Site { return Site{d.method(), uint32(d.below(1<<32, "pc"))} }

func (d *decoder) class() Class { return Class(d.below(1<<32, "class")) }

func (d *decoder) cases() int { return int(d.below(LimitCases+1, "number of cases")) }

func (d *decoder) table(t *Table) {
	last := Method(0)
	for range d.count() {
		last += Method(d.n())
		d.all = append(d.all, last)
	}
	decodeList(d, t.sends, func(s *Send) {
		s.Other = d.n()
		for range d.cases() {
			s.Cases = append(s.Cases, Case{d.class(), d.method(), d.n()})
		}
	})
	decodeList(d, t.evaluations, func(v *Evaluation) {
		v.Other = d.n()
		for range d.cases() {
			v.Cases = append(v.Cases, BlockCase{d.method(), d.n()})
		}
	})
	decodeList(d, t.branches, func(b *Branch) {
		b.Reached, b.Taken = d.n(), d.n()
		if b.Taken > b.Reached {
			d.fail("branch taken more often than reached")
		}
	})
	decodeList(d, t.loops, func(l *Loop) { l.BackEdges = d.n() })
	decodeList(d, t.allocations, func(a *Allocation) {
		a.Other = d.n()
		for range d.cases() {
			a.Cases = append(a.Cases, AllocationCase{d.class(), d.n(), d.n()})
		}
	})
	decodeList(d, t.failures, func(f *Failure) {
		for range d.below(257, "number of codes") {
			f.Cases = append(f.Cases, FailureCase{uint8(d.below(256, "code")), d.n()})
		}
	})
	for range d.count() {
		s := d.site()
		t.depth[s] = int(d.below(LimitDepth+1, "depth"))
	}
}

func decodeList[T any](d *decoder, m map[Path]*T, record func(*T)) {
	last, first := Path{}, true
	for range d.count() {
		if d.what != "" {
			return
		}
		var p Path
		n := d.below(LimitDepth+1, "length of a path")
		if n == 0 {
			d.fail("empty path")
		}
		for i := range n {
			p[i] = d.site()
		}
		if !first && comparePaths(last, p) >= 0 {
			d.fail("paths out of order")
		}
		last, first = p, false
		r := new(T)
		record(r)
		m[p] = r
	}
}
