package rig

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sista-vm/sista/xenhost/launch"
	"github.com/sista-vm/sista/xenhost/pack"
)

// Module is the folder of the module, seen from that of this package's tests.
const Module = "../.."

var builds struct {
	sync.Mutex
	made map[string]*pack.Linked
}

// Guest builds a guest once, writes it to a file and answers the name.
func Guest(t testing.TB, pkg string) (path string, l *pack.Linked) {
	t.Helper()
	if testing.Short() {
		t.Skip("guests are not run in short tests")
	}
	if err := launch.Missing(); err != nil {
		t.Skip(err)
	}
	builds.Lock()
	defer builds.Unlock()
	l = builds.made[pkg]
	if l == nil {
		var err error
		if l, err = pack.Build(context.Background(), Module, pkg, ""); err != nil {
			t.Fatal(err)
		}
		if builds.made == nil {
			builds.made = map[string]*pack.Linked{}
		}
		builds.made[pkg] = l
	}
	path = filepath.Join(t.TempDir(), "guest.elf")
	if err := os.WriteFile(path, l.ELF, 0o666); err != nil {
		t.Fatal(err)
	}
	return path, l
}

// patience is how long a guest may run under emulation on a busy machine.
const patience = 3 * time.Minute

// Run runs a machine and answers what it printed, and its exit code.
func Run(t testing.TB, m launch.Machine) (output string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var out strings.Builder
	m.Stdout, m.Emulate = &out, true
	code, err := m.Run(ctx)
	if err != nil {
		t.Fatalf("%v; the guest printed:\n%s", err, out.String())
	}
	return out.String(), code
}
