package zip

import (
	"bytes"
	"compress/flate"
	"fmt"
	"hash/adler32"
	"hash/crc32"
	"io"
	"math/bits"
	"math/rand/v2"
	"testing"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/plugin"
	"github.com/sista-vm/sista/plugin/plugintest"
)

const module = "ZipPlugin"

// subclass makes a class with a superclass.
func subclass(v *plugintest.VM, super heap.Oop, fixed int) heap.Oop {
	class := v.NewClass(fixed, heap.FmtFixed)
	v.Heap().Store(class, 0, super)
	return class
}

// world has the image's stream classes.
type world struct {
	*plugintest.VM
	inflate, deflate, encoder heap.Oop
}

const inheritedVars = 4

func newWorld(t testing.TB) *world {
	v := plugintest.New(t, Module)
	read := subclass(v, v.Heap().Nil, inheritedVars)
	return &world{v, subclass(v, read, inheritedVars+11), subclass(v, read, inheritedVars+15), subclass(v, read, inheritedVars+3)}
}

// new makes a stream with its variables set, by number behind what it inherits.
func (w *world) new(class heap.Oop, collection any, position, readLimit int, vars map[int]any) heap.Oop {
	o, err := w.Heap().NewFixed(class)
	if err != heap.OK {
		w.T.Fatal(err)
	}
	set := func(i int, v any) { w.Heap().Store(o, i, w.Oop(v)) }
	set(0, collection)
	set(1, position)
	set(2, readLimit)
	for i, v := range vars {
		set(inheritedVars+i, v)
	}
	return o
}

func (w *world) natural(o heap.Oop, i int) int { return int(o.Slot(i).Int()) }

func samples() map[string][]byte {
	r := rand.New(rand.NewPCG(11, 12))
	noise := make([]byte, 20000)
	for i := range noise {
		noise[i] = byte(r.Uint32())
	}
	text := bytes.Repeat([]byte("the quick brown fox jumps over the lazy dog. "), 300)
	for range 200 {
		text[r.IntN(len(text))] = byte(r.Uint32())
	}
	return map[string][]byte{
		"noise": noise, "text": text, "zeros": make([]byte, 30000), "short": []byte("abc"),
		"runs": bytes.Repeat([]byte{1, 2, 3, 4, 5, 6, 7}, 3000),
	}
}

func TestChecksums(t *testing.T) {
	w := newWorld(t)
	for name, data := range samples() {
		if got, want := w.Do(module, "primitiveUpdateAdler32", nil, 1, 1, len(data), data), adler32.Checksum(data); got != int(want) {
			t.Errorf("%s: Adler-32 is %v, want %d", name, got, want)
		}
		half := len(data) / 2
		crc := w.Do(module, "primitiveUpdateGZipCrc32", nil, 1<<32-1, 1, half, data)
		crc = w.Do(module, "primitiveUpdateGZipCrc32", nil, crc, half+1, len(data), data)
		if want := crc32.ChecksumIEEE(data); ^uint32(crc.(int)) != want {
			t.Errorf("%s: CRC-32 is %v, want %d", name, crc, want)
		}
	}
	w.Fails(plugin.BadIndex, module, "primitiveUpdateAdler32", nil, 1, 0, 3, "abc")
	w.Fails(plugin.BadIndex, module, "primitiveUpdateAdler32", nil, 1, 1, 4, "abc")
	w.Fails(plugin.BadIndex, module, "primitiveUpdateAdler32", nil, 1, 2, 1, "abc")
	w.Fails(plugin.BadArgument, module, "primitiveUpdateGZipCrc32", nil, 1<<32, 1, 1, "abc")
}

// fixedLengths are the lengths of the fixed codes of RFC 1951.
func fixedLengths() (lit, dist []uint32) {
	for i := range 288 {
		switch {
		case i < 144, i >= 280:
			lit = append(lit, 8)
		case i < 256:
			lit = append(lit, 9)
		default:
			lit = append(lit, 7)
		}
	}
	for range 30 {
		dist = append(dist, 5)
	}
	return lit, dist
}

// canonical answers the codes for lengths, their bits in the order they are sent.
func canonical(lengths []uint32) []uint32 {
	codes := make([]uint32, len(lengths))
	var code uint32
	for n := uint32(1); n < 16; n++ {
		for i, l := range lengths {
			if l == n {
				codes[i] = bits.Reverse32(code) >> (32 - n)
				code++
			}
		}
		code <<= 1
	}
	return codes
}

// compress drives the primitives as the image does: one block of fixed codes.
func (w *world) compress(data []byte, chain, good int) []byte {
	padded := append(bytes.Clone(data), make([]byte, maxMatch+minMatch)...)
	const literals = 4000
	stream := w.new(w.deflate, padded, len(data), len(data), map[int]any{
		deflateHashHead: make([]uint32, hashSize), deflateHashTail: make([]uint32, windowSize),
		deflateHashValue: 0, deflateBlockPos: 0, deflateBlockStart: 0,
		deflateLiterals: make([]byte, literals), deflateDistances: make([]uint32, literals),
		deflateLiteralFreq: make([]uint32, literalCodes), deflateDistanceFreq: make([]uint32, distanceCodes),
		deflateLiteralCount: 0, deflateMatchCount: 0,
	})
	// The hash is that of the first bytes before the next one.
	hash := 0
	for i := range min(minMatch-1, len(data)) {
		hash = (hash<<hashShift ^ int(data[i])) & hashMask
	}
	setInt(stream, inheritedVars+deflateHashValue, hash)

	litLengths, distLengths := fixedLengths()
	litTree := w.Oop(plugintest.Object{litLengths, canonical(litLengths)})
	distTree := w.Oop(plugintest.Object{distLengths, canonical(distLengths)})
	encoder := w.new(w.encoder, make([]byte, 100), 0, 0, map[int]any{0: nil, encoderBitBuf: 1 | 1<<1, encoderBitPos: 3})
	var out []byte
	drain := func() {
		n := w.natural(encoder, 1)
		out = append(out, encoder.Slot(0).Bytes()[:n]...)
		setInt(encoder, 1, 0)
	}
	total := 0
	for {
		full := w.Do(module, "primitiveDeflateBlock", stream, len(data)-1, chain, good).(bool)
		count := w.natural(stream, inheritedVars+deflateLiteralCount)
		lits := w.Oop(plugintest.Object{stream.Slot(inheritedVars + deflateLiterals), 0, count})
		dists := w.Oop(plugintest.Object{stream.Slot(inheritedVars + deflateDistances), 0, count})
		var freq uint32
		for _, f := range plugin.Raw32(stream.Slot(inheritedVars + deflateLiteralFreq)) {
			freq += f
		}
		if int(freq) != count {
			w.T.Errorf("%d codes counted, %d emitted", freq, count)
		}
		clear(plugin.Raw32(stream.Slot(inheritedVars + deflateLiteralFreq)))
		for w.natural(lits, 1) < count {
			total += w.Do(module, "primitiveZipSendBlock", encoder, lits, dists, litTree, distTree).(int)
			drain()
		}
		setInt(stream, inheritedVars+deflateLiteralCount, 0)
		setInt(stream, inheritedVars+deflateMatchCount, 0)
		if !full {
			break
		}
	}
	if total != len(data) {
		w.T.Errorf("%d bytes sent, want %d", total, len(data))
	}
	// End of block: seven zeros, then fill up.
	b := bitWriter{out: make([]byte, 16), buf: uint64(w.natural(encoder, inheritedVars+encoderBitBuf)), have: w.natural(encoder, inheritedVars+encoderBitPos)}
	b.put(0, 7)
	b.put(0, 7)
	return append(out, b.out[:b.n]...)
}

func TestDeflate(t *testing.T) {
	for name, data := range samples() {
		for _, effort := range [][2]int{{1, 4}, {32, 32}, {4096, 258}} {
			t.Run(fmt.Sprint(name, effort), func(t *testing.T) {
				packed := newWorld(t).compress(data, effort[0], effort[1])
				got, err := io.ReadAll(flate.NewReader(bytes.NewReader(packed)))
				if err != nil || !bytes.Equal(got, data) {
					t.Fatalf("%d bytes come back as %d, %v", len(data), len(got), err)
				}
				if name == "zeros" && len(packed) > 200 {
					t.Errorf("zeros take %d bytes", len(packed))
				}
			})
		}
	}
}

// table builds a decoding table: as many bits at once as the shortest code has, then one by one.
func table(lengths []uint32, leaf func(symbol int) uint32) []uint32 {
	codes := canonical(lengths)
	first := uint32(15)
	for _, l := range lengths {
		if l > 0 {
			first = min(first, l)
		}
	}
	t := make([]uint32, 1+1<<first)
	t[0] = first << 24
	for symbol, l := range lengths {
		if l == 0 {
			continue
		}
		at := 1 + codes[symbol]&(1<<first-1)
		for n := first; n < l; n++ {
			if t[at] == 0 {
				t[at] = 1<<24 | uint32(len(t)+1)
				t = append(t, 0, 0)
			}
			at = t[at]&0xffff - 1 + codes[symbol]>>n&1
		}
		t[at] = leaf(symbol)
	}
	return t
}

func tables(lit, dist []uint32) (l, d []uint32) {
	l = table(lit, func(s int) uint32 {
		if s <= endOfBlock || s >= literalCodes {
			return uint32(s)
		}
		r := lengthRanges[s-firstLengthCode]
		return uint32(r.extra+1)<<16 | r.base + minMatch
	})
	d = table(dist, func(s int) uint32 {
		r := distanceRanges[s]
		return uint32(r.extra)<<16 | r.base + 1
	})
	return l, d
}

func TestInflate(t *testing.T) {
	for name, data := range samples() {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			packed := w.compress(data, 100, 50)
			lit, dist := tables(fixedLengths())
			lo, do := w.Oop(lit), w.Oop(dist)
			// The block header's three bits have been read.
			stream := w.new(w.inflate, make([]byte, 600), 0, 0, map[int]any{
				inflateState: 7, inflateBitBuf: int(packed[0] >> 3), inflateBitPos: 5,
				inflateSource: packed, inflateSourcePos: 1, inflateSourceLimit: len(packed),
			})
			var got []byte
			for w.natural(stream, inheritedVars+inflateState) == 7 {
				w.Do(module, "primitiveInflateDecompressBlock", stream, lo, do)
				n := w.natural(stream, 2)
				out := stream.Slot(0).Bytes()
				// Keep what matches may refer to, and give it room.
				got = append(got, out[w.natural(stream, 1):n]...)
				keep := min(n, 300)
				if dist := 32768; len(got) > keep {
					keep = min(len(got), dist)
				}
				next := make([]byte, keep+600)
				copy(next, got[len(got)-keep:])
				w.Heap().Store(stream, 0, w.Oop(next))
				setInt(stream, 1, keep)
				setInt(stream, 2, keep)
			}
			if !bytes.Equal(got, data) {
				t.Errorf("%d bytes come back as %d", len(data), len(got))
			}
			if s := w.natural(stream, inheritedVars+inflateState); s != 1 {
				t.Errorf("the state is %d in the end", s)
			}
		})
	}
}

func TestInflateBadData(t *testing.T) {
	w := newWorld(t)
	lit, dist := tables(fixedLengths())
	inflate := func(source []byte, vars map[int]any) plugin.Failure {
		all := map[int]any{inflateState: 3, inflateBitBuf: 0, inflateBitPos: 0, inflateSource: source,
			inflateSourcePos: 0, inflateSourceLimit: len(source)}
		for i, v := range vars {
			all[i] = v
		}
		_, f := w.Try(module, "primitiveInflateDecompressBlock", w.new(w.inflate, make([]byte, 100), 0, 0, all), lit, dist)
		return f
	}
	for _, c := range []struct {
		name   string
		source []byte
		vars   map[int]any
		want   plugin.Failure
	}{
		{"no source", nil, nil, plugin.Generic},
		{"a match before the start", []byte{0x02 << 1, 0, 0, 0}, nil, plugin.Generic},
		{"position past the source", []byte{1}, map[int]any{inflateSourcePos: 2}, plugin.BadReceiver},
		{"limit past the source", []byte{1}, map[int]any{inflateSourceLimit: 5}, plugin.BadReceiver},
		{"negative position", []byte{1}, map[int]any{inflateSourcePos: -1}, plugin.BadReceiver},
		{"a source of words", nil, map[int]any{inflateSource: []uint32{1}}, plugin.BadReceiver},
		{"too many bits", nil, map[int]any{inflateBitPos: 60}, plugin.BadReceiver},
	} {
		if f := inflate(c.source, c.vars); f != c.want {
			t.Errorf("%s: %v, want %v", c.name, f, c.want)
		}
	}
	// A source that ends inside a symbol is decoded up to there; then the image is to notice.
	literals := bitWriter{out: make([]byte, 3)}
	codes := canonical(func() []uint32 { l, _ := fixedLengths(); return l }())
	literals.put(codes['a'], 8)
	literals.put(codes['b'], 8)
	stream := w.new(w.inflate, make([]byte, 100), 0, 0, map[int]any{inflateState: 3, inflateBitBuf: 0, inflateBitPos: 0,
		inflateSource: append(literals.out[:2:2], 0xff), inflateSourcePos: 0, inflateSourceLimit: 3})
	w.Do(module, "primitiveInflateDecompressBlock", stream, lit, dist)
	if got := string(stream.Slot(0).Bytes()[:w.natural(stream, 2)]); got != "ab" {
		t.Errorf("decoded %q", got)
	}
	w.Fails(plugin.Generic, module, "primitiveInflateDecompressBlock", stream, lit, dist)
	// Tables that lead nowhere.
	for _, bad := range [][]uint32{{20 << 24}, {1 << 24, 1<<24 | 0xffff, 1<<24 | 0xffff}, {1 << 24, 1<<24 | 2, 1<<24 | 2}, {0, 1 << 24}} {
		s := w.new(w.inflate, make([]byte, 100), 0, 0, map[int]any{inflateState: 3, inflateBitBuf: 0, inflateBitPos: 0,
			inflateSource: make([]byte, 100), inflateSourcePos: 0, inflateSourceLimit: 100})
		w.Fails(plugin.Generic, module, "primitiveInflateDecompressBlock", s, bad, dist)
	}
}

func TestUpdateHashTable(t *testing.T) {
	w := newWorld(t)
	table := w.Oop([]uint32{0, 5, 10, 15, 0xFFFFFFFF})
	w.Do(module, "primitiveDeflateUpdateHashTable", nil, table, 10)
	if got := fmt.Sprint(w.Go(table)); got != "[0 0 0 5 0]" {
		t.Errorf("the table is %s", got)
	}
}

func TestCodes(t *testing.T) {
	if lengthCodes[0] != 257 || lengthCodes[254] != 284 || lengthCodes[255] != 285 || lengthRanges[27] != (codeRange{224, 5}) {
		t.Error("wrong codes of lengths")
	}
	for d := range maxDistance {
		r := distanceRanges[distanceCode(d)]
		if off := uint32(d) - r.base; off>>r.extra != 0 {
			t.Fatalf("distance %d has code %d", d, distanceCode(d))
		}
	}
}

func TestFuzzArguments(t *testing.T) {
	plugintest.Fuzz(t, Module, 700, func(v *plugintest.VM) []heap.Oop {
		w := &world{VM: v}
		read := subclass(v, v.Heap().Nil, inheritedVars)
		w.inflate, w.deflate, w.encoder = subclass(v, read, inheritedVars+11), subclass(v, read, inheritedVars+15), subclass(v, read, inheritedVars+3)
		lit, dist := tables(fixedLengths())
		l, _ := fixedLengths()
		noise := make([]byte, 2000)
		r := rand.New(rand.NewPCG(13, 14))
		for i := range noise {
			noise[i] = byte(r.Uint32())
		}
		head := make([]uint32, hashSize)
		tail := make([]uint32, windowSize)
		for i := range head {
			head[i], tail[i] = r.Uint32N(3000), r.Uint32N(3000)
		}
		tree := v.Oop(plugintest.Object{l, canonical(l)})
		distances := make([]uint32, 100)
		for i := range distances {
			distances[i] = r.Uint32N(40000)
		}
		return []heap.Oop{v.Oop(lit), v.Oop(dist), tree, v.Oop(noise), v.Oop(1500), v.Oop(30),
			v.Oop(plugintest.Object{noise, 0, 100}), v.Oop(plugintest.Object{distances, 0, 100}),
			w.new(w.inflate, make([]byte, 500), 0, 10, map[int]any{inflateState: 3, inflateBitBuf: 5, inflateBitPos: 3,
				inflateSource: noise, inflateSourcePos: 0, inflateSourceLimit: 2000}),
			w.new(w.deflate, noise, 1700, 1700, map[int]any{
				deflateHashHead: head, deflateHashTail: tail, deflateHashValue: 0, deflateBlockPos: 0, deflateBlockStart: 0,
				deflateLiterals: make([]byte, 100), deflateDistances: make([]uint32, 100),
				deflateLiteralFreq: make([]uint32, literalCodes), deflateDistanceFreq: make([]uint32, distanceCodes),
				deflateLiteralCount: 0, deflateMatchCount: 0}),
			w.new(w.encoder, make([]byte, 50), 0, 0, map[int]any{0: nil, encoderBitBuf: 0, encoderBitPos: 0}),
		}
	})
}
