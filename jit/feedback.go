package jit

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/sista-vm/sista/counters"
	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/internal/wire"
	"github.com/sista-vm/sista/interp"
)

// The section with feedback; n is an unsigned number, and every list is its length and its elements
// (package wire). Methods are called by their addresses in the file.
//
//	magic 8, version n
//	table   length n, as package counters encodes it
//	heats   list of: method n, heat n, windows n, entered n, loops: list of (pc n, heat n)
//	bets    that were lost, list of: method n, pc n, reason byte, how often n
//	losses  compilations thrown away, list of: method n, pc+1 n, how often n
const (
	feedbackMagic   = "SISTAFBK"
	feedbackVersion = 1
)

// saveFeedback answers the section with feedback.
func (b *Broker) saveFeedback(n *Names, s *Saved) {
	name := func(m counters.Method) (counters.Method, bool) {
		o := b.in.MethodOf(m)
		if o == heap.Invalid {
			return 0, false
		}
		to, ok := n.save(o)
		return counters.Method(to), ok
	}
	t := b.in.Feedback()
	if t == nil {
		return
	}
	t = t.Renamed(name)
	s.FeedbackSites = t.Len()
	w := wire.Writer{Bytes: []byte(feedbackMagic)}
	w.Uint(feedbackVersion)
	w.Block(t.Encode())
	var heats wire.Writer
	count := 0
	for _, h := range b.in.Heats() {
		to, ok := n.save(h.Method)
		if !ok {
			continue
		}
		count++
		for _, x := range []uint64{to, h.Heat, uint64(h.Windows), h.Entered, uint64(len(h.Loops))} {
			heats.Uint(x)
		}
		for _, l := range h.Loops {
			heats.Uint(uint64(l.PC))
			heats.Uint(l.Heat)
		}
	}
	w.Uint(uint64(count))
	w.Bytes = append(w.Bytes, heats.Bytes...)

	var bets, losses wire.Writer
	count = 0
	p := b.program
	for _, k := range slices.SortedFunc(maps.Keys(p.lost), func(x, y bet) int {
		return cmp.Or(cmp.Compare(x.method, y.method), cmp.Compare(x.pc, y.pc), cmp.Compare(x.reason, y.reason))
	}) {
		if m, ok := name(k.method); ok {
			count++
			bets.Uint(uint64(m))
			bets.Uint(uint64(k.pc))
			bets.Byte(k.reason)
			bets.Uint(uint64(p.lost[k]))
		}
	}
	w.Uint(uint64(count))
	w.Bytes = append(w.Bytes, bets.Bytes...)
	count = 0
	for _, k := range slices.SortedFunc(maps.Keys(b.losses), comparePlaces) {
		if m, ok := name(k.method); ok {
			count++
			losses.Uint(uint64(m))
			losses.Uint(uint64(k.pc + 1))
			losses.Uint(b.losses[k])
		}
	}
	w.Uint(uint64(count))
	w.Bytes = append(w.Bytes, losses.Bytes...)
	s.Feedback = w.Bytes
}

func comparePlaces(x, y place) int {
	return cmp.Or(cmp.Compare(x.method, y.method), cmp.Compare(x.pc, y.pc))
}

// savedFeedback is the section decoded, with the names of the file.
type savedFeedback struct {
	table  *counters.Table
	heats  []interp.MethodHeat
	bets   []savedBet
	losses []savedBet
}

// savedBet is something that happened at a place so many times.
type savedBet struct {
	method heap.Oop
	pc     int
	reason uint8
	times  uint64
}

// decodeFeedback reads a section. Load translates names.
func decodeFeedback(section []byte, policy counters.Policy, n *Names) (*savedFeedback, error) {
	if len(section) < len(feedbackMagic) || string(section[:len(feedbackMagic)]) != feedbackMagic {
		return nil, fmt.Errorf("%w: no %s", ErrSaved, feedbackMagic)
	}
	r := wire.NewReader(section[len(feedbackMagic):])
	if v := r.Uint(); v != feedbackVersion {
		return nil, fmt.Errorf("jit: saved feedback is of format version %d, not %d", v, feedbackVersion)
	}
	f := &savedFeedback{}
	encoded := r.Block()
	if r.Err() == nil {
		var err error
		if f.table, err = counters.Decode(encoded, policy); err != nil {
			return nil, err
		}
	}
	method := func() heap.Oop {
		o, ok := n.load(r.Uint())
		if (!ok || o == heap.Invalid) && r.Err() == nil {
			r.Fail("there is no such method")
		}
		return o
	}
	small := func() int { return int(r.Below(1<<31, "a number")) }
	for range r.Count() {
		h := interp.MethodHeat{Method: method(), Heat: r.Uint(), Windows: small(), Entered: r.Uint()}
		for range r.Count() {
			h.Loops = append(h.Loops, interp.LoopHeat{PC: small(), Heat: r.Uint()})
		}
		f.heats = append(f.heats, h)
	}
	for range r.Count() {
		f.bets = append(f.bets, savedBet{method(), small(), r.Byte(), r.Uint()})
	}
	for range r.Count() {
		f.losses = append(f.losses, savedBet{method: method(), pc: small() - 1, times: r.Uint()})
	}
	if err := r.End(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSaved, err)
	}
	return f, nil
}

// InstallFeedback lets a section with feedback be taken for what happened in this process: at once, and what was
// hot is compiled at its first call; or with lazy set when somebody wants to know what happened. On an error it
// changes nothing.
func (b *Broker) InstallFeedback(section func() ([]byte, error), n Names, lazy bool) error {
	b.feedback = func() error {
		data, err := section()
		if err != nil {
			return err
		}
		f, err := decodeFeedback(data, b.policy, &n)
		if err != nil {
			return err
		}
		return b.add(f, &n)
	}
	if lazy {
		return nil
	}
	load := b.feedback
	b.feedback = nil
	if err := load(); err != nil {
		return err
	}
	b.wantHot()
	return nil
}

// wantHot has methods compiled soon after their first call that were hot already.
func (b *Broker) wantHot() {
	if b.opts.Mode == Off || b.zone == nil {
		return
	}
	b.waiting = map[counters.Method]func(){}
	var methods []heap.Oop
	for _, h := range b.in.Heats() {
		if h.Heat < b.policy.CompileAfter || h.Entered < b.policy.MinSamples {
			continue
		}
		id := b.in.MethodID(h.Method)
		methods = append(methods, h.Method)
		b.waiting[id] = func() {
			b.in.PostQuiet(func() {
				if m := b.in.MethodOf(id); m != heap.Invalid {
					_ = b.compile(m, -1) // why not is in the log
				}
			})
		}
	}
	b.in.Want(methods)
}

// recallFeedback adds saved feedback before it is looked at, or would be out of date: objects are still where
// they were.
func (b *Broker) recallFeedback() {
	if load := b.feedback; load != nil {
		b.feedback = nil
		if err := load(); err != nil {
			b.log("feedback: %v", err)
		}
	}
}

// add adds feedback to what there is.
func (b *Broker) add(f *savedFeedback, n *Names) error {
	isCode := func(o heap.Oop) bool {
		_, ok := b.in.Code(o)
		return ok
	}
	for _, list := range [][]savedBet{f.bets, f.losses} {
		for _, x := range list {
			if !isCode(x.method) {
				return fmt.Errorf("%w: %#x is no method", ErrSaved, uint64(x.method))
			}
		}
	}
	for _, h := range f.heats {
		if !isCode(h.Method) {
			return fmt.Errorf("%w: %#x is no method", ErrSaved, uint64(h.Method))
		}
	}
	if t := b.in.Feedback(); t != nil {
		t.Merge(f.table.Renamed(func(m counters.Method) (counters.Method, bool) {
			o, ok := n.load(uint64(m))
			if !ok || !isCode(o) {
				return 0, false
			}
			return b.in.MethodID(o), true
		}))
	}
	for _, h := range f.heats {
		b.in.AddHeat(h)
	}
	for _, x := range f.bets {
		b.program.lost[bet{b.in.MethodID(x.method), x.pc, x.reason}] += int(x.times)
	}
	for _, x := range f.losses {
		b.losses[place{b.in.MethodID(x.method), x.pc}] += x.times
	}
	return nil
}
