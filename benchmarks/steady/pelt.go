package steady

import (
	"math"
	"slices"
)

// pelt divides values into segments that minimize the sum of their costs and of the
// penalties for the points between them: Killick, Fearnhead and Eckley, "Optimal
// detection of changepoints with a linear computational cost" (2012). It answers the
// bounds of the segments.
//
// best[t] is the least sum for the first t values:
//
//	best[t] = min over s of best[s] + cost(s, t) + penalty
//
// An s whose best[s] + cost(s, t) is above best[t] can never again be the last change
// point, and is looked at no more: that makes it linear where there are change points.
func pelt(values []float64) [][2]int {
	n := len(values)
	if n < 2*minSegment {
		return [][2]int{{0, n}}
	}
	c := newCosts(values)
	beta := penalty * math.Log(float64(n))
	best := make([]float64, n+1)
	previous := make([]int, n+1)
	best[0] = -beta
	for t := 1; t < minSegment; t++ {
		best[t] = math.Inf(1)
	}
	candidates := []int{0}
	for t := minSegment; t <= n; t++ {
		best[t] = math.Inf(1)
		for _, s := range candidates {
			if sum := best[s] + c.cost(s, t) + beta; sum < best[t] {
				best[t], previous[t] = sum, s
			}
		}
		candidates = slices.DeleteFunc(candidates, func(s int) bool { return best[s]+c.cost(s, t) > best[t] })
		// The next round looks at segments that end one later.
		candidates = append(candidates, t+1-minSegment)
	}
	var bounds [][2]int
	for t := n; t > 0; t = previous[t] {
		bounds = append(bounds, [2]int{previous[t], t})
	}
	slices.Reverse(bounds)
	return bounds
}

// costs answers what a segment costs: twice its negative logarithmic likelihood under
// a normal distribution that fits it best. The sums are of values in units of their
// median, so that no scale matters, and less their mean, to lose no digits.
type costs struct {
	sum, squares []float64
}

func newCosts(values []float64) *costs {
	mean, _ := moments(values)
	unit := percentile(slices.Sorted(slices.Values(values)), 0.5)
	if unit <= 0 {
		unit = mean
	}
	if unit <= 0 {
		unit = 1
	}
	c := &costs{make([]float64, len(values)+1), make([]float64, len(values)+1)}
	for i, v := range values {
		d := v/unit - mean/unit
		c.sum[i+1] = c.sum[i] + d
		c.squares[i+1] = c.squares[i] + d*d
	}
	return c
}

func (c *costs) cost(s, t int) float64 {
	n := float64(t - s)
	sum := c.sum[t] - c.sum[s]
	variance := (c.squares[t] - c.squares[s] - sum*sum/n) / n
	return n * (math.Log(2*math.Pi) + math.Log(max(variance, floor*floor)) + 1)
}
