package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/sista-vm/sista/benchmarks"
	"github.com/sista-vm/sista/benchmarks/result"
	"github.com/sista-vm/sista/jit"
	"github.com/sista-vm/sista/vm"
)

var benchCommand = &command{
	name: "bench", usage: "[flags] [NAME...]",
	short: "run benchmarks, compare results and virtual machines",
	long: `
Runs the benchmarks of that name, or all, each in a virtual machine of its own, and
tells how long their iterations take, whether and when they reach a steady state, and
how warm they are early: the rate between 100 and 200 ms after the start, or that of
the second iteration where one takes over 50 ms, against the rate of the steady state.

Suites are awfy (Are We Fast Yet), sista (programs of the paper on Sista), tiny
(tinyBenchmarks) and micro. An iteration is the usual number of rounds of a benchmark,
or its usual size; --list tells them.

With --from-warmed an image is warmed with each benchmark, in a size with which an
iteration takes 1 to 5 ms, and started in new processes in turn, with its machine code
and with its portable code only: how long is the first iteration, compared to the median
of the later half? What is told is the median of the processes, and the interval in which
that is with a confidence of 95 %.

Others run the same benchmarks in the same run: --awfy DIR the languages found on this
machine, from a checkout of are-we-fast-yet; --peer another virtual machine, the image
that sista would use. A command has words in braces, {image} {bench} {iterations}
{inner} {limit}, and prints what the class BenchmarkHarness prints.

examples:
  sista bench Richards Json
  sista bench --filter awfy --iterations 50 --time 1m --json new.json --svg warmup.svg
  sista bench --compare old.json new.json --svg ratio.svg
  sista bench --from-warmed --filter awfy --processes 30 --json first.json
  sista bench --awfy ~/are-we-fast-yet --peers node,java
  sista bench --peer 'cog=squeak {image} start {bench} {iterations} {inner} {limit}' Towers`,
}

func init() {
	benchCommand.run = runBench
	benchCommand.options = func(fs *flagSet) {
		new(machineFlags).register(fs)
		new(benchFlags).register(fs)
	}
}

// benchFlags are those of sista bench alone.
type benchFlags struct {
	list, check, compare, small, fastest, quiet bool
	suites                                      string
	iterations, inner, times, processes         int
	limit                                       time.Duration
	json, benchstat, svg                        string
	awfy, languages, warmed, workload, keep     string
	fromWarmed, second                          bool
	peers                                       list
}

func (b *benchFlags) register(fs *flagSet) {
	fs.BoolVar(&b.list, "list", false, "list the benchmarks")
	fs.BoolVar(&b.check, "check", false, "do very little of each benchmark, and tell whether the results are right")
	fs.BoolVar(&b.compare, "compare", false, "compare two files of results, or the runners of one file, and run nothing")
	fs.StringVar(&b.suites, "filter", "", "only benchmarks of these `suites`, separated by commas")
	fs.IntVar(&b.iterations, "iterations", 40, "`number` of iterations")
	fs.IntVar(&b.inner, "inner", 0, "rounds of an iteration, or its size: a `number`, 0 for the usual one of each benchmark")
	fs.BoolVar(&b.small, "small", false, "iterations of the smallest size")
	fs.BoolVar(&b.fastest, "fastest", false, "compare the fastest iterations, not steady states: for machines that are busy with other things")
	fs.IntVar(&b.times, "invocations", 1, "`number` of processes for each benchmark")
	fs.DurationVar(&b.limit, "time", 5*time.Second, "begin no iteration after this `time`; 0 for no limit")
	fs.StringVar(&b.json, "json", "", "write the results to `file`, - for standard output instead of the table")
	fs.StringVar(&b.benchstat, "benchstat", "", "write the steady iterations for benchstat to `file`, - for standard output instead of the table")
	fs.StringVar(&b.svg, "svg", "", "draw warm-up curves, or with --compare the ratios, to `file`, - for standard output instead of the table")
	fs.StringVar(&b.warmed, "warmed", "", "measure the workload of the image `file` that warm-and-save made")
	fs.StringVar(&b.workload, "workload", "", "with --warmed: an iteration is a run of this script `file`, for images that are not built on sista's kernel")
	fs.BoolVar(&b.fromWarmed, "from-warmed", false, "compare the first iteration of new processes from warmed images with their steady ones")
	fs.BoolVar(&b.second, "first-second", false, "with --from-warmed: what of the first second there is without the code, and with parts of it")
	fs.IntVar(&b.processes, "processes", 30, "with --from-warmed: `number` of processes for each part of the code")
	fs.StringVar(&b.keep, "keep", "", "with --from-warmed: keep the warmed images in `folder`, and use those that are there")
	fs.StringVar(&b.awfy, "awfy", "", "run other languages too, from a checkout of are-we-fast-yet in `folder`")
	fs.StringVar(&b.languages, "peers", "", "of those languages only these `names`, separated by commas")
	fs.Var(&b.peers, "peer", "run `NAME=COMMAND` too, on the same image; may be repeated")
	fs.BoolVar(&b.quiet, "quiet", false, "show no progress")
}

// bench is a run of the command.
type bench struct {
	benchFlags
	machine  machineFlags
	results  *result.File
	progress *progress
	failures int
}

func runBench(c *command, args []string) int {
	b := &bench{results: result.New()}
	flags := c.flagSet()
	b.machine.register(flags)
	b.register(flags)
	names, code, done := c.parse(flags, args, anyArguments)
	if done {
		return code
	}
	if b.compare {
		return b.compareFiles(names)
	}
	switch {
	case (b.second || b.keep != "") && !b.fromWarmed:
		return misuse("bench: --first-second and --keep need --from-warmed")
	case b.iterations < 1 || b.times < 1 || b.processes < 1 || b.inner < 0 || b.limit < 0:
		return misuse("bench: --iterations, --invocations and --processes are at least 1, --inner and --time at least 0")
	case b.small && b.inner != 0:
		return misuse("bench: --small or --inner, not both")
	case b.languages != "" && b.awfy == "":
		return misuse("bench: --peers needs --awfy")
	case b.json == "-" && b.benchstat == "-":
		return misuse("bench: only one of --json and --benchstat can be -")
	}
	b.progress = newProgress(b.quiet)
	if b.workload != "" && b.warmed == "" {
		return misuse("bench: --workload needs --warmed")
	}
	if b.warmed != "" {
		if len(names) > 0 {
			return misuse("bench: an image that is warmed has its own workload, not %q", names[0])
		}
		return b.runWarmed()
	}
	all, err := b.available()
	if err != nil {
		return failed(err)
	}
	if b.list && len(names) == 0 && b.suites == "" {
		return printList(all)
	}
	chosen, err := b.choose(all, names)
	if err != nil {
		return misuse("bench: %v", err)
	}
	if b.list {
		return printList(chosen)
	}
	if b.check {
		return b.checkResults(chosen)
	}
	if b.fromWarmed {
		return b.runFromWarmed(chosen)
	}
	return b.run(chosen)
}

// checkResults runs the benchmarks once in one machine, in a small size.
func (b *bench) checkResults(chosen []benchmarks.Benchmark) int {
	var names []string
	for _, p := range chosen {
		names = append(names, p.Name)
	}
	if err := b.runImage(benchmarks.CheckArguments(names...), os.Stdout, nil); err != nil {
		return failed(err)
	}
	return exitOK
}

// available asks the image for its benchmarks.
func (b *bench) available() ([]benchmarks.Benchmark, error) {
	var out strings.Builder
	if err := b.runImage(benchmarks.ListArguments(), &out, nil); err != nil {
		return nil, err
	}
	return benchmarks.ParseList(out.String())
}

// runImage runs the image of the benchmarks in this process.
func (b *bench) runImage(arguments []string, stdout io.Writer, compiled func(jit.Compiled)) error {
	var stderr strings.Builder
	config := b.machine.config()
	config.Console, config.Stdout, config.Stderr = nil, stdout, &stderr
	config.Sources, config.Args, config.OnCompiled = sources(), arguments, compiled
	machine, _, stop, err := b.machine.start(config)
	if err != nil {
		return err
	}
	defer stop()
	code, err := machine.Run(context.Background())
	if err == nil && code != 0 {
		err = errors.New(strings.TrimSpace(stderr.String()))
		if stderr.Len() == 0 {
			err = fmt.Errorf("the image ended with code %d", code)
		}
	}
	var e *vm.Error
	if errors.As(err, &e) {
		err = fmt.Errorf("%s\n%s", e.Message, e.Stack)
	}
	return err
}

// choose answers the benchmarks of the names and suites that are asked for.
func (b *bench) choose(all []benchmarks.Benchmark, names []string) ([]benchmarks.Benchmark, error) {
	suites := strings.FieldsFunc(b.suites, func(r rune) bool { return r == ',' })
	if len(suites) == 0 && b.awfy != "" {
		suites = []string{"awfy"}
	}
	for _, s := range suites {
		if !slices.ContainsFunc(all, func(p benchmarks.Benchmark) bool { return p.Suite == s }) {
			return nil, fmt.Errorf("there is no suite %q; see sista bench --list", s)
		}
	}
	for _, n := range names {
		if !slices.ContainsFunc(all, func(p benchmarks.Benchmark) bool { return strings.EqualFold(p.Name, n) }) {
			return nil, fmt.Errorf("there is no benchmark %q; see sista bench --list", n)
		}
	}
	var chosen []benchmarks.Benchmark
	for _, p := range all {
		named := slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(p.Name, n) })
		if (len(names) == 0 || named) && (len(suites) == 0 || slices.Contains(suites, p.Suite)) {
			chosen = append(chosen, p)
		}
	}
	if len(chosen) == 0 {
		return nil, errors.New("no benchmark is in the suites and has one of the names")
	}
	return chosen, nil
}

// size is the number of rounds of an iteration.
func (b *bench) size(p benchmarks.Benchmark) int {
	switch {
	case b.small:
		return p.Small
	case b.inner != 0:
		return b.inner
	}
	return p.Inner
}

// run runs every benchmark with every runner, one after the other, so that a slow
// minute hits all of them, and reports.
func (b *bench) run(chosen []benchmarks.Benchmark) int {
	runners, done, err := b.runners()
	if err != nil {
		return failed(err)
	}
	defer done()
	type job struct {
		runner     runner
		program    benchmarks.Benchmark
		invocation int
	}
	var jobs []job
	for _, p := range chosen {
		for i := range b.times {
			for _, r := range runners {
				if r.suite == "" || r.suite == p.Suite {
					jobs = append(jobs, job{r, p, i + 1})
				}
			}
		}
	}
	for i, j := range jobs {
		b.progress.begin(fmt.Sprintf("[%d/%d] %s: %s", i+1, len(jobs), j.runner.name, j.program.Name))
		run, err := b.measure(j.runner, j.program)
		if err != nil {
			b.failures++
			b.progress.end("failed")
			fmt.Fprintf(os.Stderr, "sista: bench: %s: %s: %v\n", j.runner.name, j.program.Name, err)
			continue
		}
		run.Invocation = j.invocation
		run.Analyze()
		b.results.Runs = append(b.results.Runs, run)
		b.progress.end(fmt.Sprintf("%s ms (%s)", result.Milliseconds(run.Steady.Mean), run.Steady.Class))
	}
	if len(b.results.Runs) == 0 {
		return exitFailed
	}
	if err := b.report(); err != nil {
		return failed(err)
	}
	if b.failures > 0 {
		return exitFailed
	}
	return exitOK
}
