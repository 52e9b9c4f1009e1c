// Package hash is MD5Plugin, SHA256Plugin, and the parts of CroquetPlugin that
// images call for random bytes, MD5 and RC4.
//
// The block functions are Go's: a hash of the crypto packages is set to the
// state that the image keeps, fed one block, and its state read back.
package hash

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding"
	"encoding/binary"
	"fmt"
	"hash"
	"io"
	"slices"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/plugin"
)

// Modules are the plugins.
var Modules = []plugin.Module{
	{Name: "MD5Plugin", New: func(plugin.VM) (plugin.Instance, error) {
		f, err := newFunction(md5.New)
		return plugin.Instance{Primitives: map[string]plugin.Func{
			"primitivePluginAvailable":        available,
			"primitiveInitializeState":        f.initialize,
			"primitiveProcessBufferWithState": f.process,
			// The state is kept with its bytes in the order of the digest already.
			"primitiveDecodeState": f.checkState,
		}}, err
	}},
	{Name: "SHA256Plugin", New: func(plugin.VM) (plugin.Instance, error) {
		f, err := newFunction(sha256.New)
		return plugin.Instance{Primitives: map[string]plugin.Func{
			"primitivePluginAvailable":        available,
			"primitiveInitializeState":        f.initialize,
			"primitiveProcessBufferWithState": f.process,
			"primitiveFinalHashFromState":     finalHash,
		}}, err
	}},
	{Name: "CroquetPlugin", New: func(vm plugin.VM) (plugin.Instance, error) {
		f, err := newFunction(md5.New)
		return plugin.Instance{Primitives: map[string]plugin.Func{
			"primitiveGatherEntropy": gatherEntropy(vm),
			"primitiveMD5Transform":  f.transform,
			"primitiveARC4Transform": arc4,
		}}, err
	}},
}

func available(c *plugin.Call) (heap.Oop, plugin.Failure) { return c.ReturnBool(true) }

// blockSize is that of MD5 and of SHA-256.
const blockSize = 64

// function is the block function of a hash. Images keep its state as 32-bit
// words with the lowest byte first.
//
// The crypto packages write a hash down as four bytes of name, the words of
// state with the highest byte first (MD5 too), and what is not yet hashed.
type function struct {
	hash  hash.Hash
	fresh []byte // the hash written down before its first byte
	size  int    // bytes of state
}

const nameSize = 4

func newFunction(new func() hash.Hash) (*function, error) {
	f := &function{hash: new()}
	f.size = f.hash.Size()
	b, err := f.hash.(encoding.BinaryMarshaler).MarshalBinary()
	if err == nil && len(b) < nameSize+f.size {
		err = fmt.Errorf("the state of a %T is written down in only %d bytes", f.hash, len(b))
	}
	f.fresh = b
	return f, err
}

// swap copies words with their bytes in the other order.
func swap(to, from []byte) {
	for i := 0; i+4 <= len(from); i += 4 {
		binary.BigEndian.PutUint32(to[i:], binary.LittleEndian.Uint32(from[i:]))
	}
}

// step hashes one block into a state.
func (f *function) step(state, block []byte) error {
	b := slices.Clone(f.fresh)
	swap(b[nameSize:], state[:f.size])
	if err := f.hash.(encoding.BinaryUnmarshaler).UnmarshalBinary(b); err != nil {
		return err
	}
	f.hash.Write(block[:blockSize])
	b, err := f.hash.(encoding.BinaryMarshaler).MarshalBinary()
	if err != nil {
		return err
	}
	swap(state, b[nameSize:nameSize+f.size])
	return nil
}

// initialize: state to be set to that of no bytes.
func (f *function) initialize(c *plugin.Call) (heap.Oop, plugin.Failure) {
	state, fail := c.MutableBytes(0)
	if fail != plugin.OK {
		return c.Fail(fail)
	}
	if len(state) < f.size {
		return c.Fail(plugin.BadArgument)
	}
	swap(state, f.fresh[nameSize:nameSize+f.size])
	return c.ReturnReceiver()
}

// process: block, state to be changed by it.
func (f *function) process(c *plugin.Call) (heap.Oop, plugin.Failure) {
	block, ok := c.Bytes(0)
	if !ok || len(block) < blockSize {
		return c.Fail(plugin.BadArgument)
	}
	state, fail := c.MutableBytes(1)
	if fail != plugin.OK {
		return c.Fail(fail)
	}
	if len(state) < f.size {
		return c.Fail(plugin.BadArgument)
	}
	if err := f.step(state, block); err != nil {
		return c.Fail(plugin.InternalError)
	}
	return c.ReturnReceiver()
}

func (f *function) checkState(c *plugin.Call) (heap.Oop, plugin.Failure) {
	if state, ok := c.Bytes(0); !ok || len(state) < f.size {
		return c.Fail(plugin.BadArgument)
	}
	return c.ReturnReceiver()
}

// transform: block and state as objects of 32-bit words. It answers the block.
func (f *function) transform(c *plugin.Call) (heap.Oop, plugin.Failure) {
	block, state := c.Arg(0), c.Arg(1)
	if len(plugin.Raw32(block)) != blockSize/4 || len(plugin.Raw32(state)) != f.size/4 {
		return c.Fail(plugin.BadArgument)
	}
	if !c.Writable(state) {
		return c.Fail(plugin.NoModification)
	}
	if err := f.step(plugin.RawBytes(state), plugin.RawBytes(block)); err != nil {
		return c.Fail(plugin.InternalError)
	}
	return block, plugin.OK
}

// finalHash: room for the digest, state.
func finalHash(c *plugin.Call) (heap.Oop, plugin.Failure) {
	state, ok := c.Bytes(1)
	if !ok || len(state) < sha256.Size {
		return c.Fail(plugin.BadArgument)
	}
	digest, fail := c.MutableBytes(0)
	if fail != plugin.OK {
		return c.Fail(fail)
	}
	if len(digest) < sha256.Size {
		return c.Fail(plugin.BadArgument)
	}
	swap(digest, state[:sha256.Size])
	return c.ReturnReceiver()
}

// gatherEntropy: bytes to be filled with random ones.
func gatherEntropy(vm plugin.VM) plugin.Func {
	return func(c *plugin.Call) (heap.Oop, plugin.Failure) {
		b, fail := c.MutableBytes(0)
		if fail != plugin.OK {
			return c.Fail(fail)
		}
		if _, err := io.ReadFull(vm.Host().Entropy, b); err != nil {
			return c.FailError(err)
		}
		return c.ReturnBool(true)
	}
}

// arc4: buffer, start, stop, permutation of 256 bytes, its two indices. Buffer and
// permutation are changed; the answer is the Point of the new indices.
func arc4(c *plugin.Call) (heap.Oop, plugin.Failure) {
	start, ok1 := c.SmallInt(1)
	stop, ok2 := c.SmallInt(2)
	x, ok3 := c.SmallInt(4)
	y, ok4 := c.SmallInt(5)
	buffer, ok5 := c.Bytes(0)
	m, ok6 := c.Bytes(3)
	if !ok1 || !ok2 || !ok3 || !ok4 || !ok5 || !ok6 || len(m) != 256 || c.Arg(0) == c.Arg(3) {
		return c.Fail(plugin.BadArgument)
	}
	if start < 1 || stop < start || stop > len(buffer) {
		return c.Fail(plugin.BadIndex)
	}
	result := c.NewPoint(c.Heap.Nil, c.Heap.Nil)
	if result == heap.Invalid {
		return c.Fail(plugin.NoMemory)
	}
	if !c.Writable(c.Arg(0)) || !c.Writable(c.Arg(3)) {
		return c.Fail(plugin.NoModification)
	}
	for i := start - 1; i < stop; i++ {
		x = (x + 1) & 255
		a := m[x]
		y = (y + int(a)) & 255
		b := m[y]
		m[x], m[y] = b, a
		buffer[i] ^= m[a+b]
	}
	c.Heap.Store(result, 0, heap.FromInt(int64(x)))
	c.Heap.Store(result, 1, heap.FromInt(int64(y)))
	return result, plugin.OK
}
