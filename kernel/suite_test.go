package kernel_test

import (
	"bytes"
	"context"
	"math"
	"strings"
	"testing"

	"github.com/sista-vm/sista/counters"
	"github.com/sista-vm/sista/host"
	"github.com/sista-vm/sista/host/hostnet"
	"github.com/sista-vm/sista/host/hostos"
	"github.com/sista-vm/sista/host/netstack"
	"github.com/sista-vm/sista/jit"
	"github.com/sista-vm/sista/plugins/all"
	"github.com/sista-vm/sista/vm"
)

// suite runs the SUnit tests of the kernel that a pattern selects, in a VM of their own.
func suite(t *testing.T, c vm.Config, pattern string) {
	t.Helper()
	var out bytes.Buffer
	c.Tests = true
	c.CacheDir = "-"
	c.Args = []string{"test", pattern}
	c.Stdout, c.Stderr = &out, &out
	c.Plugins = all.All()
	c.Files, c.Env = hostos.NewFiles(), hostos.Environment()
	if c.Network == nil {
		c.Network = hostnet.New()
	}
	m, err := vm.Open(c)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	code, err := m.Run(context.Background())
	if err != nil || code != 0 {
		t.Fatalf("exit code %d, error %v\n%s", code, err, out.String())
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	t.Log(lines[len(lines)-1])
	if !strings.Contains(out.String(), " run, ") || strings.HasPrefix(lines[len(lines)-1], "0 run") {
		t.Errorf("no tests were run:\n%s", out.String())
	}
}

// The network of a machine without an operating system, which reaches itself.
func TestNetworkOfItsOwn(t *testing.T) {
	for _, pattern := range []string{"SocketTest", "HttpTest"} {
		n, err := netstack.New(nil, netstack.Config{})
		if err != nil {
			t.Fatal(err)
		}
		suite(t, vm.Config{Network: n}, pattern)
		n.Close()
	}
}

func TestSuite(t *testing.T) { suite(t, vm.Config{}, "") }

// With a collection at the safepoint after every allocation every object moves
// whenever it can.
func TestSuiteUnderGCStress(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a minute")
	}
	suite(t, vm.Config{StressGC: true}, "")
}

// Few stack pages make activations move to the heap and back all the time.
func TestSuiteWithFewStackPages(t *testing.T) { suite(t, vm.Config{StackPages: 4}, "") }

// In code copied from templates, from the first call on.
func TestSuiteInTemplates(t *testing.T) {
	p := counters.DefaultPolicy()
	p.SampleEvery, p.TemplateAfter = 1, 1
	p.GatherAfter, p.CompileAfter, p.OSRAfter = math.MaxInt64, math.MaxInt64, math.MaxInt64
	suite(t, vm.Config{Compile: jit.Sync, Feedback: &p}, "")
	suite(t, vm.Config{Compile: jit.Sync, Feedback: &p, StackPages: 4}, "")
}

// In machine code, under everything that may happen to it.
func TestSuiteUnderStress(t *testing.T) {
	if testing.Short() {
		t.Skip("takes minutes")
	}
	for _, mode := range jit.StressModes {
		t.Run(mode, func(t *testing.T) {
			s, err := jit.ParseStress(mode)
			if err != nil {
				t.Fatal(err)
			}
			suite(t, vm.Config{Compile: jit.Sync, Stress: s}, "")
		})
	}
}

// Under a virtual clock delays take no time. Files and sockets are of another time.
func TestProcessesUnderVirtualClock(t *testing.T) {
	suite(t, vm.Config{Clock: host.NewVirtualClock()}, "ProcessTest")
}
