package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/term"

	"github.com/sista-vm/sista/benchmarks"
	"github.com/sista-vm/sista/benchmarks/chart"
	"github.com/sista-vm/sista/benchmarks/result"
)

// report writes the results to where they are wanted.
func (b *bench) report() error {
	err := writeTo(b.json, b.results.Write)
	if err == nil {
		err = writeTo(b.benchstat, b.results.Benchstat)
	}
	if err == nil {
		err = writeTo(b.svg, func(w io.Writer) error {
			_, err := io.WriteString(w, chart.Warmup(b.results))
			return err
		})
	}
	if err != nil || b.json == "-" || b.benchstat == "-" || b.svg == "-" {
		return err
	}
	fmt.Print(runsTable(b.results.Runs))
	if slices.ContainsFunc(b.results.Runs, func(r *result.Run) bool { return len(r.Compilations) > 0 }) {
		fmt.Printf("\n%s", compilationsTable(b.results.Runs))
	}
	if table := result.Runners(b.results, ourselves, b.measured()); len(table.Columns) > 1 {
		fmt.Printf("\n%s", table)
	}
	return nil
}

// measured is what tables of several runners compare.
func (b *bench) measured() result.Measure {
	if b.fastest {
		return result.Fastest
	}
	return result.SteadyMean
}

// writeTo lets f write to a file, to standard output if its name is -, or nowhere if
// it has none.
func writeTo(path string, f func(w io.Writer) error) error {
	switch path {
	case "":
		return nil
	case "-":
		return f(os.Stdout)
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := f(file); err != nil {
		file.Close()
		return fmt.Errorf("%s: %w", path, err)
	}
	return file.Close()
}

// runsTable has a line for every run.
func runsTable(runs []*result.Run) string {
	several := slices.ContainsFunc(runs, func(r *result.Run) bool { return r.Runner != runs[0].Runner })
	head := []string{"benchmark"}
	if several {
		head = append(head, "runner")
	}
	lines := [][]string{append(head, "first ms", "fastest ms", "steady ms", "+-", "iterations", "steady from", "after ms", "early", "class", "rate")}
	for _, r := range runs {
		line := []string{r.Name()}
		if several {
			line = append(line, r.Runner)
		}
		warm := r.Start
		for _, t := range r.Micros[:r.Steady.From] {
			warm += t
		}
		early, rate, deviation := "-", "-", "-"
		if r.Early > 0 {
			early = fmt.Sprintf("%.0f%%", 100*r.Early)
		}
		if r.Work > 0 && r.Steady.Mean > 0 {
			rate = fmt.Sprintf("%.4g M %s/s", float64(r.Work)/r.Steady.Mean, r.Unit)
		}
		if r.Steady.Mean > 0 {
			deviation = fmt.Sprintf("%.1f%%", 100*r.Steady.Deviation/r.Steady.Mean)
		}
		lines = append(lines, append(line,
			result.Milliseconds(r.Micros[0]), result.Milliseconds(result.Fastest(r)), result.Milliseconds(r.Steady.Mean), deviation, fmt.Sprint(len(r.Micros)),
			fmt.Sprint(r.Steady.From+1), fmt.Sprintf("%.0f", warm/1000), early, string(r.Steady.Class), rate))
	}
	return result.Align(lines)
}

// compilationsTable has a line for every run that tells what it compiled.
func compilationsTable(runs []*result.Run) string {
	lines := [][]string{{"benchmark", "compiled", "inlined", "code kB", "bytes each", "total ms", "us each", "median us", "longest us"}}
	for _, r := range runs {
		n := len(r.Compilations)
		if n == 0 {
			continue
		}
		var total float64
		inlined, bytes := 0, 0
		times := make([]float64, n)
		for i, c := range r.Compilations {
			times[i] = c.Micros
			total += c.Micros
			inlined += c.Inlined
			bytes += c.Bytes
		}
		slices.Sort(times)
		lines = append(lines, []string{r.Name(), fmt.Sprint(n), fmt.Sprint(inlined), fmt.Sprintf("%.1f", float64(bytes)/1000), fmt.Sprint(bytes / n),
			fmt.Sprintf("%.1f", total/1000), fmt.Sprintf("%.0f", total/float64(n)), fmt.Sprintf("%.0f", times[n/2]), fmt.Sprintf("%.0f", times[n-1])})
	}
	return result.Align(lines)
}

func printList(all []benchmarks.Benchmark) int {
	lines := [][]string{}
	for _, p := range all {
		lines = append(lines, []string{p.Name, p.Suite, fmt.Sprint(p.Inner), fmt.Sprint(p.Small)})
	}
	text := strings.Split(strings.TrimRight(result.Align(append([][]string{{"benchmark", "suite", "inner", "small"}}, lines...)), "\n"), "\n")
	fmt.Println(text[0])
	for i, p := range all {
		fmt.Printf("%s  %s\n", text[i+1], p.Summary)
	}
	return exitOK
}

// compareFiles compares two files of results, or the runners of one.
func (b *bench) compareFiles(paths []string) int {
	if len(paths) != 1 && len(paths) != 2 {
		return misuse("bench: --compare needs one or two files of results")
	}
	var files []*result.File
	var names []string
	for _, path := range paths {
		file, err := os.Open(path)
		if err != nil {
			return failed(err)
		}
		results, err := result.Read(file)
		file.Close()
		if err != nil {
			return failed(fmt.Errorf("%s: %w", path, err))
		}
		files = append(files, results)
		names = append(names, strings.TrimSuffix(filepath.Base(path), filepath.Ext(path)))
	}
	var table *result.Table
	var err error
	if len(files) == 1 {
		if table = result.Runners(files[0], ourselves, b.measured()); len(table.Columns) < 2 {
			return failed(fmt.Errorf("%s: it has one runner, and nothing to compare it to", paths[0]))
		}
	} else {
		if names[0] == names[1] {
			names = paths
		}
		if table, err = result.Compare(names, files, b.measured()); err != nil {
			return failed(err)
		}
	}
	err = writeTo(b.svg, func(w io.Writer) error {
		_, err := io.WriteString(w, chart.Compare(table))
		return err
	})
	if err != nil {
		return failed(err)
	}
	if b.svg != "-" {
		fmt.Print(table)
	}
	return exitOK
}

// progress tells on standard error how far things are: in one line that changes, on a
// terminal, or a line for each run.
type progress struct {
	quiet, terminal bool
	what            string
}

func newProgress(quiet bool) *progress {
	return &progress{quiet: quiet, terminal: term.IsTerminal(int(os.Stderr.Fd()))}
}

func (p *progress) begin(what string) {
	p.what = what
	if p.terminal && !p.quiet {
		fmt.Fprintf(os.Stderr, "%s ", what)
	}
}

func (p *progress) update(done, all int) {
	if p.terminal && !p.quiet {
		fmt.Fprintf(os.Stderr, "\r%s %d/%d ", p.what, done, all)
	}
}

// say tells how far it is, on a terminal.
func (p *progress) say(format string, args ...any) {
	if p.terminal && !p.quiet {
		fmt.Fprintf(os.Stderr, "\r%s: %s\x1b[K", p.what, fmt.Sprintf(format, args...))
	}
}

func (p *progress) end(how string) {
	switch {
	case p.quiet:
	case p.terminal:
		// The rest of the old line is erased.
		fmt.Fprintf(os.Stderr, "\r%s: %s\x1b[K\n", p.what, how)
	default:
		fmt.Fprintf(os.Stderr, "%s: %s\n", p.what, how)
	}
}
