package heap

// Stats counts what the collectors did, for the image's VM parameters.
type Stats struct {
	Scavenges, FullGCs           uint64
	ScavengeNs, FullNs           uint64
	MarkNs, CompactNs            uint64
	Tenured                      uint64 // objects moved to old space by scavenges
	SurvivedBytes                uint64 // bytes that the last scavenge kept young
	Marked, Moved                uint64 // objects of the last full collection
	Grows, Shrinks               uint64
	EphemeronsFired, WeakCleared uint64
	Becomes                      uint64
	allocatedBefore              uint64 // bytes allocated in eden before it was last emptied
}

// AllocatedBytes answers the bytes allocated in eden since the heap was made.
func (h *Heap) AllocatedBytes() uint64 {
	return h.Stats.allocatedBefore + h.EdenFree - h.young.edenStart
}
