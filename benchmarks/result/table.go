package result

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Table has times of benchmarks in columns: runners, or files.
type Table struct {
	Columns []string
	Rows    []Row
}

// Row is a benchmark. A time of 0 is one there is not.
type Row struct {
	Suite, Name string
	Micros      []float64 // one for each column
}

// Ratio answers how many times as fast a column is as the first one; 0: not known.
func (r Row) Ratio(column int) float64 {
	if r.Micros[column] <= 0 || r.Micros[0] <= 0 {
		return 0
	}
	return r.Micros[0] / r.Micros[column]
}

// Mean is the geometric mean of the ratios of a column, and of how many there are.
func (t *Table) Mean(column int) (mean float64, count int) {
	sum := 0.0
	for _, r := range t.Rows {
		if ratio := r.Ratio(column); ratio > 0 {
			sum += math.Log(ratio)
			count++
		}
	}
	if count == 0 {
		return 0, 0
	}
	return math.Exp(sum / float64(count)), count
}

// A Measure is the time of a run that a table compares.
type Measure func(r *Run) float64

// SteadyMean is the mean of the iterations of the steady state.
func SteadyMean(r *Run) float64 { return r.Steady.Mean }

// Fastest is the fastest iteration: what is left on a machine that is busy with other
// things, which only ever add time.
func Fastest(r *Run) float64 { return slices.Min(r.Micros) }

// Runners makes a table of the runs of a file, with a column for every runner, in the
// order they come; base is the first if it is there.
func Runners(f *File, base string, measure Measure) *Table {
	t := &Table{}
	if slices.ContainsFunc(f.Runs, func(r *Run) bool { return r.Runner == base }) {
		t.Columns = []string{base}
	}
	for _, r := range f.Runs {
		if !slices.Contains(t.Columns, r.Runner) {
			t.Columns = append(t.Columns, r.Runner)
		}
	}
	for i, c := range t.Columns {
		t.fill(i, f.Runs, measure, func(r *Run) bool { return r.Runner == c })
	}
	return t
}

// Compare makes a table of files, with a column for each. When there are several
// runners in a file the runs of one, the first that all files have, are taken.
func Compare(names []string, files []*File, measure Measure) (*Table, error) {
	t := &Table{Columns: names}
	runner, found := "", false
	for _, r := range files[0].Runs {
		common := !slices.ContainsFunc(files, func(f *File) bool {
			return !slices.ContainsFunc(f.Runs, func(o *Run) bool { return o.Runner == r.Runner })
		})
		if common {
			runner, found = r.Runner, true
			break
		}
	}
	for i, f := range files {
		if !found && len(Runners(f, "", measure).Columns) > 1 {
			return nil, fmt.Errorf("%s: the files have several runners and none in common", names[i])
		}
		t.fill(i, f.Runs, measure, func(r *Run) bool { return !found || r.Runner == runner })
	}
	common := slices.ContainsFunc(t.Rows, func(r Row) bool { return !slices.Contains(r.Micros, 0) })
	if !common {
		return nil, fmt.Errorf("the files have no benchmark of the same size in common")
	}
	return t, nil
}

// fill puts means over invocations into a column.
func (t *Table) fill(column int, runs []*Run, measure Measure, wanted func(*Run) bool) {
	counts := map[int]int{}
	for _, r := range runs {
		if !wanted(r) {
			continue
		}
		i := slices.IndexFunc(t.Rows, func(o Row) bool { return o.Suite == r.Suite && o.Name == r.Name() })
		if i < 0 {
			i = len(t.Rows)
			t.Rows = append(t.Rows, Row{Suite: r.Suite, Name: r.Name(), Micros: make([]float64, len(t.Columns))})
		}
		n := float64(counts[i])
		t.Rows[i].Micros[column] = (t.Rows[i].Micros[column]*n + measure(r)) / (n + 1)
		counts[i]++
	}
}

// String is the table as text: milliseconds, and how many times as fast as the first
// column the others are.
func (t *Table) String() string {
	lines := [][]string{{"ms an iteration"}}
	for i, c := range t.Columns {
		lines[0] = append(lines[0], c)
		if i > 0 {
			lines[0] = append(lines[0], "faster")
		}
	}
	for _, r := range t.Rows {
		line := []string{r.Name}
		for i, micros := range r.Micros {
			line = append(line, Milliseconds(micros))
			if i > 0 {
				line = append(line, times(r.Ratio(i)))
			}
		}
		lines = append(lines, line)
	}
	if len(t.Columns) > 1 {
		last := []string{"geometric mean", ""}
		for i := range t.Columns[1:] {
			mean, _ := t.Mean(i + 1)
			last = append(last, "", times(mean))
		}
		lines = append(lines, last)
	}
	return Align(lines)
}

// Milliseconds formats a time, or the lack of one.
func Milliseconds(micros float64) string {
	switch ms := micros / 1000; {
	case micros <= 0:
		return "-"
	case ms >= 100:
		return fmt.Sprintf("%.0f", ms)
	case ms >= 1:
		return fmt.Sprintf("%.2f", ms)
	default:
		return fmt.Sprintf("%.4f", ms)
	}
}

func times(ratio float64) string {
	if ratio <= 0 {
		return "-"
	}
	return fmt.Sprintf("%.2fx", ratio)
}

// Align puts words in columns: the first one flush left, the others right.
func Align(lines [][]string) string {
	var widths []int
	for _, line := range lines {
		for i, word := range line {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], len([]rune(word)))
		}
	}
	var b strings.Builder
	for _, line := range lines {
		text := ""
		for i, word := range line {
			pad := strings.Repeat(" ", widths[i]-len([]rune(word)))
			if i == 0 {
				text += word + pad
			} else {
				text += "  " + pad + word
			}
		}
		b.WriteString(strings.TrimRight(text, " ") + "\n")
	}
	return b.String()
}
