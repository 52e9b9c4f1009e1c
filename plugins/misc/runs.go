package misc

import (
	"encoding/binary"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/plugin"
)

// The run-length code of Bitmaps, as images store Forms in it:
//
//	size of the bitmap in words
//	runs: count*4 + code, then
//	  code 0  nothing, whatever the count
//	  code 1  one byte: count words made of it
//	  code 2  four bytes: count times this word
//	  code 3  4*count bytes: count different words
//
// Words are big-endian. Sizes and counts take 1, 2 or 5 bytes:
//
//	0..223    the value
//	224..254  (byte - 224)*256 + next byte
//	255       the next four bytes
const (
	maxOneByte = 223
	maxTwoByte = (254-224)*256 + 255
)

const (
	runSkip = iota
	runByte
	runWord
	runWords
)

func appendCount(b []byte, n uint32) []byte {
	switch {
	case n <= maxOneByte:
		return append(b, byte(n))
	case n <= maxTwoByte:
		return append(b, byte(n/256+224), byte(n))
	}
	return binary.BigEndian.AppendUint32(append(b, 255), n)
}

// compress: bitmap, byte array with room for the worst case. It answers the
// number of bytes written.
func compress(c *plugin.Call) (heap.Oop, plugin.Failure) {
	at := c.NumArgs() - 2
	words := plugin.Raw32(c.Arg(at))
	out, ok := c.Bytes(at + 1)
	if words == nil || !ok {
		return c.Fail(plugin.BadArgument)
	}
	if len(out) < len(words)*4+7+len(words)/1984*3 {
		return c.Fail(plugin.Unsupported)
	}
	if !c.Writable(c.Arg(at + 1)) {
		return c.Fail(plugin.NoModification)
	}
	return c.ReturnInt(int64(len(appendRuns(out[:0:len(out)], words))))
}

func appendRuns(b []byte, words []uint32) []byte {
	b = appendCount(b, uint32(len(words)))
	for k := 0; k < len(words); {
		w := words[k]
		sameBytes := w == w&255*0x01010101
		end := k + 1
		for end < len(words) && words[end] == w {
			end++
		}
		switch {
		case sameBytes:
			b = append(appendCount(b, uint32(end-k)*4+runByte), byte(w))
		case end > k+1:
			b = binary.BigEndian.AppendUint32(appendCount(b, uint32(end-k)*4+runWord), w)
		default:
			// Different words, up to the first that begins a run of equal ones.
			for end < len(words) && (end+1 == len(words) || words[end] != words[end+1]) {
				end++
			}
			b = appendCount(b, uint32(end-k)*4+runWords)
			for _, w := range words[k:end] {
				b = binary.BigEndian.AppendUint32(b, w)
			}
		}
		k = end
	}
	return b
}

// decompress: bitmap, byte array, index in it just past the size.
func decompress(c *plugin.Call) (heap.Oop, plugin.Failure) {
	at := c.NumArgs() - 3
	words := plugin.Raw32(c.Arg(at))
	in, ok1 := c.Bytes(at + 1)
	index, ok2 := c.SmallInt(at + 2)
	if words == nil || !ok1 || !ok2 || index < 1 {
		return c.Fail(plugin.BadArgument)
	}
	in = in[min(index-1, len(in)):]
	if !expandRuns(nil, len(words), in) {
		return c.Fail(plugin.BadIndex)
	}
	if !c.Writable(c.Arg(at)) {
		return c.Fail(plugin.NoModification)
	}
	expandRuns(words, len(words), in)
	return c.ReturnReceiver()
}

// expandRuns writes the words that runs stand for; with nil it only tells whether
// the runs are whole and fit into room words.
func expandRuns(words []uint32, room int, in []byte) bool {
	k := 0
	for len(in) > 0 {
		n, size := uint32(in[0]), 1
		switch {
		case n == 255:
			if size = 5; len(in) >= size {
				n = binary.BigEndian.Uint32(in[1:])
			}
		case n > maxOneByte:
			if size = 2; len(in) >= size {
				n = (n-224)*256 + uint32(in[1])
			}
		}
		if len(in) < size {
			return false
		}
		in = in[size:]
		count, code := int(n>>2), n&3
		need := [...]int{runSkip: 0, runByte: 1, runWord: 4, runWords: 4 * count}[code]
		if code == runSkip {
			continue
		}
		if k+count > room || need > len(in) {
			return false
		}
		if words != nil {
			fill(words[k:k+count], code, in)
		}
		k += count
		in = in[need:]
	}
	return true
}

func fill(words []uint32, code uint32, in []byte) {
	for i := range words {
		switch code {
		case runByte:
			words[i] = uint32(in[0]) * 0x01010101
		case runWord:
			words[i] = binary.BigEndian.Uint32(in)
		case runWords:
			words[i] = binary.BigEndian.Uint32(in[4*i:])
		}
	}
}
