package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sista-vm/sista/benchmarks"
	"github.com/sista-vm/sista/benchmarks/result"
	"github.com/sista-vm/sista/host/hostos"
	"github.com/sista-vm/sista/snapshot"
	"github.com/sista-vm/sista/snapshot/trust"
	"github.com/sista-vm/sista/vm"
)

// firstRule says how first iterations are measured.
type firstRule struct {
	Shortest, Longest float64            // microseconds an iteration is to take when it is steady
	Try               time.Duration      // of each size, when one is looked for
	Sure              time.Duration      // of a size that seems right: what is compiled beside the program may come late
	Warm              time.Duration      // at most, from the first iteration to the save
	Iterations        int                // of a process
	Most              map[string]float64 // the first iteration over a steady one, by what is used of the image
	Uses, Compared    []vm.Use           // of the image, for the first iteration, and for the first second
	Second            time.Duration      // the first one, from the start of the process
	Seconds           int                // processes for the first second
	Limit             time.Duration      // of a process
}

var theFirstRule = firstRule{
	Shortest: 1000, Longest: 5000, Try: 100 * time.Millisecond, Sure: 600 * time.Millisecond, Warm: 20 * time.Second, Iterations: 40,
	Most: map[string]float64{vm.UseNative.String(): 1.05, vm.UsePortable.String(): 1.5},
	Uses: []vm.Use{vm.UseNative, vm.UsePortable}, Compared: []vm.Use{vm.UseNone, vm.UseFeedback, vm.UsePortable, vm.UseNative},
	Second: time.Second, Seconds: 3, Limit: time.Minute,
}

// firsts measures the first iterations of new processes that are started from images that were warmed with the benchmarks.
type firsts struct {
	*bench
	rule   firstRule
	key    *trust.Key
	folder string
	runs   []*result.Run
	whole  []*result.Run // of a second each
}

func (b *bench) runFromWarmed(chosen []benchmarks.Benchmark) int {
	f := &firsts{bench: b, rule: theFirstRule, folder: b.keep}
	var err error
	if f.key, err = trust.EnsureKey(hostos.NewFiles(), hostos.Environment(), rand.Reader, b.machine.key.file); err != nil {
		return failed(err)
	}
	if f.folder == "" {
		if f.folder, err = os.MkdirTemp("", "sista-bench"); err != nil {
			return failed(err)
		}
		defer os.RemoveAll(f.folder)
	} else if err := os.MkdirAll(f.folder, 0o755); err != nil {
		return failed(err)
	}
	for i, p := range chosen {
		b.progress.begin(fmt.Sprintf("[%d/%d] %s", i+1, len(chosen), p.Name))
		if err := f.program(p); err != nil {
			b.failures++
			b.progress.end("failed")
			fmt.Fprintf(os.Stderr, "sista: bench: %s: %v\n", p.Name, err)
			continue
		}
		var last []string
		for _, r := range result.Firsts(f.runs) {
			if r.Suite == p.Suite && strings.HasPrefix(r.Name, p.Name+"/") {
				last = append(last, fmt.Sprintf("%s first %.0f%% of %s ms", r.Runner, 100*r.Ratio, result.Milliseconds(r.Steady)))
			}
		}
		b.progress.end(strings.Join(last, ", "))
	}
	if len(f.runs) == 0 {
		return exitFailed
	}
	if err := f.report(); err != nil {
		return failed(err)
	}
	if b.failures > 0 {
		return exitFailed
	}
	return exitOK
}

// program warms, saves and measures one of the benchmarks.
func (f *firsts) program(p benchmarks.Benchmark) error {
	path, inner, err := f.image(p)
	if err != nil {
		return err
	}
	// The ones and the others in turn, so that a slow minute hits all of them.
	measure := func(to *[]*result.Run, uses []vm.Use, processes int, more ...string) error {
		for i := range processes {
			for _, use := range uses {
				r, err := f.process(path, use, more...)
				if err != nil {
					return err
				}
				r.Runner, r.Suite, r.Benchmark, r.Inner, r.Invocation = use.String(), p.Suite, p.Name, inner, i+1
				r.Work, r.Unit = p.Work*int64(inner), p.Unit
				*to = append(*to, r)
				f.progress.update(i+1, processes)
			}
		}
		return nil
	}
	if err := measure(&f.runs, f.rule.Uses, f.processes, "--iterations", strconv.Itoa(f.rule.Iterations), "--time", "0"); err != nil || !f.second {
		return err
	}
	return measure(&f.whole, f.rule.Compared, f.rule.Seconds, "--iterations", "1000000", "--time", f.rule.Second.String())
}

// process starts an image and answers its iterations. The start is that of the process.
func (f *firsts) process(path string, use vm.Use, more ...string) (*result.Run, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), f.rule.Limit)
	defer cancel()
	args := append([]string{"bench", "--warmed", path, "--use", use.String(), "--json", "-", "--quiet"}, more...)
	if file := f.machine.key.file; file != "" {
		args = append(args, "--key", file)
	}
	var stdout, stderr bytes.Buffer
	c := exec.CommandContext(ctx, exe, args...)
	c.Stdout, c.Stderr = &stdout, &stderr
	started := time.Now()
	if err := c.Run(); err != nil {
		return nil, fmt.Errorf("%w: %s", err, strings.TrimSpace(stderr.String()))
	}
	var file result.File
	if err := json.Unmarshal(stdout.Bytes(), &file); err != nil {
		return nil, err
	}
	if len(file.Runs) != 1 || len(file.Runs[0].Micros) == 0 {
		return nil, errors.New("it has no iterations")
	}
	r := file.Runs[0]
	r.Start = float64(r.Began - started.UnixMicro())
	return r, nil
}

// image answers the path of an image that is warmed with iterations of a size that takes long enough. One that was kept is used again
// if this build of the virtual machine made it.
func (f *firsts) image(p benchmarks.Benchmark) (path string, inner int, err error) {
	kept, err := filepath.Glob(filepath.Join(f.folder, p.Name+"-*.image"))
	if err == nil && len(kept) == 1 {
		if inner, err := strconv.Atoi(strings.TrimSuffix(kept[0][strings.LastIndex(kept[0], "-")+1:], ".image")); err == nil {
			return kept[0], inner, nil
		}
	}
	f.progress.say("looking for a size")
	inner = f.inner
	if inner == 0 {
		if inner, err = f.calibrate(p); err != nil {
			return "", 0, err
		}
	}
	f.progress.say("warming with size %d", inner)
	path = filepath.Join(f.folder, fmt.Sprintf("%s-%d.image", p.Name, inner))
	return path, inner, f.withMachine(func(ctx context.Context, m *vm.VM, up *vm.Value) error {
		if err := f.workload(ctx, up, p, inner); err != nil {
			return err
		}
		warmth, begun := newWarmth(warmRule, time.Now), time.Now()
		if _, _, err := iterations(ctx, insideIterations(up), func(times []float64) bool {
			return !warmth.enough(times) && time.Since(begun) < f.rule.Warm
		}); err != nil {
			return err
		}
		if _, err := up.Send(ctx, "install"); err != nil {
			return err
		}
		_, err := m.SaveOptimized(ctx, path, vm.SaveOptions{Sealer: trust.NewSealer(f.key), Start: snapshot.Start{Kind: snapshot.StartImage}})
		return err
	})
}

// withMachine runs f with a machine that has the benchmarks.
func (f *firsts) withMachine(do func(ctx context.Context, m *vm.VM, up *vm.Value) error) error {
	var stderr tail
	config := f.machine.config()
	config.Console, config.Stdin, config.Stdout, config.Stderr = nil, nil, nil, &stderr
	config.Sources = sources()
	m, _, stop, err := f.machine.start(config)
	if err != nil {
		return err
	}
	defer stop()
	ctx := context.Background()
	class, err := m.Global(ctx, "WarmUp")
	if err != nil {
		return err
	}
	up, err := class.Send(ctx, "arguments:", []any{})
	if err == nil {
		err = do(ctx, m, up)
	}
	var e *vm.Error
	if errors.As(err, &e) {
		err = fmt.Errorf("%w\n%s", e, strings.TrimRight(e.Stack+stderr.String(), "\n"))
	}
	return err
}

// workload makes an iteration of the benchmark that of the image.
func (f *firsts) workload(ctx context.Context, up *vm.Value, p benchmarks.Benchmark, size int) error {
	_, err := up.Send(ctx, "workloadStatements:", fmt.Sprintf("%sBenchmark new iterate: %d", p.Name, size))
	return err
}

// calibrate finds a size with which a steady iteration takes long enough, and not too long if there is one: the size is doubled, and
// halved between the last two.
func (f *firsts) calibrate(p benchmarks.Benchmark) (size int, err error) {
	err = f.withMachine(func(ctx context.Context, m *vm.VM, up *vm.Value) error {
		long := func(n int, try time.Duration) (micros float64, err error) {
			if err := f.workload(ctx, up, p, n); err != nil {
				return 0, err
			}
			begun := time.Now()
			times, _, err := iterations(ctx, insideIterations(up), func(times []float64) bool {
				return len(times) == 0 || time.Since(begun) < try
			})
			if err != nil {
				return 0, err
			}
			return slices.Min(times), nil
		}
		low, high := 0, p.Small
		for {
			micros, err := long(high, f.rule.Try)
			if err != nil {
				return err
			}
			if micros >= f.rule.Shortest {
				// It may have been cold.
				if micros, err = long(high, f.rule.Sure); err != nil {
					return err
				}
			}
			if micros >= f.rule.Shortest {
				if size = high; micros <= f.rule.Longest {
					return nil
				}
				break
			}
			low, high = high, 2*high
		}
		for high-low > 1 {
			n := low + (high-low)/2
			micros, err := long(n, f.rule.Sure)
			switch {
			case err != nil:
				return err
			case micros < f.rule.Shortest:
				low = n
			default:
				if size, high = n, n; micros <= f.rule.Longest {
					return nil
				}
			}
		}
		return nil
	})
	return size, err
}

// report writes the tables, or the file.
func (f *firsts) report() error {
	for _, runs := range [][]*result.Run{f.runs, f.whole} {
		for _, r := range runs {
			r.Analyze()
			f.results.Runs = append(f.results.Runs, r)
		}
	}
	if err := writeTo(f.json, f.results.Write); err != nil || f.json == "-" {
		return err
	}
	fmt.Print(result.FirstsTable(result.Firsts(f.runs), f.rule.Most))
	if f.second {
		fmt.Printf("\n%s", result.SecondsTable(f.whole, float64(f.rule.Second.Microseconds())))
	}
	return nil
}
