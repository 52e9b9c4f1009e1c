package main

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sista-vm/sista/vm"
)

var runCommand = &command{
	name: "run", usage: "[flags] [X.image | X.st | DIR] [arguments]",
	short: "run a script, a tree of source, or an image",
	long: `
Runs a Smalltalk program until it quits.

  X.st      a script: statements, class and method definitions, chunk or bracket syntax
  DIR       a tree of Tonel packages; then its main.st, if there is one
  X.image   a 64-bit Spur image, with the arguments it understands itself; of an optimized one
            (see sista help warm-and-save) a line on standard error says what is used of it
  -         a script from standard input

Flags of sista stand before the program. What follows it is the program's own, flags
too: Smalltalk arguments.

examples:
  sista run hello.st
  sista run hello.st one two
  sista run --max-heap 512m server/
  sista run Squeak6.0-64bit.image
  sista run Pharo.image eval '3 + 4'`,
}

var evalCommand = &command{
	name: "eval", usage: "[flags] 'expression' [arguments]",
	short: "evaluate statements and print the result",
	long: `
Evaluates Smalltalk statements and prints the value of the last one. An error
prints its class, message and stack to standard error, and the exit code is 1. What
follows the expression is Smalltalk arguments.

examples:
  sista eval '1000 factorial printString size'
  sista eval "#(3 1 2) asSortedCollection asArray"`,
}

var testCommand = &command{
	name: "test", usage: "[flags] [pattern]",
	short: "run SUnit tests",
	long: `
Runs the SUnit tests whose class name, or Class>>selector, matches a pattern with *
and #. Without a pattern all tests run. The exit code is 1 when a test fails.

examples:
  sista test
  sista test 'Dictionary*'
  sista test --junit report.xml
  sista test --load src/ 'MyTest*'`,
}

// The commands are tied to their functions here to keep the declarations free of circles.
func init() {
	runCommand.run = runRun
	evalCommand.run = runEval
	testCommand.run = runTest
	runCommand.options = func(fs *flagSet) {
		m := new(machineFlags)
		m.register(fs)
		m.registerQuiet(fs)
		registerHeadless(fs)
	}
	evalCommand.options = func(fs *flagSet) { new(machineFlags).register(fs) }
	testCommand.options = func(fs *flagSet) {
		new(machineFlags).register(fs)
		new(testFlags).register(fs)
	}
}

// headlessFlags are options of other virtual machines that scripts pass: there is no
// display and no sound here anyway.
var headlessFlags = []string{"headless", "nodisplay", "nosound", "vm-display-null", "vm-sound-null"}

func registerHeadless(fs *flagSet) {
	for _, name := range headlessFlags {
		fs.Bool(name, true, "accepted for the sake of other virtual machines' scripts, as all is so here")
	}
}

func (m *machineFlags) registerQuiet(fs *flagSet) {
	fs.BoolVar(&m.quiet, "quiet", false, "do not tell what is used of an optimized image")
}

func runRun(c *command, args []string) int {
	var m machineFlags
	fs := c.flagSet()
	m.register(fs)
	m.registerQuiet(fs)
	registerHeadless(fs)
	args, code, done := c.parse(fs, args, 1)
	if done {
		return code
	}
	if len(args) == 0 {
		return misuse("run: what? see sista help run")
	}
	config := m.config()
	program, rest := args[0], args[1:]
	switch kind, err := programKind(program); {
	case err != nil:
		return failed(err)
	case kind == anImage:
		// Images find their changes and sources by their own place.
		if config.Image, err = filepath.Abs(program); err != nil {
			return failed(err)
		}
		config.Args = rest
		config.VMArgs = []string{"--headless"}
	case kind == aTree:
		if err := hasSources(program); err != nil {
			return failed(err)
		}
		config.Trees = []string{program}
		config.Args = append([]string{"start"}, rest...)
		if main := filepath.Join(program, vm.MainScript); isFile(main) {
			config.Args = append([]string{"run", main}, rest...)
		}
	default:
		config.Args = append([]string{"run", program}, rest...)
	}
	return runWith(&m, config)
}

func runWith(m *machineFlags, config vm.Config) int {
	machine, _, stop, err := m.start(config)
	if err != nil {
		return failed(err)
	}
	defer stop()
	if r := machine.StartReport(); r != nil && !m.quiet {
		fmt.Fprintf(os.Stderr, "sista: %v\n", r)
	}
	return runMachine(machine)
}

func runEval(c *command, args []string) int {
	var m machineFlags
	fs := c.flagSet()
	m.register(fs)
	args, code, done := c.parse(fs, beforeNegative(args), 1)
	if done {
		return code
	}
	if len(args) == 0 {
		return misuse("eval: no expression; see sista help eval")
	}
	config := m.config()
	config.Args = append([]string{"eval"}, args...)
	return runWith(&m, config)
}

// beforeNegative ends the flags before an expression that begins with a negative number.
func beforeNegative(args []string) []string {
	for i, a := range args {
		if len(a) > 1 && a[0] == '-' && a[1] >= '0' && a[1] <= '9' {
			return slices.Insert(slices.Clone(args), i, "--")
		}
		if !strings.HasPrefix(a, "-") || a == "--" {
			break
		}
	}
	return args
}

// testFlags are those of sista test alone.
type testFlags struct {
	junit string
	load  list
}

func (t *testFlags) register(fs *flagSet) {
	fs.StringVar(&t.junit, "junit", "", "write a JUnit report to `file`")
	fs.Var(&t.load, "load", "`folder` of Tonel packages to load first; may be repeated")
}

func runTest(c *command, args []string) int {
	var m machineFlags
	var t testFlags
	fs := c.flagSet()
	m.register(fs)
	t.register(fs)
	args, code, done := c.parse(fs, args, anyArguments)
	if done {
		return code
	}
	if len(args) > 1 {
		return misuse("test: one pattern at most, not %d", len(args))
	}
	config := m.config()
	config.Tests = true
	for _, dir := range t.load {
		if err := hasSources(dir); err != nil {
			return failed(fmt.Errorf("test: --load: %w", err))
		}
	}
	config.Trees = t.load
	config.Args = []string{"test"}
	if t.junit != "" {
		// Know before the tests run that the report can be written.
		f, err := os.OpenFile(t.junit, os.O_WRONLY|os.O_CREATE, 0o666)
		if err != nil {
			return failed(fmt.Errorf("test: --junit: %w", err))
		}
		f.Close()
		config.Args = append(config.Args, "--junit", t.junit)
	}
	config.Args = append(config.Args, args...)
	return runWith(&m, config)
}

// The kinds of program.
type kind int

const (
	aScript kind = iota
	anImage
	aTree
)

// programKind tells what a program is by what is there, and by its name.
func programKind(path string) (kind, error) {
	if path == "-" {
		return aScript, nil
	}
	fi, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	if fi.IsDir() {
		return aTree, nil
	}
	if strings.EqualFold(filepath.Ext(path), ".image") {
		return anImage, nil
	}
	if !fi.Mode().IsRegular() {
		return aScript, nil // what is read of a pipe or device now, the script would lack
	}
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	// Images have other names too; their first bytes are no text.
	head := make([]byte, 8)
	if _, err := io.ReadFull(f, head); err == nil && strings.IndexByte(string(head), 0) >= 0 {
		return anImage, nil
	}
	return aScript, nil
}

// hasSources answers an error unless there is a source file in the folder or below it.
func hasSources(dir string) error {
	found := false
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && filepath.Ext(path) == ".st" {
			found = true
			return filepath.SkipAll
		}
		return err
	})
	if err == nil && !found {
		err = fmt.Errorf("%s: no Smalltalk sources (.st) in this folder", dir)
	}
	return err
}

func isFile(path string) bool {
	fi, err := os.Stat(path)
	return err == nil && fi.Mode().IsRegular()
}

// list is a flag that may be repeated.
type list []string

func (l *list) String() string { return strings.Join(*l, ",") }

func (l *list) Set(s string) error {
	if s == "" {
		return fmt.Errorf("it is empty")
	}
	*l = append(*l, s)
	return nil
}
