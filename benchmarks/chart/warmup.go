package chart

import (
	"fmt"
	"math"
	"slices"

	"github.com/sista-vm/sista/benchmarks/result"
)

// The measures of a panel.
const (
	panelWidth, panelHeight = 440, 250
	panelLeft, panelRight   = 70, 14
	panelTop, panelBottom   = 44, 36
	panelColumns            = 3
)

// maxPoints is how many points a curve has at most: with more iterations than that the
// medians of groups of them.
const maxPoints = 1000

// Warmup draws the iterations of every run: a panel for each benchmark, with a curve
// for each runner and invocation, a line at the mean of the steady state from where it
// begins on, and a tick below at every change point.
func Warmup(f *result.File) string {
	var names []string
	panels := map[string][]*result.Run{}
	var runners []string
	for _, r := range f.Runs {
		if panels[r.Name()] == nil {
			names = append(names, r.Name())
		}
		panels[r.Name()] = append(panels[r.Name()], r)
		if !slices.Contains(runners, r.Runner) {
			runners = append(runners, r.Runner)
		}
	}
	columns := min(panelColumns, max(1, len(names)))
	rows := (len(names) + columns - 1) / columns
	const legend = 28
	p := &picture{width: float64(columns * panelWidth), height: float64(rows*panelHeight) + legend}
	x := 12.0
	for i, r := range runners {
		p.rect(x, 9, 12, 12, color(i), 1)
		p.text(x+18, 19, 13, "start", "#222", r)
		x += 34 + 8*float64(len(r))
	}
	for i, name := range names {
		p.panel(float64(i%columns*panelWidth), float64(i/columns*panelHeight)+legend, panels[name], runners)
	}
	return p.String()
}

// panel draws the runs of one benchmark.
func (p *picture) panel(x, y float64, runs []*result.Run, runners []string) {
	left, right := x+panelLeft, x+panelWidth-panelRight
	top, bottom := y+panelTop, y+panelHeight-panelBottom
	longest, highest := 1, 0.0
	for _, r := range runs {
		longest = max(longest, len(r.Micros))
		highest = max(highest, ceiling(r))
	}
	if highest <= 0 {
		highest = 1
	}
	across := func(i float64) float64 { return left + (right-left)*i/math.Max(1, float64(longest-1)) }
	up := func(micros float64) float64 { return bottom - (bottom-top)*min(micros/highest, 1) }

	p.text(x+panelLeft, y+18, 14, "start", "#000", runs[0].Name())
	words := ""
	for i, r := range runs {
		if i > 0 {
			words += "; "
		}
		words += fmt.Sprintf("%s %s", r.Steady.Class, duration(r.Steady.Mean))
		if i == 2 && len(runs) > 3 {
			words += "; ..."
			break
		}
	}
	p.text(x+panelLeft, y+34, 11, "start", "#555", words)
	mark := step(highest, 4)
	for v := 0.0; v <= highest*1.0001; v += mark {
		p.line(left, up(v), right, up(v), "#ddd", 1)
		p.text(left-6, up(v)+4, 10, "end", "#555", duration(v))
	}
	mark = max(1, step(float64(longest), 6))
	for v := 0.0; v < float64(longest); v += mark {
		p.text(across(v), bottom+14, 10, "middle", "#555", fmt.Sprintf("%.0f", v+1))
	}
	p.line(left, top, left, bottom, "#555", 1)
	p.line(left, bottom, right, bottom, "#555", 1)
	p.text((left+right)/2, bottom+28, 10, "middle", "#555", "iteration")
	for _, r := range runs {
		stroke := color(slices.Index(runners, r.Runner))
		var points []float64
		size := 1 + (len(r.Micros)-1)/maxPoints
		for i := 0; i < len(r.Micros); i += size {
			group := slices.Sorted(slices.Values(r.Micros[i:min(i+size, len(r.Micros))]))
			points = append(points, across(float64(i)), up(group[len(group)/2]))
		}
		p.polyline(points, stroke, 1)
		if len(r.Micros) <= 60 {
			for i := 0; i+1 < len(points); i += 2 {
				p.circle(points[i], points[i+1], 2, stroke)
			}
		}
		p.line(across(float64(r.Steady.From)), up(r.Steady.Mean), across(float64(len(r.Micros)-1)), up(r.Steady.Mean), stroke, 2.5)
		for _, c := range r.Steady.Changes {
			p.line(across(float64(c)), bottom, across(float64(c)), bottom-7, stroke, 2)
		}
	}
}

// ceiling is the highest time of a run to show: all of them, but no single one that
// would press the others flat.
func ceiling(r *result.Run) float64 {
	sorted := slices.Sorted(slices.Values(r.Micros))
	return 1.05 * min(sorted[len(sorted)-1], 6*max(sorted[len(sorted)/2], r.Steady.Mean))
}
