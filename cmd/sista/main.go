// Command sista runs Smalltalk: scripts and trees of source on its own kernel
// image, and 64-bit Spur images of Squeak, Cuis and Pharo.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"runtime/debug"
	"strings"
)

type flagSet = flag.FlagSet

// A command is one subcommand.
type command struct {
	name    string
	usage   string // arguments, after "sista name"
	short   string // one line
	long    string // examples and more, shown by help
	run     func(c *command, args []string) int
	options func(fs *flagSet) // set by run through c.flags
}

// Exit codes: 1 is for Smalltalk errors and failed tests, 2 for wrong usage.
const (
	exitOK         = 0
	exitFailed     = 1
	exitUsage      = 2
	exitInternal   = 70
	exitInterrupt  = 130 // as a shell has it: 128 and SIGINT
	exitTerminated = 143 // 128 and SIGTERM
)

func commands() []*command {
	return []*command{runCommand, evalCommand, replCommand, testCommand, benchCommand, explainCommand, buildCommand, inspectCommand,
		warmCommand, packCommand, bootCommand, storeCommand, snapshotCommand, keygenCommand, versionCommand}
}

func main() {
	code := exitFailed
	defer func() { os.Exit(code) }()
	defer func() {
		if r := recover(); r != nil {
			code = internalError(r, debug.Stack())
		}
	}()
	if os.Getenv("GOGC") == "" {
		// Compilations make much garbage and keep little; Smalltalk's objects are not Go's.
		debug.SetGCPercent(400)
	}
	code = dispatch(os.Args[1:])
}

// internalError reports a mistake in sista itself.
func internalError(value any, stack []byte) int {
	fmt.Fprintf(os.Stderr, "sista: internal error: %v\n", value)
	if os.Getenv("SISTA_DEBUG") != "" {
		os.Stderr.Write(stack)
	} else {
		fmt.Fprintln(os.Stderr, "sista: this is a mistake in sista itself; SISTA_DEBUG=1 shows where")
	}
	return exitInternal
}

func dispatch(args []string) int {
	if len(args) == 0 {
		usage(os.Stderr)
		return exitUsage
	}
	switch name := args[0]; name {
	case "help", "-h", "-help", "--help":
		if len(args) > 1 {
			if c := find(args[1]); c != nil {
				c.help(os.Stdout, nil)
				return exitOK
			}
			return misuse("no command %q; see sista help", args[1])
		}
		usage(os.Stdout)
		return exitOK
	case "-version", "--version":
		return versionCommand.run(versionCommand, nil)
	default:
		if c := find(name); c != nil {
			return c.run(c, args[1:])
		}
		return misuse("no command %q; see sista help", name)
	}
}

func find(name string) *command {
	for _, c := range commands() {
		if c.name == name {
			return c
		}
	}
	return nil
}

func usage(w io.Writer) {
	fmt.Fprint(w, "sista runs Smalltalk.\n\nusage: sista command [flags] [arguments]\n\ncommands:\n")
	for _, c := range commands() {
		fmt.Fprintf(w, "  %-13s %s\n", c.name, c.short)
	}
	fmt.Fprint(w, "\nFlags stand before or after the arguments; what follows the program of run, or the\n"+
		"expression of eval, is its own. sista help command tells more of one. Examples:\n\n"+
		"  sista eval '1000 factorial printString size'\n"+
		"  sista run hello.st\n"+
		"  sista run Squeak6.image\n")
}

// help prints all there is to know of a command.
func (c *command) help(w io.Writer, fs *flag.FlagSet) {
	fmt.Fprintf(w, "usage: sista %s %s\n\n%s\n", c.name, c.usage, strings.TrimSpace(c.long))
	if fs == nil {
		fs = c.flagSet()
		if c.options != nil {
			c.options(fs)
		}
	}
	some := false
	fs.VisitAll(func(*flag.Flag) { some = true })
	if some {
		fmt.Fprint(w, "\nflags:\n")
		fs.SetOutput(w)
		fs.PrintDefaults()
	}
}

func (c *command) flagSet() *flag.FlagSet {
	fs := flag.NewFlagSet(c.name, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	return fs
}

// parse reads flags before, between and after at most own arguments, as far as "--"; what
// follows the last of these is the program's and not looked at. done is true when the
// command is over with the code.
func (c *command) parse(fs *flag.FlagSet, args []string, own int) (rest []string, code int, done bool) {
	for {
		if err := fs.Parse(args); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				c.help(os.Stdout, fs)
				return nil, exitOK, true
			}
			return nil, misuse("%s: %v; see sista help %s", c.name, err, c.name), true
		}
		left := fs.Args()
		ended := len(args) > len(left) && args[len(args)-len(left)-1] == "--"
		if len(left) == 0 || ended || len(rest)+1 >= own {
			return append(rest, left...), 0, false
		}
		rest, args = append(rest, left[0]), left[1:]
	}
}

// anyArguments is how many arguments of its own a command has that runs no program.
const anyArguments = math.MaxInt

// misuse reports a wrong command line.
func misuse(format string, args ...any) int {
	fmt.Fprintf(os.Stderr, "sista: "+format+"\n", args...)
	return exitUsage
}

// failed reports an error: those in sources with their lines. That a file is not there needs no name of a system call.
func failed(err error) int {
	if text, n := sourceErrors(err); n > 0 {
		plural := "s"
		if n == 1 {
			plural = ""
		}
		fmt.Fprintf(os.Stderr, "%s\nsista: %d error%s in the sources\n", text, n, plural)
		return exitFailed
	}
	var p *fs.PathError
	if errors.As(err, &p) && err.Error() == p.Error() && (p.Op == "stat" || p.Op == "lstat" || p.Op == "open") {
		err = fmt.Errorf("%s: %w", p.Path, p.Err)
	}
	fmt.Fprintf(os.Stderr, "sista: %v\n", err)
	return exitFailed
}
