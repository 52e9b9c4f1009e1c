package interp

import (
	"math"

	"github.com/sista-vm/sista/counters"
	"github.com/sista-vm/sista/heap"
)

// Feedback: what runs often, and what happens there.
//
// Activations of SistaV1 methods and blocks and back edges are counted down in one word
// (trip). When it reaches zero the loop is left, the running method is credited with
// all of them, and the count starts again from a number drawn around the policy's
// SampleEvery. So methods get heat in proportion to what they do, for the price of a
// decrement, and the same program run again gets the same heat.
//
// Some of these samples open a window: until the next one the gathering loop runs, a
// copy of the dispatch loop that notes what it does in a buffer (feedback_trace.go).
// A window is opened for a method past GatherAfter, and for each method less and
// less often: when its heat has grown by half since its last one. Besides, no more
// than one event in WindowDuty is gathered, so that gathering costs little even
// while a program does new things all the time. What a window sees is kept for every
// method in it, hot or not: what a hot method calls is what is inlined in it.
//
// Sites: the pc of a bytecode is its offset from the first bytecode of its method
// (counted from 0; a callPrimitive bytecode counts), with extension bytes that of the first of
// them. The caller of a block activation is the frame below it. Callers of machine
// code and below are not known, nor is anything below the base of a stack page.
type feedback struct {
	table    *counters.Table // nil: nothing is counted
	policy   counters.Policy
	methods  methodRegistry
	interval int64  // the count that trip started from
	random   uint64 // state of the generator of intervals
	counted  uint64 // activations and back edges so far
	gathered uint64 // those in windows
	onHot    func(Hot)
}

// Hot is a method or loop that is worth compiling.
type Hot struct {
	Method heap.Oop
	Loop   bool   // a loop of the running activation is, whose head it is at
	PC     int    // of the head of the loop
	Heat   uint64 // activations and back edges of the method, or back edges to PC
}

// windowCredit is how many windows may be opened before WindowDuty counts: what starts
// is to be compiled soon.
const windowCredit = 8

// maxWindowShift limits how much longer windows get that are to see a method entered.
const maxWindowShift = 7

// Gather makes the interpreter count what runs and gather feedback in a table, whose
// policy says when; nil ends it.
func (in *Interp) Gather(t *counters.Table) {
	in.endWindow()
	in.feedback.table = t
	in.nat.Trip = math.MaxInt64
	if t != nil {
		in.feedback.policy = t.Policy()
		in.feedback.random = 1
		in.startCount(in.feedback.policy.SampleEvery)
	}
}

// Feedback answers the table, with all that happened so far.
func (in *Interp) Feedback() *counters.Table {
	in.drainTrace()
	return in.feedback.table
}

// OnHot sets what is called, at a safepoint with all registers in their frames, when a
// method was counted CompileAfter times or a loop OSRAfter times, and feedback was
// gathered there: of a method, as a rule that of MinSamples activations, or code would bet that
// what comes before its loops is never executed. It is called again each time the heat has doubled, or when [Interp.Cool] says.
// It must neither allocate objects nor run Smalltalk.
func (in *Interp) OnHot(f func(Hot)) { in.feedback.onHot = f }

// Cool lets a method be hot again after that many more activations and back edges.
func (in *Interp) Cool(method heap.Oop, after uint64) {
	r := in.feedback.methods.record(method)
	r.hotAt = r.heat + after
	r.gatherAt = r.heat // what it does now is worth a window
	for pc := range r.loops {
		r.loops[pc].hotAt = r.loops[pc].heat + after
	}
}

// Heat answers the activations and back edges of a method, as far as they were sampled.
func (in *Interp) Heat(method heap.Oop) uint64 {
	if r := in.feedback.methods.known(method); r != nil {
		return r.heat
	}
	return 0
}

// MethodID answers the number under which feedback of a method or block is kept.
func (in *Interp) MethodID(method heap.Oop) counters.Method {
	return in.feedback.methods.record(method).id
}

// MethodOf answers the method that a number names, Invalid if it is gone.
func (in *Interp) MethodOf(id counters.Method) heap.Oop { return in.feedback.methods.methodOf(id) }

// tripped does what is due after a sample: pc is at the start of an activation or
// of a loop.
func (in *Interp) tripped(backEdge bool) {
	f := &in.feedback
	if f.table == nil {
		in.nat.Trip = math.MaxInt64
		in.checkLimit()
		return
	}
	in.savePC()
	if in.trace.left > 0 { // the window goes on
		in.drainTrace()
		in.nat.Trip, in.trace.left = in.trace.left, 0
		in.checkLimit()
		return
	}
	n := uint64(max(0, f.interval-in.nat.Trip))
	f.counted += n
	if in.gathers() {
		f.gathered += n
		in.endWindow()
	}
	r := f.methods.record(in.method)
	r.heat += n
	pc := int(in.pc - uint64(in.method) - methodStart(methodHeader(in.method)))
	var l *loopHeat
	if backEdge {
		l = r.loop(pc)
		l.heat += n
	}
	p := &f.policy
	w := r // what a window is for
	if backEdge {
		if c := in.creditCallers(n); c != nil {
			w = c
		}
	}
	if w.heat >= p.GatherAfter && w.heat >= w.gatherAt && f.gathered < p.Window*windowCredit+f.counted/max(1, p.WindowDuty) {
		in.startWindow(f.windowFor(w))
	} else {
		in.startCount(p.SampleEvery)
		if f.onHot != nil && r.windows > 0 {
			in.reportHot(r, l, pc)
		}
		if backEdge && in.enterLoop(pc) {
			return
		}
		if r.heat >= p.TemplateAfter && in.warm(in.method) {
			in.adopt()
		}
	}
	in.checkLimit()
}

// reportHot tells of a method and of the loop it runs.
func (in *Interp) reportHot(r *methodRecord, l *loopHeat, pc int) {
	f := &in.feedback
	in.reportMethod(r)
	if l != nil && l.heat >= max(f.policy.OSRAfter, l.hotAt) {
		l.hotAt = 2 * l.heat
		f.onHot(Hot{Method: r.method, Loop: true, PC: pc, Heat: l.heat})
	}
}

// reportMethod tells of a method that is hot. Windows see few of the activations that loop for
// long: the more was counted for a method, the fewer of them are asked for. Code of a loop takes activations
// over before a window sees another begin: they are as good, as what comes before the loop is gathered when bets on it are lost.
func (in *Interp) reportMethod(r *methodRecord) {
	f := &in.feedback
	p := &f.policy
	known := max(r.entered, r.taken) >= p.MinSamples || r.entered >= p.MinSamples/4 && r.entered*r.heat >= p.MinSamples*p.CompileAfter
	if known && r.heat >= max(p.CompileAfter, r.hotAt) {
		r.hotAt = 2 * r.heat
		f.onHot(Hot{Method: r.method, Heat: r.heat})
	}
}

// creditCallers credits with what a loop does those who gave its method a block: it is in them that the
// loop is compiled best, with the block inlined. It answers the outermost that wants a window, nil if none does.
func (in *Interp) creditCallers(n uint64) (wants *methodRecord) {
	f := &in.feedback
	fp := in.fp
	for range counters.LimitDepth {
		if !givenBlock(fp) {
			break
		}
		if fp = callerFrame(fp); fp == 0 || frameIsNative(fp) {
			break
		}
		r := f.methods.record(in.frameWord(fp, frameMethod))
		r.heat += n
		if f.onHot != nil {
			in.reportMethod(r)
		}
		if r.entered < f.policy.MinSamples && r.heat >= r.gatherAt {
			wants = r
		}
	}
	return wants
}

// givenBlock tells whether an argument of an activation is a block.
func givenBlock(fp uint64) bool {
	for i := range frameArgc(fp) {
		if a := heap.Oop(ld(tempAddr(fp, i))); a.IsObject() && a.ClassIndex() == heap.ClassFullBlock {
			return true
		}
	}
	return false
}

// GatherNow has feedback gathered of what runs next, if not too much was lately. It is called at a safepoint.
func (in *Interp) GatherNow() {
	f := &in.feedback
	if f.table == nil || in.gathers() || f.gathered > f.policy.Window*windowCredit+2*f.counted/max(1, f.policy.WindowDuty) {
		return
	}
	f.counted += uint64(max(0, f.interval-in.nat.Trip))
	in.startWindow(f.policy.Window)
}

// startCount starts the count to the next sample, from half to one and a half times
// every: a program whose periods are those of the samples is seen as it is, too.
func (in *Interp) startCount(every uint64) {
	f := &in.feedback
	f.random = f.random*6364136223846793005 + 1442695040888963407
	f.interval = int64(max(1, every/2+(f.random>>33)%max(1, every)))
	in.nat.Trip = f.interval
}

// sampleSoon lets the next activation or back edge be a sample: there may be code to go on in. What was counted
// stays counted.
func (in *Interp) sampleSoon() {
	if f := &in.feedback; f.table != nil && !in.gathers() && in.nat.Trip > 1 {
		f.interval -= in.nat.Trip - 1
		in.nat.Trip = 1
	}
}

func (in *Interp) gathers() bool { return in.trace.on }

// windowFor answers how long a window for a method is to be: twice the last one, up to a limit, if what is
// missing to compile the method is to see it entered, and no window has since. Long windows take half of what
// is gathered at most: others want theirs.
func (f *feedback) windowFor(r *methodRecord) uint64 {
	r.gatherAt = r.heat + r.heat/2
	if r.entered < f.policy.MinSamples {
		r.gatherAt = r.heat + r.heat/8
	}
	r.windows++
	if r.missed++; r.entered != r.seen || r.heat < f.policy.MinSamples*f.policy.CompileAfter {
		r.missed, r.seen = 0, r.entered
	}
	length := f.policy.Window << min(r.missed, maxWindowShift)
	for length > f.policy.Window && f.gathered+length > f.counted/max(1, f.policy.WindowDuty)/2 {
		length /= 2
	}
	return length
}

// startWindow makes the gathering loop run until the next sample.
func (in *Interp) startWindow(length uint64) {
	if in.trace.events == nil {
		in.trace.events = new([traceSize]traceEvent)
	}
	in.trace.on = true
	in.sistaLoop = (*Interp).runGather
	in.startCount(length)
}

// endWindow goes back to the plain loop.
func (in *Interp) endWindow() {
	if in.trace.on {
		in.drainTrace()
		in.trace.on, in.trace.left = false, 0
		in.sistaLoop = placedLoop()
	}
}
