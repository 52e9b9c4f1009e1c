package zip

import (
	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/plugin"
)

// ZipEncoder, behind what it inherits:
//
//	1 bitBuf  2 bitPos: bits not yet in the collection, and how many
//
// A Huffman tree begins with the bit lengths of the codes and the codes.
const (
	encoderBitBuf = 1
	encoderBitPos = 2
	encoderVars   = 3

	treeLengths = 0
	treeCodes   = 1
	treeVars    = 2
	streamVars  = 3
)

// bitWriter appends bits to a collection, the lowest first.
type bitWriter struct {
	out  []byte
	n    int // bytes in out
	buf  uint64
	have int
}

// put writes the n low bits of v; it is false if v has more.
func (w *bitWriter) put(v uint32, n int) bool {
	if n > 31 || v>>n != 0 || w.have+n > 63 {
		return false
	}
	w.buf |= uint64(v) << w.have
	w.have += n
	for w.have >= 8 && w.n < len(w.out) {
		w.out[w.n] = byte(w.buf)
		w.n++
		w.buf >>= 8
		w.have -= 8
	}
	return true
}

// tree is a Huffman code.
type tree struct{ lengths, codes []uint32 }

func treeOf(c *plugin.Call, o heap.Oop) (t tree, ok bool) {
	if !plugin.IsPointers(o) || o.NumSlots() < treeVars {
		return t, false
	}
	v := fields{c: c, o: o}
	t = tree{v.words(treeLengths), v.words(treeCodes)}
	return t, !v.bad && len(t.lengths) == len(t.codes)
}

// encode writes a symbol and its extra bits.
func (w *bitWriter) encode(t tree, symbol int, extra uint32, extraBits int) bool {
	return symbol < len(t.codes) && w.put(t.codes[symbol], int(t.lengths[symbol])) && w.put(extra, extraBits)
}

// room is the number of free bytes that one symbol may need.
const room = 4

// sendBlock: stream of literals, stream of distances, literal tree, distance
// tree. It writes as many symbols as there is room for and answers the number of
// bytes they stand for.
func sendBlock(c *plugin.Call) (heap.Oop, plugin.Failure) {
	r, lits, dists := c.Receiver, c.Arg(0), c.Arg(1)
	if !plugin.IsPointers(r) {
		return c.Fail(plugin.BadReceiver)
	}
	base, ok := inherited(c, r, deflateTooMany)
	if !ok || r.NumSlots() < base+encoderVars {
		return c.Fail(plugin.BadReceiver)
	}
	v := fields{c: c, o: r}
	w := bitWriter{out: v.bytes(streamCollection), n: v.natural(streamPosition),
		buf: uint64(v.natural(base + encoderBitBuf)), have: v.natural(base + encoderBitPos)}
	if v.bad || w.have > 32 || w.n > len(w.out) {
		return c.Fail(plugin.BadReceiver)
	}
	litTree, ok1 := treeOf(c, c.Arg(2))
	distTree, ok2 := treeOf(c, c.Arg(3))
	if !ok1 || !ok2 || !plugin.IsPointers(lits) || !plugin.IsPointers(dists) ||
		lits.NumSlots() < streamVars || dists.NumSlots() < streamVars {
		return c.Fail(plugin.BadArgument)
	}
	lv, dv := fields{c: c, o: lits}, fields{c: c, o: dists}
	literals, distances := lv.bytes(streamCollection), dv.words(streamCollection)
	pos, limit := lv.natural(streamPosition), lv.natural(streamReadLimit)
	if lv.bad || dv.natural(streamPosition) != pos || dv.natural(streamReadLimit) != limit || dv.bad ||
		pos > limit || limit > len(literals) || limit > len(distances) {
		return c.Fail(plugin.BadArgument)
	}
	if !writable(c, r, streamCollection) || !writable(c, lits) || !writable(c, dists) {
		return c.Fail(plugin.NoModification)
	}
	sum := 0
	w.put(0, 0) // moves what was left over
	for pos < limit && w.n+room < len(w.out) {
		if !w.symbol(litTree, distTree, literals[pos], distances[pos], &sum) {
			return c.Fail(plugin.BadArgument)
		}
		pos++
	}
	setInt(lits, streamPosition, pos)
	setInt(dists, streamPosition, pos)
	setInt(r, streamPosition, w.n)
	setInt(r, base+encoderBitBuf, int(w.buf))
	setInt(r, base+encoderBitPos, w.have)
	return c.ReturnInt(int64(sum))
}

// symbol writes a literal or match and adds the number of bytes it stands for.
func (w *bitWriter) symbol(lits, dists tree, literal byte, distance uint32, sum *int) bool {
	if distance == 0 {
		*sum++
		return w.encode(lits, int(literal), 0, 0)
	}
	if distance > maxDistance {
		return false
	}
	*sum += int(literal) + minMatch
	code := int(lengthCodes[literal])
	length := lengthRanges[code-firstLengthCode]
	dist := distanceCode(int(distance) - 1)
	d := distanceRanges[dist]
	return w.encode(lits, code, uint32(literal)-length.base, length.extra) &&
		w.encode(dists, dist, distance-1-d.base, d.extra)
}
