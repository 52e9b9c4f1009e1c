package jit_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sista-vm/sista/host"
	"github.com/sista-vm/sista/jit"
	"github.com/sista-vm/sista/native"
	"github.com/sista-vm/sista/vm"
)

// Where there is little room, code that is used stays and code that was used once goes; there is never more
// code than the limit says.
func TestEviction(t *testing.T) {
	if err := native.Supported(); err != nil {
		t.Skip(err)
	}
	const limit = 24 << 10
	evicted := map[string]int{}
	m, err := vm.Open(vm.Config{CacheDir: cacheDir, Clock: host.NewVirtualClock(), Compile: jit.Sync, Stress: jit.Stress{Zone: limit},
		Trace: vm.Trace{Deopt: func(line string) {
			if name, ok := strings.CutPrefix(line, "evicted "); ok {
				evicted[name]++
			}
		}}})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	f := &fixture{t: t, vm: m}
	f.eval("Object subclass: #Worker instanceVariableNames: 'n' classVariableNames: '' package: 'T'. " +
		"Worker compile: 'work: aBlock | s | s := 0. 1 to: 50 do: [ :i | s := s + (aBlock value: i) ]. n := s. ^ s'")
	const others = 40
	for i := range others {
		f.eval(fmt.Sprintf("Worker compile: 'once%d: x | s | s := x. 1 to: 20 do: [ :i | s := s * %d + (i * x) \\\\ 1009. s := (s bitXor: i) + (x printString size) ]. ^ s'", i, i+3))
	}
	// What is used all the time is not running when room is needed.
	for i := range others {
		f.eval(fmt.Sprintf("| w | w := Worker new. 1 to: 200 do: [ :k | w work: [ :x | x \\\\ 7 + %d ] ]. 1 to: 3000 do: [ :k | w once%[1]d: k ]", i))
		s, err := m.Stats()
		if err != nil {
			t.Fatal(err)
		}
		if s.Zone.Text > limit+limit/2 {
			t.Errorf("%d bytes of code, the limit is %d", s.Zone.Text, limit)
		}
	}
	total := 0
	for _, n := range evicted {
		total += n
	}
	t.Logf("%d evictions", total)
	if total < others/2 {
		t.Errorf("only %d evictions", total)
	}
	// Now and then it goes, when room is needed twice between two of its uses.
	if n := evicted["Worker>>work:"]; n > total/20 {
		t.Errorf("what is used all the time was evicted %d times, of %d evictions: %v", n, total, evicted)
	}
}
