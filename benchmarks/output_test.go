package benchmarks

import (
	"slices"
	"testing"
)

func TestOutput(t *testing.T) {
	text := "Starting Json benchmark ...\r\nJson: iterations=1 runtime: 1200us\nsome words\n" +
		"Json: iterations=1 runtime: 900us\n\nJson: iterations=2 average: 1050us total: 2100us\n\nTotal Runtime: 2100us"
	// Whatever pieces it comes in.
	for size := 1; size < len(text); size += 7 {
		calls := 0
		o := Output{Progress: func(done int) { calls = done }}
		for rest := []byte(text); len(rest) > 0; rest = rest[min(size, len(rest)):] {
			if _, err := o.Write(rest[:min(size, len(rest))]); err != nil {
				t.Fatal(err)
			}
		}
		if err := o.Close(); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(o.Micros, []int64{1200, 900}) || calls != 2 || o.Started.IsZero() || !slices.Equal(o.Other, []string{"some words"}) {
			t.Errorf("pieces of %d: %+v, %d calls", size, o, calls)
		}
	}
}

func TestParseList(t *testing.T) {
	list, err := ParseList("awfy Richards 100 1 0 - kernel of an operating system\ntiny TinySends 10 1 150049 sends recursive sends\n")
	want := []Benchmark{
		{"awfy", "Richards", 100, 1, 0, "-", "kernel of an operating system"},
		{"tiny", "TinySends", 10, 1, 150049, "sends", "recursive sends"},
	}
	if err != nil || !slices.Equal(list, want) {
		t.Errorf("%+v, %v", list, err)
	}
	for _, bad := range []string{"awfy Richards", "awfy Richards x 1 0 - words", "\n"} {
		if _, err := ParseList(bad); err == nil {
			t.Errorf("%q is no list", bad)
		}
	}
}
