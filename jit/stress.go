package jit

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"

	"github.com/sista-vm/sista/counters"
	"github.com/sista-vm/sista/optimizer/passes"
)

// Stress makes what is rare frequent, for tests: no program may notice. All of it is drawn from
// the seed, so that a run without background compilation can be repeated.
type Stress struct {
	Eager  bool   // compile as soon as anything is known
	Guards int    // leave code at one in so many guards and polls, on average, though nothing is wrong there
	Retire int    // throw some code away with one in so many hot methods and loops, on average
	Delay  int    // put code to use up to so many safepoints after it was made
	Zone   uint64 // bytes of code at a time
	Passes bool   // stop the optimizer behind any of its passes
	Seed   uint64
}

// ParseStress reads a list such as "eager,guards=20,zone=16384,seed=7".
func ParseStress(list string) (Stress, error) {
	var s Stress
	for item := range strings.SplitSeq(list, ",") {
		name, value, given := strings.Cut(item, "=")
		n, err := strconv.ParseUint(value, 10, 32)
		if err != nil && given {
			return s, fmt.Errorf("jit: stress: %s: %q is no number", name, value)
		}
		or := func(usual uint64) uint64 {
			if given {
				return n
			}
			return usual
		}
		switch name {
		case "eager":
			s.Eager = true
		case "guards":
			s.Guards = int(or(50))
		case "retire":
			s.Retire = int(or(4))
		case "delay":
			s.Delay = int(or(100))
		case "zone":
			s.Zone = or(32 << 10)
		case "passes":
			s.Passes = true
		case "seed":
			s.Seed = n
		default:
			return s, fmt.Errorf("jit: no stress %q: it is eager, guards, retire, delay, zone, passes or seed", name)
		}
	}
	return s, nil
}

// Policy answers the thresholds that the stress wants instead of p, which it leaves alone.
func (s Stress) Policy(p counters.Policy) counters.Policy {
	if s.Eager {
		p.SampleEvery, p.Window, p.WindowDuty, p.GatherAfter = 3, 20, 1, 0
		p.CompileAfter, p.OSRAfter, p.MinSamples = 3, 3, 1
	}
	return p
}

// stress is what a broker keeps of it.
type stress struct {
	Stress
	random *rand.Rand
}

// startStress has the stress begin.
func (b *Broker) startStress() {
	s := &b.stress
	s.Stress = b.opts.Stress
	s.random = rand.New(rand.NewPCG(s.Seed, 0))
	if s.Zone != 0 {
		b.opts.ZoneBytes = s.Zone
	}
	if s.Guards > 0 && b.zone != nil {
		p := passes.DefaultPolicy()
		if b.opts.Passes.Policy != nil {
			*p = *b.opts.Passes.Policy
		}
		p.LeaveAnyway = true
		b.opts.Passes.Policy = p
		b.in.LeaveGuards(func() int64 { return 1 + s.random.Int64N(int64(2*s.Guards-1)) })
	}
}

// stressed throws some code away, at times.
func (b *Broker) stressed() {
	s := &b.stress
	if s.Retire == 0 || s.random.IntN(s.Retire) != 0 {
		return
	}
	var oldest *unit
	skip := s.random.IntN(8)
	for _, u := range b.byAge() {
		if oldest = u; skip == 0 {
			break
		}
		skip--
	}
	if oldest != nil {
		b.logDeopt("retired %s", oldest.name)
		b.retire(oldest, b.policy.CompileAfter)
	}
}

// passes answers how the passes are to run for one compilation.
func (b *Broker) passes() passes.Options {
	o := b.opts.Passes
	if b.stress.Passes {
		o.Fuel = 1 + b.stress.random.IntN(len(passes.Table))
	}
	return o
}

// delayed puts a compilation to use, sooner or later.
func (b *Broker) delayed(j *job) {
	if b.stress.Delay == 0 {
		b.finish(j)
		return
	}
	left := b.stress.random.IntN(b.stress.Delay)
	var wait func()
	wait = func() {
		if left--; left < 0 {
			b.finish(j)
		} else {
			b.in.Post(wait)
		}
	}
	wait()
}

// StressModes are those in which the project's tests run everything: as ParseStress reads them.
var StressModes = []string{
	"eager",
	"eager,guards=1",
	"eager,guards=50,seed=1",
	"eager,guards=1000,retire=3,delay=50,seed=2",
	"eager,guards=5000,zone=32768,seed=3",
	"eager,guards=500,passes,seed=4",
}
