package vm_test

import (
	"flag"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sista-vm/sista/jit"
	"github.com/sista-vm/sista/smalltalk/reference"
	"github.com/sista-vm/sista/vm"
)

var soak = flag.Duration("soak", 0, "how long TestSoak goes on; 0: not at all")

// soaked are the machines of TestSoak, which run at the same time.
var soaked = []struct {
	name   string
	config vm.Config
}{
	{"beside the program", vm.Config{Compile: jit.Async, Stress: jit.Stress{Eager: true, Guards: 2000, Delay: 50, Retire: 20, Zone: 256 << 10, Seed: 1}}},
	{"collecting at every allocation", vm.Config{Compile: jit.Async, Stress: jit.Stress{Eager: true, Guards: 500, Delay: 20, Zone: 64 << 10, Seed: 2}, StressGC: true, StackPages: 4}},
}

// A level is what memory a round left in use.
type level struct {
	heap, zone, resident uint64
}

// over tells of what is more than another level and a tolerance: objects, which differ by
// what random programs leave in their variables, and the process, which Go's allocator is part of.
func (l level) over(o level) string {
	var all []string
	for _, x := range []struct {
		name         string
		now, was, by uint64
	}{{"objects", l.heap, o.heap, 1 << 20}, {"resident", l.resident, o.resident, 32 << 20}} {
		if x.now > x.was+x.was/10+x.by {
			all = append(all, fmt.Sprintf("%s grew from %d to %d bytes", x.name, x.was, x.now))
		}
	}
	return strings.Join(all, ", ")
}

// resident answers how much of the process is in memory; 0 where nobody says.
func resident() uint64 {
	text, err := os.ReadFile("/proc/self/statm")
	var size, pages uint64
	if err == nil {
		fmt.Sscan(string(text), &size, &pages)
	}
	return pages * uint64(os.Getpagesize())
}

// TestSoak has everything happen at once, for as long as -soak says: programs that redefine their methods, change
// shapes, become others, switch processes, look at their stacks and end in errors run compiled, by a
// compiler beside them, with a small code zone, guards that fail and code that comes late; objects move all
// the time; Go collects its garbage all the time; several machines are at it. The answers stay right and memory flat:
// what is in use after a fifth of the time is what is in use at the end.
func TestSoak(t *testing.T) {
	if *soak == 0 {
		t.Skip("-soak says how long")
	}
	defer debug.SetGCPercent(debug.SetGCPercent(1))
	cache := t.TempDir()
	start := time.Now()
	var wg sync.WaitGroup
	for n := range soaked {
		wg.Go(func() { soakOne(t, soaked[n].name, soaked[n].config, cache, start, uint64(n)) })
	}
	wg.Wait()
}

func soakOne(t *testing.T, name string, c vm.Config, cache string, start time.Time, n uint64) {
	c.CacheDir = cache
	m, err := vm.Open(c)
	if err != nil {
		t.Error(err)
		return
	}
	defer m.Close()
	type loaded struct {
		p      *reference.Program
		suffix string
		want   reference.Outcome
	}
	var programs []loaded
	for seed := uint64(0); len(programs) < 4; seed++ {
		p, want := reference.Generate(31*n + seed)
		if want.Kind == reference.Unspecified {
			continue
		}
		suffix := fmt.Sprintf("x%dx", seed)
		p = disturbed(p, seed).Rename(func(name string) string { return name + suffix })
		programs = append(programs, loaded{p, suffix, want})
	}
	base, highest := level{}, level{}
	tenths := time.Duration(0) // of the time, of which the level has been told
	for run := 0; ; run++ {
		p := &programs[run%len(programs)]
		if got := strings.ReplaceAll(outcome(t.Context(), m, p.p), p.suffix, ""); got != p.want.String() {
			t.Errorf("%s, run %d: %s, want %v\n%s", name, run, got, p.want, p.p)
			return
		}
		p.p.Classes = nil // they are there now
		v, err := m.Eval(t.Context(), "Smalltalk at: #Disturbances put: 0. Smalltalk garbageCollect. Smalltalk garbageCollect. nil")
		if err != nil {
			t.Errorf("%s, run %d: %v", name, run, err)
			return
		}
		v.Release()
		s, err := m.Stats()
		if err != nil || s.Compiler == nil || s.Zone == nil {
			t.Errorf("%s: nothing is compiled, %v", name, err)
			return
		}
		now := level{s.OldBytes - s.OldFree, s.Zone.Text, resident()}
		highest = level{max(highest.heap, now.heap), max(highest.zone, now.zone), max(highest.resident, now.resident)}
		passed := time.Since(start)
		if passed < *soak/5 || run < len(programs) {
			base = highest
		}
		if at := passed * 10 / *soak; at > tenths {
			tenths = at
			t.Logf("%s, %v, %d runs: objects %d kB, code %d kB, resident %d MB", name, passed.Round(time.Second), run+1, now.heap>>10, now.zone>>10, now.resident>>20)
		}
		if passed < *soak {
			continue
		}
		if over := now.over(base); over != "" {
			t.Errorf("%s, %d runs: %s", name, run+1, over)
		}
		if limit := c.Stress.Zone + c.Stress.Zone/2; highest.zone > limit {
			t.Errorf("%s: %d bytes of code, the limit is %d", name, highest.zone, c.Stress.Zone)
		}
		t.Logf("%s: %d runs in %v; objects %d kB, at first %d; code at most %d kB; resident %d MB, at first %d; %d compiled, %d discarded, %d invalidated, %d scavenges, %d switches",
			name, run+1, passed.Round(time.Second), now.heap>>10, base.heap>>10, highest.zone>>10, now.resident>>20, base.resident>>20,
			s.Compiler.Compiled+s.Compiler.Loops, s.Compiler.Discarded, s.Compiler.Invalidated, s.Scavenges, s.ProcessSwitches)
		return
	}
}
