package hash

import (
	"bytes"
	"crypto/md5"
	"crypto/rc4"
	"crypto/sha256"
	"encoding/binary"
	"testing"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/plugin"
	"github.com/sista-vm/sista/plugin/plugintest"
)

// pad makes the blocks of a message.
func pad(msg []byte, order binary.AppendByteOrder) []byte {
	p := append(bytes.Clone(msg), 0x80)
	for len(p)%64 != 56 {
		p = append(p, 0)
	}
	return order.AppendUint64(p, uint64(8*len(msg)))
}

func TestDigests(t *testing.T) {
	v := plugintest.New(t, Modules...)
	for _, n := range []int{0, 1, 55, 56, 64, 1000} {
		msg := bytes.Repeat([]byte("sista"), n)[:n]

		state := v.Oop(make([]byte, 16))
		v.Do("MD5Plugin", "primitiveInitializeState", nil, state)
		words := v.Oop([]uint32{0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476})
		for p := pad(msg, binary.LittleEndian); len(p) > 0; p = p[64:] {
			v.Do("MD5Plugin", "primitiveProcessBufferWithState", nil, p[:64], state)
			block := v.Oop(make([]uint32, 16))
			copy(plugin.RawBytes(block), p)
			v.Do("CroquetPlugin", "primitiveMD5Transform", nil, block, words)
		}
		v.Do("MD5Plugin", "primitiveDecodeState", nil, state)
		want := md5.Sum(msg)
		if got := v.Go(state).([]byte); !bytes.Equal(got, want[:]) {
			t.Errorf("MD5 of %d bytes is %x, want %x", n, got, want)
		}
		if got := plugin.RawBytes(words); !bytes.Equal(got, want[:]) {
			t.Errorf("MD5 of %d bytes in words is %x, want %x", n, got, want)
		}

		state = v.Oop(make([]byte, 32))
		digest := v.Oop(make([]byte, 32))
		v.Do("SHA256Plugin", "primitiveInitializeState", nil, state)
		for p := pad(msg, binary.BigEndian); len(p) > 0; p = p[64:] {
			v.Do("SHA256Plugin", "primitiveProcessBufferWithState", nil, p[:64], state)
		}
		v.Do("SHA256Plugin", "primitiveFinalHashFromState", nil, digest, state)
		want256 := sha256.Sum256(msg)
		if got := v.Go(digest).([]byte); !bytes.Equal(got, want256[:]) {
			t.Errorf("SHA-256 of %d bytes is %x, want %x", n, got, want256)
		}
	}
	v.Fails(plugin.BadArgument, "SHA256Plugin", "primitiveInitializeState", nil, make([]byte, 31))
	v.Fails(plugin.BadArgument, "MD5Plugin", "primitiveProcessBufferWithState", nil, make([]byte, 63), make([]byte, 16))
}

func TestEntropy(t *testing.T) {
	v := plugintest.New(t, Modules...)
	v.World.Entropy = bytes.NewReader([]byte("randomness"))
	b := v.Oop(make([]byte, 6))
	if v.Do("CroquetPlugin", "primitiveGatherEntropy", nil, b) != true || string(v.Go(b).([]byte)) != "random" {
		t.Errorf("gathered %q", v.Go(b))
	}
	v.Fails(plugin.Generic, "CroquetPlugin", "primitiveGatherEntropy", nil, make([]byte, 6))
}

func TestRC4(t *testing.T) {
	v := plugintest.New(t, Modules...)
	key := []byte("key")
	cipher, err := rc4.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	want := make([]byte, 20)
	cipher.XORKeyStream(want, []byte("attack at dawn......"))
	m := make([]byte, 256)
	for i := range m {
		m[i] = byte(i)
	}
	for i, j := 0, byte(0); i < 256; i++ {
		j += m[i] + key[i%len(key)]
		m[i], m[j] = m[j], m[i]
	}
	mo, buffer := v.Oop(m), v.Oop([]byte("attack at dawn......"))
	p := v.Do("CroquetPlugin", "primitiveARC4Transform", nil, buffer, 1, 12, mo, 0, 0).([2]any)
	v.Do("CroquetPlugin", "primitiveARC4Transform", nil, buffer, 13, 20, mo, p[0], p[1])
	if got := v.Go(buffer).([]byte); !bytes.Equal(got, want) {
		t.Errorf("RC4 gives %x, want %x", got, want)
	}
	v.Fails(plugin.BadIndex, "CroquetPlugin", "primitiveARC4Transform", nil, buffer, 0, 12, mo, 0, 0)
	v.Fails(plugin.BadIndex, "CroquetPlugin", "primitiveARC4Transform", nil, buffer, 1, 21, mo, 0, 0)
}

func TestFuzzArguments(t *testing.T) {
	for _, m := range Modules {
		plugintest.Fuzz(t, m, 800, func(v *plugintest.VM) []heap.Oop {
			return []heap.Oop{v.Oop(make([]byte, 64)), v.Oop(make([]byte, 256)), v.Oop(make([]uint32, 16)), v.Oop(make([]uint32, 4))}
		})
	}
}
