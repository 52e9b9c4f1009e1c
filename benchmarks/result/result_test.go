package result

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/sista-vm/sista/benchmarks/steady"
)

// sample makes a run of so many equal iterations.
func sample(runner, benchmark string, micros float64, count int) *Run {
	r := &Run{Runner: runner, Suite: "awfy", Benchmark: benchmark, Inner: 10, Invocation: 1}
	for range count {
		r.Micros = append(r.Micros, micros)
	}
	r.Analyze()
	return r
}

func TestFile(t *testing.T) {
	f := New()
	f.Runs = []*Run{sample("sista", "Json", 100, 20), sample("cog", "Json", 50, 20)}
	var text bytes.Buffer
	if err := f.Write(&text); err != nil {
		t.Fatal(err)
	}
	written := text.String()
	g, err := Read(&text)
	if err != nil {
		t.Fatal(err)
	}
	var again bytes.Buffer
	if err := g.Write(&again); err != nil || again.String() != written {
		t.Errorf("%v: %s\nread and written again\n%s", err, written, again.String())
	}
	for _, bad := range []string{"", "[]", `{"version":2}`, `{"version":1,"runs":[]}`, `{"version":1,"runs":[{"benchmark":"Json"}]}`, `{"version":1,"runs":[null]}`} {
		if _, err := Read(strings.NewReader(bad)); err == nil {
			t.Errorf("%s is read", bad)
		}
	}
}

func TestBenchstat(t *testing.T) {
	r := &Run{Runner: "sista", Suite: "tiny", Benchmark: "TinySends", Inner: 2, Work: 1000, Unit: "sends"}
	r.Micros = append(r.Micros, 900, 900, 900)
	for range 20 {
		r.Micros = append(r.Micros, 100)
	}
	r.Analyze()
	f := &File{System: System{OS: "linux", Arch: "amd64"}, Runs: []*Run{r}}
	var out bytes.Buffer
	if err := f.Benchstat(&out); err != nil {
		t.Fatal(err)
	}
	want := "goos: linux\ngoarch: amd64\nrunner: sista\n" +
		strings.Repeat("BenchmarkTiny/TinySends/inner=2 1 100000 ns/op 10000000 sends/s\n", 20)
	if out.String() != want || r.Steady.Class != steady.Warmup || len(r.Steady.Changes) != 1 {
		t.Errorf("%+v\n%s", r.Steady, out.String())
	}
}

func TestEarly(t *testing.T) {
	for _, c := range []struct {
		name  string
		start float64
		slow  int // iterations of twice the time
		fast  int
		time  float64
		want  float64
	}{
		{"warm at 100 ms", 10_000, 10, 500, 1000, 1},
		{"slow until 150 ms", 50_000, 50, 500, 1000, 0.75},
		{"slow all the time", 0, 150, 500, 1000, 0.5},
		{"over before", 0, 2, 100, 1000, 0},
		{"started late", 150_000, 2, 500, 1000, 0},
		{"long iterations", 50_000, 2, 20, 100_000, 0.5},
	} {
		r := &Run{Start: c.start}
		for i := range c.slow + c.fast {
			r.Micros = append(r.Micros, c.time)
			if i < c.slow {
				r.Micros[i] *= 2
			}
		}
		r.Analyze()
		if math.Abs(r.Early-c.want) > 0.01 {
			t.Errorf("%s: %v, want %v (%+v)", c.name, r.Early, c.want, r.Steady)
		}
	}
}

// Many iterations are shorter than a microsecond: the clock moves in some of them only.
func TestEarlyOfShortIterations(t *testing.T) {
	r := &Run{Start: 20_000}
	for i := range 2_000_000 {
		r.Micros = append(r.Micros, float64(i%4/3))
	}
	r.Analyze()
	if math.Abs(r.Early-1) > 0.01 {
		t.Errorf("%v, want 1 (%+v)", r.Early, r.Steady)
	}
}

func TestTables(t *testing.T) {
	f := &File{Runs: []*Run{
		sample("node", "Json", 200, 20), sample("sista", "Json", 100, 20), sample("sista", "Json", 300, 20),
		sample("node", "List", 50, 20), sample("sista", "List", 400, 20), sample("node", "Queens", 5, 20),
	}}
	want := `ms an iteration   sista    node  faster
Json/10          0.2000  0.2000   1.00x
List/10          0.4000  0.0500   8.00x
Queens/10             -  0.0050       -
geometric mean                    2.83x
`
	if got := Runners(f, "sista", SteadyMean).String(); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	f.Runs[1].Micros[7] = 25 // sista's Json
	if got := Runners(&File{Runs: f.Runs[:2]}, "node", Fastest).Rows[0].Ratio(1); got != 8 {
		t.Errorf("the fastest iteration of sista is %v times as fast", got)
	}
	old := &File{Runs: []*Run{sample("sista", "Json", 100, 20), sample("sista", "List", 100, 20)}}
	table, err := Compare([]string{"old", "new"}, []*File{old, f}, SteadyMean)
	if err != nil {
		t.Fatal(err)
	}
	want = `ms an iteration     old     new  faster
Json/10          0.1000  0.2000   0.50x
List/10          0.1000  0.4000   0.25x
geometric mean                    0.35x
`
	if got := table.String(); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	other := &File{Runs: []*Run{sample("sista", "Towers", 100, 20)}}
	if _, err := Compare([]string{"old", "new"}, []*File{old, other}, SteadyMean); err == nil {
		t.Error("files without a common benchmark are compared")
	}
}
