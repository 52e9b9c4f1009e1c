package result

import (
	"fmt"
	"math"
	"slices"
)

// First is how the first iteration of new processes compares to their steady ones.
type First struct {
	Suite, Name string
	Runner      string
	Processes   int
	Steady      float64 // the median of the processes' steady iterations, in microseconds
	// Ratio is the median of the first iteration over the steady one of the same process; with a confidence of 95 %
	// that of all processes is from Low to High.
	Ratio, Low, High float64
	Start            float64 // the median of the time to the first iteration, in microseconds
}

// processes are the runs of a benchmark by a runner.
type processes struct {
	suite, name, runner string
	runs                []*Run
}

// byProcess groups runs by benchmark and runner, in the order they come.
func byProcess(runs []*Run) (groups []*processes) {
	for _, r := range runs {
		i := slices.IndexFunc(groups, func(g *processes) bool {
			return g.suite == r.Suite && g.name == r.Name() && g.runner == r.Runner
		})
		if i < 0 {
			i = len(groups)
			groups = append(groups, &processes{suite: r.Suite, name: r.Name(), runner: r.Runner})
		}
		groups[i].runs = append(groups[i].runs, r)
	}
	return groups
}

// Firsts answers one of each benchmark and runner, in the order they come.
func Firsts(runs []*Run) (all []First) {
	for _, g := range byProcess(runs) {
		var ratios, steady, start []float64
		for _, r := range g.runs {
			s := r.Late()
			steady, start = append(steady, s), append(start, r.Start)
			if s > 0 {
				ratios = append(ratios, r.Micros[0]/s)
			}
		}
		f := First{Suite: g.suite, Name: g.name, Runner: g.runner, Processes: len(g.runs), Steady: Median(steady), Start: Median(start)}
		f.Ratio = Median(ratios)
		f.Low, f.High = MedianInterval(ratios)
		all = append(all, f)
	}
	return all
}

// Late is the median of the later half of the iterations: what a process has become, also where there are too
// few iterations to tell whether it is steady.
func (r *Run) Late() float64 { return Median(r.Micros[len(r.Micros)/2:]) }

// Median answers the middle of values, 0 of none.
func Median(values []float64) float64 {
	n := len(values)
	if n == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// MedianInterval answers the values between which the median of the population is with a confidence of 95 % at
// least: those whose ranks a binomial distribution says. Of fewer than six values they are the least and the greatest,
// whose confidence is less.
func MedianInterval(values []float64) (low, high float64) {
	n := len(values)
	if n == 0 {
		return 0, 0
	}
	sorted := slices.Sorted(slices.Values(values))
	below, term := 0.0, math.Exp2(-float64(n))
	rank := 0
	for k := 0; k < n/2; k++ {
		if below += term; below > 0.025 {
			break
		}
		rank = k + 1
		term *= float64(n-k) / float64(k+1)
	}
	rank = max(rank, 1)
	return sorted[rank-1], sorted[n-rank]
}

// FirstsTable has a line for each benchmark and, for each runner, its steady iterations in milliseconds and the first
// one in percent of them, with the interval. Most is what a runner's percentage may be.
func FirstsTable(all []First, most map[string]float64) string {
	var runners []string
	for _, f := range all {
		if !slices.Contains(runners, f.Runner) {
			runners = append(runners, f.Runner)
		}
	}
	lines := [][]string{{"first iteration"}}
	for _, r := range runners {
		lines[0] = append(lines[0], r+" ms", "first %", "95 %", "start ms")
	}
	row := map[string]int{}
	for _, f := range all {
		at, ok := row[f.Suite+f.Name]
		if !ok {
			at = len(lines)
			row[f.Suite+f.Name] = at
			lines = append(lines, slices.Concat([]string{f.Name}, slices.Repeat([]string{"-"}, 4*len(runners))))
		}
		mark := ""
		if m := most[f.Runner]; m > 0 && f.Ratio > m {
			mark = "!"
		}
		copy(lines[at][1+4*slices.Index(runners, f.Runner):], []string{Milliseconds(f.Steady), fmt.Sprintf("%s%.1f", mark, 100*f.Ratio),
			fmt.Sprintf("%.0f-%.0f", 100*f.Low, 100*f.High), Milliseconds(f.Start)})
	}
	last := []string{"geometric mean"}
	for _, r := range runners {
		sum, n, over := 0.0, 0, 0
		for _, f := range all {
			if f.Runner == r && f.Ratio > 0 {
				sum, n = sum+math.Log(f.Ratio), n+1
				if m := most[r]; m > 0 && f.Ratio > m {
					over++
				}
			}
		}
		last = append(last, "", fmt.Sprintf("%.1f", 100*math.Exp(sum/float64(max(n, 1)))), fmt.Sprintf("%d of %d over", over, n), "")
	}
	return Align(append(lines, last))
}

// SecondsTable has a line for each benchmark and each runner: from the start of the process to the end of the first
// iteration and to the steady state, and how many iterations end in a time. Each is the median of the processes.
func SecondsTable(runs []*Run, within float64) string {
	lines := [][]string{{"from the start of the process", "used", "first ms", "steady from ms", "steady ms", fmt.Sprintf("in %.1f s", within/1e6)}}
	last := ""
	for _, g := range byProcess(runs) {
		var first, from, steady, done []float64
		for _, r := range g.runs {
			first, steady = append(first, r.Start+r.Micros[0]), append(steady, r.Late())
			at, n := r.Start, 0.0
			for i, t := range r.Micros {
				if i == r.Steady.From {
					from = append(from, at)
				}
				if at += t; at <= within {
					n++
				}
			}
			done = append(done, n)
		}
		name := g.name
		if name == last {
			name = ""
		}
		last = g.name
		lines = append(lines, []string{name, g.runner, Milliseconds(Median(first)), Milliseconds(Median(from)), Milliseconds(Median(steady)), fmt.Sprintf("%.0f", Median(done))})
	}
	return Align(lines)
}
