package launch

import (
	"bytes"
	"io"
	"strconv"
)

// exitLine begins the last line of a guest; the rest is its exit code.
const exitLine = "sista guest: exit "

// Console passes on what a guest prints. It turns ends of lines into those of Unix, and keeps the
// guest's last line to itself.
type Console struct {
	to     io.Writer
	held   []byte // the start of a line that may be the last one
	inside bool   // in a line that is not
	used   bool   // anything was printed
	code   int
	exited bool
}

// NewConsole answers a Console in front of to, which may be nil.
func NewConsole(to io.Writer) *Console {
	if to == nil {
		to = io.Discard
	}
	return &Console{to: to}
}

// Write takes what the guest has printed.
func (c *Console) Write(p []byte) (int, error) {
	var out []byte
	for _, b := range p {
		switch {
		case b == '\r':
		case c.inside:
			out = append(out, b)
			c.inside = b != '\n'
		case b == '\n':
			if !c.exit() {
				out = append(append(out, c.held...), b)
			}
			c.held = c.held[:0]
		default:
			c.held = append(c.held, b)
			if !mayBeExit(c.held) {
				out = append(out, c.held...)
				c.held, c.inside = c.held[:0], true
			}
		}
	}
	c.used = c.used || len(out) > 0
	_, err := c.to.Write(out)
	return len(p), err
}

func mayBeExit(line []byte) bool {
	n := min(len(line), len(exitLine))
	return bytes.Equal(line[:n], []byte(exitLine[:n])) && len(line) < len(exitLine)+4
}

func (c *Console) exit() bool {
	digits, ok := bytes.CutPrefix(c.held, []byte(exitLine))
	if !ok {
		return false
	}
	n, err := strconv.Atoi(string(digits))
	if err != nil {
		return false
	}
	c.code, c.exited = n, true
	return true
}

// Close passes on what is left.
func (c *Console) Close() error {
	if c.exit() {
		c.held = nil
		return nil
	}
	_, err := c.to.Write(c.held)
	c.held = nil
	return err
}

// ExitCode answers what the last line said; ok is false if there was none.
func (c *Console) ExitCode() (code int, ok bool) { return c.code, c.exited }
