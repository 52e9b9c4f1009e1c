package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/sista-vm/sista/benchmarks/result"
	"github.com/sista-vm/sista/vm"
)

// runWarmed measures iterations of an image that warm-and-save has made: of the workload
// that it was warmed with.
func (b *bench) runWarmed() int {
	for i := range b.times {
		b.progress.begin(b.warmed)
		run, err := b.measureWarmed()
		if err != nil {
			b.progress.end("failed")
			return failed(fmt.Errorf("%s: %w", b.warmed, err))
		}
		run.Invocation = i + 1
		run.Analyze()
		b.results.Runs = append(b.results.Runs, run)
		b.progress.end(fmt.Sprintf("first %s ms, steady %s ms (%s)", result.Milliseconds(run.Micros[0]), result.Milliseconds(run.Steady.Mean), run.Steady.Class))
	}
	if err := b.report(); err != nil {
		return failed(err)
	}
	return exitOK
}

func (b *bench) measureWarmed() (*result.Run, error) {
	var stderr tail
	started := time.Now()
	config := b.machine.config()
	config.Console, config.Stdin, config.Stdout, config.Stderr = nil, nil, nil, &stderr
	var err error
	if config.Image, err = filepath.Abs(b.warmed); err != nil {
		return nil, err
	}
	machine, _, stop, err := b.machine.start(config)
	if err != nil {
		return nil, err
	}
	defer stop()
	ctx := context.Background()
	once, err := b.warmedIterations(ctx, machine)
	if err != nil {
		return nil, err
	}
	begun := time.Now()
	times, _, err := iterations(ctx, once, func(times []float64) bool {
		return len(times) < b.iterations && (len(times) == 0 || b.limit == 0 || time.Since(begun) < b.limit)
	})
	var e *vm.Error
	if errors.As(err, &e) {
		_, _ = os.Stderr.WriteString(stderr.String())
		return nil, fmt.Errorf("%w\n%s", e, strings.TrimRight(e.Stack, "\n"))
	}
	if err != nil {
		return nil, err
	}
	return &result.Run{Runner: ourselves, Suite: "warmed", Benchmark: filepath.Base(b.warmed), Inner: 1,
		Start: float64(begun.Sub(started).Microseconds()), Began: begun.UnixMicro(), Micros: times}, nil
}

// warmedIterations answers what runs an iteration: what the image was warmed with. One that has no class for that is
// to be given the script again.
func (b *bench) warmedIterations(ctx context.Context, machine *vm.VM) (iterator, error) {
	if b.workload != "" {
		return outsideIterations(machine, b.workload)
	}
	class, err := machine.Global(ctx, warmUpClass)
	if err != nil {
		return nil, errors.New("what is an iteration? The image has no class " + warmUpClass + "; give it --workload")
	}
	up, err := class.Send(ctx, "current")
	if err != nil {
		return nil, err
	}
	if up.IsNil() {
		return nil, errors.New("it was not made by warm-and-save")
	}
	return insideIterations(up), nil
}
