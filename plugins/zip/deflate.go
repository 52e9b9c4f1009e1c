package zip

import (
	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/plugin"
)

// DeflateStream, behind what it inherits:
//
//	0 hashHead      latest position of a string of minMatch bytes, by hash
//	1 hashTail      the position before, by position modulo the window
//	2 hashValue     hash of the minMatch-1 bytes before the next
//	3 blockPosition where to go on
//	4 blockStart
//	5 literals      bytes, or lengths of matches less minMatch
//	6 distances     of the matches, 0 for bytes
//	7 literalFreq   8 distanceFreq: how often each code is used
//	9 literalCount  10 matchCount
const (
	deflateHashHead = iota
	deflateHashTail
	deflateHashValue
	deflateBlockPos
	deflateBlockStart
	deflateLiterals
	deflateDistances
	deflateLiteralFreq
	deflateDistanceFreq
	deflateLiteralCount
	deflateMatchCount
	deflateVars
	deflateTooMany = 7 // what it inherits from has fewer variables
)

const (
	minMatch    = 3
	maxMatch    = 258
	windowSize  = 1 << 15
	windowMask  = windowSize - 1
	hashSize    = 1 << 15
	hashMask    = hashSize - 1
	hashShift   = 5
	maxDistance = 1 << 15
)

// deflater is one call's work: lazy matching over chains of positions with the same hash.
type deflater struct {
	in                []byte
	end               int // bytes in in
	pos               int
	hash              int
	head, tail        []uint32
	literals          []byte
	distances         []uint32
	litFreq, distFreq []uint32
	count, matches    int
	chain, good       int
}

func (d *deflater) next(hash, at int) int {
	return (hash<<hashShift ^ int(d.in[at+minMatch-1])) & hashMask
}

// insert enters the string at a position in the hash table.
func (d *deflater) insert(at int) {
	d.hash = d.next(d.hash, at)
	d.tail[at&windowMask] = d.head[d.hash]
	d.head[d.hash] = uint32(at)
}

// find looks for a match at a position longer than length; where there is none it
// answers the match it was given.
func (d *deflater) find(at, length, match int) (int, int) {
	if length >= maxMatch {
		return length, match
	}
	candidate := int(d.head[d.next(d.hash, at)])
	limit := max(at-maxDistance, 0)
	if candidate >= at || at-candidate >= maxDistance {
		return length, match
	}
	for chain := d.chain; ; {
		n := min(common(d.in[at:], d.in[candidate:]), d.end-at)
		if n == minMatch && at-candidate > maxDistance/4 {
			n = minMatch - 1 // its distance would cost more than the bytes
		}
		if n > length {
			length, match = n, candidate
			if n >= maxMatch || n > d.good {
				return length, match
			}
		}
		if chain--; chain <= 0 {
			return length, match
		}
		candidate = int(d.tail[candidate&windowMask])
		if candidate <= limit || candidate >= at {
			return length, match
		}
	}
}

// common answers the number of bytes, up to maxMatch, in which two strings begin the same.
func common(a, b []byte) int {
	n := 0
	for n < maxMatch && n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// emit records a byte or a match; it tells whether the block is full.
func (d *deflater) emit(literal, distance int) bool {
	d.literals[d.count] = byte(literal)
	d.distances[d.count] = uint32(distance)
	d.count++
	if distance == 0 {
		d.litFreq[literal]++
	} else {
		d.litFreq[lengthCodes[literal]]++
		d.distFreq[distanceCode(distance-1)]++
		d.matches++
	}
	return d.count == len(d.literals)
}

// run goes on up to lastIndex, or until the block is full, which it tells.
func (d *deflater) run(lastIndex int) bool {
	if d.pos > lastIndex {
		return false
	}
	if d.count >= len(d.literals) {
		return true
	}
	var length, match int // at d.pos
	known := false
	for d.pos <= lastIndex {
		if !known {
			length, match = d.find(d.pos, minMatch-1, d.pos)
			d.insert(d.pos)
		}
		newLength, newMatch := d.find(d.pos+1, length, match)
		known = false
		var full bool
		if length >= newLength && length >= minMatch {
			full = d.emit(length-minMatch, d.pos-match)
			for range length - 1 {
				d.pos++
				d.insert(d.pos)
			}
			d.pos++
		} else {
			full = d.emit(int(d.in[d.pos]), 0)
			d.pos++
			if d.pos <= lastIndex && !full {
				d.insert(d.pos)
				length, match, known = newLength, newMatch, true
			}
		}
		if full {
			return true
		}
	}
	return false
}

// deflateBlock: last index, longest chain to follow, length of a match that is
// good enough. It tells whether the block is full.
func deflateBlock(c *plugin.Call) (heap.Oop, plugin.Failure) {
	last, ok1 := c.Index(0)
	chain, ok2 := c.SmallInt(1)
	good, ok3 := c.SmallInt(2)
	if !ok1 || !ok2 || !ok3 {
		return c.Fail(plugin.BadArgument)
	}
	r := c.Receiver
	if !plugin.IsPointers(r) {
		return c.Fail(plugin.BadReceiver)
	}
	base, ok := inherited(c, r, deflateTooMany)
	if !ok || r.NumSlots() < base+deflateVars {
		return c.Fail(plugin.BadReceiver)
	}
	v := fields{c: c, o: r}
	d := deflater{
		in:        v.bytes(streamCollection),
		end:       v.natural(streamPosition),
		pos:       v.natural(base + deflateBlockPos),
		hash:      v.natural(base+deflateHashValue) & hashMask,
		head:      v.words(base + deflateHashHead),
		tail:      v.words(base + deflateHashTail),
		literals:  v.bytes(base + deflateLiterals),
		distances: v.words(base + deflateDistances),
		litFreq:   v.words(base + deflateLiteralFreq),
		distFreq:  v.words(base + deflateDistanceFreq),
		count:     v.natural(base + deflateLiteralCount),
		matches:   v.natural(base + deflateMatchCount),
		chain:     chain, good: good,
	}
	if v.bad || len(d.head) != hashSize || len(d.tail) != windowSize || len(d.distances) < len(d.literals) ||
		len(d.litFreq) != literalCodes || len(d.distFreq) != distanceCodes {
		return c.Fail(plugin.BadReceiver)
	}
	// Strings are entered up to one byte past the last match, which ends at d.end.
	if last+minMatch >= len(d.in) || d.end+minMatch-1 > len(d.in) && last+maxMatch+minMatch-1 > len(d.in) {
		return c.Fail(plugin.BadIndex)
	}
	if !writable(c, r, base+deflateHashHead, base+deflateHashTail, base+deflateLiterals, base+deflateDistances,
		base+deflateLiteralFreq, base+deflateDistanceFreq) {
		return c.Fail(plugin.NoModification)
	}
	full := d.run(last)
	setInt(r, base+deflateHashValue, d.hash)
	setInt(r, base+deflateBlockPos, d.pos)
	setInt(r, base+deflateLiteralCount, d.count)
	setInt(r, base+deflateMatchCount, d.matches)
	return c.ReturnBool(full)
}

// updateHashTable: table of positions, delta by which the data was moved towards the front.
func updateHashTable(c *plugin.Call) (heap.Oop, plugin.Failure) {
	table := c.Arg(0)
	delta, ok := c.SmallInt(1)
	if !ok || !plugin.IsWords32(table) {
		return c.Fail(plugin.BadArgument)
	}
	if !c.Writable(table) {
		return c.Fail(plugin.NoModification)
	}
	w := plugin.Raw32(table)
	for i, v := range w {
		w[i] = 0
		if at := int(int32(v)); at >= delta {
			w[i] = uint32(at - delta)
		}
	}
	return c.ReturnReceiver()
}
