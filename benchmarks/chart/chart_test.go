package chart

import (
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/sista-vm/sista/benchmarks/result"
)

// elements parses a picture and counts its elements.
func elements(t *testing.T, svg string) map[string]int {
	t.Helper()
	counts := map[string]int{}
	for d := xml.NewDecoder(strings.NewReader(svg)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, svg)
		}
		if e, ok := token.(xml.StartElement); ok {
			counts[e.Name.Local]++
		}
	}
	if regexp.MustCompile(`NaN|Inf`).MatchString(svg) {
		t.Errorf("no numbers in\n%s", svg)
	}
	if strings.Count(svg, "http") != 1 { // the name space
		t.Errorf("the picture needs others")
	}
	return counts
}

func run(runner, name string, times ...float64) *result.Run {
	r := &result.Run{Runner: runner, Suite: "awfy", Benchmark: name, Inner: 1, Micros: times}
	r.Analyze()
	return r
}

func TestWarmup(t *testing.T) {
	f := &result.File{Runs: []*result.Run{
		run("sista", "Json", 900, 400, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100),
		run("<node> & \"others\"\x01", "Json", 90, 90, 90), run("sista", "List", 0, 0, 0), run("sista", "Towers", 5),
	}}
	counts := elements(t, Warmup(f))
	if counts["polyline"] != 4 || counts["circle"] != 12+3+3+1 {
		t.Errorf("%v", counts)
	}
	elements(t, Warmup(&result.File{}))
	long := Warmup(&result.File{Runs: []*result.Run{run("sista", "Sieve", make([]float64, 100_000)...)}})
	if elements(t, long); len(long) > 100_000 {
		t.Errorf("%d bytes for one curve", len(long))
	}
}

func TestCompare(t *testing.T) {
	table := &result.Table{Columns: []string{"old", "new", "other"}, Rows: []result.Row{
		{Name: "Json", Micros: []float64{100, 50, 0}}, {Name: "List", Micros: []float64{100, 400, 100}},
	}}
	svg := Compare(table)
	// The background, the legend, bars, and means.
	if counts := elements(t, svg); counts["rect"] != 1+2+3+2 {
		t.Errorf("%v", counts)
	}
	for _, words := range []string{"2.00x", "0.25x", "0.71x", "geometric mean", "times as fast as old"} {
		if !strings.Contains(svg, words) {
			t.Errorf("no %q in\n%s", words, svg)
		}
	}
}
