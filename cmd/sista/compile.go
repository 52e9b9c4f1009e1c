package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/sista-vm/sista/jit"
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

// traceKinds is the value of --trace.
type traceKinds struct{ kinds []string }

var knownKinds = []string{"compile", "deopt"}

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

// log answers what prints the lines that are asked for, nil if none are.
func (t *traceKinds) log() func(string) {
	if len(t.kinds) == 0 {
		return nil
	}
	return func(line string) {
		kind := "compile"
		if strings.HasPrefix(line, "deopt ") || strings.HasPrefix(line, "discarded ") {
			kind = "deopt"
		}
		if slices.Contains(t.kinds, kind) {
			fmt.Fprintln(os.Stderr, line)
		}
	}
}
