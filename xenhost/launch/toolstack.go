package launch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// Command is what a Toolstack runs.
type Command struct {
	Args   []string
	Stdin  io.Reader // nil: nothing ever comes in
	Stdout io.Writer // and what is complained about; nil: dropped
}

// Toolstack is where xl is: this machine, if it is Xen's first domain, or another one.
type Toolstack interface {
	// Run runs a command to its end and answers its exit code.
	Run(ctx context.Context, c Command) (code int, err error)
	// File makes a file of what r has, and answers its name there.
	File(ctx context.Context, name string, r io.Reader) (path string, remove func(), err error)
}

// Here is the Toolstack of this machine.
type Here struct{}

// xenCapabilities says which domain this is.
const xenCapabilities = "/proc/xen/capabilities"

// NoXen answers why this machine cannot start domains; nil if it can.
func NoXen() error {
	b, err := os.ReadFile(xenCapabilities)
	switch {
	case err != nil:
		return errors.New("this is no domain of Xen: there is no " + xenCapabilities)
	case !strings.Contains(string(b), "control_d"):
		return errors.New("this is a domain of Xen, but not the first one, which starts others")
	}
	if _, err := exec.LookPath("xl"); err != nil {
		return errors.New("this is Xen's first domain, but xl is not installed (Debian: apt install xen-utils)")
	}
	return nil
}

// Run implements Toolstack.
func (Here) Run(ctx context.Context, c Command) (int, error) {
	cmd := exec.CommandContext(ctx, c.Args[0], c.Args[1:]...)
	Own(cmd)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = c.Stdin, c.Stdout, c.Stdout
	if in, ok := c.Stdin.(*Input); ok {
		cmd.Stdin = in.r
	}
	err := cmd.Run()
	var e *exec.ExitError
	if errors.As(err, &e) && ctx.Err() == nil && e.ExitCode() >= 0 {
		return e.ExitCode(), nil
	}
	if ctx.Err() != nil {
		return 0, ctx.Err()
	}
	return 0, err
}

// File implements Toolstack.
func (Here) File(_ context.Context, name string, r io.Reader) (path string, remove func(), err error) {
	f, err := os.CreateTemp("", "sista-*-"+name)
	if err != nil {
		return "", func() {}, err
	}
	remove = func() { os.Remove(f.Name()) }
	_, err = io.Copy(f, r)
	if err := errors.Join(err, f.Close()); err != nil {
		remove()
		return "", func() {}, fmt.Errorf("%s: %w", name, err)
	}
	return f.Name(), remove, nil
}
