package vm_test

import (
	"context"
	"strings"
	"testing"

	"github.com/sista-vm/sista/jit"
	"github.com/sista-vm/sista/native"
	"github.com/sista-vm/sista/vm"
)

// Events and figures tell the same.
func TestTraceAndStats(t *testing.T) {
	var gc, compiled, deopts []string
	placed := map[string]uint64{}
	m, err := vm.Open(vm.Config{
		Compile: jit.Sync,
		OnCode: func(addr, size uint64, name string) {
			if addr == 0 || size == 0 {
				t.Errorf("%s is placed at %#x with %d bytes", name, addr, size)
			}
			placed[name] = size
		},
		Trace: vm.Trace{
			Compile: func(line string) { compiled = append(compiled, line) },
			Deopt:   func(line string) { deopts = append(deopts, line) },
			GC:      func(line string) { gc = append(gc, line) },
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	before, err := m.Stats()
	if err != nil {
		t.Fatal(err)
	}
	v, err := m.Eval(context.Background(), "Smalltalk garbageCollect. 25 benchFib")
	if err != nil {
		t.Fatal(err)
	}
	v.Release()
	s, err := m.Stats()
	if err != nil {
		t.Fatal(err)
	}
	if n := s.FullGCs - before.FullGCs; n != 1 || uint64(len(gc)) != n+s.Scavenges-before.Scavenges || !strings.HasPrefix(gc[len(gc)-1], "full ") {
		t.Errorf("%d full collections; events: %q", n, gc)
	}
	if native.Supported() != nil {
		if s.Compiler != nil || s.Zone != nil {
			t.Errorf("figures of a compiler that cannot be: %+v", s)
		}
		return
	}
	lost := 0
	for _, n := range s.Compiler.Deopts {
		lost += n
	}
	if lost > len(deopts) || s.Compiler.Compiled == 0 || s.Zone.Text == 0 || s.Counted == 0 {
		t.Errorf("%+v, %+v; events %q", s.Compiler, s.Zone, deopts)
	}
	count := 0
	for _, line := range compiled {
		if strings.HasPrefix(line, "compiled ") {
			count++
		}
	}
	if want := s.Compiler.Compiled + s.Compiler.Loops; count != want {
		t.Errorf("%d of %d compilations are told:\n%s", count, want, strings.Join(compiled, "\n"))
	}
	if placed["Integer>>benchFib"] == 0 {
		t.Errorf("benchFib is not placed, but %v", placed)
	}
	if times := s.Compiler.Times; times.Front <= 0 || times.Passes <= 0 || times.Code <= 0 {
		t.Errorf("times of compilations: %v", times)
	}
	if err := m.Close(); err != nil {
		t.Error(err)
	}
	if _, err := m.Stats(); err == nil {
		t.Error("a closed machine has figures")
	}
}
