package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/sista-vm/sista/jit"
	"github.com/sista-vm/sista/vm"
)

// compileMode is the value of --compile.
type compileMode struct{ set jit.Mode }

func (m *compileMode) String() string { return m.set.String() }

func (m *compileMode) Set(s string) (err error) {
	set, err := jit.ParseMode(s)
	if err != nil {
		return fmt.Errorf("it is off, sync or async")
	}
	m.set = set
	return nil
}

// stress is the value of --stress.
type stress struct {
	set  jit.Stress
	text string
}

func (s *stress) String() string { return s.text }

func (s *stress) Set(text string) (err error) {
	s.set, err = jit.ParseStress(text)
	s.text = text
	return err
}

// traceKinds is the value of --trace.
type traceKinds struct{ kinds []string }

var knownKinds = []string{"compile", "deopt", "ic", "gc", "osr"}

func (t *traceKinds) String() string { return strings.Join(t.kinds, ",") }

func (t *traceKinds) Set(s string) error {
	for k := range strings.SplitSeq(s, ",") {
		if !slices.Contains(knownKinds, k) {
			return fmt.Errorf("no kind %q: they are %s", k, strings.Join(knownKinds, ", "))
		}
		t.kinds = append(t.kinds, k)
	}
	return nil
}

// trace answers what prints the lines that are asked for, each behind its kind.
func (t *traceKinds) trace() vm.Trace {
	to := func(kind string) func(string) {
		if !slices.Contains(t.kinds, kind) {
			return nil
		}
		return func(line string) { fmt.Fprintf(os.Stderr, "%s: %s\n", kind, line) }
	}
	return vm.Trace{Compile: to("compile"), Deopt: to("deopt"), IC: to("ic"), GC: to("gc"), OSR: to("osr")}
}
