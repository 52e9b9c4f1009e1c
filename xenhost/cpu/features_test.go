//go:build amd64

package cpu

import (
	"testing"
	"unsafe"

	xcpu "golang.org/x/sys/cpu"
)

func TestDetect(t *testing.T) {
	f := Detect()
	t.Logf("%+v", f)
	if f.RDRand != xcpu.X86.HasRDRAND || f.RDSeed != xcpu.X86.HasRDSEED {
		t.Errorf("RDRAND %v, RDSEED %v; x/sys/cpu says %v, %v", f.RDRand, f.RDSeed, xcpu.X86.HasRDRAND, xcpu.X86.HasRDSEED)
	}
	if f.XSave && (f.Components&3 != 3 || f.StateSize < 576 || f.StateSize > 4096) {
		t.Errorf("components %#x take %d bytes", f.Components, f.StateSize)
	}
	if xcpu.X86.HasAVX && f.Components&StateAVX == 0 {
		t.Error("AVX is not among the components")
	}
}

func TestUsable(t *testing.T) {
	for offered, want := range map[uint64]uint64{
		3: 3, 7: 7, 0xe7: 0xe7,
		0x67:    7,    // AVX-512 without one of its parts
		0xe3:    3,    // AVX-512 without AVX
		0x602e7: 0xe7, // AMX stays off
		0x21b:   0x3,  // so do MPX and PKRU
	} {
		if got := Usable(offered); got != want {
			t.Errorf("Usable(%#x) = %#x, want %#x", offered, got, want)
		}
	}
}

func TestZeroAndCopy(t *testing.T) {
	a := []uint64{1, 2, 3, 4}
	b := []uint64{5, 6, 7, 8}
	Copy(addressOf(a), addressOf(b), 24)
	Zero(addressOf(b), 16)
	if a[0] != 5 || a[2] != 7 || a[3] != 4 || b[1] != 0 || b[2] != 7 {
		t.Error(a, b)
	}
}

func addressOf(s []uint64) uintptr { return uintptr(unsafe.Pointer(&s[0])) }
