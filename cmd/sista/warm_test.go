package main

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// warmUp runs the rule over iterations that take what micros answers, on a clock of their own.
func warmUp(micros func(i int) float64, limit time.Duration) (n int, w *warmth) {
	now := time.Unix(0, 0)
	w = newWarmth(warmRule, func() time.Time { return now })
	var times []float64
	for !w.enough(times) && now.Sub(time.Unix(0, 0)) < limit {
		t := micros(len(times))
		times = append(times, t)
		now = now.Add(time.Duration(t) * time.Microsecond)
	}
	return len(times), w
}

func TestSteadyRule(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	noise := func() float64 { return 1 + 0.02*random.Float64() }
	step := func(at int) func(int) float64 {
		return func(i int) float64 {
			if i < at {
				return 50_000 * noise()
			}
			return 10_000 * noise()
		}
	}
	for _, c := range []struct {
		name        string
		micros      func(i int) float64
		steady      bool
		least, most int // iterations
	}{
		{"flat", func(int) float64 { return 5000 * noise() }, true, 400, 900},
		{"long iterations", func(int) float64 { return 2e6 * noise() }, true, 36, 40},
		{"a step", step(20), true, 60, 600},
		// Compiled after it looked steady for the first time.
		{"a late step", step(30), true, 31, 600},
		{"slower and slower", func(i int) float64 { return 10_000 * float64(i+1) }, false, 60, 1000},
		{"up and down", func(i int) float64 { return 10_000 * (1 + float64(i/40%2)*float64(1+i/80)) }, false, 60, 10_000},
	} {
		n, w := warmUp(c.micros, 2*time.Minute)
		if w.steady != c.steady || n < c.least || n > c.most {
			t.Errorf("%s: %d iterations, steady %v", c.name, n, w.steady)
		}
	}
	if n, _ := warmUp(func(int) float64 { return 1 }, 2*time.Minute); n > warmRule.Most {
		t.Errorf("%d iterations", n)
	}
}

func TestDifference(t *testing.T) {
	for _, c := range [][3]string{
		{"a\nb\n", "a\nc\n", `line 2 is "c", and was "b" cold`},
		{"a\n", "a\nb\n", `line 2 is "b", and was "" cold`},
		{"a", "a\nb", `line 2 is "b", and was no more lines cold`},
		{strings.Repeat("x", 100), "", `line 1 is "", and was "` + strings.Repeat("x", 60) + `"... cold`},
		{strings.Repeat("x", 100) + "a", strings.Repeat("x", 100) + "b", "of another length"},
	} {
		if got := difference(c[0], c[1]); got != c[2] {
			t.Errorf("%q and %q: %s", c[0], c[1], got)
		}
	}
}
