package jit

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sista-vm/sista/codegen"
	"github.com/sista-vm/sista/counters"
	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/interp"
	"github.com/sista-vm/sista/native"
	"github.com/sista-vm/sista/optimizer/front"
	"github.com/sista-vm/sista/optimizer/ir"
	"github.com/sista-vm/sista/optimizer/passes"
)

// Mode says when compilations are done.
type Mode uint8

// The modes.
const (
	Off   Mode = iota // never
	Sync              // at once; the program waits
	Async             // beside the program, but for the translation, which reads objects
)

// ParseMode reads a mode's name: off, sync or async.
func ParseMode(name string) (Mode, error) {
	for m := Off; m <= Async; m++ {
		if m.String() == name {
			return m, nil
		}
	}
	return Off, fmt.Errorf("jit: no mode %q: it is off, sync or async", name)
}

func (m Mode) String() string { return [...]string{"off", "sync", "async"}[m] }

// Options are a broker's.
type Options struct {
	Mode  Mode
	Front *front.Policy // nil for the default
	// Quick is the policy of first compilations in mode Async; nil for front.QuickPolicy.
	Quick  *front.Policy
	Passes passes.Options
	// Features are those of the processor that code may use.
	Features native.Features
	// Generate makes machine code of a function; nil for codegen.Compile.
	Generate func(*ir.Func, codegen.Options) (*native.Code, error)
	// Log gets a line for every compilation, LogDeopt for every lost bet and for code
	// that is thrown away; either may be nil.
	Log, LogDeopt func(line string)
	// Compiled gets every compilation that is put to use; may be nil.
	Compiled func(Compiled)
	// Trace gets the report of the front end and the function before and after the
	// passes; may be nil. It is called from another goroutine in mode Async.
	Trace func(name string, r *front.Report, before, after string)
	// ZoneBytes is how much code there may be at a time; 0: as much as the zone has room for.
	ZoneBytes uint64
	// LowerFirst is how long functions of a file may be lowered before the program begins, in mode Async; 0: not at all.
	LowerFirst time.Duration
	// Stress makes what is rare frequent.
	Stress Stress
}

// Stats counts what a broker did.
type Stats struct {
	Compiled      int            `json:"compiled"` // methods and blocks
	Loops         int            `json:"loops"`
	Bailouts      map[string]int `json:"bailouts"`    // compilations given up, by reason
	Deopts        map[string]int `json:"deopts"`      // lost bets, by reason
	Discarded     int            `json:"discarded"`   // code thrown away since it lost too many bets
	Full          int            `json:"full"`        // code that was replaced by more, since it runs often
	Invalidated   int            `json:"invalidated"` // code thrown away since the program changed
	Evicted       int            `json:"evicted"`     // code thrown away to make room
	Bytes         int            `json:"bytes"`       // of machine code made
	Values        int            `json:"values"`      // of the functions compiled
	Inlined       int            `json:"inlined"`     // activations in them
	Times         Times          `json:"times"`       // of what was compiled or given up
	Queued        int            `json:"queued"`      // asynchronous compilations
	QueueMax      int            `json:"queueMax"`
	Templates     int            `json:"templates"` // methods and blocks compiled by the template tier
	TemplateBytes int            `json:"templateBytes"`
}

// Compiled is a compilation of a method, block or loop.
type Compiled struct {
	Name    string `json:"name"`
	Quick   bool   `json:"quick,omitempty"` // with the quick policy
	Inlined int    `json:"inlined"`         // activations
	Values  int    `json:"values"`
	Bytes   int    `json:"bytes"` // of code
	Times
}

// Times are those of the parts of compilations.
type Times struct {
	Front  time.Duration `json:"frontNs"`
	Passes time.Duration `json:"passesNs"`
	Code   time.Duration `json:"codeNs"`
}

func (t Times) String() string {
	us := func(d time.Duration) time.Duration { return d.Round(time.Microsecond) }
	return fmt.Sprintf("front %v, passes %v, code %v", us(t.Front), us(t.Passes), us(t.Code))
}

func (t *Times) add(o Times) {
	t.Front += o.Front
	t.Passes += o.Passes
	t.Code += o.Code
}

// Broker decides what is compiled.
type Broker struct {
	in       *interp.Interp
	program  *Program
	zone     *native.Zone
	opts     Options
	policy   counters.Policy
	units    map[place]*unit
	byCode   map[interp.Compiled]*unit
	feedback func() error     // adds that of a file; nil: it was added, or there is none
	losses   map[place]uint64 // how often code of a place was thrown away for lost bets
	evicted  map[place]uint64 // how often it was to make room
	age      uint64           // code published so far
	stress   stress
	stats    Stats
	routines *native.Placed // those of template code; nil: none yet
	offsets  []int          // of them
	analyses *front.Cache
	work     chan *job
	done     chan struct{} // closed when the worker has ended
	pending  atomic.Int64  // jobs that the worker has not done
	idle     sync.WaitGroup
	closing  atomic.Bool
	lowering chan struct{}              // closed when the goroutine has ended that lowers; nil: there is none
	waiting  map[counters.Method]func() // what is done at the first call of a method
	forms    func() ([]byte, error)     // the section with forms that restored code came with; nil: none
	looks    looks
}

// place is what is compiled: a method or block, or with pc not negative the loop at
// that pc.
type place struct {
	method counters.Method
	pc     int
}

// A unit is code of a place, or code being made.
type unit struct {
	place      place
	name       string
	comp       *Compilation
	code       interp.Compiled
	placed     bool // code is there
	template   bool // it is that of the template tier
	deopts     uint64
	learned    uint64 // those that say what another compilation will not bet on
	form       *form  // the function after the passes; nil: see formNumber
	formNumber uint32 // of the form in the section of the file that the code is from, from 1; 0: it has none
	renewed    bool   // another compilation was asked for
	age        uint64 // how much code was published before it
	quick      bool   // compiled with the quick policy
	limited    bool   // and another would inline more
	seen       uint64 // looks that found it running
}

// NewBroker makes a broker that compiles into a zone what the interpreter reports
// as hot. The interpreter gathers feedback already; nothing has run yet.
func NewBroker(in *interp.Interp, zone *native.Zone, o Options) *Broker {
	b := &Broker{in: in, program: NewProgram(in), zone: zone, opts: o, units: map[place]*unit{},
		analyses: front.NewCache(), byCode: map[interp.Compiled]*unit{}, losses: map[place]uint64{}, evicted: map[place]uint64{},
		stats: Stats{Bailouts: map[string]int{}, Deopts: map[string]int{}}}
	b.policy = counters.DefaultPolicy()
	if t := in.Feedback(); t != nil {
		b.policy = t.Policy()
	}
	b.program.Invalidate = b.invalidated
	b.program.Leaving = b.recallFeedback
	if b.opts.Generate == nil {
		b.opts.Generate = func(f *ir.Func, target codegen.Options) (*native.Code, error) {
			target.Features = o.Features
			return codegen.Compile(f, target)
		}
	}
	if b.opts.Quick == nil {
		p := front.QuickPolicy()
		b.opts.Quick = &p
	}
	if zone != nil {
		in.EnableNative(zone, interp.NativeHooks{Deopt: b.deoptimized, Asked: b.asked, Template: b.template, Freed: b.freed, Wanted: b.called})
	}
	b.startStress()
	if o.Mode != Off {
		in.OnHot(b.hot)
	}
	if o.Mode == Async {
		b.startWorker()
	}
	return b
}

// Program answers what the broker's compilations see.
func (b *Broker) Program() *Program { return b.program }

// Stats answers what was done so far.
func (b *Broker) Stats() Stats { return b.stats }

// Close waits for the compilation under way. It is called when nothing runs.
func (b *Broker) Close() {
	b.in.OnHot(nil)
	b.looks.end()
	b.closing.Store(true)
	if b.lowering != nil {
		<-b.lowering
	}
	if b.work != nil {
		close(b.work)
		<-b.done
		b.work = nil
	}
}

func (b *Broker) log(format string, args ...any) {
	if b.opts.Log != nil {
		b.opts.Log(fmt.Sprintf(format, args...))
	}
}

func (b *Broker) logDeopt(format string, args ...any) {
	if b.opts.LogDeopt != nil {
		b.opts.LogDeopt(fmt.Sprintf(format, args...))
	}
}

// hot is called by the interpreter at a safepoint.
func (b *Broker) hot(h interp.Hot) {
	b.stressed()
	pc := -1
	if h.Loop {
		if u := b.units[place{b.in.MethodID(h.Method), -1}]; u != nil && !u.placed {
			return // the method's code will be there before that of its loop could be
		}
		pc = h.PC
	}
	b.compile(h.Method, pc)
}

// Compile compiles a method or block now, if it is not: for tools. It answers why not.
func (b *Broker) Compile(method heap.Oop) error { return b.compile(method, -1) }

// compile starts a compilation.
func (b *Broker) compile(method heap.Oop, pc int) error {
	at := place{b.in.MethodID(method), pc}
	if b.units[at] != nil {
		return nil
	}
	// Who waits for a loop wants all of it.
	j := b.translate(method, at, b.opts.Mode == Async && pc < 0)
	b.units[at] = j.unit
	return b.make(j)
}

// make has code made of what was translated, and put to use.
func (b *Broker) make(j *job) error {
	if j.err == nil && b.work != nil && b.enqueue(j) {
		return nil
	}
	j.generate(b)
	b.delayed(j)
	return j.err
}

// completes tells whether it makes more of code that was made with the quick policy.
func (j *job) completes() bool { return j.old != nil && j.old.quick && !j.unit.quick }

// job is a compilation under way.
type job struct {
	once    sync.Once // generates; of one that is lowered
	done    bool      // it was put to use, or given up; of one that is lowered
	lowered bool      // made of a form alone
	calm    bool      // put to use in the middle of a send: no other code makes room
	form    *form     // the function after the passes
	unit    *unit
	old     *unit // what it is to replace; nil: nothing
	world   *World
	method  front.Handle
	passes  passes.Options
	target  codegen.Options
	fn      *ir.Func
	report  *front.Report
	code    *native.Code
	err     error
	// For the log.
	values, inlined int
	times           Times
}

// translate does what reads objects.
func (b *Broker) translate(method heap.Oop, at place, quick bool) *job {
	b.recallFeedback()
	start := time.Now()
	w := b.program.Begin()
	j := &job{world: w, method: w.Handle(method), passes: b.passes()}
	m := w.Method(j.method)
	j.unit = &unit{place: at, name: b.in.CodeName(method), comp: w.Compilation, quick: quick}
	if at.pc >= 0 {
		j.unit.name += fmt.Sprintf(" loop@%d", at.pc)
	}
	w.Compilation.user = j.unit
	if m == nil {
		j.err = errors.New("jit: no code")
		return j
	}
	j.target = codegen.Options{Name: j.unit.name, Method: ir.Handle(j.method), Block: m.Block, Temps: m.Temps, Args: m.Args, Count: b.stress.Guards > 0}
	policy := b.opts.Front
	if quick {
		policy = b.opts.Quick
	}
	j.fn, j.report, j.err = front.Translate(w, m, front.Options{Policy: policy, Cache: b.analyses, OSR: at.pc >= 0, OSRPC: max(at.pc, 0)})
	j.times.Front = time.Since(start)
	if j.report != nil {
		j.report.Each(func(r *front.Report) {
			if r.Inlined != "" {
				j.inlined++
			}
		})
		j.unit.limited = quick && j.report.Limited()
	}
	return j
}

// generate does what reads none: it may run on any goroutine.
func (j *job) generate(b *Broker) {
	if j.err != nil {
		return
	}
	if j.lowered {
		j.lower(b)
		return
	}
	before := ""
	if b.opts.Trace != nil {
		before = j.fn.String()
	}
	start := time.Now()
	j.err = passes.Run(j.fn, j.passes)
	j.times.Passes = time.Since(start)
	if j.err != nil {
		return
	}
	if b.opts.Trace != nil {
		b.opts.Trace(j.unit.name, j.report, before, j.fn.String())
	}
	for _, block := range j.fn.Blocks {
		j.values += len(block.Values)
	}
	if pc := j.unit.place.pc; pc >= 0 {
		j.target.Entry = j.fn.Entry()
		j.target.Entry.OSR = &ir.OSREntry{Method: j.unit.name, PC: pc}
	}
	start = time.Now()
	// A mistake of a pass costs a compilation, not the program.
	if err := j.fn.Verify(); err != nil {
		j.err = fmt.Errorf("jit: %s is no function after the passes: %w", j.unit.name, err)
		return
	}
	if n := len(j.fn.Entry().Params); j.target.Entry == nil && n != j.target.Args+1 {
		j.err = fmt.Errorf("jit: the entry of %s has %d parameters:\n%s", j.unit.name, n, j.fn)
		return
	}
	j.form = newForm(j.fn, j.target)
	j.code, j.err = b.opts.Generate(j.fn, j.target)
	j.times.Code = time.Since(start)
}

// Reasons of bailouts that are not the front end's.
const (
	bailedRevoked = "revoked while compiling"
	bailedFull    = "the code zone is full"
	bailedFrame   = "the frame is too large"
	bailedPasses  = "the optimizer failed"
	bailedLiteral = "unknown literal"
)

// finish puts code to use, at a safepoint.
func (b *Broker) finish(j *job) {
	u, w := j.unit, j.world
	b.stats.Times.add(j.times)
	method := w.Object(j.method)
	b.program.Renew()
	if j.err == nil && w.Dead() {
		j.err = &front.Refusal{Reason: bailedRevoked}
	}
	if now := b.units[u.place]; j.err == nil && j.old != nil && now != j.old && now != nil {
		j.err = &front.Refusal{Reason: bailedRevoked}
	}
	if j.err == nil {
		j.err = b.publish(j, method)
	}
	if j.err != nil {
		if b.units[u.place] == u {
			delete(b.units, u.place)
		}
		if old := j.old; old != nil && b.units[u.place] == old {
			switch {
			case isRevoked(j.err): // it stays, and asks again when it loses more, or still runs
				old.renewed, old.deopts, old.learned, old.seen = false, 0, 0, 0
			case !j.completes():
				b.retire(old, b.policy.CompileAfter) // it would lose its bets for ever
			}
		}
		w.Cancel()
		b.bailedOut(j, method)
		return
	}
	w.End()
	b.stats.Bytes += len(j.code.Bytes)
	b.stats.Values += j.values
	b.stats.Inlined += j.inlined
	if u.place.pc >= 0 {
		b.stats.Loops++
	} else {
		b.stats.Compiled++
	}
	if b.opts.Compiled != nil {
		b.opts.Compiled(Compiled{Name: u.name, Quick: u.quick, Inlined: j.inlined, Values: j.values, Bytes: len(j.code.Bytes), Times: j.times})
	}
	if j.lowered {
		b.log("lowered %s: %d bytes of code; %v", u.name, len(j.code.Bytes), j.times)
		return
	}
	b.log("compiled %s: %d inlined, %d values, %d bytes of code; %v", u.name, j.inlined, j.values, len(j.code.Bytes), j.times)
}

func isRevoked(err error) bool {
	var r *front.Refusal
	return errors.As(err, &r) && r.Reason == bailedRevoked
}

// bailedOut notes that nothing came of a compilation.
func (b *Broker) bailedOut(j *job, method heap.Oop) {
	reason, detail := bailedPasses, j.err.Error()
	var r *front.Refusal
	if errors.As(j.err, &r) {
		reason, detail = r.Reason, r.Detail
	}
	b.stats.Bailouts[reason]++
	b.log("bailout %s: %s", j.unit.name, strings.TrimSuffix(reason+": "+firstLine(detail), ": "))
	// What was revoked may be compiled again soon, all else hardly ever.
	after := b.policy.CompileAfter
	if reason != bailedRevoked {
		after *= 1000
	}
	b.in.Cool(method, after)
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return s
}

// publish places code and gives it to the interpreter.
func (b *Broker) publish(j *job, method heap.Oop) error {
	u, w := j.unit, j.world
	objects := func(handles []int64) ([]heap.Oop, error) {
		oops := make([]heap.Oop, len(handles))
		for i, h := range handles {
			if oops[i] = w.Object(front.Handle(h)); oops[i] == heap.Invalid {
				return nil, &front.Refusal{Reason: bailedLiteral, Detail: fmt.Sprint(h)}
			}
		}
		return oops, nil
	}
	literals, err := objects(j.code.Literals)
	if err != nil {
		return err
	}
	var handles []int64
	for _, c := range j.code.Cells {
		handles = append(handles, c.Selector)
	}
	selectors, err := objects(handles)
	if err != nil {
		return err
	}
	if n := j.code.FrameSlots; n > interp.MaxNativeSlots {
		return &front.Refusal{Reason: bailedFrame, Detail: fmt.Sprintf("%d slots, %d are possible", n, interp.MaxNativeSlots)}
	}
	placed, err := b.place(j.code, !j.calm)
	if err != nil {
		return &front.Refusal{Reason: bailedFull, Detail: err.Error()}
	}
	if old := j.old; old != nil && b.units[u.place] == old {
		if j.completes() {
			b.stats.Full++
			b.logDeopt("replaced %s: it runs often", u.name)
		} else {
			b.stats.Discarded++
			b.logDeopt("discarded %s: lost %d bets", u.name, old.deopts)
		}
		b.in.Kill(old.code)
	}
	b.units[u.place] = u
	u.form = j.form
	u.code = b.in.Publish(method, placed, u.place.pc, literals, selectors)
	u.placed = true
	b.age++
	u.age = b.age
	b.byCode[u.code] = u
	if u.limited {
		b.look()
	}
	return nil
}
