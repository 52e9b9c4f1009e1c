package rig

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sista-vm/sista/jit"
	"github.com/sista-vm/sista/native"
	"github.com/sista-vm/sista/snapshot"
	"github.com/sista-vm/sista/vm"
	"github.com/sista-vm/sista/xenhost/launch"
)

// shifts is a program whose code uses what not every processor has.
const shifts = "Transcript showln: ((1 to: 20000) inject: 0 into: [ :a :b | a + ((b bitShift: b \\\\ 5) bitAnd: 255) ]) printString. Smalltalk exit: 0"

// warmed answers an image that evaluates a program when it starts, saved with its machine code.
func warmed(t *testing.T, program string) string {
	t.Helper()
	ctx := context.Background()
	m, err := vm.Open(vm.Config{Compile: jit.Sync})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	class, err := m.Global(ctx, "WarmUp")
	if err != nil {
		t.Fatal(err)
	}
	up, err := class.Send(ctx, "arguments:", []any{})
	if err != nil {
		t.Fatal(err)
	}
	send := func(selector string, args ...any) {
		t.Helper()
		if _, err := up.Send(ctx, selector, args...); err != nil {
			t.Fatal(err)
		}
	}
	send("image")
	send("startUp:", program)
	for range 10 {
		send("iterate")
	}
	send("install")
	path := filepath.Join(t.TempDir(), "warm.image")
	if _, err := m.SaveOptimized(ctx, path, vm.SaveOptions{Start: snapshot.Start{Kind: snapshot.StartExpression, What: program}}); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestWarmedOnOtherProcessors starts a warmed image on emulated processors, with and without what its machine code uses.
func TestWarmedOnOtherProcessors(t *testing.T) {
	elf, _ := Guest(t, vmGuest)
	if native.Present()&native.BMI2 == 0 {
		t.Skip("code has nothing to use here that other processors have not")
	}
	image := warmed(t, shifts)
	for model, want := range map[string]string{
		"max":    "optimized image: machine code of ",
		"qemu64": "to be made machine code in ",
	} {
		out, code := Run(t, launch.Machine{ELF: elf, Module: image, Memory: 512, CPU: model})
		old := strings.Contains(out, "its machine code uses bmi2, and bmi2 is not to be used here")
		if code != 0 || !strings.Contains(out, want) || !strings.Contains(out, "\n2496624\n") || old != (model == "qemu64") {
			t.Errorf("%s: exit code %d, printed:\n%s", model, code, out)
		}
		t.Log(out)
	}
}
