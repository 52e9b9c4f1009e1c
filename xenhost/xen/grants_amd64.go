package xen

import (
	"sync/atomic"
	"unsafe"
)

// The table of grants, by which other domains may use frames of ours, is a page of entries of 8 bytes
// (version 1 of the interface). The first eight are Xen's own.
//
//	0  flags (2)   2  the other domain (2)   4  frame (4)
const (
	grantSize     = 8
	firstGrant    = 8
	grantPages    = 1
	grantsPerPage = 4096 / grantSize

	grantAccess   = 1
	grantReadOnly = 4
)

var (
	grants    uint64 // where the table appears
	nextGrant uint32 = firstGrant
)

// MapGrants puts the table of grants in the place of a frame at a physical address, which appears at base.
func MapGrants(base, physical uint64) bool {
	const grantTable = 1 // of the things that can be put there
	argument[0], argument[1], argument[2] = self|grantTable<<32, 0, physical>>12
	if failed(call(callMemory, memoryAddToPhysmap, argumentAt(), 0, 0)) {
		return false
	}
	grants = base + physical
	return true
}

// Grants tells whether there is a table.
func Grants() bool { return grants != 0 }

// Grant lets a domain use the frame at a physical address, and answers the number to tell it. It is for good.
func Grant(domain uint16, physical uint64, readOnly bool) (ref uint32, ok bool) {
	if grants == 0 || nextGrant == grantPages*grantsPerPage {
		return 0, false
	}
	ref = nextGrant
	nextGrant++
	entry := grants + uint64(ref)*grantSize
	flags := uint32(grantAccess)
	if readOnly {
		flags |= grantReadOnly
	}
	store32(entry+4, uint32(physical>>12))
	// The flags make it valid, so they come last.
	atomic.StoreUint32((*uint32)(unsafe.Add(nil, uintptr(entry))), flags|uint32(domain)<<16)
	return ref, true
}

// OpenEvents makes a port for a domain to bind to. Events of it come from now on.
func OpenEvents(domain uint16) (port uint32, ok bool) {
	// evtchn_alloc_unbound: 0 domain (2)  2 the other one (2)  4 port
	argument[0] = self | uint64(domain)<<16
	if failed(call(callEvents, eventsAllocUnbound, argumentAt(), 0, 0)) {
		return 0, false
	}
	port = uint32(argument[0] >> 32)
	Unmask(port)
	return port, true
}
