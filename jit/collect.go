package jit

import (
	"slices"

	"github.com/sista-vm/sista/heap"
)

// The program's side of collections. Symbols and the objects of compilations under way are kept;
// questions are forgotten with what they are about.

// VisitStrong implements interp.Observer.
func (p *Program) VisitStrong(visit func(*heap.Oop)) {
	for _, w := range p.open {
		for i := range w.objects {
			visit(&w.objects[i])
		}
		w.moved = true
	}
	for _, name := range sortedKeys(p.symbols) {
		visit(p.symbols[name])
	}
}

// VisitWeak implements interp.Observer.
func (p *Program) VisitWeak(visit func(*heap.Oop)) {
	if !p.in.Scavenging() { // what was saved is old and stays
		p.recall()
	}
	each := func(o *heap.Oop) {
		if *o == heap.Invalid {
			return
		}
		was := *o
		visit(o)
		p.moved = p.moved || *o != was
	}
	for _, q := range p.questions {
		each(&q.object)
		each(&q.selector)
		each(&q.oop)
	}
	for _, w := range p.watched {
		each(&w.object)
	}
}

// Keep implements interp.Observer. Code that got an answer about an object that is gone cannot run.
func (p *Program) Keep(lives func(heap.Oop) bool) {
	p.recall()
	ok := func(o heap.Oop) bool { return o == heap.Invalid || !o.IsObject() || lives(o) }
	gone := map[*question]bool{}
	p.questions = slices.DeleteFunc(p.questions, func(q *question) bool {
		if ok(q.object) && ok(q.selector) && ok(q.oop) {
			return false
		}
		gone[q] = true
		for _, c := range slices.Clone(q.askers) {
			p.drop(c)
			if p.Invalidate != nil {
				p.Invalidate(c, "something that is gone")
			}
		}
		return true
	})
	p.doubtful = slices.DeleteFunc(p.doubtful, func(q *question) bool { return gone[q] })
	p.watched = slices.DeleteFunc(p.watched, func(w *watched) bool {
		w.questions = slices.DeleteFunc(w.questions, func(q *question) bool { return gone[q] })
		return !ok(w.object)
	})
	p.moved = p.moved || len(gone) > 0
}

// Moving implements interp.Observer.
func (p *Program) Moving() {
	p.recall()
	if p.Leaving != nil {
		p.Leaving()
	}
}

// Becoming implements interp.Observer. Compilations under way know what such objects are.
func (p *Program) Becoming(objects map[heap.Oop]bool) {
	for _, w := range p.open {
		if slices.ContainsFunc(w.objects, func(o heap.Oop) bool { return objects[o] }) {
			p.drop(w.Compilation)
		}
	}
}

// Moved implements interp.Observer.
func (p *Program) Moved() {}
