package rig

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sista-vm/sista/vm"
	"github.com/sista-vm/sista/xenhost/launch"
)

// kernelImage answers a file with sista's kernel image.
func kernelImage(t *testing.T) string { return builtImage(t, vm.Config{}) }

// builtImage answers a file with the image that a configuration builds.
func builtImage(t *testing.T, c vm.Config) string {
	t.Helper()
	dir := t.TempDir()
	c.CacheDir = dir
	m, err := vm.Open(c)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	found, err := filepath.Glob(filepath.Join(dir, "*.image"))
	if err != nil || len(found) != 1 {
		t.Fatalf("%q, %v", found, err)
	}
	return found[0]
}

const vmGuest = "./xenhost/guests/vm"

// TestSmalltalk evaluates in the guest, with the image packed in it and beside it, in little memory and in much.
func TestSmalltalk(t *testing.T) {
	elf, linked := Guest(t, vmGuest)
	image := kernelImage(t)
	data, err := os.ReadFile(image)
	if err != nil {
		t.Fatal(err)
	}
	packed, err := linked.Attach(data)
	if err != nil {
		t.Fatal(err)
	}
	one := filepath.Join(t.TempDir(), "one.elf")
	if err := os.WriteFile(one, packed, 0o666); err != nil {
		t.Fatal(err)
	}
	truncated := filepath.Join(t.TempDir(), "truncated.image")
	if err := os.WriteFile(truncated, data[:len(data)/2], 0o666); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		m    launch.Machine
		want string
		code int
	}{
		"module":        {launch.Machine{ELF: elf, Module: image, Memory: 128, Line: "eval '3 + 4'"}, "7\n", 0},
		"packed":        {launch.Machine{ELF: one, Memory: 128, Line: "eval '1000 factorial printString size'"}, "2568\n", 0},
		"24 MiB":        {launch.Machine{ELF: one, Memory: 24, Line: "eval '3 + 4'"}, "7\n", 0},
		"6 GiB":         {launch.Machine{ELF: one, Memory: 6 << 10, Line: "eval '3 + 4'"}, "7\n", 0},
		"machine code":  {launch.Machine{ELF: one, Memory: 128, Line: "eval '(1 to: 3000000) inject: 0 into: [ :a :b | a + (b \\\\ 7) ]'"}, "8999997\n", 0},
		"first x86-64":  {launch.Machine{ELF: one, Memory: 128, CPU: "qemu64", Line: "eval '100 factorial printString size'"}, "158\n", 0},
		"error":         {launch.Machine{ELF: one, Memory: 128, Line: "eval 'nil foo'"}, "nil does not understand #foo", 1},
		"out of memory": {launch.Machine{ELF: one, Memory: 48, Line: "eval '| c | c := OrderedCollection new. [ c add: (Array new: 10000). true ] whileTrue'"}, "OutOfMemory", 1},
		"no image":      {launch.Machine{ELF: elf, Memory: 64}, "no image: the guest has none packed with it", 1},
		"truncated":     {launch.Machine{ELF: elf, Module: truncated, Memory: 64}, "bytes of data announced", 1},
	} {
		t.Run(name, func(t *testing.T) {
			out, code := Run(t, c.m)
			if code != c.code || !strings.Contains(out, c.want) || code == 0 && out != c.want {
				t.Errorf("exit code %d, printed:\n%s", code, out)
			}
		})
	}
}

// TestSmalltalkOnXen evaluates in the first domain of Xen, with the image as a boot module.
func TestSmalltalkOnXen(t *testing.T) {
	elf, _ := Guest(t, vmGuest)
	m := FirstDomain(Hypervisor(t), elf, 96, "eval '3 + 4'")
	m.Module += "," + kernelImage(t)
	out, code := Run(t, m)
	if code != 0 || !strings.Contains(out, "7\n") {
		t.Errorf("exit code %d, printed:\n%s", code, out)
	}
}

// TestShutDown asks a guest that waits to end in order.
func TestShutDown(t *testing.T) {
	elf, _ := Guest(t, vmGuest)
	in, err := launch.NewInput(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if err := in.Interrupt(); err != nil {
		t.Fatal(err)
	}
	out, code := Run(t, launch.Machine{ELF: elf, Module: kernelImage(t), Memory: 128, Stdin: in, Line: "eval '(Delay forSeconds: 1000) wait'"})
	if code != 143 {
		t.Errorf("exit code %d, printed:\n%s", code, out)
	}
}
