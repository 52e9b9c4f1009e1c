package kernel

import (
	"io"
	"os"
	"unsafe"

	"github.com/sista-vm/sista/xenhost/mem"
	"github.com/sista-vm/sista/xenhost/xen"
)

// maxPorts is how many event channels drivers may have.
const maxPorts = 16

// ports are those of drivers, and the descriptors that count their events.
var (
	ports     [maxPorts]struct{ port, fd uint64 }
	portCount int
)

func openEvents(domain uint16, to uint64) uint64 {
	switch {
	case !xen.Present():
		return failure(enodev)
	case portCount == maxPorts:
		return failure(mem.EAGAIN)
	case !space.Writable(to, 4):
		return failure(efault)
	}
	port, ok := xen.OpenEvents(domain)
	if !ok {
		return failure(enodev)
	}
	fd := newDescriptor(aCounter)
	if fd < maxDescriptors {
		ports[portCount].port, ports[portCount].fd = uint64(port), fd
		portCount++
		store32(to, port)
	}
	return fd
}

func countEvent(port uint32) {
	for i := range portCount {
		if ports[i].port == uint64(port) {
			count(ports[i].fd)
		}
	}
}

func grant(domain uint16, physical uint64, readOnly bool) uint64 {
	if !xen.Present() {
		return failure(enodev)
	}
	if !xen.Grants() {
		p, ok := space.Frames.Alloc(0)
		if !ok {
			return failure(mem.ENOMEM)
		}
		if !xen.MapGrants(DirectMap, p) {
			return failure(enodev)
		}
	}
	ref, ok := xen.Grant(domain, physical, readOnly)
	if !ok {
		return failure(mem.ENOMEM)
	}
	return uint64(ref)
}

// Grant lets a domain use the frame at a physical address, and answers the number to tell it.
func (Devices) Grant(domain uint16, physical uint64, readOnly bool) (ref uint32, err error) {
	flag := uintptr(0)
	if readOnly {
		flag = 1
	}
	v, err := ask(doorGrant, uintptr(domain), uintptr(physical), flag, 0)
	return uint32(v), err
}

// Events makes an event channel to a domain: the port to tell it, and a stream like that of Interrupts.
func (Devices) Events(domain uint16) (port uint32, events io.Reader, err error) {
	fd, err := ask(doorEvents, uintptr(domain), uintptr(unsafe.Pointer(&port)), 0, 0)
	if err != nil {
		return 0, nil, err
	}
	return port, os.NewFile(uintptr(fd), "events"), nil
}

// Notify sends an event to the other end of a port.
func (Devices) Notify(port uint32) { _, _ = ask(doorNotify, uintptr(port), 0, 0, 0) }
