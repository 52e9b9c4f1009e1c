package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/sista-vm/sista/benchmarks/result"
)

// How the saved image is verified.
const (
	// verifyLimit is how long a program is waited for: a server never ends.
	verifyLimit = 10 * time.Second
	// measureTime and measureIterations are what the saved image's iterations may take.
	measureTime       = 3 * time.Second
	measureIterations = 200
)

// outcome is what a process did.
type outcome struct {
	stdout, stderr string
	code           int
	ended          bool // by itself
}

// process runs sista itself in a process of its own.
func (w *warming) process(limit time.Duration, args ...string) (o outcome, err error) {
	exe, err := os.Executable()
	if err != nil {
		return o, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	var stdout, stderr bytes.Buffer
	c := exec.CommandContext(ctx, exe, args...)
	c.Stdout, c.Stderr = &stdout, &stderr
	// What it has started may hold its output open.
	c.WaitDelay = time.Second
	err = c.Run()
	o = outcome{stdout: stdout.String(), stderr: stderr.String(), code: c.ProcessState.ExitCode(), ended: ctx.Err() == nil}
	var exit *exec.ExitError
	if errors.As(err, &exit) || !o.ended {
		err = nil
	}
	return o, err
}

// flags are those of this process that others are started with.
func (w *warming) flags() []string {
	m := &w.machine
	var flags []string
	add := func(given bool, name string, value any) {
		if given {
			flags = append(flags, fmt.Sprintf("--%s=%v", name, value))
		}
	}
	add(m.key.file != "", "key", m.key.file)
	add(m.maxHeap.given, "max-heap", m.maxHeap.bytes)
	add(m.eden.given, "eden", m.eden.bytes)
	add(m.stackPages != 0, "stack-pages", m.stackPages)
	add(m.noNet, "no-net", true)
	return flags
}

// verify starts the saved image: to compare it with the program run cold, and to measure
// its iterations.
func (w *warming) verify() error {
	w.progress.begin("comparing with the program run cold")
	if err := w.compare(); err != nil {
		w.progress.end("failed")
		return err
	}
	w.progress.end(w.report.Compared.text())
	w.progress.begin("measuring the saved image")
	if err := w.measure(); err != nil {
		w.progress.end("failed")
		return err
	}
	w.progress.end(w.report.Saved.text())
	return nil
}

// compare compares what the program and the saved image print, and their exit codes.
func (w *warming) compare() error {
	c := &w.report.Compared
	run := func(program string, limit time.Duration) (outcome, error) {
		return w.process(limit, append(append(append([]string{"run"}, w.flags()...), program), w.arguments...)...)
	}
	saved, err := run(w.output, verifyLimit)
	if err != nil {
		return err
	}
	c.ExitCode = saved.code
	if w.startup != "" {
		c.Skipped = "it starts with something else than the program, and " + saved.end()
		return nil
	}
	// Cold, it does again what its first iteration did.
	first := time.Duration(w.report.WarmUp.First * float64(time.Microsecond))
	cold, err := run(w.program, verifyLimit+2*first)
	if err != nil {
		return err
	}
	switch {
	case !cold.ended && !saved.ended:
		c.Skipped = fmt.Sprintf("neither ends within %v", verifyLimit)
	case cold.ended != saved.ended:
		c.Differs = fmt.Sprintf("one of them does not end within %v: cold %s, saved %s", verifyLimit, cold.end(), saved.end())
	case cold.code != saved.code:
		c.Differs = fmt.Sprintf("the exit code is %d and was %d cold%s", saved.code, cold.code, lastLines(strings.Split(saved.stderr, "\n")))
	case cold.stdout != saved.stdout:
		c.Differs = "the output is another: " + difference(cold.stdout, saved.stdout)
	}
	return nil
}

func (o outcome) end() string {
	if o.ended {
		return "ends with " + strconv.Itoa(o.code)
	}
	return "goes on"
}

// difference tells the first line in which two outputs differ.
func difference(cold, saved string) string {
	a, b := strings.Split(cold, "\n"), strings.Split(saved, "\n")
	for i := range max(len(a), len(b)) {
		line := func(lines []string) string {
			if i >= len(lines) {
				return "no more lines"
			}
			const most = 60
			if s := []rune(lines[i]); len(s) > most {
				return strconv.Quote(string(s[:most])) + "..."
			}
			return strconv.Quote(lines[i])
		}
		if line(a) != line(b) || i >= len(a) || i >= len(b) {
			return fmt.Sprintf("line %d is %s, and was %s cold", i+1, line(b), line(a))
		}
	}
	return "of another length"
}

// measure has a process run iterations of the saved image.
func (w *warming) measure() error {
	args := append([]string{"bench", "--warmed", w.output, "--json", "-", "--iterations", strconv.Itoa(measureIterations),
		"--time", measureTime.String(), "--quiet"}, w.flags()...)
	if w.foreign {
		args = append(args, "--workload", w.workload)
	}
	o, err := w.process(w.timeout+verifyLimit, args...)
	if err != nil {
		return err
	}
	if o.code != 0 || !o.ended {
		return fmt.Errorf("its iterations cannot be measured: %s", strings.TrimSpace(o.stderr))
	}
	var f result.File
	if err := json.Unmarshal([]byte(o.stdout), &f); err != nil {
		return err
	}
	if len(f.Runs) != 1 || len(f.Runs[0].Micros) == 0 {
		return errors.New("it has no iterations")
	}
	w.report.measured(f.Runs[0])
	return nil
}
