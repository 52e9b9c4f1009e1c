package rig

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// inKernel matches the functions that run under the kernel's rules (see package kernel).
const inKernel = `sista-vm/sista/xenhost/(apic|boot|clock|console|cpu|kernel|mem|pvh|sig|thread|xen)\.`

// allowed are the functions of Go's runtime that the kernel may call: those that touch nothing but
// memory and registers; those of checks that fail only by a mistake in the kernel, which ends the guest
// with a message; and the growth of stacks, which the kernel's fake g makes impossible.
var allowed = map[string]bool{
	"runtime.memmove": true, "runtime.memclrNoHeapPointers": true, "runtime.duffzero": true, "runtime.duffcopy": true,
	"runtime.panicBounds": true, "runtime.panicshift": true, "runtime.panicdivide": true,
	"runtime.panicunsafeslicelen": true, "runtime.panicunsafeslicenilptr": true,
	"runtime.morestack_noctxt.abi0": true, "runtime.morestack_noctxt": true,
	// System calls that the program makes, of the functions for it in package kernel.
	"syscall.RawSyscall6": true,
}

// TestKernelRules looks at the compiled code of the kernel for calls that break its rules: allocation,
// write barriers, defers, panics, maps, interfaces, and calls of other packages.
func TestKernelRules(t *testing.T) {
	if testing.Short() {
		t.Skip("not in short tests")
	}
	program := filepath.Join(t.TempDir(), "guest")
	build := exec.Command("go", "build", "-o", program, "./xenhost/guests/hello")
	build.Dir = Module
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	out, err := exec.Command("go", "tool", "objdump", "-s", inKernel, program).Output()
	if err != nil {
		t.Skipf("go tool objdump: %v", err)
	}
	call := regexp.MustCompile(`\b(?:CALL|JMP) ([^ (]+)\(SB\)`)
	own := regexp.MustCompile(inKernel)
	function, functions := "", 0
	for s := bufio.NewScanner(bytes.NewReader(out)); s.Scan(); {
		line := s.Text()
		if strings.HasPrefix(line, "TEXT ") {
			function = strings.Fields(line)[1]
			functions++
			continue
		}
		m := call.FindStringSubmatch(line)
		if m == nil || own.MatchString(m[1]) || allowed[m[1]] || m[1] == "_rt0_amd64_linux" {
			continue
		}
		// The initializers and wrappers of a package are the program's.
		if strings.HasSuffix(function, ".init(SB)") || strings.Contains(function, ".init.") {
			continue
		}
		t.Errorf("%s calls %s:\n%s", function, m[1], line)
	}
	if functions < 100 {
		t.Errorf("only %d functions of the kernel were found", functions)
	}
}
