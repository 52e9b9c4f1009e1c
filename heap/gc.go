package heap

import "time"

// NeedsGC tells what a safepoint should do.
func (h *Heap) NeedsGC() (scavenge, full bool) { return h.needScavenge, h.needFull }

// FullGC collects the whole heap. It needs no memory in it: young objects stay where
// they are, and old space is compacted in place, or only swept when there is
// little garbage.
func (h *Heap) FullGC() { h.collect(h.needCompact, false) }

// Compact collects the whole heap and leaves old space without gaps but those
// between pinned objects. Mapped segments are compacted too when asked.
func (h *Heap) Compact(mapped bool) { h.collect(true, mapped) }

// sparse is the share of garbage in old space, 1/sparse of what lives, from which it is compacted.
const sparse = 16

func (h *Heap) collect(compact, mapped bool) {
	began := time.Now()
	h.old.seal()
	used := h.old.used()
	m := h.mark()
	h.mutator.AfterMark()
	m.expungeClasses()
	m.clearWeaklings()
	m.forgetDead()
	h.freeDeadYoung()
	y := &h.young
	y.liveBound, y.liveBoundFree = max(m.youngBytes, 1), h.EdenFree
	marked := time.Now()

	if used > m.oldBytes+m.oldBytes/sparse {
		compact = true
	}
	tails := make([]uint64, len(h.old.segments))
	if !compact || !h.compact(mapped, tails) {
		h.old.forget()
		for i, s := range h.old.segments {
			tails[i] = h.sweep(s)
		}
	}
	h.old.settle(tails)
	h.old.usedAtGC = h.old.used()
	h.needFull, h.needCompact = false, false
	h.forwarders = forwarders{}
	h.Stats.FullGCs++
	h.Stats.Marked = m.marked
	h.Stats.MarkNs += uint64(marked.Sub(began))
	h.Stats.CompactNs += uint64(time.Since(marked))
	h.Stats.FullNs += uint64(time.Since(began))
	h.mutator.Moved()
	if h.needScavenge || h.EdenFree > h.EdenLimit {
		h.stuck = !h.scavenge(false)
		h.needFull = false
	}
	h.reportLowSpace()
}

// considerFullGC asks for a full collection when old space has grown enough.
func (h *Heap) considerFullGC() {
	used, before := h.old.used(), h.old.usedAtGC
	if !h.needFull && used > before && float64(used-before) > h.GrowthRatio*float64(max(before, minGrowthBase)) {
		h.needFull = true
		h.poll()
	}
}

// minGrowthBase keeps small heaps from being collected all the time.
const minGrowthBase = 24 << 20
