package pvh

import (
	"encoding/binary"
	"strings"
	"testing"
	"unsafe"
)

// lay makes a start info by hand, byte for byte, with everything behind it.
func lay(line string) []byte {
	b := make([]byte, 4096)
	le := binary.LittleEndian
	le.PutUint32(b[0:], 0x336ec578)
	le.PutUint32(b[4:], 1)
	le.PutUint32(b[12:], 2)
	le.PutUint64(b[16:], 256)
	le.PutUint64(b[24:], 512)
	le.PutUint64(b[32:], 0xabc)
	le.PutUint64(b[40:], 128)
	le.PutUint32(b[48:], 2)
	for i, v := range []uint64{0, 0x9fc00, 1, 0x1_0000_0000, 0x4000_0000, 2} {
		le.PutUint64(b[128+8*i:], v)
	}
	for i, v := range []uint64{0x200000, 1234, 0, 0, 0x300000, 99, 0, 0} {
		le.PutUint64(b[256+8*i:], v)
	}
	copy(b[512:], line)
	return b
}

// TestRead reads with physical addresses that appear elsewhere.
func TestRead(t *testing.T) {
	b := lay("one two")
	base := uint64(uintptr(unsafe.Pointer(&b[0])))
	var i Info
	if !i.Read(base, 0) {
		t.Fatal("not read")
	}
	if i.Version != 1 || i.RSDP != 0xabc || string(i.CommandLine[:i.LineLength]) != "one two" {
		t.Errorf("%d %#x %q", i.Version, i.RSDP, i.CommandLine[:i.LineLength])
	}
	if i.MemoryCount != 2 || i.Memory[0] != (MemoryEntry{Size: 0x9fc00, Type: RAM}) ||
		i.Memory[1] != (MemoryEntry{Address: 0x1_0000_0000, Size: 0x4000_0000, Type: 2}) {
		t.Errorf("%d %v", i.MemoryCount, i.Memory[:2])
	}
	if i.ModuleCount != 2 || i.Modules[1] != (Module{0x300000, 99}) {
		t.Errorf("%d %v", i.ModuleCount, i.Modules[:2])
	}
	b[0]++
	if new(Info).Read(base, 0) {
		t.Error("read without the magic")
	}
}

func TestLimits(t *testing.T) {
	b := lay(strings.Repeat("x", 3000))
	binary.LittleEndian.PutUint32(b[48:], 1<<31)
	binary.LittleEndian.PutUint32(b[12:], 1<<31)
	var i Info
	i.Read(uint64(uintptr(unsafe.Pointer(&b[0]))), 0)
	if i.MemoryCount != MaxMemory || i.ModuleCount != MaxModules || i.LineLength != MaxCommandLine {
		t.Error(i.MemoryCount, i.ModuleCount, i.LineLength)
	}
}

func TestWords(t *testing.T) {
	for line, want := range map[string]string{
		"":                     "",
		"  a  bc ":             "a|bc|",
		"eval '3 + 4' \"x y\"": "eval|3 + 4|x y|",
		"a'b c'd ''":           "ab cd||",
		"it's open":            "its open|",
	} {
		b := append([]byte(line), 0)
		n := Words(b, len(line))
		if got := strings.ReplaceAll(string(b[:n]), "\x00", "|"); got != want {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
}

func TestIsVariable(t *testing.T) {
	for word, want := range map[string]bool{"A=": true, "GODEBUG=x=1": true, "A_1=2": true, "1A=2": false, "a=b": false, "=b": false, "A": false, "--X=1": false} {
		if got := IsVariable([]byte(word)); got != want {
			t.Errorf("%q: %v", word, got)
		}
	}
}
