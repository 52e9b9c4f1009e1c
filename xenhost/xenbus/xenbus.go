// Package xenbus is what the front halves of Xen's devices have in common. A device has two halves: one in the guest,
// one in another domain, which meet in xenstore (Xen's public header io/xenbus.h) and share rings (io/ring.h).
//
//	Ring     a page of requests and answers, shared with the back half
//	Machine  memory, grants and events: package kernel's, or a test's
//	Store    the tree of configuration in which the two halves meet
//
// What it promises:
//   - Nothing that the back half writes into a ring is trusted: what cannot be is ErrBroken.
package xenbus

import (
	"errors"
	"io"
)

// PageSize is what grants are counted in.
const PageSize = 4096

// Machine is what a driver needs of the machine.
type Machine interface {
	// Allocate answers zeroed memory that is contiguous and begins a page, and its physical address.
	Allocate(size uint64) (addr, physical uint64, err error)
	// Grant lets a domain use the page at a physical address, and answers the number to tell it.
	Grant(domain uint16, physical uint64, readOnly bool) (ref uint32, err error)
	// Events makes an event channel to a domain: the port to tell it, and a stream from which eight
	// bytes can be read after events.
	Events(domain uint16) (port uint32, events io.Reader, err error)
	// Notify sends an event to the other end of a port.
	Notify(port uint32)
}

// Store is what it needs of xenstore's client.
type Store interface {
	Read(path string) (string, error)
	Write(path, value string) error
	Watch(path string, f func(path string)) (cancel func() error, err error)
}

// States say how far a half of a device has come (io/xenbus.h). None is that of a half that is not there.
const (
	None         = 0
	Initialising = 1
	InitWait     = 2
	Initialised  = 3
	Connected    = 4
	Closing      = 5
	Closed       = 6
)

// ErrBroken says that the back half breaks the rules.
var ErrBroken = errors.New("the back half does what it must not do")
