package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/sista-vm/sista/snapshot"
	"github.com/sista-vm/sista/vm"
)

// warmUpClass is the class of kernel images that runs programs again and again.
const warmUpClass = "WarmUp"

// iterator runs a workload once and answers how long it took, in microseconds, and its exit code.
type iterator func(ctx context.Context) (micros float64, code int64, err error)

// iterations runs a workload until more says that it is enough, and answers how long each run took,
// in microseconds. The exit code is that of the last.
func iterations(ctx context.Context, once iterator, more func(times []float64) bool) (times []float64, code int64, err error) {
	for more(times) {
		micros, c, err := once(ctx)
		if err != nil {
			if ctx.Err() != nil {
				return times, code, nil // it was cut short
			}
			return times, code, err
		}
		code = c
		times = append(times, micros)
	}
	return times, code, nil
}

// insideIterations are those that an image's WarmUp runs.
func insideIterations(up *vm.Value) iterator {
	return func(ctx context.Context) (micros float64, code int64, err error) {
		v, err := up.Send(ctx, "iterate")
		if err != nil {
			return 0, 0, err
		}
		g, err := v.Go()
		v.Release()
		if err != nil {
			return 0, 0, err
		}
		r, _ := g.([]any)
		if len(r) == 3 {
			return 0, 0, &vm.Error{Class: fmt.Sprint(r[0]), Message: fmt.Sprint(r[1]), Stack: fmt.Sprint(r[2])}
		}
		if len(r) != 2 {
			return 0, 0, fmt.Errorf("an iteration answers %v", g)
		}
		m, _ := r[0].(int64)
		code, _ = r[1].(int64)
		return float64(m), code, nil
	}
}

// outsideIterations are runs of a script that is compiled outside of the image, which need nothing of it.
func outsideIterations(machine *vm.VM, script string) (iterator, error) {
	source, err := os.ReadFile(script)
	if err != nil {
		return nil, err
	}
	statements, err := machine.Prepare(script, string(source))
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) (micros float64, code int64, err error) {
		begun := time.Now()
		v, err := statements.Run(ctx)
		if err != nil {
			return 0, 0, err
		}
		took := time.Since(begun)
		v.Release()
		return float64(took.Nanoseconds()) / 1000, 0, nil
	}, nil
}

// warmForeign warms an image that has no class for it: those of others, and of older kernels. The workload is
// compiled here. What the image does when it starts stays what it was.
func (w *warming) warmForeign(machine *vm.VM) error {
	switch {
	case w.startup != "":
		return fmt.Errorf("%s: it has no class %s, so it starts as it always did; --startup is for images built on sista's kernel", w.program, warmUpClass)
	case w.workload == "":
		return fmt.Errorf("%s: what is an iteration? An image without class %s needs --workload F.st, statements of which each run is one", w.program, warmUpClass)
	}
	w.foreign = true
	once, err := outsideIterations(machine, w.workload)
	if err != nil {
		var e *vm.Error
		if errors.As(err, &e) {
			return err
		}
		return fmt.Errorf("%s: %w", w.workload, err)
	}
	if err := w.warm(machine, once); err != nil {
		return err
	}
	return w.save(machine, snapshot.Start{Kind: snapshot.StartImage})
}
