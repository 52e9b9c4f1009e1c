package steady

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// run makes iterations: pairs of a count and a mean, with noise of one percent.
func run(seed uint64, pairs ...float64) []float64 {
	r := rand.New(rand.NewPCG(seed, 1))
	var times []float64
	for i := 0; i < len(pairs); i += 2 {
		for range int(pairs[i]) {
			times = append(times, pairs[i+1]*(1+0.01*r.NormFloat64()))
		}
	}
	return times
}

func TestClasses(t *testing.T) {
	for _, c := range []struct {
		name   string
		pairs  []float64
		want   Class
		steady int
	}{
		{"constant", []float64{100, 50}, Flat, 0},
		{"one slow start", []float64{2, 300, 60, 100}, Warmup, 2},
		{"two tiers", []float64{10, 900, 30, 200, 160, 100}, Warmup, 40},
		{"gets slow", []float64{40, 100, 160, 130}, Slowdown, 40},
		{"slow, fast, middle", []float64{10, 400, 50, 100, 140, 150}, Slowdown, 60},
		{"changes late", []float64{180, 100, 20, 60}, NoSteadyState, 150},
		{"slow and back", []float64{50, 100, 20, 200, 130, 100}, Warmup, 70},
		{"noise only", []float64{50, 100, 50, 101}, Flat, 0},
		{"five", []float64{5, 100}, TooShort, 0},
		{"none", nil, TooShort, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			for seed := range uint64(20) {
				a := Analyze(run(seed, c.pairs...))
				if a.Class != c.want || int(math.Abs(float64(a.Steady-c.steady))) > 1 {
					t.Errorf("seed %d: %s from %d on, want %s from %d: %v", seed, a.Class, a.Steady, c.want, c.steady, a.Segments)
				}
			}
		})
	}
}

func TestSteadyMean(t *testing.T) {
	a := Analyze(run(1, 20, 500, 180, 100))
	if math.Abs(a.Mean-100) > 1 || a.Deviation > 2 || a.Deviation < 0.5 {
		t.Errorf("steady state is %v +- %v, want 100 +- 1", a.Mean, a.Deviation)
	}
}

// Many iterations are looked at in groups.
func TestGroups(t *testing.T) {
	times := run(5, 10000, 300, 50001, 100)
	times[40000] = 1e6
	a := Analyze(times)
	size := (len(times) + maxPoints - 1) / maxPoints
	last := a.Segments[len(a.Segments)-1]
	if a.Class != Warmup || math.Abs(float64(a.Steady-10000)) > float64(size) || math.Abs(a.Mean-100) > 1 || last.To != len(times) ||
		!slices.Contains(a.Outliers, 40000) || len(a.Outliers) != size {
		t.Errorf("%s from %d on, mean %v, segments %v, outliers %v", a.Class, a.Steady, a.Mean, a.Segments, a.Outliers)
	}
}

// A single slow iteration is an outlier, wherever it is but at the begin.
func TestOutliers(t *testing.T) {
	times := run(3, 100, 100)
	for _, i := range []int{20, 50, 99} {
		times[i] = 400
	}
	a := Analyze(times)
	if !slices.Equal(a.Outliers, []int{20, 50, 99}) || a.Class != Flat || a.Mean > 102 {
		t.Errorf("%s, mean %v, outliers %v", a.Class, a.Mean, a.Outliers)
	}
	times = run(3, 100, 100)
	times[0], times[1], times[2] = 900, 700, 400
	if a := Analyze(times); a.Class != Warmup || len(a.Outliers) != 0 {
		t.Errorf("%s, outliers %v", a.Class, a.Outliers)
	}
}

// The segments cover all iterations without gaps, whatever the times are.
func FuzzAnalyze(f *testing.F) {
	f.Add([]byte{1, 2, 3, 200, 200, 200, 1, 1, 1, 1, 1, 1, 1, 1})
	f.Add([]byte{0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	f.Add([]byte{5})
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 300 {
			data = data[:300]
		}
		times := make([]float64, len(data))
		scaled := make([]float64, len(data))
		for i, b := range data {
			times[i] = float64(b)
			scaled[i] = float64(b) * 1024 // exact
		}
		a := Analyze(times)
		end := 0
		for _, s := range a.Segments {
			if s.From != end || s.To <= s.From {
				t.Fatalf("segments %v of %d", a.Segments, len(times))
			}
			end = s.To
		}
		if end != len(times) || len(times) > 0 && a.Steady >= len(times) {
			t.Fatalf("segments %v of %d, steady %d", a.Segments, len(times), a.Steady)
		}
		if b := Analyze(scaled); b.Class != a.Class || b.Steady != a.Steady || fmt.Sprint(b.Outliers) != fmt.Sprint(a.Outliers) {
			t.Fatalf("%v\nscaled\n%v", a, b)
		}
	})
}

// PELT answers what the search without pruning does.
func TestOptimal(t *testing.T) {
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 2))
		var values []float64
		for range 1 + r.IntN(4) {
			mean := 50 + 100*r.Float64()
			for range 3 + r.IntN(12) {
				values = append(values, mean*(1+0.02*r.NormFloat64()))
			}
		}
		c := newCosts(values)
		beta := penalty * math.Log(float64(len(values)))
		sum := -beta
		for _, b := range pelt(values) {
			sum += c.cost(b[0], b[1]) + beta
		}
		if best := exhaustive(c, len(values), beta); sum > best+1e-9 {
			t.Errorf("seed %d: cost %v, the least is %v", seed, sum, best)
		}
	}
}

func exhaustive(c *costs, n int, beta float64) float64 {
	best := make([]float64, n+1)
	best[0] = -beta
	for t := 1; t <= n; t++ {
		best[t] = math.Inf(1)
		for s := 0; s <= t-minSegment; s++ {
			best[t] = min(best[t], best[s]+c.cost(s, t)+beta)
		}
	}
	return best[n]
}
