package chart

import (
	"fmt"
	"math"

	"github.com/sista-vm/sista/benchmarks/result"
)

// Compare draws how many times as fast as the first column of a table the others are:
// a bar for each, to the right where it is faster, on a logarithmic scale, and the
// geometric means.
func Compare(t *result.Table) string {
	const (
		left, right = 190, 80
		barHeight   = 14.0
		gap         = 8.0
		head        = 64.0
		width       = 860.0
	)
	others := len(t.Columns) - 1
	rowHeight := barHeight*float64(others) + gap
	p := &picture{width: width, height: head + rowHeight*float64(len(t.Rows)+1) + 40}
	low, high := 0.5, 2.0
	for _, r := range t.Rows {
		for c := 1; c < len(t.Columns); c++ {
			if ratio := r.Ratio(c); ratio > 0 {
				low, high = min(low, ratio), max(high, ratio)
			}
		}
	}
	low, high = math.Log2(low*0.95), math.Log2(high*1.05)
	across := func(ratio float64) float64 { return left + (width-left-right)*(math.Log2(ratio)-low)/(high-low) }

	title := "times as fast as " + t.Columns[0]
	p.text(12, 20, 15, "start", "#000", title)
	x := 12.0
	for c := 1; c < len(t.Columns); c++ {
		p.rect(x, 32, 12, 12, color(c-1), 1)
		p.text(x+18, 42, 12, "start", "#222", t.Columns[c])
		x += 34 + 7.5*float64(len(t.Columns[c]))
	}
	bottom := head + rowHeight*float64(len(t.Rows)+1)
	every := math.Max(1, math.Round((high-low)/8))
	for e := math.Ceil(low/every) * every; e <= high; e += every {
		ratio := math.Pow(2, e)
		p.line(across(ratio), head-6, across(ratio), bottom, "#ddd", 1)
		p.text(across(ratio), bottom+14, 10, "middle", "#555", fmt.Sprintf("%.4gx", ratio))
	}
	row := func(i int, name string, weight float64, ratios func(c int) float64) {
		y := head + rowHeight*float64(i)
		p.text(left-8, y+rowHeight/2, 12, "end", "#222", name)
		for c := 1; c < len(t.Columns); c++ {
			ratio := ratios(c)
			if ratio <= 0 {
				continue
			}
			from, to := across(min(1, ratio)), across(max(1, ratio))
			top := y + barHeight*float64(c-1)
			p.rect(from, top, max(to-from, 1), barHeight-2, color(c-1), weight)
			p.text(max(to, across(1))+5, top+barHeight-4, 11, "start", "#222", fmt.Sprintf("%.2fx", ratio))
		}
	}
	for i, r := range t.Rows {
		row(i, r.Name, 0.75, r.Ratio)
	}
	row(len(t.Rows), "geometric mean", 1, func(c int) float64 {
		mean, _ := t.Mean(c)
		return mean
	})
	p.line(across(1), head-6, across(1), bottom, "#555", 1.5)
	return p.String()
}
