package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/term"

	"github.com/sista-vm/sista/host/hostos"
	"github.com/sista-vm/sista/interp"
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
	replCommand.options = runCommand.options
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
	args, code, done := c.parse(fs, args)
	if done {
		return code
	}
	if len(args) > 0 {
		return misuse("repl: it takes no arguments")
	}
	machine, stop, err := m.start(m.config())
	if err != nil {
		return failed(err)
	}
	defer stop()
	lines, restore, err := openLines()
	if err != nil {
		return failed(err)
	}
	defer restore()
	r := &repl{machine: machine, lines: lines}
	return r.loop()
}

// lineReader reads one line after showing a prompt.
type lineReader interface {
	readLine(prompt string) (string, error)
	// running lets the program have the terminal while f runs.
	running(f func())
}

type repl struct {
	machine *vm.VM
	lines   lineReader
}

func (r *repl) loop() int {
	var pending strings.Builder
	for {
		prompt := "sista> "
		if pending.Len() > 0 {
			prompt = "  ...> "
		}
		line, err := r.lines.readLine(prompt)
		if err != nil && line == "" {
			if pending.Len() > 0 {
				r.evaluate(pending.String())
			}
			if !errors.Is(err, io.EOF) {
				return failed(err)
			}
			return exitOK
		}
		if pending.Len() == 0 && strings.HasPrefix(strings.TrimSpace(line), ":") && !strings.HasPrefix(strings.TrimSpace(line), ":=") {
			if quit := r.command(strings.Fields(line)); quit {
				return exitOK
			}
			continue
		}
		if pending.Len() == 0 && strings.TrimSpace(line) == "" {
			continue
		}
		pending.WriteString(line + "\n")
		if strings.TrimSpace(line) != "" && isIncomplete(pending.String()) {
			continue
		}
		code, quit := r.evaluate(pending.String())
		if quit {
			return code
		}
		pending.Reset()
	}
}

// isIncomplete tells whether the text breaks off rather than being wrong.
func isIncomplete(text string) bool {
	_, err := parser.ParseDoIt(ast.NewSource("", text), parser.Options{DottedNames: true})
	var e *parser.Error
	return errors.As(err, &e) && e.Offset >= len(strings.TrimRight(text, " \t\r\n"))
}

func (r *repl) command(words []string) (quit bool) {
	switch words[0] {
	case ":help", ":h", ":?":
		fmt.Print(replHelp)
	case ":quit", ":q", ":exit":
		return true
	case ":stacks":
		fmt.Print(r.machine.Stacks())
	case ":load":
		if len(words) != 2 {
			fmt.Fprintln(os.Stderr, ":load wants the name of a file")
			break
		}
		r.evaluate("ScriptRunner runFile: '" + strings.ReplaceAll(words[1], "'", "''") + "'")
	default:
		fmt.Fprintf(os.Stderr, "no command %s; :help shows them\n", words[0])
	}
	return false
}

// evaluate prints the value of statements or what is wrong with them. quit is
// true when they made the image quit.
func (r *repl) evaluate(text string) (code int, quit bool) {
	r.lines.running(func() {
		text, err := r.valueOf(text)
		var se *vm.Error
		var q *interp.Quit
		switch {
		case err == nil:
			fmt.Println(text)
		case errors.As(err, &q):
			code, quit = q.Code, true
		case errors.As(err, &se):
			fmt.Fprintln(os.Stderr, se)
			if se.Stack != "" {
				fmt.Fprint(os.Stderr, strings.TrimRight(se.Stack, "\n"), "\n")
			}
		default:
			fmt.Fprintln(os.Stderr, err)
		}
	})
	return code, quit
}

func (r *repl) valueOf(text string) (string, error) {
	ctx := context.Background()
	v, err := r.machine.Eval(ctx, text)
	if err != nil {
		return "", err
	}
	defer v.Release()
	return v.Print(ctx)
}

// openLines edits lines with history on a terminal, and reads them plainly elsewhere.
func openLines() (lineReader, func(), error) {
	if !hostos.IsTerminal(os.Stdin) || !hostos.IsTerminal(os.Stdout) {
		return &plainLines{in: newByteLines(os.Stdin)}, func() {}, nil
	}
	t := &terminalLines{fd: int(os.Stdin.Fd()), history: loadHistory()}
	t.terminal = term.NewTerminal(struct {
		io.Reader
		io.Writer
	}{os.Stdin, os.Stdout}, "")
	t.terminal.History = t.history
	return t, t.history.save, nil
}

// terminalLines puts the terminal in raw mode only while a line is typed, so that
// Ctrl-C is a signal while Smalltalk runs.
type terminalLines struct {
	fd       int
	terminal *term.Terminal
	history  *history
}

func (t *terminalLines) readLine(prompt string) (string, error) {
	state, err := term.MakeRaw(t.fd)
	if err != nil {
		return "", err
	}
	defer term.Restore(t.fd, state)
	if w, h, err := term.GetSize(t.fd); err == nil && w > 0 {
		t.terminal.SetSize(w, h)
	}
	t.terminal.SetPrompt(prompt)
	return t.terminal.ReadLine()
}

func (t *terminalLines) running(f func()) { f() }

// history is the lines typed before, the latest first, kept in a file.
type history struct {
	lines []string // oldest first
	path  string
}

const historySize = 1000

func loadHistory() *history {
	h := &history{}
	dir, err := os.UserConfigDir()
	if err != nil {
		return h
	}
	h.path = filepath.Join(dir, "sista", "history")
	if data, err := os.ReadFile(h.path); err == nil {
		h.lines = strings.Split(strings.TrimRight(string(data), "\n"), "\n")
	}
	return h
}

// save keeps the history if there is where to.
func (h *history) save() {
	if h.path == "" || len(h.lines) == 0 {
		return
	}
	if os.MkdirAll(filepath.Dir(h.path), 0o700) == nil {
		// A history that cannot be kept is no reason to complain.
		_ = os.WriteFile(h.path, []byte(strings.Join(h.lines, "\n")+"\n"), 0o600)
	}
}

// Add implements term.History.
func (h *history) Add(line string) {
	if line = strings.TrimSpace(line); line == "" || len(h.lines) > 0 && h.lines[len(h.lines)-1] == line {
		return
	}
	h.lines = append(h.lines, line)
	if len(h.lines) > historySize {
		h.lines = h.lines[1:]
	}
}

// Len implements term.History.
func (h *history) Len() int { return len(h.lines) }

// At implements term.History: 0 is the latest line.
func (h *history) At(i int) string { return h.lines[len(h.lines)-1-i] }

// plainLines reads lines of a pipe or file, one byte at a time so that a program
// that reads standard input itself finds the rest.
type plainLines struct{ in io.ByteReader }

func (p *plainLines) readLine(string) (string, error) {
	var b []byte
	for {
		c, err := p.in.ReadByte()
		if err != nil {
			return string(b), err
		}
		if c == '\n' {
			return string(b), nil
		}
		b = append(b, c)
	}
}

func (p *plainLines) running(f func()) { f() }

type byteLines struct{ r io.Reader }

func newByteLines(r io.Reader) io.ByteReader { return byteLines{r} }

func (b byteLines) ReadByte() (byte, error) {
	var one [1]byte
	for {
		n, err := b.r.Read(one[:])
		if n == 1 {
			return one[0], nil
		}
		if err != nil {
			return 0, err
		}
	}
}
