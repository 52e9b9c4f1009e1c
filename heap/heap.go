// Package heap is the object memory: the Spur 64-bit format bit for bit, in
// memory reserved outside Go's heap.
//
// What it promises:
//   - An Oop stays valid until the next safepoint. Allocation never collects:
//     it takes eden, then a reserve, then old space, else answers Invalid, and
//     asks for a collection through Config.RaisePoll.
//   - Collections happen only in Scavenge and FullGC, which the mutator calls at
//     safepoints, and visit the mutator's roots through Mutator.
//   - Every mutating store first tests StoreCheckMask of the receiver's header
//     (read-only or watched) and then goes through Store, the write barrier.
package heap
