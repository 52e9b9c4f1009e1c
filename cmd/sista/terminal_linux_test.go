package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// terminal is a pseudo terminal: what a program writes to it, and keys for it.
type terminal struct {
	t      *testing.T
	master *os.File

	mu   sync.Mutex
	text strings.Builder
}

func openTerminal(t *testing.T) (m *terminal, slave *os.File) {
	t.Helper()
	// Opened non-blocking, so that closing it ends a read.
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Skipf("no pseudo terminal: %v", err)
	}
	master := os.NewFile(uintptr(fd), "/dev/ptmx")
	t.Cleanup(func() { master.Close() })
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Skipf("no pseudo terminal: %v", err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Skipf("no pseudo terminal: %v", err)
	}
	slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no pseudo terminal: %v", err)
	}
	m = &terminal{t: t, master: master}
	go m.read()
	return m, slave
}

func (m *terminal) read() {
	b := make([]byte, 1024)
	for {
		n, err := m.master.Read(b)
		m.mu.Lock()
		m.text.Write(b[:n])
		m.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// await waits for a text, and forgets all up to it.
func (m *terminal) await(want string) {
	m.t.Helper()
	for end := time.Now().Add(patienceOfTests); ; time.Sleep(time.Millisecond) {
		m.mu.Lock()
		got := m.text.String()
		i := strings.Index(got, want)
		if i >= 0 {
			m.text.Reset()
			m.text.WriteString(got[i+len(want):])
		}
		m.mu.Unlock()
		if i >= 0 {
			return
		}
		if time.Now().After(end) {
			m.t.Fatalf("the terminal shows %q, not %q", got, want)
		}
	}
}

func (m *terminal) keys(s string) {
	m.t.Helper()
	if _, err := m.master.WriteString(s); err != nil {
		m.t.Fatal(err)
	}
}

// TestTerminal edits lines, goes back in the history, and interrupts.
func TestTerminal(t *testing.T) {
	home := t.TempDir()
	run := func() (*terminal, *exec.Cmd) {
		m, slave := openTerminal(t)
		self, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(self, "repl")
		cmd.Args[0] = "sista"
		cmd.Env = append(os.Environ(), "XDG_CACHE_HOME="+sharedCache(t), "XDG_CONFIG_HOME="+home)
		cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		slave.Close()
		t.Cleanup(func() { cmd.Process.Kill() })
		m.await("sista> ")
		return m, cmd
	}
	const up, left, ctrlC, ctrlD = "\x1b[A", "\x1b[D", "\x03", "\x04"

	m, cmd := run()
	m.keys("30 4" + left + "+ \r")
	m.await("\n34\r\n")
	m.await("sista> ")
	m.keys("#(1\r")
	m.await("  ...> ")
	m.keys("2) size\r")
	m.await("\n2\r\n")
	m.await("sista> ")
	m.keys("this is abandoned" + ctrlC)
	m.await("sista> ")
	m.keys("(1 to: 3) asArray\r")
	m.await("\n#(1 2 3)\r\n")
	m.await("sista> ")
	m.keys("Transcript showCr: 'run', 'ning'; flush. [true] whileTrue\r")
	m.await("running\r\n")
	m.keys(ctrlC)
	m.await("UserInterrupt: interrupted by the user")
	m.await("sista> ")
	m.keys(up + up + "\r")
	m.await("\n#(1 2 3)\r\n")
	m.await("sista> ")
	m.keys(":help\r")
	m.await(":load FILE")
	m.await("sista> ")
	m.keys(ctrlD)
	if err := cmd.Wait(); err != nil {
		t.Errorf("it ends with %v", err)
	}
	if b, err := os.ReadFile(filepath.Join(home, "sista", "history")); err != nil || !strings.Contains(string(b), "30 + 4\n") {
		t.Errorf("the history has %q, %v", b, err)
	}

	m, cmd = run()
	m.keys(up + up + "\r") // the second last line of the session before
	m.await("\n#(1 2 3)\r\n")
	m.await("sista> ")
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); cmd.ProcessState.ExitCode() != exitTerminated {
		t.Errorf("it ends with %v", err)
	}
}
