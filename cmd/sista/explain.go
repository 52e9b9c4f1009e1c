package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sista-vm/sista/counters"
	"github.com/sista-vm/sista/explain"
	"github.com/sista-vm/sista/jit"
	"github.com/sista-vm/sista/vm"
)

var explainCommand = &command{
	name: "explain", usage: "[flags] 'Class>>selector' [X.st | DIR | X.image [-- arguments]]",
	short: "show how a method is compiled, and why so",
	long: `
Compiles a method as the optimizer would now and shows every step: what was counted at
its bytecodes, which sends were inlined and why the others were not, the function after
the passes, machine code, and what all of that relies on.

The counters come from a warm-up: an expression (--run), a script (--workload), or both.
Without one there is no feedback, and the optimizer knows nothing but the bytecodes. A program
named after the method is loaded first: a script, a tree of Tonel packages, an image. An image that
is not sista's own is run with the arguments behind --, until it quits.

Methods are named as 'Foo>>bar' and 'Foo class>>bar', blocks as '[] in Foo>>bar', with
--block N for the Nth of several. --loop PC explains the code that a loop is entered by
while it runs; PC is that of the bytecode it jumps back to.

The sections that --show selects: ` + strings.Join(explain.Sections, ", ") + `.

examples:
  sista explain 'Integer>>benchFib' --run '27 benchFib'
  sista explain 'Collection>>inject:into:' --workload sums.st --show inlining,code
  sista explain 'Account>>add:' --run 'Account new add: 3' account.st
  sista explain 'Integer>>benchmark' --run '10 benchmark' --passes all --html benchmark.html`,
}

func init() {
	explainCommand.run = runExplain
	explainCommand.options = func(fs *flagSet) {
		new(machineFlags).register(fs)
		new(explainFlags).register(fs)
	}
}

// explainFlags are those of sista explain alone.
type explainFlags struct {
	run, workload string
	loop, block   int
	show, passes  string
	states, json  bool
	html          string
}

func (f *explainFlags) register(fs *flagSet) {
	fs.StringVar(&f.run, "run", "", "evaluate this `expression` first")
	fs.StringVar(&f.workload, "workload", "", "run this script `file` first")
	fs.IntVar(&f.loop, "loop", -1, "explain the loop at this `pc`")
	fs.IntVar(&f.block, "block", 0, "explain the block with this `number` in the method")
	fs.StringVar(&f.show, "show", "", "the `sections` to print, separated by commas; all if none are given")
	fs.StringVar(&f.passes, "passes", "front,last", "print the function after these `passes`: names, front, last, or all that changed something")
	fs.BoolVar(&f.states, "states", false, "print the states of guards in full")
	fs.BoolVar(&f.json, "json", false, "write JSON")
	fs.StringVar(&f.html, "html", "", "write a page of HTML to `file`")
}

// selection answers what to show.
func (f *explainFlags) selection() (explain.Show, error) {
	words := func(s string) []string {
		return slices.DeleteFunc(strings.Split(s, ","), func(w string) bool { return w == "" })
	}
	s := explain.Show{Sections: words(f.show), Passes: words(f.passes)}
	return s, s.Check()
}

func runExplain(c *command, args []string) int {
	var m machineFlags
	var f explainFlags
	fs := c.flagSet()
	m.register(fs)
	f.register(fs)
	m.compile.set = jit.Sync
	args, code, done := c.parse(fs, args, anyArguments)
	if done {
		return code
	}
	if len(args) == 0 {
		return misuse("explain: which method? see sista help explain")
	}
	show, err := f.selection()
	if err != nil {
		return misuse("explain: %v", err)
	}
	config, warm, err := f.config(&m, args[1:])
	if err != nil {
		return failed(err)
	}
	machine, _, stop, err := m.start(config)
	if err != nil {
		return failed(err)
	}
	defer stop()
	if err := warm(machine); err != nil {
		var e *vm.Error
		if errors.As(err, &e) {
			fmt.Fprintf(os.Stderr, "sista: %v\n%s", e, e.Stack)
			return exitFailed
		}
		return fatal(err)
	}
	x, err := f.explain(machine, args[0], f.warmup(args[1:]))
	if err != nil {
		return failed(err)
	}
	if err := f.write(x, show); err != nil {
		return failed(err)
	}
	return exitOK
}

// config answers how to open the program, and what to do with it before explaining.
func (f *explainFlags) config(m *machineFlags, program []string) (vm.Config, func(*vm.VM) error, error) {
	config := m.config()
	policy := counters.DefaultPolicy()
	config.Feedback = &policy
	// What the program prints is not what is asked for.
	config.Console, config.Stdin, config.Stdout, config.Stderr = nil, os.Stdin, os.Stderr, os.Stderr
	var steps []string
	run := false
	if len(program) > 0 {
		kind, err := programKind(program[0])
		switch {
		case err != nil:
			return config, nil, err
		case kind == anImage:
			if config.Image, err = filepath.Abs(program[0]); err != nil {
				return config, nil, err
			}
			config.Args, run = program[1:], len(program) > 1
			config.VMArgs = []string{"--headless"}
		case kind == aTree:
			if err := hasSources(program[0]); err != nil {
				return config, nil, err
			}
			config.Trees = []string{program[0]}
		default:
			steps = append(steps, runScript(program[0]))
		}
		if kind != anImage && len(program) > 1 {
			return config, nil, fmt.Errorf("explain: only an image takes arguments, not %q", program[1])
		}
	}
	if f.workload != "" {
		if _, err := os.Stat(f.workload); err != nil {
			return config, nil, err
		}
		steps = append(steps, runScript(f.workload))
	}
	if f.run != "" {
		steps = append(steps, f.run)
	}
	return config, func(machine *vm.VM) error {
		for _, s := range steps {
			v, err := machine.Eval(context.Background(), s)
			if err != nil {
				return err
			}
			v.Release()
		}
		if run {
			if _, err := machine.Run(context.Background()); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

// runScript answers the expression that runs a script.
func runScript(path string) string {
	return "ScriptRunner runFile: '" + strings.ReplaceAll(path, "'", "''") + "'"
}

// warmup says what ran.
func (f *explainFlags) warmup(program []string) string {
	var parts []string
	if len(program) > 0 && (filepath.Ext(program[0]) == ".st" || len(program) > 1) {
		parts = append(parts, strings.Join(program, " "))
	}
	for _, s := range []string{f.workload, f.run} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, ", ")
}

// explain compiles and gathers.
func (f *explainFlags) explain(machine *vm.VM, name, warmup string) (x *explain.Explanation, err error) {
	in := machine.Interp()
	found, err := explain.Find(in, name, f.block)
	if err != nil {
		return nil, err
	}
	b := machine.Broker()
	if b == nil { // nothing is compiled here, but it can be looked at
		b = jit.NewBroker(in, nil, jit.Options{Mode: jit.Off})
		defer b.Close()
	}
	return explain.Of(b, in, found.Code, explain.Options{Warmup: warmup, Loop: f.loop, States: f.states})
}

// write writes what is asked for.
func (f *explainFlags) write(x *explain.Explanation, show explain.Show) error {
	if f.html != "" {
		return writeFile(f.html, func(w *os.File) error { return x.HTML(w) })
	}
	if f.json {
		e := json.NewEncoder(os.Stdout)
		e.SetIndent("", " ")
		e.SetEscapeHTML(false)
		return e.Encode(x.Select(show))
	}
	return x.Text(os.Stdout, show)
}

func writeFile(path string, write func(*os.File) error) (err error) {
	w, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() {
		if e := w.Close(); err == nil {
			err = e
		}
	}()
	return write(w)
}
