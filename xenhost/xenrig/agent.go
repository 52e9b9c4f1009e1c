package xenrig

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/sista-vm/sista/xenhost/launch"
)

// A command's output ends with a zero byte, how it ended in three digits, and the end of a line.
const endSize = 5

// ErrCut is the end of a connection before that of the command.
var ErrCut = errors.New("the first domain's answer was cut off")

// ended passes on what comes before the end.
type ended struct {
	to   io.Writer
	held []byte // what may be the end
}

func (e *ended) Write(p []byte) (int, error) {
	b := append(e.held, p...)
	keep := len(b)
	if i := bytes.LastIndexByte(b, 0); i >= 0 && len(b)-i <= endSize {
		keep = i
	}
	e.held = bytes.Clone(b[keep:])
	_, err := e.to.Write(b[:keep])
	return len(p), err
}

func (e *ended) code() (int, error) {
	if len(e.held) != endSize {
		return 0, ErrCut
	}
	n, err := strconv.Atoi(string(e.held[1 : endSize-1]))
	if err != nil {
		return 0, ErrCut
	}
	return n, nil
}

// Run runs a command in the first domain.
func (c *Computer) Run(ctx context.Context, cmd launch.Command) (code int, err error) {
	d := net.Dialer{}
	conn, err := d.DialContext(ctx, "tcp", c.agent)
	if err != nil {
		return 0, c.why(err)
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	words := make([]string, len(cmd.Args))
	for i, a := range cmd.Args {
		words[i] = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
	}
	line := strings.Join(words, " ")
	if strings.Contains(line, "\n") {
		return 0, fmt.Errorf("a command of several lines: %q", line)
	}
	if _, err := io.WriteString(conn, line+"\n"); err != nil {
		return 0, c.why(err)
	}
	if cmd.Stdin != nil {
		go func() {
			if _, err := io.Copy(conn, cmd.Stdin); err == nil {
				_ = conn.(*net.TCPConn).CloseWrite() // the command may have ended before
			}
		}()
	}
	out := &ended{to: cmd.Stdout}
	if out.to == nil {
		out.to = io.Discard
	}
	_, err = io.Copy(out, conn)
	if ctx.Err() != nil {
		return 0, ctx.Err()
	}
	if code, e := out.code(); e == nil {
		return code, nil
	}
	return 0, c.why(errors.Join(ErrCut, err))
}

// File puts a file into the first domain, and answers its name there.
func (c *Computer) File(ctx context.Context, name string, r io.Reader) (path string, remove func(), err error) {
	c.mu.Lock()
	c.files++
	path = fmt.Sprintf("/guests/%d-%s", c.files, name)
	c.mu.Unlock()
	var out bytes.Buffer
	code, err := c.Run(ctx, launch.Command{Args: []string{"dd", "bs=64k", "of=" + path}, Stdin: r, Stdout: &out})
	if err == nil && code != 0 {
		err = fmt.Errorf("%s cannot be put into the first domain: %s", name, strings.TrimSpace(out.String()))
	}
	return path, func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_, _ = c.Run(ctx, launch.Command{Args: []string{"rm", "-f", path}}) // it goes with the computer anyway
	}, err
}
