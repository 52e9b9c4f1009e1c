package dsa

import (
	"bytes"
	"crypto/sha1"
	"encoding/binary"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/plugin"
	"github.com/sista-vm/sista/plugin/plugintest"
)

const module = "DSAPrims"

func TestSHA1(t *testing.T) {
	v := plugintest.New(t, Module)
	if v.Do(module, "primitiveHasSecureHashPrimitive", nil) != true {
		t.Error("no secure hash")
	}
	for _, n := range []int{0, 3, 55} { // messages of one block
		msg := bytes.Repeat([]byte{'x'}, n)
		block := make([]byte, 64)
		copy(block, msg)
		block[n] = 0x80
		binary.BigEndian.PutUint64(block[56:], uint64(8*n))
		w := v.Oop(make([]uint32, 80))
		state := v.Oop([]uint32{0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0})
		v.Do(module, "primitiveExpandBlock", nil, block, w)
		v.Do(module, "primitiveHashBlock", nil, w, state)
		var got []byte
		for _, s := range plugin.Raw32(state) {
			got = binary.BigEndian.AppendUint32(got, s)
		}
		if want := sha1.Sum(msg); !bytes.Equal(got, want[:]) {
			t.Errorf("hash of %d bytes is %x, want %x", n, got, want)
		}
	}
	v.Fails(plugin.BadArgument, module, "primitiveExpandBlock", nil, make([]byte, 63), make([]uint32, 80))
	v.Fails(plugin.BadArgument, module, "primitiveHashBlock", nil, make([]uint32, 80), make([]uint32, 4))
}

// large makes a LargePositiveInteger of a number of bytes.
func large(v *plugintest.VM, x *big.Int, size int) heap.Oop {
	o := v.Heap().Allocate(heap.ClassLargePos, heap.FmtBytes+heap.Format(-size&7), (size+7)/8)
	set(plugin.RawBytes(o), x)
	return o
}

func TestArithmetic(t *testing.T) {
	v := plugintest.New(t, Module)
	r := rand.New(rand.NewPCG(9, 10))
	for range 300 {
		a, b := random(r), random(r)
		ao, bo := large(v, a, 40), large(v, b, 40)
		product := large(v, new(big.Int), 80)
		v.Do(module, "primitiveBigMultiply", nil, ao, bo, product)
		if got := toBig(plugin.RawBytes(product)); got.Cmp(new(big.Int).Mul(a, b)) != 0 {
			t.Fatalf("%v * %v is %v", a, b, got)
		}
		if want := max((a.BitLen()+7)/8, 1); v.Do(module, "primitiveHighestNonZeroDigitIndex", nil, ao) != want {
			t.Fatalf("highest digit of %x is not %d", a, want)
		}
		if b.Sign() == 0 {
			v.Fails(plugin.BadArgument, module, "primitiveBigDivide", nil, ao, bo, product)
			continue
		}
		quotient := large(v, new(big.Int), 40)
		v.Do(module, "primitiveBigDivide", nil, ao, bo, quotient)
		q, rem := new(big.Int).QuoRem(a, b, new(big.Int))
		if gq, gr := toBig(plugin.RawBytes(quotient)), toBig(plugin.RawBytes(ao)); gq.Cmp(q) != 0 || gr.Cmp(rem) != 0 {
			t.Fatalf("%v / %v is %v rest %v", a, b, gq, gr)
		}
	}
	v.Fails(plugin.BadArgument, module, "primitiveBigMultiply", nil, 1, 2, 3)
}

// random answers a number of some bits.
func random(r *rand.Rand) *big.Int {
	b := make([]byte, r.IntN(38))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return new(big.Int).SetBytes(b)
}

func TestFuzzArguments(t *testing.T) {
	plugintest.Fuzz(t, Module, 1000, func(v *plugintest.VM) []heap.Oop {
		return []heap.Oop{v.Oop(make([]byte, 64)), v.Oop(make([]uint32, 80)), v.Oop(make([]uint32, 5)),
			large(v, big.NewInt(77), 4), large(v, big.NewInt(1<<50), 12), large(v, new(big.Int), 8)}
	})
}
