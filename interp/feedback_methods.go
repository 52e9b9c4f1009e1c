package interp

import (
	"github.com/sista-vm/sista/counters"
	"github.com/sista-vm/sista/heap"
)

// methodRegistry numbers methods and blocks. Numbers are never used again. It keeps
// no method alive: a full collection forgets those that are dead, with what the table
// knows of them. A method that becomes another object is forgotten too.
type methodRegistry struct {
	records []*methodRecord // by number - 1; nil: gone
	ids     map[heap.Oop]*methodRecord
	moved   bool // ids is to be made again
	last    *methodRecord
	recent  [256]*methodRecord // by method; void when ids is
}

type methodRecord struct {
	id       counters.Method
	method   heap.Oop
	heat     uint64
	gatherAt uint64 // heat at which the next window may be opened
	windows  int    // opened for it so far
	entered  uint64 // activations seen in windows
	seen     uint64 // entered, when a window for it saw it entered last
	missed   int    // windows for it since
	taken    uint64 // activations that code of a loop took over
	hotAt    uint64 // heat at which it is reported next
	loops    map[int]*loopHeat
	unsuited bool // for template code
}

// loopHeat is kept by the pc of the loop's head.
type loopHeat struct{ heat, hotAt uint64 }

func (r *methodRecord) loop(pc int) *loopHeat {
	l := r.loops[pc]
	if l == nil {
		if r.loops == nil {
			r.loops = map[int]*loopHeat{}
		}
		l = new(loopHeat)
		r.loops[pc] = l
	}
	return l
}

// known answers the record of a method, nil if it has none.
func (g *methodRegistry) known(m heap.Oop) *methodRecord {
	if g.last != nil && g.last.method == m && !g.moved {
		return g.last
	}
	if g.moved || g.ids == nil {
		g.moved, g.last = false, nil
		clear(g.recent[:])
		g.ids = make(map[heap.Oop]*methodRecord, len(g.records))
		for _, r := range g.records {
			if r != nil {
				g.ids[r.method] = r
			}
		}
	}
	slot := &g.recent[uint64(m)*0x9E3779B97F4A7C15>>56]
	if r := *slot; r != nil && r.method == m {
		g.last = r
		return r
	}
	r := g.ids[m]
	if r != nil {
		g.last, *slot = r, r
	}
	return r
}

// record answers the record of a method, which gets a number if it has none.
func (g *methodRegistry) record(m heap.Oop) *methodRecord {
	r := g.known(m)
	if r == nil {
		r = &methodRecord{id: counters.Method(len(g.records) + 1), method: m}
		g.records = append(g.records, r)
		g.ids[m] = r
		g.last = r
	}
	return r
}

func (g *methodRegistry) methodOf(id counters.Method) heap.Oop {
	if id == 0 || id > counters.Method(len(g.records)) || g.records[id-1] == nil {
		return heap.Invalid
	}
	return g.records[id-1].method
}

// visit lets a collection update where methods are. Most of them are old and stay.
func (g *methodRegistry) visit(visit func(*heap.Oop)) {
	for _, r := range g.records {
		if r == nil {
			continue
		}
		was := r.method
		visit(&r.method)
		g.moved = g.moved || r.method != was
	}
}

// keep forgets the methods of which lives is not true, and answers their numbers.
func (g *methodRegistry) keep(lives func(heap.Oop) bool) map[counters.Method]bool {
	var gone map[counters.Method]bool
	for i, r := range g.records {
		if r == nil || lives(r.method) {
			continue
		}
		if gone == nil {
			gone = map[counters.Method]bool{}
		}
		gone[r.id] = true
		g.records[i] = nil
	}
	if gone != nil {
		g.moved = true
	}
	return gone
}

// keepMethods forgets the methods of which lives is not true.
func (in *Interp) keepMethods(lives func(heap.Oop) bool) {
	gone := in.feedback.methods.keep(lives)
	if t := in.feedback.table; t != nil && gone != nil {
		t.ForgetMethods(func(m counters.Method) bool { return gone[m] })
	}
}

// forgetClasses forgets feedback of classes whose indices will mean others.
func (in *Interp) forgetClasses(indices []uint32) {
	if t := in.feedback.table; t != nil {
		for _, i := range indices {
			t.ForgetClass(counters.Class(i))
		}
	}
}
