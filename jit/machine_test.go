package jit_test

import (
	"strings"
	"testing"

	"github.com/sista-vm/sista/host"
	"github.com/sista-vm/sista/jit"
	"github.com/sista-vm/sista/native"
	"github.com/sista-vm/sista/vm"
)

// Programs run compiled as they do interpreted.
func TestMachineCode(t *testing.T) {
	if err := native.Supported(); err != nil {
		t.Skip(err)
	}
	for _, mode := range modes {
		t.Run(mode.name, func(t *testing.T) {
			c := mode.config
			var lines []string
			c.CacheDir, c.Clock, c.Compile = cacheDir, host.NewVirtualClock(), jit.Sync
			c.Trace.Compile = func(line string) { lines = append(lines, line) }
			c.Trace.Deopt = c.Trace.Compile
			m, err := vm.Open(c)
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := m.Close(); err != nil {
					t.Error(err)
				}
			}()
			f := &fixture{t: t, vm: m}
			for _, p := range []struct{ code, want string }{
				{"24 benchFib", "150049"},
				{"10 benchmark", "1028"},
				{"(1 to: 10000) inject: 0 into: [ :a :b | a + b ]", "50005000"},
			} {
				if got := f.eval(p.code); got != p.want {
					t.Errorf("%s is %s, want %s", p.code, got, p.want)
				}
			}
			t.Logf("%+v", m.Broker().Stats())
			t.Log(strings.Join(lines, "\n"))
		})
	}
}

// BenchmarkModes runs programs interpreted and compiled.
func BenchmarkModes(b *testing.B) {
	if err := native.Supported(); err != nil {
		b.Skip(err)
	}
	for _, code := range []string{"27 benchFib", "20 benchmark", "(1 to: 1000000) inject: 0 into: [ :x :y | x + y ]"} {
		for _, mode := range []jit.Mode{jit.Off, jit.Sync, jit.Async} {
			b.Run(code+"/"+mode.String(), func(b *testing.B) {
				m, err := vm.Open(vm.Config{CacheDir: cacheDir, Compile: mode})
				if err != nil {
					b.Fatal(err)
				}
				defer m.Close()
				for b.Loop() {
					if _, err := m.Eval(b.Context(), code); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
