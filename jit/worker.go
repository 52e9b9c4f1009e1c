package jit

// queueSize is how many compilations may wait; more are done by the program itself.
const queueSize = 64

// startWorker starts the goroutine that compiles beside the program. What it has done
// is put to use at the program's next safepoint.
func (b *Broker) startWorker() {
	work, done := make(chan *job, queueSize), make(chan struct{})
	b.work, b.done = work, done
	go func() {
		defer close(done)
		for j := range work {
			j.generate(b)
			b.in.PostQuiet(func() { b.delayed(j) })
			b.pending.Add(-1)
			b.idle.Done()
		}
	}()
}

// enqueue gives a job to the worker; false if too many wait.
func (b *Broker) enqueue(j *job) bool {
	b.pending.Add(1)
	b.idle.Add(1)
	select {
	case b.work <- j:
		b.stats.Queued++
		b.stats.QueueMax = max(b.stats.QueueMax, len(b.work))
		return true
	default:
		b.pending.Add(-1)
		b.idle.Done()
		return false
	}
}
