package vm_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sista-vm/sista/jit"
	"github.com/sista-vm/sista/vm"
)

// switching are programs whose processes wait for each other, are looked at while they do, and are ended.
var switching = []struct{ name, source string }{
	{"a ring", `
| sems log n |
sems := (1 to: 5) collect: [:i | Semaphore new]. log := 0. n := 0.
1 to: 5 do: [:i | [[(sems at: i) wait. log := log * 7 + i \\ 1000003. n := n + 1. (sems at: i \\ 5 + 1) signal. n < 4000] whileTrue] fork].
(sems at: 1) signal. [n < 4000] whileTrue: [Processor yield]. {log. n}`},
	{"priorities", `
| up down log |
up := Semaphore new. down := Semaphore new. log := 0.
[1500 timesRepeat: [up wait. log := log * 3 + 1 \\ 1000003. down signal]] forkAt: Processor activePriority + 1.
[1500 timesRepeat: [down wait. log := log * 3 + 2 \\ 1000003]] forkAt: Processor activePriority + 2.
1500 timesRepeat: [up signal. log := log * 3 + 3 \\ 1000003]. log`},
	{"waiting in frames that come and go", `
| sem back log meet contexts |
sem := Semaphore new. back := Semaphore new. log := 0. contexts := OrderedCollection new.
meet := [:k | k \\ 3 = 0 ifTrue: [back signal. sem wait. k * 2] ifFalse: [k]].
[1 to: 3000 do: [:k | log := log + (meet value: k) \\ 1000003]. back signal] fork.
1 to: 1000 do: [:k | back wait. sem signal]. back wait. log`},
	{"contexts of those who wait", `
| sem p seen |
sem := Semaphore new. seen := OrderedCollection new.
p := [| i | i := 0. [i := i + 1. sem wait. i < 600] whileTrue. seen add: thisContext sender isNil] fork.
1 to: 600 do: [:k | | c | Processor yield.
	k \\ 50 = 0 ifTrue: [c := p suspendedContext. seen add: (c tempAt: 1). seen add: c method == c home method. seen add: c isDead].
	sem signal]. Processor yield. seen asArray`},
	{"contexts that have returned", `
| sem kept f |
sem := Semaphore new. kept := OrderedCollection new.
f := [:k | | c | c := thisContext. sem wait. c].
[1 to: 400 do: [:k | kept add: (f value: k)]] fork.
400 timesRepeat: [Processor yield. sem signal]. Processor yield.
{kept size. (kept select: [:c | c isDead]) size. (kept select: [:c | c sender isNil]) size}`},
	{"a sender found while its frame waits", `
| sem p out |
sem := Semaphore new. out := OrderedCollection new.
p := [1 to: 500 do: [:k | out add: ([:x | sem wait. x * 2] value: k)]] fork.
1 to: 500 do: [:k | Processor yield. k \\ 20 = 0 ifTrue: [| c | c := p suspendedContext.
	out add: c sender isExecutingBlock. out add: (c sender tempAt: 1) class name]. sem signal]. Processor yield.
out inject: 0 into: [:s :e | s * 31 + e hash \\ 1000003]. out size`},
	{"leaving frames that have waited", `
| sem find total |
sem := Semaphore new. total := 0.
find := [:k | #(1 2 3 4 5) detect: [:e | sem wait. e = (k \\ 5 + 1)]].
[1 to: 300 do: [:k | total := total + (find value: k)]. 1 to: 300 do: [:k | total := total + ([sem wait. k \\ 2 = 0 ifTrue: [Error signal]. 1] on: Error do: [:e | e return: 5])].
1 to: 300 do: [:k | total := total + ([sem wait. Warning signal. 1] on: Warning do: [:e | e resume: 5])].
1 to: 100 do: [:k | [sem wait] ensure: [sem wait. total := total + 1]]] fork.
2000 timesRepeat: [Processor yield. sem signal]. total`},
	{"ending those who wait", `
| sem n ended |
n := 0. ended := 0.
1 to: 300 do: [:k | | p | sem := Semaphore new.
	p := [[1 to: 9 do: [:j | sem wait. n := n + 1]] ensure: [ended := ended + 1]] fork.
	Processor yield. k \\ 4 timesRepeat: [sem signal. Processor yield].
	p terminate. sem signal]. {n. ended}`},
	{"suspended and resumed", `
| sem p n |
sem := Semaphore new. n := 0.
p := [[sem wait. n := n + 1. n < 500] whileTrue] fork. Processor yield.
1 to: 500 do: [:k | sem signal. k \\ 3 = 0 ifTrue: [p suspend. p resume]. k \\ 5 = 0 ifTrue: [p priority: p priority - 1. p priority: p priority + 1]. Processor yield].
Processor yield. {n. p isTerminated}`},
	{"mutual exclusion", `
| m n inside most done |
m := Semaphore forMutualExclusion. n := 0. inside := 0. most := 0. done := 0.
1 to: 6 do: [:i | [200 timesRepeat: [m critical: [inside := inside + 1. most := most max: inside. Processor yield. n := n + i. inside := inside - 1]]. done := done + 1] fork].
[done < 6] whileTrue: [Processor yield]. {n. most}`},
	{"deep stacks", `
| sem depth n |
sem := Semaphore new. n := 0. depth := nil.
depth := [:k | k = 0 ifTrue: [sem wait. 1] ifFalse: [(depth value: k - 1) + 1]].
[1 to: 40 do: [:k | n := n + (depth value: k * 20)]] fork.
40 timesRepeat: [Processor yield. sem signal]. Processor yield. n`},
}

// TestSwitches runs programs that switch processes in the interpreter and in machines of all kinds.
func TestSwitches(t *testing.T) {
	cache := t.TempDir()
	want := map[string]string{}
	for i, c := range tiers {
		c.config.CacheDir = cache
		m := openVM(t, c.config)
		for _, p := range switching {
			if testing.Short() && i > 2 {
				break
			}
			for round := range 2 { // the second time in code of the first
				key := fmt.Sprint(p.name, round)
				got := evalString(t, m, p.source)
				if i == 0 {
					want[key] = got
				}
				if got != want[key] {
					t.Errorf("%s, %s: %s, but %s in the interpreter", p.name, c.name, got, want[key])
				}
			}
		}
	}
}

// TestSwitchesInCode tells where processes are switched: in machine code, as soon as there is some.
func TestSwitchesInCode(t *testing.T) {
	m := openVM(t, vm.Config{Compile: jit.Sync})
	ring := strings.ReplaceAll(switching[0].source, "4000", "200000")
	stats := func() vm.Stats {
		s, err := m.Stats()
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	before := stats()
	evalString(t, m, ring)
	after := stats()
	all, native := after.ProcessSwitches-before.ProcessSwitches, after.NativeSwitches-before.NativeSwitches
	if all < 200000 || native < all/2 {
		t.Errorf("%d of %d switches are done by machine code", native, all)
	}
}
