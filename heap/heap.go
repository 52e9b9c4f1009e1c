// Package heap is the object memory: the Spur 64-bit format bit for bit, in
// memory reserved outside Go's heap.
//
// What it promises:
//   - An Oop stays valid until the next safepoint. Allocation never collects:
//     it takes eden, then a reserve, then old space, else answers Invalid, and
//     asks for a collection through Config.RaisePoll.
//   - Collections happen only in Scavenge, FullGC, Compact and TenureAll, which the
//     mutator calls at safepoints. They visit the mutator's roots through Mutator
//     and Go variables through AddHandle.
//   - Every mutating store first tests StoreCheckMask of the receiver's header
//     (read-only or watched) and then goes through Store, the write barrier. Only
//     objects made since the last safepoint may be filled without it.
//   - Running out of memory is an answer, never a crash: a scavenge does not begin
//     unless all that may live is sure to find a place, and a full collection needs
//     no memory in the heap.
//   - Become leaves forwarders. Roots, the special objects and the class table never
//     hold one; other slots may until the next full collection: see Follow.
//   - Nothing depends on where the heap lies, and several heaps share no state.
//
// New space is scavenged (scavenge.go). Old space is marked in a bitmap beside the
// objects (mark.go, bitmap.go), and slid together or swept (compact.go); segments
// that map a file are only swept. Verify checks all of it.
//
// The package trusts the objects it is given. Memory of a damaged image can make a
// collection or an accessor touch an address that is not there, which the caller
// has to turn into an error (debug.SetPanicOnFault); Verify finds the damage first.
package heap
