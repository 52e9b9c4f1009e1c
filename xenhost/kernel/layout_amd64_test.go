package kernel

import (
	"testing"
	"unsafe"
)

// TestLayouts pins what the processor, and ELF files, have.
func TestLayouts(t *testing.T) {
	if n := unsafe.Sizeof(gate{}); n != 16 {
		t.Errorf("a gate has %d bytes", n)
	}
	if n := unsafe.Sizeof(task{}); n != 104 {
		t.Errorf("the task state has %d bytes", n)
	}
	if o := unsafe.Offsetof(task{}.Stacks); o != 36 {
		t.Errorf("the first stack for traps is at %d", o)
	}
	if o := unsafe.Offsetof(task{}.IOMap); o != 102 {
		t.Errorf("the end of the I/O map is at %d", o)
	}
	d := descriptor{}
	if unsafe.Offsetof(d.Limit) != descriptorSkip || unsafe.Offsetof(d.Address) != descriptorSkip+2 {
		t.Error("a pseudo descriptor is a limit of 2 bytes and an address behind it")
	}
	if n := unsafe.Sizeof(programHeader{}); n != 56 {
		t.Errorf("a program header has %d bytes", n)
	}
}

func TestGate(t *testing.T) {
	g := makeGate(0x1234_5678_9abc_def0, 3)
	b := *(*[2]uint64)(unsafe.Pointer(&g))
	if b[0] != 0x9abc_8e03_0008_def0 || b[1] != 0x1234_5678 {
		t.Errorf("%#x %#x", b[0], b[1])
	}
}

func TestTaskSegment(t *testing.T) {
	low, high := taskSegment(0x1122_3344_5566_7788, 103)
	if low != 0x5500_8966_7788_0067 || high != 0x1122_3344 {
		t.Errorf("%#x %#x", low, high)
	}
}

func TestAfter(t *testing.T) {
	if v, ok := after([]byte("kernel.xcr0=3"), "kernel.xcr0="); !ok || string(v) != "3" {
		t.Errorf("%q, %v", v, ok)
	}
	if _, ok := after([]byte("kern"), "kernel."); ok {
		t.Error("a word that is too short")
	}
}
