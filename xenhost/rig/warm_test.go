package rig

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sista-vm/sista/host/hostos"
	"github.com/sista-vm/sista/jit"
	"github.com/sista-vm/sista/native"
	"github.com/sista-vm/sista/snapshot"
	"github.com/sista-vm/sista/vm"
	"github.com/sista-vm/sista/xenhost/bundle"
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

// proven answers a bundle of an optimized image, as sista pack makes it when the image is authentic; of one that is refused
// for a reason if there is one.
func proven(t *testing.T, path, refused string) string {
	t.Helper()
	f, err := snapshot.Open(hostos.NewFiles(), path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, err := f.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	p := &bundle.Proof{Refused: refused, Build: m.Build, Arch: m.Arch, Features: m.Features}
	if err := bundle.Write(&b, bundle.Contents{Image: data, Proof: p}); err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "image.bundle")
	if err := os.WriteFile(path, b.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestRefused starts a warmed image that was not authentic when it was packed, and one that nobody has packed.
func TestRefused(t *testing.T) {
	elf, _ := Guest(t, vmGuest)
	image := warmed(t, shifts)
	for module, why := range map[string]string{
		proven(t, image, "it has no seal"): "when it was packed: it has no seal",
		image:                              "nobody has proven its machine code",
	} {
		out, code := Run(t, launch.Machine{ELF: elf, Module: module, Memory: 128})
		if code != 0 || !strings.Contains(out, "feedback only") || !strings.Contains(out, why) || strings.Count(out, "optimized image") != 1 || !strings.Contains(out, "\n2496624\n") {
			t.Errorf("exit code %d, printed:\n%s", code, out)
		}
	}
}

// TestWarmedOnOtherProcessors starts a warmed image on emulated processors, with and without what its machine code uses.
func TestWarmedOnOtherProcessors(t *testing.T) {
	elf, _ := Guest(t, vmGuest)
	if native.Present()&native.BMI2 == 0 {
		t.Skip("code has nothing to use here that other processors have not")
	}
	image := proven(t, warmed(t, shifts), "")
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
