package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/term"

	"github.com/sista-vm/sista/host/hostos"
)

// lineReader reads one line after showing a prompt. Closed, it leaves the terminal
// as it was, even while a line is read.
type lineReader interface {
	readLine(prompt string) (string, error)
	close()
}

// openLines edits lines with history on a terminal, and reads them plainly elsewhere.
func openLines() lineReader {
	if !hostos.IsTerminal(os.Stdin) || !hostos.IsTerminal(os.Stdout) {
		return &plainLines{in: newByteLines(os.Stdin)}
	}
	t := &terminalLines{fd: int(os.Stdin.Fd()), history: loadHistory()}
	t.terminal = term.NewTerminal(struct {
		io.Reader
		io.Writer
	}{t, os.Stdout}, "")
	t.terminal.History = t.history
	return t
}

// terminalLines puts the terminal in raw mode only while a line is typed, so that
// Ctrl-C is a signal while Smalltalk runs.
type terminalLines struct {
	fd       int
	terminal *term.Terminal
	history  *history
	abandon  bool // Ctrl-C was typed

	mu    sync.Mutex
	state *term.State // of the terminal before raw mode; nil outside
}

func (t *terminalLines) readLine(prompt string) (string, error) {
	state, err := term.MakeRaw(t.fd)
	if err != nil {
		return "", err
	}
	t.mu.Lock()
	t.state = state
	t.mu.Unlock()
	defer t.restore()
	if w, h, err := term.GetSize(t.fd); err == nil && w > 0 {
		t.terminal.SetSize(w, h)
	}
	t.terminal.SetPrompt(prompt)
	t.abandon = false
	line, err := t.terminal.ReadLine()
	switch {
	case err == nil && t.abandon:
		return "", errInterrupted
	case errors.Is(err, io.EOF):
		fmt.Fprint(os.Stdout, "\r\n") // after the prompt
	}
	return line, err
}

// Read reads keys. It turns Ctrl-C into keys that empty the line and end it.
func (t *terminalLines) Read(p []byte) (int, error) {
	const ctrlC, emptyLine = 3, "\x05\x15\r" // to the end, erase to the start, enter
	n, err := os.Stdin.Read(p[:min(1, len(p))])
	if n == 1 && p[0] == ctrlC && len(p) >= len(emptyLine) {
		t.abandon = true
		return copy(p, emptyLine), err
	}
	return n, err
}

func (t *terminalLines) restore() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.state != nil {
		_ = term.Restore(t.fd, t.state) // there is nothing else to try
		t.state = nil
	}
}

func (t *terminalLines) close() {
	t.restore()
	t.history.save()
}

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

func (p *plainLines) close() {}

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
