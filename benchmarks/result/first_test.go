package result

import (
	"math"
	"strings"
	"testing"
)

func TestMedianInterval(t *testing.T) {
	upTo := func(n int) (all []float64) {
		for i := range n {
			all = append(all, float64((i*7)%n+1))
		}
		return all
	}
	// Ranks as the tables of the sign test have them.
	for _, c := range [][3]float64{{5, 1, 5}, {6, 1, 6}, {9, 2, 8}, {10, 2, 9}, {20, 6, 15}, {30, 10, 21}} {
		low, high := MedianInterval(upTo(int(c[0])))
		if low != c[1] || high != c[2] {
			t.Errorf("of %v: %v to %v", c[0], low, high)
		}
	}
	if m := Median(upTo(30)); m != 15.5 {
		t.Errorf("median %v", m)
	}
	if low, high := MedianInterval(nil); low != 0 || high != 0 || Median(nil) != 0 {
		t.Errorf("of none: %v %v", low, high)
	}
}

func TestFirsts(t *testing.T) {
	run := func(runner string, first, steady float64) *Run {
		return &Run{Runner: runner, Suite: "s", Benchmark: "B", Inner: 2, Start: 5000, Micros: []float64{first, 9000, steady, steady}}
	}
	all := Firsts([]*Run{run("native", 1100, 1000), run("portable", 4000, 2000), run("native", 1300, 1000), run("native", 1000, 1000)})
	if len(all) != 2 || all[0].Processes != 3 || math.Abs(all[0].Ratio-1.1) > 1e-9 || all[1].Ratio != 2 || all[1].Steady != 2000 || all[0].Start != 5000 {
		t.Errorf("%+v", all)
	}
	text := FirstsTable(all, map[string]float64{"native": 1.05, "portable": 2})
	if !strings.Contains(text, "!110.0") || !strings.Contains(text, " 200.0") || !strings.Contains(text, "1 of 1 over") || !strings.Contains(text, "0 of 1 over") {
		t.Error(text)
	}
}
