package console

import (
	"unsafe"

	"github.com/sista-vm/sista/xenhost/xen"
)

// In is what came in.
var In Queue

// Write puts bytes out.
func Write(p []byte) {
	switch {
	case ring.Open():
		ringWrite(p)
	case emergency:
		xen.WriteEmergency(p)
	case serial:
		serialWrite(p)
	}
}

// Poll takes what has come in.
func Poll() {
	switch {
	case ring.Open():
		ringPoll()
	case serial:
		serialPoll()
	}
}

// Print and the like write messages of the kernel itself.
func Print(s string) { Write(unsafe.Slice(unsafe.StringData(s), len(s))) }

// PrintHex writes a number with 0x before it.
func PrintHex(v uint64) {
	var b [18]byte
	i := len(b)
	for {
		i--
		b[i] = "0123456789abcdef"[v&15]
		if v >>= 4; v == 0 {
			break
		}
	}
	b[i-1], b[i-2] = 'x', '0'
	Write(b[i-2:])
}

// PrintDecimal writes a number.
func PrintDecimal(v uint64) {
	var b [20]byte
	i := len(b)
	for {
		i--
		b[i] = '0' + byte(v%10)
		if v /= 10; v == 0 {
			break
		}
	}
	Write(b[i:])
}
