package image

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
)

// The layout of the header, byte by byte.
func TestHeaderLayout(t *testing.T) {
	h := Header{Format: 68021, Size: 128, DataSize: 0x1111, Base: 0x2222, SpecialObjects: 0x3333, LastHash: 0x4444,
		ScreenSize: 800<<16 | 600, Flags: 0x5555, ExtraVMMemory: 0x6666, StackPages: 0x77, CodeSizeKiB: 0x88,
		EdenBytes: 0x9999, MaxExtSemTabSize: 0xAA, ImageVersion: 0xBB, FirstSegment: 0xCCCC, FreeBytes: 0xDDDD,
		Padding: [5]uint64{1, 2, 3, 4, 5}}
	b := h.encode()
	if len(b) != 128 {
		t.Fatalf("%d bytes", len(b))
	}
	for _, f := range []struct {
		at, size int
		want     uint64
	}{{0, 4, 68021}, {4, 4, 128}, {8, 8, 0x1111}, {16, 8, 0x2222}, {24, 8, 0x3333}, {32, 8, 0x4444}, {40, 8, 0x03200258}, {48, 8, 0x5555},
		{56, 4, 0x6666}, {60, 2, 0x77}, {62, 2, 0x88}, {64, 4, 0x9999}, {68, 2, 0xAA}, {70, 2, 0xBB}, {72, 8, 0xCCCC}, {80, 8, 0xDDDD},
		{88, 8, 1}, {96, 8, 2}, {104, 8, 3}, {112, 8, 4}, {120, 8, 5}} {
		var w [8]byte
		copy(w[:], b[f.at:f.at+f.size])
		if got := binary.LittleEndian.Uint64(w[:]); got != f.want {
			t.Errorf("at %d: %#x, want %#x", f.at, got, f.want)
		}
	}
	if got := decodeHeader(b); got != h {
		t.Errorf("decoded %+v, want %+v", got, h)
	}
}

func TestMarkShowsItsName(t *testing.T) {
	h := Header{Format: Format, Size: pageSize}
	h.setMark(3, 5)
	b := h.encode()
	if string(b[88:96]) != "SistaIm1" {
		t.Errorf("mark %q", b[88:96])
	}
	if !h.Mappable() {
		t.Error("a marked header is not mappable")
	}
	h.LastHash++
	if h.Mappable() {
		t.Error("the mark does not cover the header")
	}
}

// The header may follow a script.
func TestScriptBeforeHeader(t *testing.T) {
	x := newTiny(t)
	b := write(t, x.Heap, Header{})
	script := make([]byte, scriptSize)
	copy(script, "#!/usr/bin/env sista\n")
	_, hd := mustRead(t, append(script, b...))
	if hd.Start != scriptSize {
		t.Errorf("header at %d", hd.Start)
	}
}

func TestOtherFormats(t *testing.T) {
	little := func(n uint32) []byte { return binary.LittleEndian.AppendUint32(nil, n) }
	big := func(n uint32) []byte { return binary.BigEndian.AppendUint32(nil, n) }
	for _, c := range []struct {
		word []byte
		want string
	}{
		{little(6521), "format 6521, 32-bit Spur"}, {little(7033), "format 7033, 32-bit Spur"},
		{little(6502), "format 6502, 32-bit V3"}, {little(6504), "format 6504, 32-bit V3"}, {little(6505), "format 6505, 32-bit V3"},
		{little(68000), "format 68000, 64-bit V3"}, {little(68002), "format 68002, 64-bit V3"}, {little(68003), "format 68003, 64-bit V3"},
		{big(68021), "format 68021, 64-bit Spur, in big-endian"}, {big(6505), "format 6505, 32-bit V3 (before Spur) with native floats, in big-endian"},
		{[]byte("\x7fELF"), "not an image file"}, {[]byte("GIF"), "not an image file"}, {nil, "not an image file"},
	} {
		b := append(bytes.Clone(c.word), make([]byte, 1000)...)
		if len(c.word) < 4 {
			b = c.word
		}
		_, _, err := read(t, b)
		wantError(t, err, "test.image", c.want)
		if err := os.WriteFile(filepath.Join(t.TempDir(), "x"), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
