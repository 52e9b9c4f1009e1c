package xz

import (
	"bytes"
	"errors"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
)

func unpack(b []byte) ([]byte, error) {
	z, err := NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}

// testdata/text.xz is 3,000 bytes of a program; the sum is that of the program.
func TestText(t *testing.T) {
	packed, err := os.ReadFile("testdata/text.xz")
	if err != nil {
		t.Fatal(err)
	}
	got, err := unpack(packed)
	if err != nil {
		t.Fatal(err)
	}
	if sum := crc32.ChecksumIEEE(got); len(got) != 3000 || sum != textSum {
		t.Errorf("%d bytes with the sum %#x", len(got), sum)
	}
	for n := range packed {
		if _, err := unpack(packed[:n]); err == nil || err == io.EOF {
			t.Fatalf("%d of %d bytes: %v", n, len(packed), err)
		}
		for _, flip := range []byte{1, 0x80, 0xff} {
			bad := bytes.Clone(packed)
			bad[n] ^= flip
			if out, err := unpack(bad); err == nil && !bytes.Equal(out, got) {
				t.Fatalf("byte %d changed by %#x: other data, and no error", n, flip)
			}
		}
	}
}

const textSum = 0x63a73d

// TestCommand unpacks what the command xz has packed.
func TestCommand(t *testing.T) {
	if _, err := exec.LookPath("xz"); err != nil {
		t.Skip("there is no command xz")
	}
	r := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 300_000)
	for i := range noise {
		noise[i] = byte(r.Uint32())
	}
	words := &strings.Builder{}
	for range 60_000 {
		words.WriteString([]string{"alpha ", "beta\n", "gamma", "  ", "omega: ", "0", "1"}[r.IntN(7)])
	}
	program, err := os.ReadFile("lzma.go")
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"empty":  nil,
		"byte":   {7},
		"noise":  noise,
		"zeros":  make([]byte, 3_000_000),
		"words":  []byte(words.String()),
		"mixed":  bytes.Join([][]byte{program, noise, program, []byte(words.String()), make([]byte, 100_000), program}, nil),
		"binary": bytes.Repeat(append(bytes.Clone(program), noise[:5000]...), 8),
	} {
		for _, options := range []string{"-6", "-0", "-9 -C crc32", "-1 -C none", "--block-size=300000", "--lzma2=dict=64KiB,lc=0,lp=4,pb=0", "--lzma2=dict=4KiB,lc=4,lp=0,pb=4"} {
			c := exec.Command("xz", append([]string{"-c", "-T1"}, strings.Fields(options)...)...)
			c.Stdin = bytes.NewReader(data)
			packed, err := c.Output()
			if err != nil {
				t.Fatal(err)
			}
			if got, err := unpack(packed); err != nil || !bytes.Equal(got, data) {
				t.Errorf("%s, %s: %d bytes of %d, %v", name, options, len(got), len(data), err)
			}
		}
	}
}

func TestOther(t *testing.T) {
	for _, s := range []string{"", "x", "\x1f\x8b and more than a header", strings.Repeat("\x00", 100)} {
		if _, err := unpack([]byte(s)); err == nil {
			t.Errorf("%q is unpacked", s)
		}
	}
	if _, err := unpack([]byte("no header of xz at all")); !errors.Is(err, ErrFormat) {
		t.Errorf("%v", err)
	}
}
