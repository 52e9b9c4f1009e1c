package main

import (
	"fmt"
	"io"
	"time"

	"github.com/sista-vm/sista/benchmarks/result"
	"github.com/sista-vm/sista/benchmarks/steady"
	"github.com/sista-vm/sista/snapshot/trust"
	"github.com/sista-vm/sista/vm"
)

// warmReport is what warm-and-save has to say. Times are in microseconds.
type warmReport struct {
	Program  string        `json:"program"`
	WarmUp   warmUpReport  `json:"warmUp"`
	Image    imageReport   `json:"image"`
	Compared compareReport `json:"compared"`
	Saved    savedReport   `json:"saved"`
}

// warmUpReport is how the iterations went. It is in the image's manifest too.
type warmUpReport struct {
	Class steady.Class `json:"class"`
	// SteadyState tells whether there is one: that the program was found in it twice, if it ran
	// until then.
	SteadyState bool `json:"steadyState"`
	Iterations  int  `json:"iterations"`
	// SteadyFrom is the first iteration of the steady state, and ToSteady the time from the first
	// iteration to it.
	SteadyFrom int       `json:"steadyFrom"`
	ToSteady   float64   `json:"toSteady_us"`
	Steady     float64   `json:"steady_us"`
	First      float64   `json:"first_us"`
	Took       float64   `json:"took_us"`
	ExitCode   int64     `json:"exitCode"`
	Times      []float64 `json:"-"`
}

// imageReport is what was saved.
type imageReport struct {
	Path       string  `json:"path"`
	Bytes      int64   `json:"bytes"`
	Trailer    int64   `json:"trailer"`
	Methods    int     `json:"methods"`
	Loops      int     `json:"loops"`
	CodeBytes  int     `json:"codeBytes"`
	Build      string  `json:"build"`
	Key        string  `json:"key"`
	KeyFrom    string  `json:"keyFrom"`
	Collecting float64 `json:"collecting_us"`
	Writing    float64 `json:"writing_us"`
}

// compareReport is whether the saved image does what the program does.
type compareReport struct {
	Differs  string `json:"differs,omitempty"` // in what
	Skipped  string `json:"skipped,omitempty"` // why they could not be compared
	ExitCode int    `json:"exitCode"`
}

// savedReport is how iterations go in a process that has just been started from the image.
type savedReport struct {
	// Start is from the start of the machine to that of the first iteration.
	Start  float64 `json:"start_us"`
	First  float64 `json:"first_us"`
	Steady float64 `json:"steady_us"`
	// Percent is the first iteration in percent of the steady ones.
	Percent float64   `json:"firstPercent"`
	Times   []float64 `json:"iterations_us"`
}

func (r *warmReport) warmed(program string, times []float64, code int64, took time.Duration) {
	r.Program = program
	a := steady.Analyze(times)
	u := &r.WarmUp
	*u = warmUpReport{Class: a.Class, SteadyState: isSteady(a.Class), Iterations: len(times), SteadyFrom: a.Steady, Steady: a.Mean, First: times[0],
		Took: float64(took.Microseconds()), ExitCode: code, Times: times}
	for _, t := range times[:a.Steady] {
		u.ToSteady += t
	}
}

func (r *warmReport) saved(path string, key *trust.Key, s *vm.SaveReport) {
	m := &s.Manifest
	r.Image = imageReport{Path: path, Bytes: s.Image + s.Trailer, Trailer: s.Trailer, Methods: m.Methods, Loops: m.Loops, CodeBytes: m.CodeBytes,
		Build: m.Build, Key: key.ID(), KeyFrom: key.From, Collecting: float64(s.Collecting.Microseconds()), Writing: float64(s.Writing.Microseconds())}
}

func (r *warmReport) measured(run *result.Run) {
	s := &r.Saved
	*s = savedReport{Start: run.Start, First: run.Micros[0], Steady: run.Steady.Mean, Times: run.Micros}
	if s.Steady > 0 {
		s.Percent = 100 * s.First / s.Steady
	}
}

func (u *warmUpReport) text() string {
	if !u.SteadyState {
		return fmt.Sprintf("%d iterations in %s, no steady state (%s)", u.Iterations, microsText(u.Took), u.Class)
	}
	return fmt.Sprintf("steady after %s: %d iterations, %s each from the %s on (%s)", microsText(u.ToSteady), u.Iterations, microsText(u.Steady), ordinal(u.SteadyFrom+1), u.Class)
}

func (c *compareReport) text() string {
	switch {
	case c.Differs != "":
		return "DIFFERENT: " + c.Differs
	case c.Skipped != "":
		return "not compared: " + c.Skipped
	}
	return fmt.Sprintf("output and exit code %d are those of the program run cold", c.ExitCode)
}

func (s *savedReport) text() string {
	return fmt.Sprintf("the first iteration takes %s, %.0f%% of the steady %s", microsText(s.First), s.Percent, microsText(s.Steady))
}

func (r *warmReport) print(w io.Writer) {
	line := func(name, format string, args ...any) {
		fmt.Fprintf(w, "%-10s %s\n", name, fmt.Sprintf(format, args...))
	}
	i := &r.Image
	line("warm-up", "%s", r.WarmUp.text())
	line("", "the first iteration took %s", microsText(r.WarmUp.First))
	if i.Methods+i.Loops > 0 {
		line("code", "%d methods and blocks, %d loops, %s", i.Methods, i.Loops, bytesText(uint64(i.CodeBytes)))
	} else {
		line("code", "none: nothing was compiled. Code is interpreted until it is hot, and always if it is in the bytecodes before SistaV1")
	}
	line("image", "%s: %s, %s of it behind the image; saved in %s after %s for the collection of garbage", i.Path, bytesText(uint64(i.Bytes)), bytesText(uint64(i.Trailer)), microsText(i.Writing), microsText(i.Collecting))
	line("seal", "key %s (%s)", i.Key, i.KeyFrom)
	line("check", "%s", r.Compared.text())
	line("started", "%s", r.Saved.text())
}

// ordinal answers 1st, 2nd and so on.
func ordinal(n int) string {
	suffix := "th"
	if n/10%10 != 1 {
		switch n % 10 {
		case 1:
			suffix = "st"
		case 2:
			suffix = "nd"
		case 3:
			suffix = "rd"
		}
	}
	return fmt.Sprint(n) + suffix
}
