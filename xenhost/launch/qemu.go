package launch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

// Program is the emulator's name.
const Program = "qemu-system-x86_64"

// Machine says what to run.
type Machine struct {
	ELF     string   // the guest
	Module  string   // a file that the guest finds beside it; empty: none
	Memory  int      // MiB
	Line    string   // command line
	CPU     string   // model of the emulated processor; empty: all that can be emulated
	Options []string // more of QEMU's options
	Emulate bool     // even where the hardware could do it

	Stdin  io.Reader // nil: nothing comes in
	Stdout io.Writer
}

// Missing answers why there is no QEMU; nil if there is.
func Missing() error {
	if _, err := exec.LookPath(Program); err != nil {
		return fmt.Errorf("%s is not installed (Debian: apt install qemu-system-x86)", Program)
	}
	return nil
}

// Hardware tells whether this machine can virtualize for us.
func Hardware() bool {
	f, err := os.OpenFile("/dev/kvm", os.O_RDWR, 0)
	if err != nil {
		return false
	}
	f.Close()
	return true
}

// Acceleration says in words how the guest runs.
func (m *Machine) Acceleration() string {
	if !m.Emulate && Hardware() {
		return "KVM"
	}
	return "emulated (TCG): /dev/kvm cannot be used"
}

// Command answers the command line that runs the guest.
func (m *Machine) Command() []string {
	accel, model := "kvm", "host"
	if m.Emulate || !Hardware() {
		accel, model = "tcg", "max"
	}
	if m.CPU != "" {
		model = m.CPU
	}
	c := []string{Program, "-accel", accel, "-cpu", model, "-m", fmt.Sprint(m.Memory),
		"-nodefaults", "-display", "none", "-no-reboot", "-serial", "stdio", "-kernel", m.ELF}
	if m.Module != "" {
		c = append(c, "-initrd", m.Module)
	}
	if m.Line != "" {
		c = append(c, "-append", m.Line)
	}
	return append(c, m.Options...)
}

// ErrNoExit is the end of a guest without its last line.
var ErrNoExit = errors.New("the guest ended without saying how")

// Run runs the guest to its end and answers its exit code.
func (m *Machine) Run(ctx context.Context) (code int, err error) {
	if err := Missing(); err != nil {
		return 0, err
	}
	c := m.Command()
	cmd := exec.CommandContext(ctx, c[0], c[1:]...)
	own(cmd)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // QEMU ends in order
	cmd.WaitDelay = 2 * time.Second
	out := NewConsole(m.Stdout)
	var complaints strings.Builder
	cmd.Stdin, cmd.Stdout, cmd.Stderr = m.Stdin, out, &complaints
	err = cmd.Run()
	if e := out.Close(); e != nil && err == nil {
		err = e
	}
	if code, ok := out.ExitCode(); ok {
		return code, nil
	}
	if ctx.Err() != nil {
		return 0, ctx.Err()
	}
	if text := strings.TrimSpace(complaints.String()); text != "" {
		return 0, fmt.Errorf("%s: %s", Program, text)
	}
	if err != nil {
		return 0, fmt.Errorf("%s: %w", Program, err)
	}
	return 0, ErrNoExit
}
