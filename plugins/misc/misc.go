// Package misc is the MiscPrimitivePlugin: searching, comparing and translating
// strings of bytes, and the run-length code of Bitmaps.
//
// All of it is also written in Smalltalk in the images that call it; the results
// here are the same.
package misc

import (
	"bytes"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/plugin"
)

// Module is the plugin.
var Module = plugin.Module{Name: "MiscPrimitivePlugin", New: func(plugin.VM) (plugin.Instance, error) {
	return plugin.Instance{Primitives: map[string]plugin.Func{
		"primitiveStringHash":               stringHash,
		"primitiveCompareString":            compareString,
		"primitiveTranslateStringWithTable": translate,
		"primitiveFindFirstInString":        findFirst,
		"primitiveFindSubstring":            findSubstring,
		"primitiveIndexOfAsciiInString":     indexOfASCII,
		"primitiveCompressToByteArray":      compress,
		"primitiveDecompressFromByteArray":  decompress,
		"primitiveConvert8BitSigned":        convert8BitSigned,
	}}, nil
}}

// stringHash: bytes, initial hash. The bytes may be the receiver.
func stringHash(c *plugin.Call) (heap.Oop, plugin.Failure) {
	at := c.NumArgs() - 2
	b, ok1 := c.Bytes(at)
	initial, ok2 := c.SmallInt(at + 1)
	if !ok1 || !ok2 {
		return c.Fail(plugin.BadArgument)
	}
	h := uint32(initial)
	for _, v := range b {
		h = (h + uint32(v)) * 1664525
	}
	return c.ReturnInt(int64(h & 0xFFFFFFF))
}

// compareString: two strings and the collation order of bytes. It answers 1 for
// less, 2 for equal, 3 for greater.
func compareString(c *plugin.Call) (heap.Oop, plugin.Failure) {
	at := c.NumArgs() - 3
	a, ok1 := c.Bytes(at)
	b, ok2 := c.Bytes(at + 1)
	order, ok3 := c.Bytes(at + 2)
	if !ok1 || !ok2 || !ok3 || len(order) < 256 {
		return c.Fail(plugin.BadArgument)
	}
	for i := range min(len(a), len(b)) {
		if x, y := order[a[i]], order[b[i]]; x < y {
			return c.ReturnInt(1)
		} else if x > y {
			return c.ReturnInt(3)
		}
	}
	switch {
	case len(a) < len(b):
		return c.ReturnInt(1)
	case len(a) > len(b):
		return c.ReturnInt(3)
	}
	return c.ReturnInt(2)
}

// translate: string, start, stop, table of 256 bytes.
func translate(c *plugin.Call) (heap.Oop, plugin.Failure) {
	at := c.NumArgs() - 4
	start, ok1 := c.SmallInt(at + 1)
	stop, ok2 := c.SmallInt(at + 2)
	table, ok3 := c.Bytes(at + 3)
	s, ok4 := c.Bytes(at)
	if !ok1 || !ok2 || !ok3 || !ok4 || len(table) < 256 {
		return c.Fail(plugin.BadArgument)
	}
	if start < 1 || stop > len(s) {
		return c.Fail(plugin.BadIndex)
	}
	s, f := c.MutableBytes(at)
	if f != plugin.OK {
		return c.Fail(f)
	}
	for i := start - 1; i < stop; i++ {
		s[i] = table[s[i]]
	}
	return c.ReturnReceiver()
}

// findFirst: string, set as a map of 256 bytes, start.
func findFirst(c *plugin.Call) (heap.Oop, plugin.Failure) {
	at := c.NumArgs() - 3
	s, ok1 := c.Bytes(at)
	set, ok2 := c.Bytes(at + 1)
	start, ok3 := c.SmallInt(at + 2)
	if !ok1 || !ok2 || !ok3 {
		return c.Fail(plugin.BadArgument)
	}
	if start < 1 {
		return c.Fail(plugin.BadIndex)
	}
	if len(set) == 256 {
		for i := start - 1; i < len(s); i++ {
			if set[s[i]] != 0 {
				return c.ReturnInt(int64(i) + 1)
			}
		}
	}
	return c.ReturnInt(0)
}

// findSubstring: key, body, start, table of 256 bytes under which both are compared.
func findSubstring(c *plugin.Call) (heap.Oop, plugin.Failure) {
	at := c.NumArgs() - 4
	key, ok1 := c.Bytes(at)
	body, ok2 := c.Bytes(at + 1)
	start, ok3 := c.SmallInt(at + 2)
	table, ok4 := c.Bytes(at + 3)
	if !ok1 || !ok2 || !ok3 || !ok4 || len(table) < 256 {
		return c.Fail(plugin.BadArgument)
	}
	if len(key) == 0 {
		return c.ReturnInt(0)
	}
	for i := max(start-1, 0); i <= len(body)-len(key); i++ {
		j := 0
		for j < len(key) && table[body[i+j]] == table[key[j]] {
			j++
		}
		if j == len(key) {
			return c.ReturnInt(int64(i) + 1)
		}
	}
	return c.ReturnInt(0)
}

// indexOfASCII: byte, string, start.
func indexOfASCII(c *plugin.Call) (heap.Oop, plugin.Failure) {
	at := c.NumArgs() - 3
	code, ok1 := c.SmallInt(at)
	s, ok2 := c.Bytes(at + 1)
	start, ok3 := c.SmallInt(at + 2)
	if !ok1 || !ok2 || !ok3 {
		return c.Fail(plugin.BadArgument)
	}
	if start < 1 {
		return c.Fail(plugin.BadIndex)
	}
	if code == int(byte(code)) && start <= len(s) {
		if i := bytes.IndexByte(s[start-1:], byte(code)); i >= 0 {
			return c.ReturnInt(int64(start + i))
		}
	}
	return c.ReturnInt(0)
}

// convert8BitSigned: signed 8-bit samples, room for 16-bit ones.
func convert8BitSigned(c *plugin.Call) (heap.Oop, plugin.Failure) {
	at := c.NumArgs() - 2
	from, ok := c.Bytes(at)
	buffer := c.Arg(at + 1)
	to := plugin.RawBytes(buffer)
	if !ok || len(to) < 2*len(from) {
		return c.Fail(plugin.BadArgument)
	}
	if !c.Writable(buffer) {
		return c.Fail(plugin.NoModification)
	}
	// Backwards, in case the samples are converted in place.
	for i := len(from) - 1; i >= 0; i-- {
		to[2*i], to[2*i+1] = 0, from[i]
	}
	return c.ReturnReceiver()
}
