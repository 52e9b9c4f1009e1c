package jit

import (
	"math"
	"slices"

	"github.com/sista-vm/sista/counters"
	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/interp"
)

// Program is what is known of the running program: the questions asked so far and
// their answers. It is the interpreter's observer.
type Program struct {
	in   *interp.Interp
	heap *heap.Heap
	// Invalidate is called for a compilation that got an answer which is not true any more.
	Invalidate func(c *Compilation, why string)

	// Leaving is called before objects leave the places that they have in the file of the image; may be nil.
	Leaving func()

	questions []*question
	index     map[key]*question
	watched   []*watched
	byObject  map[heap.Oop]*watched
	moved     bool // the maps are to be made again

	doubtful []*question
	renewing bool

	saved []*answers // of a file, not decoded yet

	symbols map[string]*heap.Oop
	lost    map[bet]int
	open    []*World // of compilations under way
}

// watched is an object that answers were read from.
type watched struct {
	object    heap.Oop
	slots     int // the first so many were read
	questions []*question
}

// Slots of an object that answers are read from: all, or those of a class that say what it inherits and
// understands, and what its instances look like. The variables that a class has as an object come later.
const (
	allSlots   = math.MaxInt
	classSlots = heap.ClassFormat + 1
)

// bet names something that compiled code assumed at a bytecode.
type bet struct {
	method counters.Method
	pc     int
	reason uint8
}

// A Compilation is a use of answers: code, or code being made.
type Compilation struct {
	questions []*question
	dead      bool
	user      any // whose it is
}

// Dead tells whether an answer that the compilation got is not true any more.
func (c *Compilation) Dead() bool { return c.dead }

// NewProgram makes the program of an interpreter and observes it.
func NewProgram(in *interp.Interp) *Program {
	p := &Program{in: in, heap: in.Heap(), index: map[key]*question{}, byObject: map[heap.Oop]*watched{},
		symbols: map[string]*heap.Oop{}, lost: map[bet]int{}}
	in.Observe(p)
	p.heap.OnWatchedStore = p.fired
	return p
}

// rebuild makes the maps again after objects moved.
func (p *Program) rebuild() {
	p.recall()
	if !p.moved {
		return
	}
	p.moved = false
	clear(p.index)
	for _, q := range p.questions {
		p.index[q.key] = q
	}
	clear(p.byObject)
	for _, w := range p.watched {
		p.byObject[w.object] = w
	}
}

// inquire answers a question for a compilation.
func (p *Program) inquire(c *Compilation, k key) *question {
	p.rebuild()
	q := p.index[k]
	switch {
	case q == nil:
		q = &question{key: k}
		q.answer = p.ask(q)
		p.questions = append(p.questions, q)
		p.index[k] = q
	case len(q.askers) == 0:
		// Nobody cared for a while.
		if now := p.ask(q); now != q.answer {
			q.answer = now
			q.changes++
		}
	}
	if !slices.Contains(q.askers, c) {
		q.askers = append(q.askers, c)
		c.questions = append(c.questions, q)
	}
	return q
}

// drop ends a compilation's interest in its answers.
func (p *Program) drop(c *Compilation) {
	c.dead = true
	for _, q := range c.questions {
		q.askers = slices.DeleteFunc(q.askers, func(x *Compilation) bool { return x == c })
	}
	c.questions = nil
}

// watch has the heap tell when one of the first slots of an object is written from which an answer was read.
func (p *Program) watch(o heap.Oop, slots int, q *question) {
	p.rebuild()
	w := p.byObject[o]
	if w == nil {
		w = &watched{object: o}
		p.watched = append(p.watched, w)
		p.byObject[o] = w
	}
	w.slots = max(w.slots, slots)
	if !slices.Contains(w.questions, q) {
		w.questions = append(w.questions, q)
	}
	p.heap.Watch(o)
}

// fired is called before a slot of a watched object is written.
func (p *Program) fired(o heap.Oop, slot int) {
	p.rebuild()
	w := p.byObject[o]
	if w == nil {
		p.heap.Unwatch(o)
		return
	}
	if slot >= w.slots {
		return
	}
	// What still reads from it will watch it again when it is asked again.
	p.heap.Unwatch(o)
	delete(p.byObject, o)
	p.watched = slices.DeleteFunc(p.watched, func(x *watched) bool { return x == w })
	for _, q := range w.questions {
		p.doubt(q)
	}
}

// doubt has a question asked again before machine code runs on.
func (p *Program) doubt(q *question) {
	if !q.doubted {
		q.doubted = true
		p.doubtful = append(p.doubtful, q)
		p.in.Doubt()
	}
}

// Renew implements interp.Observer: questions in doubt are asked again, and code that
// got another answer is thrown away.
func (p *Program) Renew() {
	if p.renewing {
		return
	}
	p.renewing = true
	for len(p.doubtful) > 0 {
		p.rebuild()
		q := p.doubtful[0]
		p.doubtful = p.doubtful[1:]
		q.doubted = false
		if len(q.askers) == 0 {
			continue // whoever asks next gets a new answer
		}
		before := q.answer
		q.answer = p.ask(q)
		if q.answer == before && q.kind != code {
			continue
		}
		q.changes++
		for _, c := range slices.Clone(q.askers) {
			p.drop(c)
			if p.Invalidate != nil {
				p.Invalidate(c, p.describe(q))
			}
		}
	}
	p.renewing = false
}

// describe says what changed.
func (p *Program) describe(q *question) string {
	switch q.kind {
	case lookup:
		return "another method for #" + p.heap.StringValue(q.selector) + " in " + p.in.NameOfClass(p.heap.ClassAt(q.class))
	case lookupAbove:
		return "another method for #" + p.heap.StringValue(q.selector) + " above " + p.in.NameOfClass(q.object)
	case classFacts:
		return "the shape of " + p.in.NameOfClass(p.heap.ClassAt(q.class))
	case instances:
		return "the shape of " + p.in.NameOfClass(q.object)
	case binding:
		return "the value of " + p.text(p.heap.Follow(q.object.Slot(0)))
	case closures:
		return "closures do not fit their receivers"
	case special:
		return "the special selectors"
	}
	return "the code of " + p.in.CodeName(q.object)
}

// Flushed implements interp.Observer.
func (p *Program) Flushed(selector heap.Oop) {
	p.recall()
	for _, q := range p.questions {
		if (q.kind == lookup || q.kind == lookupAbove) && (selector == heap.Invalid || selector == q.selector) {
			p.doubt(q)
		}
	}
}

// ClosuresSuspected implements interp.Observer.
func (p *Program) ClosuresSuspected() {
	p.recall()
	for _, q := range p.questions {
		if q.kind == closures {
			p.doubt(q)
		}
	}
}

// ClassesChanged implements interp.Observer.
func (p *Program) ClassesChanged([]uint32) {
	p.recall()
	for _, q := range p.questions {
		if q.kind != binding && q.kind != code && q.kind != special {
			p.doubt(q)
		}
	}
}

// LoseBet notes that a bet was lost at a bytecode of a method, and answers how often it was by now.
func (p *Program) LoseBet(method counters.Method, pc int, reason uint8) int {
	b := bet{method, pc, reason}
	p.lost[b]++
	return p.lost[b]
}

// LostBets answers how often a bet was lost.
func (p *Program) LostBets(method counters.Method, pc int, reason uint8) int {
	return p.lost[bet{method, pc, reason}]
}
