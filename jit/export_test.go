package jit

import (
	"cmp"
	"hash/fnv"
	"slices"

	"github.com/sista-vm/sista/heap"
)

// An Again is what compiling anew all that is compiled took.
type Again struct {
	Times
	Functions, Values, Bytes int
	Hash                     uint64 // of the code
}

// Recompile compiles all that is compiled once more, and puts none of it to use.
func (b *Broker) Recompile() (a Again, err error) {
	units := make([]*unit, 0, len(b.units))
	for _, u := range b.units {
		units = append(units, u)
	}
	slices.SortFunc(units, func(x, y *unit) int { return cmp.Or(cmp.Compare(x.name, y.name), cmp.Compare(x.age, y.age)) })
	h := fnv.New64a()
	for _, u := range units {
		method := b.in.MethodOf(u.place.method)
		if method == heap.Invalid {
			continue
		}
		j := b.translate(method, u.place, false)
		j.generate(b)
		j.world.Cancel()
		if j.err != nil {
			return a, j.err
		}
		a.Times.add(j.times)
		a.Functions++
		a.Values += j.values
		a.Bytes += len(j.code.Bytes)
		h.Write(j.code.Bytes)
	}
	a.Hash = h.Sum64()
	return a, nil
}
