// Package chart draws results of benchmarks as SVG pictures that need nothing else: no
// fonts, scripts or style sheets of others.
//
// What it promises: the pictures are well-formed XML whatever names and times are, and
// equal results give equal bytes.
package chart

import (
	"fmt"
	"html"
	"math"
	"strings"
)

// The palette: colors that people who see few colors can tell apart.
var colors = []string{"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"}

func color(i int) string { return colors[i%len(colors)] }

// picture gathers the elements of an SVG.
type picture struct {
	width, height float64
	body          strings.Builder
}

func (p *picture) line(x1, y1, x2, y2 float64, stroke string, width float64) {
	fmt.Fprintf(&p.body, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="%s" stroke-width="%.1f"/>`+"\n", x1, y1, x2, y2, stroke, width)
}

func (p *picture) rect(x, y, width, height float64, fill string, opacity float64) {
	fmt.Fprintf(&p.body, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s" fill-opacity="%.2f"/>`+"\n", x, y, max(width, 0), max(height, 0), fill, opacity)
}

func (p *picture) circle(x, y, r float64, fill string) {
	fmt.Fprintf(&p.body, `<circle cx="%.1f" cy="%.1f" r="%.1f" fill="%s"/>`+"\n", x, y, r, fill)
}

// text writes words; anchor is start, middle or end.
func (p *picture) text(x, y, size float64, anchor, fill, words string) {
	fmt.Fprintf(&p.body, `<text x="%.1f" y="%.1f" font-size="%.0f" text-anchor="%s" fill="%s">%s</text>`+"\n", x, y, size, anchor, fill, html.EscapeString(printable(words)))
}

func (p *picture) polyline(points []float64, stroke string, width float64) {
	fmt.Fprintf(&p.body, `<polyline fill="none" stroke="%s" stroke-width="%.1f" points="`, stroke, width)
	for i := 0; i+1 < len(points); i += 2 {
		fmt.Fprintf(&p.body, "%.1f,%.1f ", points[i], points[i+1])
	}
	p.body.WriteString("\"/>\n")
}

func (p *picture) String() string {
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" width="%.0f" height="%.0f" font-family="sans-serif">`+"\n"+
		`<rect width="100%%" height="100%%" fill="white"/>`+"\n%s</svg>\n", p.width, p.height, p.width, p.height, p.body.String())
}

// printable leaves out what XML cannot have.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0xfffe || r == 0xffff {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
}

// step answers a round distance for about so many marks on an axis.
func step(length float64, marks int) float64 {
	if length <= 0 || math.IsInf(length, 0) || math.IsNaN(length) {
		return 1
	}
	raw := length / float64(marks)
	unit := math.Pow(10, math.Floor(math.Log10(raw)))
	for _, m := range []float64{1, 2, 5} {
		if m*unit >= raw {
			return m * unit
		}
	}
	return 10 * unit
}

// duration formats microseconds.
func duration(micros float64) string {
	switch {
	case micros >= 1e6:
		return fmt.Sprintf("%.4g s", micros/1e6)
	case micros >= 1000:
		return fmt.Sprintf("%.4g ms", micros/1000)
	default:
		return fmt.Sprintf("%.4g us", micros)
	}
}
