package xenrig

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/sista-vm/sista/xenhost/launch"
)

// GuestAddress is the address that the first guest which asks for one gets.
const GuestAddress = "10.0.2.50"

// memory of the computer and of its first domain, in MiB.
const (
	memory            = 1024
	firstDomainMemory = 256
)

// Config says how to open a Computer.
type Config struct {
	// Cache is the folder that keeps packages and snapshots; empty: the user's cache folder.
	Cache string
	// Forwards lead from ports here to ports of the guest at GuestAddress.
	Forwards []launch.Forward
	// Note is told what takes long; nil: nobody is.
	Note func(string)
}

// Computer runs.
type Computer struct {
	agent   string // its address here
	process *exec.Cmd
	ended   func() // what to call when that has been waited for
	monitor *monitor
	said    *said
	gone    chan struct{}
	folder  string // of its own; empty: none

	mu    sync.Mutex
	files int
}

// said keeps the first of what QEMU complains about.
type said struct {
	mu   sync.Mutex
	text []byte
}

const mostSaid = 4096

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text = append(s.text, p[:min(len(p), mostSaid-len(s.text))]...)
	return len(p), nil
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(bytes.TrimSpace(s.text))
}

// command answers how QEMU is started in a folder with Xen, the kernel and the tree. A snapshot is only good for
// a QEMU that was started in the same way, but for the network's forwards.
//
// Some of it is for the emulation, not for Xen: the emulated processor's SMAP and Xen do not go together, it reports
// an intercepted RDTSCP wrongly, and floating-point registers that are exchanged lazily are lost now and then.
func command(network string) []string {
	return []string{launch.Program, "-accel", "tcg", "-machine", "q35", "-cpu", "max,+svm,-rdtscp",
		"-m", fmt.Sprint(memory), "-smp", "1", "-nodefaults", "-display", "none", "-no-reboot",
		"-netdev", "user,id=net,dhcpstart=" + GuestAddress + network, "-device", "virtio-net-pci,netdev=net,romfile=",
		"-kernel", "xen", "-append", fmt.Sprintf("console=com1 com1=115200,8n1 dom0_mem=%dM,max:%[1]dM loglvl=warning guest_loglvl=warning smap=hvm spec-ctrl=eager-fpu", firstDomainMemory),
		"-initrd", "vmlinuz console=hvc0 quiet panic=-1,tree",
		"-serial", "file:console", "-qmp", "stdio"}
}

// start starts QEMU in a folder with what it needs.
func start(ctx context.Context, dir string, forwards []launch.Forward, more ...string) (c *Computer, err error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	network := fmt.Sprintf(",hostfwd=tcp:127.0.0.1:%d-10.0.2.15:7000", port)
	for _, f := range forwards {
		network += fmt.Sprintf(",hostfwd=tcp:127.0.0.1:%d-%s:%d", f.Here, GuestAddress, f.Guest)
	}
	c = &Computer{agent: fmt.Sprintf("127.0.0.1:%d", port), said: &said{}, gone: make(chan struct{})}
	words := append(command(network), more...)
	c.process = exec.Command(words[0], words[1:]...)
	c.process.Dir, c.process.Stderr = dir, c.said
	in, err := c.process.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := c.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if c.ended, err = launch.StartOwn(c.process); err != nil {
		return nil, err
	}
	go func() {
		select {
		case <-ctx.Done():
			_ = c.process.Process.Kill()
		case <-c.gone:
		}
	}()
	if c.monitor, err = newMonitor(out, in); err != nil {
		return nil, errors.Join(c.why(err), c.Close())
	}
	return c, nil
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// why adds what QEMU had to say to an error.
func (c *Computer) why(err error) error {
	if s := c.said.String(); s != "" {
		return fmt.Errorf("%w (%s: %s)", err, launch.Program, s)
	}
	return err
}

// Close stops the computer.
func (c *Computer) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case <-c.gone:
		return nil
	default:
	}
	_ = c.process.Process.Kill() // it may have ended by itself
	_ = c.process.Wait()         // and it was killed
	c.ended()
	close(c.gone)
	if c.folder != "" {
		return os.RemoveAll(c.folder)
	}
	return nil
}

// ready waits until the first domain runs commands.
func (c *Computer) ready(ctx context.Context) error {
	for {
		attempt, cancel := context.WithTimeout(ctx, time.Second)
		code, err := c.Run(attempt, launch.Command{Args: []string{"true"}})
		cancel()
		if err == nil && code == 0 {
			return nil
		}
		var status struct{ Status string }
		if e := c.monitor.do("query-status", nil, &status); e != nil {
			return c.why(e)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// lastLines answers the end of a console.
func lastLines(path string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	return strings.Join(lines[max(0, len(lines)-10):], "\n")
}

// Open answers a running computer. The first time it fetches packages and makes a snapshot.
func Open(ctx context.Context, c Config) (*Computer, error) {
	if err := launch.Missing(); err != nil {
		return nil, err
	}
	if c.Note == nil {
		c.Note = func(string) {}
	}
	dir, err := snapshotFolder(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("xenrig: %w", err)
	}
	computer, err := restore(ctx, dir, c)
	if err != nil {
		return nil, fmt.Errorf("xenrig: %w", err)
	}
	return computer, nil
}

// cached answers the folder of everything that is kept.
func (c Config) cached() (string, error) {
	if c.Cache != "" {
		return filepath.Join(c.Cache, "xenrig"), nil
	}
	user, err := os.UserCacheDir()
	return filepath.Join(user, "sista", "xenrig"), err
}
