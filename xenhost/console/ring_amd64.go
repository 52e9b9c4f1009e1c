package console

import "github.com/sista-vm/sista/xenhost/xen"

// ring is Xen's ring of the console, if there is one.
var ring xen.Ring

// emergency writes by hypercall: Xen's first domain has no ring.
var emergency bool

// OpenXen takes Xen's console. Physical memory appears at base.
func OpenXen(base uint64) {
	var ok bool
	ring, ok = xen.OpenConsole(base)
	emergency = !ok
}

// Port answers the port of the ring's events; ok is false if there is no ring.
func Port() (port uint32, ok bool) { return ring.Port, ring.Open() }

// ringPatience is how often the other side is asked to make room.
const ringPatience = 100_000

func ringWrite(p []byte) {
	for _, b := range p {
		if b == '\n' {
			ringPut('\r')
		}
		ringPut(b)
	}
	xen.Notify(ring.Port)
}

func ringPut(b byte) {
	one[0] = b
	for range ringPatience {
		if ring.Put(one[:]) == 1 {
			return
		}
		xen.Notify(ring.Port)
		xen.Yield()
	}
}

var one [1]byte

func ringPoll() {
	n := 0
	for In.Room() > 0 && ring.Take(one[:]) == 1 {
		In.Put(one[0])
		n++
	}
	if n > 0 {
		xen.Notify(ring.Port)
	}
}

// Drain waits until the other side has taken all output.
func Drain() {
	if ring.Open() {
		xen.Notify(ring.Port)
		for i := 0; i < ringPatience && !ring.Drained(); i++ {
			xen.Yield()
		}
	}
}
