// Package result keeps the times of benchmark runs: in files, as text for benchstat,
// and in tables that compare runners or files.
//
// A run is what one process did with one benchmark. Its file is JSON, of a version;
// reading a file of another version is an error.
package result

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"

	"github.com/sista-vm/sista/benchmarks/steady"
)

// Version is that of the files.
const Version = 1

// File is the content of a file of results.
type File struct {
	Version int    `json:"version"`
	System  System `json:"system"`
	Runs    []*Run `json:"runs"`
}

// System is where the runs were.
type System struct {
	OS   string `json:"os"`
	Arch string `json:"arch"`
	CPU  string `json:"cpu,omitempty"`
	CPUs int    `json:"cpus"`
}

// Run is a process that ran a benchmark. Times are in microseconds.
type Run struct {
	Runner     string `json:"runner"` // sista, or who else
	Suite      string `json:"suite"`
	Benchmark  string `json:"benchmark"`
	Inner      int    `json:"inner"`
	Invocation int    `json:"invocation"` // from 1
	// Work is how many of Unit an iteration does; 0: not known.
	Work int64  `json:"work,omitempty"`
	Unit string `json:"unit,omitempty"`
	// Start is from the start of the process to that of the first iteration.
	Start float64 `json:"start_us"`
	// Began is when the first iteration began, in microseconds since 1970; 0: not known.
	Began  int64     `json:"began_us,omitempty"`
	Micros []float64 `json:"iterations_us"`

	Steady Steady `json:"steady"`
	// Early is the rate between 100 and 200 ms after the start of the process, compared
	// to that of the steady state, or the steady time over that of the second iteration
	// when iterations take over 50 ms. 0: not known.
	Early float64 `json:"early,omitempty"`
	// Compilations are those of the process, if the runner tells.
	Compilations []Compilation `json:"compilations,omitempty"`
}

// Compilation is that of a method, block or loop.
type Compilation struct {
	Name    string  `json:"name"`
	Inlined int     `json:"inlined"` // activations in it
	Micros  float64 `json:"us"`      // it took
	Bytes   int     `json:"bytes"`   // of code
}

// Steady is what package steady found.
type Steady struct {
	Class     steady.Class `json:"class"`
	From      int          `json:"from"` // iterations before it
	Mean      float64      `json:"mean_us"`
	Deviation float64      `json:"deviation_us"`
	Changes   []int        `json:"changes,omitempty"`  // first iterations of segments
	Outliers  []int        `json:"outliers,omitempty"` // iterations
}

// New answers an empty file of this system.
func New() *File {
	return &File{Version: Version, System: System{OS: runtime.GOOS, Arch: runtime.GOARCH, CPU: cpu(), CPUs: runtime.NumCPU()}}
}

// cpu answers the name of the processor, where there is a way to know it.
func cpu() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return ""
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		if key, value, ok := strings.Cut(s.Text(), ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// Analyze fills in what follows from the times.
func (r *Run) Analyze() {
	a := steady.Analyze(r.Micros)
	r.Steady = Steady{Class: a.Class, From: a.Steady, Mean: a.Mean, Deviation: a.Deviation, Outliers: a.Outliers}
	for i, s := range a.Segments {
		if i > 0 {
			r.Steady.Changes = append(r.Steady.Changes, s.From)
		}
	}
	r.Early = r.early()
}

// The window in which a process has to be warm, and the length of an iteration that is
// too long for it.
const (
	earlyFrom, earlyTo = 100_000, 200_000
	earlyLongest       = 50_000
)

func (r *Run) early() float64 {
	switch {
	case r.Steady.Mean <= 0:
		return 0
	case r.Steady.Mean > earlyLongest:
		if len(r.Micros) < 2 || r.Micros[1] <= 0 {
			return 0
		}
		return r.Steady.Mean / r.Micros[1]
	}
	at, done := r.Start, 0.0
	for _, t := range r.Micros {
		switch overlap := min(at+t, earlyTo) - max(at, earlyFrom); {
		case overlap > 0:
			done += overlap / t
		case t == 0 && at >= earlyFrom && at < earlyTo:
			done++ // shorter than what the clock tells
		}
		at += t
	}
	if at < earlyTo || r.Start > earlyFrom {
		return 0 // it ended too soon, or began too late
	}
	return done / (earlyTo - earlyFrom) * r.Steady.Mean
}

// Name is that of the benchmark with its size.
func (r *Run) Name() string { return fmt.Sprintf("%s/%d", r.Benchmark, r.Inner) }

// Write writes a file as JSON.
func (f *File) Write(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "\t")
	return e.Encode(f)
}

// Read reads a file.
func Read(r io.Reader) (*File, error) {
	f := new(File)
	if err := json.NewDecoder(r).Decode(f); err != nil {
		return nil, fmt.Errorf("not a file of results: %w", err)
	}
	if f.Version != Version {
		return nil, fmt.Errorf("results of version %d; known is version %d", f.Version, Version)
	}
	for i, r := range f.Runs {
		if r == nil || r.Benchmark == "" || len(r.Micros) == 0 {
			return nil, fmt.Errorf("run %d has no benchmark or no times", i+1)
		}
	}
	if len(f.Runs) == 0 {
		return nil, errors.New("no runs in it")
	}
	return f, nil
}

// Benchstat writes the iterations of steady states as benchstat reads them: one line
// each, with the runner as a key of the configuration.
func (f *File) Benchstat(w io.Writer) error {
	var text strings.Builder
	fmt.Fprintf(&text, "goos: %s\ngoarch: %s\n", f.System.OS, f.System.Arch)
	if f.System.CPU != "" {
		fmt.Fprintf(&text, "cpu: %s\n", f.System.CPU)
	}
	runner := ""
	for _, r := range f.Runs {
		if r.Runner != runner {
			runner = r.Runner
			fmt.Fprintf(&text, "runner: %s\n", runner)
		}
		for _, t := range r.Micros[r.Steady.From:] {
			fmt.Fprintf(&text, "Benchmark%s/%s/inner=%d 1 %.0f ns/op", title(r.Suite), r.Benchmark, r.Inner, t*1000)
			if r.Work > 0 && t > 0 {
				fmt.Fprintf(&text, " %.0f %s/s", float64(r.Work)/t*1e6, r.Unit)
			}
			text.WriteString("\n")
		}
	}
	_, err := io.WriteString(w, text.String())
	return err
}

func title(s string) string { return strings.ToUpper(s[:min(1, len(s))]) + s[min(1, len(s)):] }
