package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/sista-vm/sista/benchmarks/chart"
	"github.com/sista-vm/sista/benchmarks/result"
	"github.com/sista-vm/sista/host/hostos"
	"github.com/sista-vm/sista/snapshot"
	"github.com/sista-vm/sista/snapshot/trust"
	"github.com/sista-vm/sista/vm"
)

var warmCommand = &command{
	name: "warm-and-save", usage: "[flags] X.st|DIR|X.image -o W.image [-- arguments]",
	short: "run a program until it is fast, and save it so",
	long: `
Runs a program again and again until its iterations take no less time any more, and saves an
image with its objects and its compiled code. Started from that, its first iteration runs at
full speed. The image is one for every Spur virtual machine; what is behind it is sealed with
the user's key, which is made if there is none: see sista help keygen.

An iteration is a run of the workload: a script, that of the flag or workload.st in DIR. That
is how a server is warmed. Without one an iteration is a run of the program's statements: those of
the script, of main.st in DIR, or of --startup. What the program defines is defined once.

An image that is not built on sista's kernel, of Squeak or Pharo, needs --workload: statements
that are compiled outside of it, and know its globals and symbols. It starts as it did.

When it is started, a warmed image runs the program's statements, with the arguments of the
new process; one that was made from an image goes on where that image's start leads. --startup
sets something else. What the warm-up leaves in classes and globals is saved; variables of the
script begin without a value, as always.

The saved image is started and compared with the program run cold: output and exit code. Exit
codes: 0; 1 if the program fails or nothing could be saved; 3 if there was no steady state,
and 4 if the saved image does not do what the program does. With 3 and 4 the image is there.

examples:
  sista warm-and-save app.st -o app.image
  sista warm-and-save server/ -o server.image --workload load.st --timeout 2m
  sista warm-and-save app.st -o app.image --iterations 500 --svg curve.svg -- input.txt
  sista warm-and-save tools.image -o t.image --startup 'Tools main' --workload tools.st
  sista run app.image one two`,
}

// Exit codes of warm-and-save beside those of all commands.
const (
	exitNotSteady = 3
	exitDiffers   = 4
)

func init() {
	warmCommand.run = runWarm
	warmCommand.options = func(fs *flagSet) {
		new(machineFlags).register(fs)
		new(warmFlags).register(fs)
	}
}

// warmFlags are those of sista warm-and-save alone.
type warmFlags struct {
	output, workload, until, startup, svg string
	iterations                            int
	timeout                               time.Duration
	json, quiet                           bool
}

func (w *warmFlags) register(fs *flagSet) {
	fs.StringVar(&w.output, "o", "", "write the image to `file`")
	fs.StringVar(&w.workload, "workload", "", "an iteration is a run of this script `file` (default: "+vm.WorkloadScript+" in the folder of a program)")
	fs.IntVar(&w.iterations, "iterations", 0, "run this `number` of iterations, however long they take")
	fs.StringVar(&w.until, "until", "steady", "without --iterations: run until the times of iterations are `steady`")
	fs.DurationVar(&w.timeout, "timeout", 2*time.Minute, "begin no iteration after this `time`")
	fs.StringVar(&w.startup, "startup", "", "`statements` the image runs when it starts")
	fs.BoolVar(&w.json, "json", false, "write the report as JSON")
	fs.StringVar(&w.svg, "svg", "", "draw the warm-up curve, cold and saved, to `file`")
	fs.BoolVar(&w.quiet, "quiet", false, "show no progress")
}

// warming is a run of warm-and-save.
type warming struct {
	warmFlags
	machine   machineFlags
	program   string
	arguments []string
	kind      kind
	foreign   bool // an image that has no class to be warmed with
	key       *trust.Key
	progress  *progress
	stderr    tail // what the program writes to its error output while it is warmed
	report    warmReport
}

// checkFlags tells what is wrong with the command line.
func (w *warming) checkFlags(args []string) error {
	switch {
	case len(args) == 0:
		return errors.New("what? see sista help warm-and-save")
	case w.output == "":
		return errors.New("no output; give -o W.image")
	case w.until != "steady":
		return fmt.Errorf("--until %q: it is steady", w.until)
	case w.iterations < 0:
		return fmt.Errorf("%d iterations", w.iterations)
	case args[0] == "-":
		return errors.New("a script from standard input cannot be run cold once more; give a file")
	}
	return nil
}

func runWarm(c *command, args []string) int {
	var w warming
	flags := c.flagSet()
	w.machine.register(flags)
	w.register(flags)
	args, code, done := c.parse(flags, args, anyArguments)
	if done {
		return code
	}
	if err := w.checkFlags(args); err != nil {
		return misuse("warm-and-save: %v", err)
	}
	w.program, w.arguments = args[0], args[1:]
	w.progress = newProgress(w.quiet)
	var err error
	if w.kind, err = programKind(w.program); err != nil {
		return failed(err)
	}
	// Know before the program is warmed that there is a place for the image.
	if _, err := os.Stat(filepath.Dir(w.output)); err != nil {
		return failed(err)
	}
	if w.key, err = trust.EnsureKey(hostos.NewFiles(), hostos.Environment(), rand.Reader, w.machine.key.file); err != nil {
		return failed(err)
	}
	config, err := w.config()
	if err != nil {
		return failed(err)
	}
	machine, _, stop, err := w.machine.start(config)
	if err != nil {
		return failed(err)
	}
	err = w.warmAndSave(machine)
	stop()
	if err != nil {
		return w.failed(err)
	}
	if err := w.verify(); err != nil {
		return failed(fmt.Errorf("%s is saved, but not verified: %w", w.output, err))
	}
	if err := w.write(); err != nil {
		return failed(err)
	}
	return w.exitCode()
}

func (w *warming) exitCode() int {
	r := &w.report
	switch {
	case r.Compared.Differs != "":
		return exitDiffers
	case w.iterations == 0 && !r.WarmUp.SteadyState:
		return exitNotSteady
	}
	return exitOK
}

// failed reports why nothing was saved, with what the program wrote last.
func (w *warming) failed(err error) int {
	_, _ = os.Stderr.WriteString(w.stderr.String())
	var e *vm.Error
	if errors.As(err, &e) {
		fmt.Fprintf(os.Stderr, "sista: %v\n%s", e, e.Stack)
		return exitFailed
	}
	return failed(err)
}

// config answers how the program is opened.
func (w *warming) config() (vm.Config, error) {
	config := w.machine.config()
	// What it prints while it is warmed is nobody's; it is compared later.
	config.Console, config.Stdin, config.Stdout, config.Stderr = nil, nil, nil, &w.stderr
	var err error
	switch w.kind {
	case anImage:
		config.Image, err = filepath.Abs(w.program)
	case aTree:
		err = hasSources(w.program)
		config.Trees = []string{w.program}
		if file := filepath.Join(w.program, vm.WorkloadScript); w.workload == "" && isFile(file) {
			w.workload = file
		}
	}
	if err == nil && w.workload != "" {
		_, err = os.Stat(w.workload)
	}
	return config, err
}

// steps are the messages to the image's WarmUp that tell it what to do.
func (w *warming) steps() (steps [][2]string, start snapshot.Start) {
	add := func(selector, argument string) { steps = append(steps, [2]string{selector, argument}) }
	main := filepath.Join(w.program, vm.MainScript)
	switch {
	case w.kind == aScript:
		add("script:", w.program)
		start = snapshot.Start{Kind: snapshot.StartScript, What: filepath.Base(w.program)}
	case w.kind == aTree && isFile(main):
		add("script:", main)
		start = snapshot.Start{Kind: snapshot.StartTree, What: filepath.Base(w.program)}
	case w.kind == aTree:
		add("start", "")
		start = snapshot.Start{Kind: snapshot.StartTree, What: filepath.Base(w.program)}
	default:
		add("image", "")
		start = snapshot.Start{Kind: snapshot.StartImage}
	}
	if w.startup != "" {
		add("startUp:", w.startup)
		start = snapshot.Start{Kind: snapshot.StartExpression, What: w.startup}
	}
	if w.workload != "" {
		add("workload:", w.workload)
	}
	return steps, start
}

// warmAndSave does what the command is named after.
func (w *warming) warmAndSave(machine *vm.VM) error {
	ctx := context.Background()
	arguments := make([]any, len(w.arguments))
	for i, a := range w.arguments {
		arguments[i] = a
	}
	class, err := machine.Global(ctx, warmUpClass)
	if err != nil {
		return w.warmForeign(machine)
	}
	up, err := class.Send(ctx, "arguments:", arguments)
	if err != nil {
		return err
	}
	steps, start := w.steps()
	for _, s := range steps {
		var args []any
		if strings.HasSuffix(s[0], ":") {
			args = []any{s[1]}
		}
		if _, err := up.Send(ctx, s[0], args...); err != nil {
			return err
		}
	}
	if ready, err := up.Send(ctx, "hasWorkload"); err != nil {
		return err
	} else if ok, _ := ready.Bool(); !ok {
		return fmt.Errorf("%s: what is an iteration? An image needs --workload or --startup", w.program)
	}
	if err := w.warm(machine, insideIterations(up)); err != nil {
		return err
	}
	if _, err := up.Send(ctx, "install"); err != nil {
		return err
	}
	return w.save(machine, start)
}

// save writes the image.
func (w *warming) save(machine *vm.VM, start snapshot.Start) error {
	facts, err := json.Marshal(&w.report.WarmUp)
	if err != nil {
		return err
	}
	w.progress.begin("saving " + w.output)
	saved, err := machine.SaveOptimized(context.Background(), w.output, vm.SaveOptions{Sealer: trust.NewSealer(w.key), Start: start, Report: facts})
	if err != nil {
		w.progress.end("failed")
		return err
	}
	w.report.saved(w.output, w.key, saved)
	w.progress.end(bytesText(uint64(saved.Image + saved.Trailer)))
	return nil
}

// write writes report and picture.
func (w *warming) write() error {
	r := &w.report
	if w.svg != "" {
		f := result.New()
		f.Runs = []*result.Run{w.run("cold", r.WarmUp.Times), w.run("saved", r.Saved.Times)}
		picture := chart.Warmup(f)
		if err := writeFile(w.svg, func(o *os.File) error { _, err := o.WriteString(picture); return err }); err != nil {
			return err
		}
	}
	if w.json {
		writeJSON(os.Stdout, r)
		return nil
	}
	r.print(os.Stdout)
	return nil
}

// run makes a curve of the picture.
func (w *warming) run(runner string, times []float64) *result.Run {
	r := &result.Run{Runner: runner, Suite: "warm-and-save", Benchmark: filepath.Base(w.program), Inner: 1, Invocation: 1, Micros: times}
	r.Analyze()
	return r
}

// tail is the end of what is written to it.
type tail struct{ b []byte }

// tailSize is how much of it is kept.
const tailSize = 4096

func (t *tail) Write(b []byte) (int, error) {
	t.b = append(t.b, b...)
	if n := len(t.b) - tailSize; n > 0 {
		t.b = append(t.b[:0], t.b[n:]...)
	}
	return len(b), nil
}

func (t *tail) String() string { return string(t.b) }
