package rig

import (
	"strings"
	"testing"

	"github.com/sista-vm/sista/xenhost/launch"
)

func TestHello(t *testing.T) {
	elf, _ := Guest(t, "./xenhost/guests/hello")
	out, code := Run(t, launch.Machine{ELF: elf, Memory: 24, Line: "7 'a b' X=y kernel.none"})
	if want := "hello from [sista 7 a b]\n"; out != want || code != 7 {
		t.Errorf("exit code %d, printed %q; want %q", code, out, want)
	}
}

// TestSelf runs the tests of the kernel inside the guest: on processors with and without what is
// optional, with little memory, and with memory above 4 GiB.
func TestSelf(t *testing.T) {
	for name, m := range map[string]launch.Machine{
		"max":          {Memory: 64},
		"first x86-64": {Memory: 64, CPU: "qemu64"},
		"no XSAVE":     {Memory: 64, CPU: "max,-xsave,-rdtscp,-rdrand,-rdseed"},
		"x2APIC off":   {Memory: 64, CPU: "max,-x2apic"},
		"microvm":      {Memory: 64, Options: []string{"-M", "microvm,acpi=off"}},
		"24 MiB":       {Memory: 24},
		"6 GiB":        {Memory: 6 << 10},
	} {
		t.Run(name, func(t *testing.T) {
			m.ELF, _ = Guest(t, "./xenhost/guests/selftest")
			out, code := Run(t, m)
			if code != 0 || !strings.Contains(out, "ok memory limit\n") || strings.Contains(out, "FAILED") {
				t.Errorf("exit code %d, printed:\n%s", code, out)
			}
		})
	}
}
