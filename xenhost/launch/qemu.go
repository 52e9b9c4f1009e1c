package launch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
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

	// Network gives the guest a network card, behind a network of QEMU's own from which it can
	// reach others. The machine is then QEMU's microvm.
	Network  bool
	Forwards []Forward

	// Disk is a file that the guest has as its disk; empty: none. It needs QEMU's microvm too.
	Disk string

	// Abrupt ends the machine as a power cut would when the context ends.
	Abrupt bool

	// Note is told when hardware virtualization turned out not to work; nil: nobody is.
	Note func(string)

	Stdin  *Input // nil: nothing comes in
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

// Emulated says in words why the guest is emulated; empty if it is not to be.
func (m *Machine) Emulated() string {
	switch {
	case m.Emulate:
		return "emulated (TCG)"
	case !Hardware():
		return "emulated (TCG): /dev/kvm cannot be used"
	}
	return ""
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
	if m.Network || m.Disk != "" {
		c = append(c, "-M", "microvm,acpi=off")
	}
	if m.Network {
		net := "user,id=net"
		for _, f := range m.Forwards {
			net += fmt.Sprintf(",hostfwd=tcp:127.0.0.1:%d-:%d", f.Here, f.Guest)
		}
		c = append(c, "-netdev", net, "-device", "virtio-net-device,netdev=net")
	}
	if m.Disk != "" {
		c = append(c, "-drive", "if=none,id=disk,format=raw,file="+strings.ReplaceAll(m.Disk, ",", ",,"),
			"-device", "virtio-blk-device,drive=disk")
	}
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

// Run runs the guest to its end and answers its exit code. Where hardware virtualization turns out not
// to work, the guest is emulated.
func (m *Machine) Run(ctx context.Context) (code int, err error) {
	if err := Missing(); err != nil {
		return 0, err
	}
	out := NewConsole(m.Stdout)
	err = m.run(ctx, out)
	if err != nil && ctx.Err() == nil && !m.Emulate && Hardware() && !out.used {
		m.Emulate = true
		if m.Note != nil {
			m.Note("emulated (TCG): " + firstLine(err.Error()))
		}
		err = m.run(ctx, out)
	}
	if e := out.Close(); e != nil {
		err = errors.Join(err, e)
	}
	if code, ok := out.ExitCode(); ok {
		return code, nil
	}
	if ctx.Err() != nil {
		return 0, ctx.Err()
	}
	if err != nil {
		return 0, err
	}
	return 0, ErrNoExit
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

func (m *Machine) run(ctx context.Context, out io.Writer) error {
	c := m.Command()
	cmd := exec.CommandContext(ctx, c[0], c[1:]...)
	if !m.Abrupt {
		cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // QEMU ends in order
	}
	cmd.WaitDelay = 2 * time.Second
	w := &watching{}
	cmd.Stdout, cmd.Stderr = out, w
	if m.Stdin != nil {
		cmd.Stdin = m.Stdin.r
	}
	ended, err := StartOwn(cmd)
	if err != nil {
		return err
	}
	defer ended()
	w.start(cmd.Process)
	err = cmd.Wait()
	if text := w.text(); text != "" && (err != nil || w.stuck()) {
		return fmt.Errorf("%s: %s", Program, text)
	}
	return err
}

// stuckMark is what QEMU says when hardware virtualization fails; then it waits for ever.
const stuckMark = "KVM internal error"

// watching keeps what QEMU complains about, and ends a QEMU that is stuck.
type watching struct {
	mu      sync.Mutex
	said    []byte
	process *os.Process
}

func (w *watching) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.said) < 4096 {
		w.said = append(w.said, p...)
	}
	w.endIfStuck()
	return len(p), nil
}

func (w *watching) start(p *os.Process) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.process = p
	w.endIfStuck()
}

func (w *watching) endIfStuck() {
	if w.process != nil && bytes.Contains(w.said, []byte(stuckMark)) {
		_ = w.process.Kill() // it may have ended by itself
	}
}

func (w *watching) stuck() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return bytes.Contains(w.said, []byte(stuckMark))
}

func (w *watching) text() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.TrimSpace(string(w.said))
}
