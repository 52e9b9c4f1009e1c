package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/sista-vm/sista/smalltalk/ast"
	"github.com/sista-vm/sista/smalltalk/parser"
	"github.com/sista-vm/sista/vm"
)

var replCommand = &command{
	name: "repl", usage: "[flags]",
	short: "evaluate statements as you type them",
	long: `
Reads statements, evaluates them, and prints the value of the last one. Variables
need no declaration and stay. Statements that are not complete at the end of the
line go on on the next one; an empty line ends them. :help shows more.

examples:
  sista repl
  echo '3 + 4' | sista repl`,
}

func init() {
	replCommand.run = runRepl
	replCommand.options = func(fs *flagSet) { new(machineFlags).register(fs) }
}

const replHelp = `  statements        are evaluated; the value of the last one is printed
  :help             this
  :load FILE        evaluate a script
  :stacks           the stacks of all processes
  :quit             leave (so does end of input, Ctrl-D)
  Ctrl-C            interrupts what runs
`

func runRepl(c *command, args []string) int {
	var m machineFlags
	fs := c.flagSet()
	m.register(fs)
	args, code, done := c.parse(fs, args, anyArguments)
	if done {
		return code
	}
	if len(args) > 0 {
		return misuse("repl: it takes no arguments")
	}
	config := m.config()
	config.Args = nil
	machine, watch, stop, err := m.start(config)
	if err != nil {
		return failed(err)
	}
	defer stop()
	r := &repl{machine: machine, watch: watch, lines: openLines()}
	defer r.lines.close()
	return r.loop()
}

type repl struct {
	machine *vm.VM
	watch   *signals
	lines   lineReader
}

func (r *repl) loop() int {
	var pending strings.Builder
	for {
		prompt := "sista> "
		if pending.Len() > 0 {
			prompt = "  ...> "
		}
		line, err := r.readLine(prompt)
		switch {
		case errors.Is(err, errInterrupted):
			pending.Reset()
			continue
		case errors.Is(err, errTerminated):
			return exitTerminated
		case errors.Is(err, errEnded):
			return exitInterrupt
		case err != nil && line == "":
			code := exitOK
			if pending.Len() > 0 {
				code, _ = r.evaluate(pending.String())
			}
			if !errors.Is(err, io.EOF) {
				return failed(err)
			}
			return code
		}
		text := strings.TrimSpace(line)
		switch {
		case pending.Len() == 0 && strings.HasPrefix(text, ":") && !strings.HasPrefix(text, ":="):
			if code, quit := r.command(strings.Fields(text)); quit {
				return code
			}
			continue
		case pending.Len() == 0 && text == "":
			continue
		}
		pending.WriteString(line + "\n")
		if text != "" && isIncomplete(pending.String()) {
			continue
		}
		code, quit := r.evaluate(pending.String())
		if quit {
			return code
		}
		pending.Reset()
	}
}

var (
	errInterrupted = errors.New("the line was abandoned")
	errEnded       = errors.New("interrupted")
	errTerminated  = errors.New("terminated")
)

// readLine reads a line, unless a signal ends the program meanwhile.
func (r *repl) readLine(prompt string) (line string, err error) {
	interrupted := r.watch.whileIdle()
	defer r.watch.busy()
	done := make(chan struct{})
	go func() {
		line, err = r.lines.readLine(prompt)
		close(done)
	}()
	select {
	case <-done:
		return line, err
	case <-interrupted:
		return "", errEnded
	case <-r.watch.terminated:
		return "", errTerminated
	}
}

// isIncomplete tells whether the text breaks off rather than being wrong: in a string or
// comment, within brackets, or where something has to follow.
func isIncomplete(text string) bool {
	options := parser.Options{DottedNames: true, UnderscoreAssignment: true}
	src := ast.NewSource("", text)
	depth := 0
	err := parser.Scan(src, 0, options, func(t parser.Token) bool {
		switch t.Kind {
		case parser.OpenParen, parser.OpenBracket, parser.OpenBrace, parser.HashParen, parser.HashHashParen, parser.HashBracket, parser.HashBrace:
			depth++
		case parser.CloseParen, parser.CloseBracket, parser.CloseBrace:
			depth--
		}
		return depth >= 0
	})
	var e *parser.Error
	if errors.As(err, &e) && e.Offset < len(text) && (text[e.Offset] == '\'' || text[e.Offset] == '"') || depth > 0 {
		return true
	}
	_, err = parser.ParseDoIt(src, options)
	return errors.As(err, &e) && e.Offset >= len(strings.TrimRight(text, " \t\r\n"))
}

// command does what a line with a colon says.
func (r *repl) command(words []string) (code int, quit bool) {
	switch words[0] {
	case ":help", ":h", ":?":
		fmt.Print(replHelp)
	case ":quit", ":q", ":exit":
		return exitOK, true
	case ":stacks":
		stacks, err := r.machine.Stacks()
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		fmt.Print(stacks)
	case ":load":
		if len(words) != 2 {
			fmt.Fprintln(os.Stderr, ":load wants the name of a file")
			break
		}
		return r.evaluate("ScriptRunner runFile: '" + strings.ReplaceAll(words[1], "'", "''") + "'")
	default:
		fmt.Fprintf(os.Stderr, "no command %s; :help shows them\n", words[0])
	}
	return exitOK, false
}

// evaluate prints the value of statements or what is wrong with them. quit is
// true when they made the image quit.
func (r *repl) evaluate(text string) (code int, quit bool) {
	defer r.watch.dealtWith()
	text, err := r.valueOf(text)
	var se *vm.Error
	var q *vm.Quit
	var f *vm.Fatal
	switch {
	case err == nil:
		fmt.Println(text)
	case errors.As(err, &q):
		return q.Code & 0xff, true
	case errors.As(err, &f):
		return fatal(err), true
	case errors.As(err, &se):
		fmt.Fprintln(os.Stderr, se)
		if se.Stack != "" {
			fmt.Fprintln(os.Stderr, strings.TrimRight(se.Stack, "\n"))
		}
	default:
		return fatal(err), true
	}
	return exitOK, false
}

func (r *repl) valueOf(text string) (string, error) {
	ctx := context.Background()
	v, err := r.machine.Eval(ctx, text)
	if err == nil {
		defer v.Release()
	}
	// What is printed next does not go on the line that the program left off in.
	if nl, nlErr := r.machine.Eval(ctx, "Transcript ensureCr"); nlErr == nil {
		nl.Release()
	}
	if err != nil {
		return "", err
	}
	return v.Print(ctx)
}
