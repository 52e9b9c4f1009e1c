//go:build linux && amd64

package vm_test

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"github.com/sista-vm/sista/jit"
	"github.com/sista-vm/sista/vm"
)

// actions answers the process' handlers of all signals, as the kernel has them.
func actions(t *testing.T) (all [65][4]uint64) {
	t.Helper()
	for s := 1; s < len(all); s++ {
		_, _, e := syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, uintptr(s), 0, uintptr(unsafe.Pointer(&all[s])), 8, 0, 0)
		if e != 0 {
			t.Fatalf("handler of signal %d: %v", s, e)
		}
	}
	return all
}

// hooked are the signals that machine code hooks.
var hooked = []syscall.Signal{syscall.SIGURG, syscall.SIGSEGV, syscall.SIGBUS, syscall.SIGFPE, syscall.SIGILL, syscall.SIGTRAP}

// TestHooks: a machine that interprets, and one that has not compiled yet, leaves the process' signals alone.
// One that compiles has its hooks as long as it is open, and no others.
func TestHooks(t *testing.T) {
	before := actions(t)
	run := func(mode jit.Mode) func() {
		m, err := vm.Open(vm.Config{CacheDir: t.TempDir(), Compile: mode})
		if err != nil {
			t.Fatal(err)
		}
		if now := actions(t); now != before {
			t.Errorf("--compile=%s: hooks before there is code", mode)
		}
		v, err := m.Eval(t.Context(), "27 benchFib")
		if err != nil {
			t.Fatal(err)
		}
		v.Release()
		return func() {
			if err := m.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	end := run(jit.Off)
	if now := actions(t); now != before {
		t.Error("--compile=off hooks signals")
	}
	end()

	end = run(jit.Sync)
	now := actions(t)
	for _, s := range hooked {
		if now[s][0] == before[s][0] {
			t.Errorf("machine code runs, and %s is not hooked", s)
		}
		now[s][0] = before[s][0]
	}
	if now != before {
		t.Error("more is changed than the handlers of the signals that are named")
	}
	end()
	if now := actions(t); now != before {
		t.Error("hooks are left behind")
	}
}

// TestNoInterruption: where Go does not interrupt machine code, everything is interpreted, nothing is hooked, and the trace
// says why.
func TestNoInterruption(t *testing.T) {
	const marker = "SISTA_VM_TEST_NO_INTERRUPTION"
	if os.Getenv(marker) == "" {
		cmd := exec.Command(os.Args[0], "-test.run=^TestNoInterruption$")
		cmd.Env = append(os.Environ(), marker+"=1", "GODEBUG=asyncpreemptoff=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	before := actions(t)
	var lines []string
	m, err := vm.Open(vm.Config{CacheDir: t.TempDir(), Compile: jit.Sync, Trace: vm.Trace{Compile: func(line string) { lines = append(lines, line) }}})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if actions(t) != before {
		t.Error("hooked nevertheless")
	}
	v, err := m.Eval(t.Context(), "24 benchFib")
	if err != nil {
		t.Fatal(err)
	}
	if n, err := v.Int(); n != 150049 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	s, err := m.Stats()
	if err != nil || s.Compiler != nil {
		t.Errorf("figures of a compiler: %+v, %v", s.Compiler, err)
	}
	if len(lines) != 1 || !strings.Contains(lines[0], "everything is interpreted: native: Go does not interrupt machine code") {
		t.Errorf("%q", lines)
	}
}
