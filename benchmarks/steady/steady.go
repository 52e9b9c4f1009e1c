// Package steady finds out whether and when a program that runs many iterations
// reaches a steady state of peak performance, in the manner of Barrett, Bolz-Tereick,
// Killick, Mount and Tratt, "Virtual Machine Warmup Blows Hot and Cold" (OOPSLA 2017):
//
//	times -> outliers left out -> segments between change points -> a class
//
// Single iterations far above their neighborhood (a collection of garbage, another
// process) are left out. PELT then divides the rest into segments of one mean and
// variance each. Segments that do not differ by more than noise count as equal. By
// how the other segments compare to the last one, the run is flat, a warm-up, a
// slowdown, or without steady state.
//
// What it promises: Analyze answers something for any times, is a function of them
// alone, and scaling them all by a factor changes nothing but the times it answers.
package steady

import (
	"math"
	"slices"
)

// Class is how a run of iterations goes.
type Class string

// The classes. TooShort is for runs that say nothing.
const (
	Flat          Class = "flat"            // steady from the first iteration on
	Warmup        Class = "warmup"          // the steady state is the fastest
	Slowdown      Class = "slowdown"        // it has been faster before
	NoSteadyState Class = "no steady state" // it changes until the end
	TooShort      Class = "too short"
)

// The parameters of the analysis.
const (
	// MinIterations is what a class needs.
	MinIterations = 8
	// minSegment is the length of the shortest segment: fewer have no variance.
	minSegment = 2
	// penalty is what a change point costs, times the logarithm of the number of
	// iterations; that of the paper.
	penalty = 15
	// tail is the part of the iterations in which nothing may change.
	tail = 0.25
	// outlierWindow is how many iterations an iteration is compared to, and
	// outlierSpread how many times the distance from their 10th to their 90th percentile
	// it is off.
	outlierWindow = 200
	outlierSpread = 3
	// settling is the part of the iterations that has no outliers: what is slow there is
	// the warm-up.
	settling = 0.05
	// noise is the relative difference that says nothing.
	noise = 0.02
	// floor bounds the variance of a segment below, as a relative deviation: clocks
	// have steps.
	floor = 0.005
	// maxPoints is how many times are looked at. More iterations are taken together, in
	// groups of equal size, by their means.
	maxPoints = 2000
)

// Segment is a stretch of iterations that belong together.
type Segment struct {
	From, To  int // iterations From up to, but without, To
	Mean      float64
	Deviation float64 // standard
}

// Analysis is what is known of a run.
type Analysis struct {
	Class    Class
	Segments []Segment
	Outliers []int // iterations
	// Steady is the first iteration of the steady state, and Mean and Deviation are its
	// times, or those of groups of them. Without a steady state they are those of the tail.
	Steady          int
	Mean, Deviation float64
}

// Analyze looks at the times of the iterations of a run, in any unit.
func Analyze(times []float64) Analysis {
	n := len(times)
	if n == 0 {
		return Analysis{Class: TooShort}
	}
	if n > maxPoints {
		return grouped(times, (n+maxPoints-1)/maxPoints)
	}
	kept, outliers := split(times)
	values := make([]float64, len(kept))
	for i, k := range kept {
		values[i] = times[k]
	}
	a := Analysis{Outliers: outliers}
	for _, c := range pelt(values) {
		s := Segment{From: kept[c[0]], To: n}
		if c[1] < len(kept) {
			s.To = kept[c[1]]
		}
		s.Mean, s.Deviation = moments(values[c[0]:c[1]])
		a.Segments = append(a.Segments, s)
	}
	a.Segments[0].From = 0
	a.classify(times)
	return a
}

// grouped looks at the means of groups of iterations.
func grouped(times []float64, size int) Analysis {
	var means []float64
	for group := range slices.Chunk(times, size) {
		mean, _ := moments(group)
		means = append(means, mean)
	}
	a := Analyze(means)
	end := func(group int) int { return min(group*size, len(times)) }
	for i, s := range a.Segments {
		a.Segments[i].From, a.Segments[i].To = end(s.From), end(s.To)
	}
	var outliers []int
	for _, o := range a.Outliers {
		for i := end(o); i < end(o+1); i++ {
			outliers = append(outliers, i)
		}
	}
	a.Outliers, a.Steady = outliers, end(a.Steady)
	return a
}

// classify compares the segments to the last one.
func (a *Analysis) classify(times []float64) {
	n := len(times)
	last := a.Segments[len(a.Segments)-1]
	// The steady state begins where all segments to come are equal to the last.
	first := len(a.Segments) - 1
	for first > 0 && last.equals(a.Segments[first-1]) {
		first--
	}
	a.Steady = a.Segments[first].From
	tailed := n - int(math.Ceil(tail*float64(n)))
	switch {
	case n < MinIterations:
		a.Class = TooShort
	case a.Steady > tailed:
		a.Class = NoSteadyState
	case first == 0:
		a.Class = Flat
	default:
		a.Class = Warmup
		for _, s := range a.Segments[:first] {
			if s.Mean < last.Mean && !last.equals(s) {
				a.Class = Slowdown
			}
		}
	}
	if a.Class == NoSteadyState {
		a.Steady = tailed
	}
	var state []float64
	for i := a.Steady; i < n; i++ {
		if _, out := slices.BinarySearch(a.Outliers, i); !out {
			state = append(state, times[i])
		}
	}
	a.Mean, a.Deviation = moments(state)
}

// equals tells whether another segment differs from the last one by noise only.
func (s Segment) equals(other Segment) bool {
	return math.Abs(s.Mean-other.Mean) <= max(s.Deviation, noise*s.Mean)
}

// split answers the iterations that are no outliers, and those that are. Only times
// above their neighborhood are: a fast iteration is never an accident. Two outliers in
// a row are none.
func split(times []float64) (kept, outliers []int) {
	n := len(times)
	slow := make([]bool, n)
	for i := int(math.Ceil(settling * float64(n))); i < n; i++ {
		from := max(0, min(i-outlierWindow/2, n-outlierWindow))
		window := slices.Clone(times[from:min(n, from+outlierWindow)])
		slices.Sort(window)
		median := percentile(window, 0.5)
		spread := percentile(window, 0.9) - percentile(window, 0.1)
		slow[i] = times[i] > median+max(outlierSpread*spread, noise*median)
	}
	for i := range times {
		alone := (i == 0 || !slow[i-1]) && (i == n-1 || !slow[i+1])
		if i > 0 && slow[i] && alone && n >= MinIterations {
			outliers = append(outliers, i)
		} else {
			kept = append(kept, i)
		}
	}
	return kept, outliers
}

// percentile answers one of sorted values.
func percentile(sorted []float64, p float64) float64 {
	return sorted[int(math.Round(p*float64(len(sorted)-1)))]
}

// moments answers mean and standard deviation.
func moments(values []float64) (mean, deviation float64) {
	for _, v := range values {
		mean += v
	}
	mean /= float64(len(values))
	for _, v := range values {
		deviation += (v - mean) * (v - mean)
	}
	return mean, math.Sqrt(deviation / float64(len(values)))
}
