package rig

import (
	"strings"
	"testing"
)

// TestXen runs the tests of the kernel in the first domain of Xen: its time, events and memory map.
func TestXen(t *testing.T) {
	elf, _ := Guest(t, "./xenhost/guests/selftest")
	out, code := Run(t, FirstDomain(Hypervisor(t), elf, 64, ""))
	if code != 0 || !strings.Contains(out, "ok memory limit\n") || strings.Contains(out, "FAILED") {
		t.Errorf("exit code %d, printed:\n%s", code, out)
	}
}

func TestXenArguments(t *testing.T) {
	elf, _ := Guest(t, "./xenhost/guests/hello")
	out, code := Run(t, FirstDomain(Hypervisor(t), elf, 32, "9 'a, b'"))
	if code != 9 || !strings.Contains(out, "hello from [sista 9 a, b]\n") {
		t.Errorf("exit code %d, printed:\n%s", code, out)
	}
}
