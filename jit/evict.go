package jit

import (
	"cmp"
	"errors"
	"maps"
	"slices"

	"github.com/sista-vm/sista/native"
)

// The room for code is limited. When there is none for more, code goes that no frame runs: at first what was not
// called since the last time, and of that the oldest; what frames run goes last. A method may be compiled
// again when it was hot for a while, each time for a longer one.

// place puts code in the zone, evicting other code if need be and it may.
func (b *Broker) place(code *native.Code, evicts bool) (*native.Placed, error) {
	if b.fits(code) {
		p, err := b.zone.Place(code)
		if !errors.Is(err, native.ErrZoneFull) {
			return p, err
		}
	}
	if !evicts {
		return nil, native.ErrZoneFull
	}
	b.evict(uint64(len(code.Bytes)))
	if !b.fits(code) {
		return nil, native.ErrZoneFull
	}
	return b.zone.Place(code)
}

// fits tells whether code is within the limit.
func (b *Broker) fits(code *native.Code) bool {
	return b.opts.ZoneBytes == 0 || b.zone.Stats().Text+uint64(len(code.Bytes)) <= b.opts.ZoneBytes
}

// byAge answers all code in use, the oldest first.
func (b *Broker) byAge() []*unit {
	units := slices.Collect(maps.Values(b.byCode))
	slices.SortFunc(units, func(x, y *unit) int { return cmp.Compare(x.age, y.age) })
	return units
}

// evict frees so much room and a part of all that is used besides, so that it is not called for each
// compilation.
func (b *Broker) evict(room uint64) {
	running := b.in.CodeOnStack()
	units := b.byAge()
	rank := func(u *unit) int {
		switch {
		case running[u.code]:
			return 2
		case b.in.CalledCode(u.code):
			return 1
		}
		return 0
	}
	slices.SortStableFunc(units, func(x, y *unit) int { return cmp.Compare(rank(x), rank(y)) })
	room += b.zone.Stats().Text / 4
	for _, u := range units {
		if u.template {
			b.in.Kill(u.code)
		} else {
			b.evicted[u.place]++
			b.stats.Evicted++
			b.logDeopt("evicted %s", u.name)
			b.retire(u, b.policy.CompileAfter*power(b.policy.RecompileFactor, b.evicted[u.place]))
		}
		if n := uint64(len(u.code.Placed().Head().Bytes)); n >= room {
			break
		} else {
			room -= n
		}
	}
	b.in.FreeCode()
	b.in.ForgetCalls()
}
