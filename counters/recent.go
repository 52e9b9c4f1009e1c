package counters

// Most of what is counted happens where something did just before. So counting looks first in
// a small table of where paths led, which is void when that may be otherwise.

// recentSize is a power of two.
const recentSize = 1 << 10

type recent[T any] struct{ entries []led[T] }

// led says under which record what happened at a path is kept, as long as the table's
// number of changes is the same.
type led[T any] struct {
	path    Path
	changes uint64
	record  *T
}

// at answers the entry for a path, which may be of another.
func (r *recent[T]) at(p *Path) *led[T] {
	if r.entries == nil {
		r.entries = make([]led[T], recentSize)
	}
	h := uint64(0)
	for i := range p {
		h = (h ^ uint64(p[i].Method)<<20 ^ uint64(p[i].PC)) * 0x9E3779B97F4A7C15
	}
	return &r.entries[h>>(64-10)]
}

// recall answers the record of a path in one of the table's maps.
func recall[T any](t *Table, r *recent[T], m map[Path]*T, p *Path) *T {
	e := r.at(p)
	if e.changes != t.changes || e.path != *p {
		*e = led[T]{*p, t.changes, get(m, t.place(*p))}
	}
	return e.record
}
