package main

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/sista-vm/sista/benchmarks/steady"
	"github.com/sista-vm/sista/vm"
)

// steadyRule says when a program is warm: its times are steady over the last quarter of
// the iterations, and when there are half as many more, they still are, and as long. What
// is compiled beside the program needs time to be: all take Least at the least.
type steadyRule struct {
	Iterations int           // before the first look
	Least      time.Duration // from the first iteration to the end
	More       float64       // iterations at the second look over those at the first
	Same       float64       // the relative difference of two steady states that says nothing
	Most       int           // iterations
}

var warmRule = steadyRule{Iterations: 24, Least: 2 * time.Second, More: 1.5, Same: 0.05, Most: 200_000}

// warmth looks at iterations as they come.
type warmth struct {
	rule    steadyRule
	next    int // iterations at the next look
	was     float64
	steady  bool
	started time.Time
	now     func() time.Time
}

func newWarmth(rule steadyRule, now func() time.Time) *warmth {
	return &warmth{rule: rule, next: rule.Iterations, started: now(), now: now}
}

// enough tells whether a program with these times is warm.
func (w *warmth) enough(times []float64) bool {
	n := len(times)
	if n >= w.rule.Most {
		return true
	}
	if n < w.next || w.now().Sub(w.started) < w.rule.Least/2 {
		return false
	}
	w.next = int(float64(n) * w.rule.More)
	a := steady.Analyze(times)
	switch {
	case !isSteady(a.Class):
		w.was = 0
	case w.was == 0 || math.Abs(a.Mean-w.was) > w.was*w.rule.Same:
		w.was = a.Mean
	case w.now().Sub(w.started) >= w.rule.Least:
		w.steady = true
	}
	return w.steady
}

// isSteady tells whether a class has a steady state.
func isSteady(c steady.Class) bool {
	return c == steady.Flat || c == steady.Warmup || c == steady.Slowdown
}

// warm runs iterations until there were enough, and notes what they were like.
func (w *warming) warm(machine *vm.VM, once iterator) error {
	ctx, cancel := context.WithTimeout(context.Background(), w.timeout+w.timeout/4)
	defer cancel()
	begun := time.Now()
	warmth := newWarmth(warmRule, time.Now)
	shown := begun
	w.progress.begin("warming " + w.program)
	times, code, err := iterations(ctx, once, func(times []float64) bool {
		if n := len(times); n > 0 && time.Since(shown) > progressEvery {
			shown = time.Now()
			w.progress.say("%d iterations, the last took %s%s", n, microsText(times[n-1]), compiledText(machine))
		}
		switch {
		case len(times) > 0 && time.Since(begun) >= w.timeout:
			return false
		case w.iterations > 0:
			return len(times) < w.iterations
		}
		return !warmth.enough(times)
	})
	if err == nil && len(times) == 0 {
		err = fmt.Errorf("%s: the first iteration did not end within %v", w.program, w.timeout+w.timeout/4)
	}
	if err != nil {
		w.progress.end("failed")
		return err
	}
	w.report.warmed(w.program, times, code, time.Since(begun))
	if w.iterations == 0 {
		w.report.WarmUp.SteadyState = warmth.steady
	}
	w.progress.end(w.report.WarmUp.text())
	return nil
}

// progressEvery is how long a line of progress stands on a terminal.
const progressEvery = 300 * time.Millisecond

// compiledText says how much is compiled so far.
func compiledText(machine *vm.VM) string {
	if s, err := machine.Stats(); err == nil && s.Compiler != nil {
		return fmt.Sprintf(", %d methods compiled", s.Compiler.Compiled)
	}
	return ""
}

// microsText formats a time in a unit that suits it.
func microsText(micros float64) string {
	switch {
	case micros >= 1e6:
		return fmt.Sprintf("%.3g s", micros/1e6)
	case micros >= 1000:
		return fmt.Sprintf("%.3g ms", micros/1000)
	}
	return fmt.Sprintf("%.0f us", micros)
}
