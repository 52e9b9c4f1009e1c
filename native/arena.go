package native

import "math/bits"

// An arena is address space from 0 on, cut into blocks. Blocks lie end to end from 0
// to top, free ones not next to each other and none of them last; beyond top nothing
// was taken, or all is free again.
type arena struct {
	size, top uint64
	used      uint64 // bytes in blocks that are not free
	last      *block
	free      [64]*block // heads of the lists of free blocks, by number of bits of their size
	touched   uint64     // beyond it nothing was ever taken
}

// block is a piece of an arena.
type block struct {
	at, size   uint64
	placed     *Placed // what it is taken for; nil if it is free
	free       bool
	prev, next *block // by address

	prevFree, nextFree *block // in its list
}

// granule is what blocks are multiples of: a cache line, so that writing code or
// data is not near other code that runs.
const granule = 64

func roundUp(n, to uint64) uint64 { return (n + to - 1) / to * to }

// take finds room; nil if there is none. Fresh tells that it was never used before.
func (a *arena) take(size uint64) (b *block, fresh bool) {
	size = roundUp(max(size, 1), granule)
	if b = a.find(size); b == nil {
		if size > a.size-a.top {
			return nil, false
		}
		b = &block{at: a.top, size: size, prev: a.last}
		if a.last != nil {
			a.last.next = b
		}
		a.last, a.top = b, a.top+size
	} else {
		a.unlist(b)
		if rest := b.size - size; rest > 0 {
			r := &block{at: b.at + size, size: rest, prev: b, next: b.next}
			b.size, b.next = size, r
			r.next.prev = r // a free block is never last
			a.list(r)
		}
	}
	a.used += b.size
	fresh = b.at >= a.touched
	a.touched = max(a.touched, a.top)
	return b, fresh
}

// append takes room behind all that is taken, which there has to be, and makes b its block.
func (a *arena) append(b *block, size uint64) {
	size = roundUp(max(size, 1), granule)
	*b = block{at: a.top, size: size, prev: a.last}
	if a.last != nil {
		a.last.next = b
	}
	a.last, a.top = b, a.top+size
	a.used += size
	a.touched = max(a.touched, a.top)
}

// find answers the first free block that is large enough, of the list with the smallest ones.
func (a *arena) find(size uint64) *block {
	for i := bits.Len64(size); i < len(a.free); i++ {
		for b := a.free[i]; b != nil; b = b.nextFree {
			if b.size >= size {
				return b
			}
		}
	}
	return nil
}

// give gives a block back and answers the free block it is part of now; nil if
// it was cut off the end.
func (a *arena) give(b *block) *block {
	a.used -= b.size
	b.placed = nil
	if n := b.next; n != nil && n.free {
		a.unlist(n)
		a.merge(b, n)
	}
	if p := b.prev; p != nil && p.free {
		a.unlist(p)
		a.merge(p, b)
		b = p
	}
	if b.next == nil {
		a.top, a.last = b.at, b.prev
		if b.prev != nil {
			b.prev.next = nil
		}
		return nil
	}
	a.list(b)
	return b
}

// merge makes b and its neighbour n one.
func (a *arena) merge(b, n *block) {
	b.size += n.size
	b.next = n.next
	if n.next != nil {
		n.next.prev = b
	} else {
		a.last = b
	}
}

func (a *arena) list(b *block) {
	head := &a.free[bits.Len64(b.size)]
	b.free, b.prevFree, b.nextFree = true, nil, *head
	if *head != nil {
		(*head).prevFree = b
	}
	*head = b
}

func (a *arena) unlist(b *block) {
	if b.prevFree != nil {
		b.prevFree.nextFree = b.nextFree
	} else {
		a.free[bits.Len64(b.size)] = b.nextFree
	}
	if b.nextFree != nil {
		b.nextFree.prevFree = b.prevFree
	}
	b.free, b.prevFree, b.nextFree = false, nil, nil
}
