package jit

import (
	"runtime"
	"sync"
	"time"

	"github.com/sista-vm/sista/counters"
	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/optimizer/ir"
)

// DefaultLowerFirst is how long a program waits, before it begins, for machine code of what was hottest.
const DefaultLowerFirst = 150 * time.Millisecond

// lower makes machine code of a form. It may run on any goroutine.
func (j *job) lower(b *Broker) {
	start := time.Now()
	if j.fn, j.err = ir.Decode(j.form.function); j.err == nil {
		if j.unit.place.pc >= 0 {
			j.target.Entry = j.fn.Entry()
		}
		j.code, j.err = b.opts.Generate(j.fn, j.target)
	}
	j.times.Code = time.Since(start)
	j.fn = nil
}

// lowerAll lowers, the hottest first: in mode Sync all of it now. Else all processors do, for as long as Options.LowerFirst
// says: interpreted, the program would not get farther in this time. The rest is lowered beside the program, or by the program
// itself at the first call of a method that has no code yet.
func (b *Broker) lowerAll(jobs []*job) {
	if b.opts.Mode == Sync {
		for _, j := range jobs {
			b.lowerNow(j, false)
		}
		return
	}
	l := &lowering{b: b, jobs: jobs, end: time.Now().Add(b.opts.LowerFirst)}
	b.lowering = make(chan struct{})
	b.idle.Add(1)
	b.pending.Add(1)
	var helpers sync.WaitGroup
	for range max(1, runtime.GOMAXPROCS(0)-1) {
		helpers.Go(func() { l.run(func() bool { return b.closing.Load() }) })
	}
	go func() {
		helpers.Wait()
		b.pending.Add(-1)
		b.idle.Done()
		close(b.lowering)
	}()
	l.run(func() bool { return time.Now().After(l.end) })
	select {
	case <-b.lowering: // the last ones, of helpers
	case <-time.After(time.Until(l.end)):
	}
	for _, j := range l.begin() {
		b.lowerNow(j, false)
	}
	b.waiting = make(map[counters.Method]func(), len(jobs))
	var methods []heap.Oop
	for _, j := range jobs {
		if !j.done && j.unit.place.pc < 0 {
			b.waiting[j.unit.place.method] = func() { b.lowerNow(j, true) }
			methods = append(methods, j.world.Object(j.method))
		}
	}
	b.in.Want(methods)
}

// lowering is that of several goroutines.
type lowering struct {
	b    *Broker
	jobs []*job
	end  time.Time // of the program's waiting

	mu      sync.Mutex
	next    int
	began   bool   // the program has
	lowered []*job // before it did
}

// run lowers what is left until it is enough.
func (l *lowering) run(enough func() bool) {
	for !enough() {
		l.mu.Lock()
		i := l.next
		l.next++
		l.mu.Unlock()
		if i >= len(l.jobs) {
			return
		}
		j := l.jobs[i]
		j.once.Do(func() { j.generate(l.b) })
		l.mu.Lock()
		if l.began {
			l.b.in.PostQuiet(func() { l.b.lowerNow(j, false) })
		} else {
			l.lowered = append(l.lowered, j)
		}
		l.mu.Unlock()
	}
}

// begin answers what was lowered before the program begins. It puts the rest to use at its safepoints.
func (l *lowering) begin() []*job {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.began = true
	return l.lowered
}

// lowerNow puts a form to use, if it is not, at a safepoint or in the middle of a send.
func (b *Broker) lowerNow(j *job, inSend bool) {
	if j.done {
		return
	}
	j.once.Do(func() { j.generate(b) })
	j.done, j.calm = true, inSend
	b.finish(j)
}

// called is told of the first call of a method that is wanted.
func (b *Broker) called(method heap.Oop) {
	id := b.in.MethodID(method)
	if f := b.waiting[id]; f != nil {
		delete(b.waiting, id)
		f()
	}
}
