package vm_test

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sista-vm/sista/host"
	"github.com/sista-vm/sista/host/hostnet"
	"github.com/sista-vm/sista/host/hostos"
	"github.com/sista-vm/sista/jit"
	"github.com/sista-vm/sista/plugins/all"
	"github.com/sista-vm/sista/vm"
)

// What belongs to a process is not that of the one that saved the image: a state made
// there is looked at in two processes that were started from it.
func TestNothingIsFrozen(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "w.image")
	if err := os.WriteFile(filepath.Join(dir, "data"), []byte("0123456789"), 0o644); err != nil {
		t.Fatal(err)
	}
	world := func(seed uint64, variable string, clock *host.VirtualClock, args ...string) vm.Config {
		var bytes [32]byte
		bytes[0] = byte(seed)
		return vm.Config{
			Compile: jit.Sync, Trust: believer, Plugins: all.All(), Files: hostos.NewFiles(), Network: hostnet.New(), Args: args,
			Entropy: rand.NewChaCha8(bytes), Clock: clock,
			Env: host.Environment{Lookup: func(name string) (string, bool) { return variable, name == "VARIABLE" }},
		}
	}
	first := openVM(t, world(1, "first", host.NewVirtualClock(), "one", "two"))
	evalString(t, first, `
Smalltalk at: #File put: '`+dir+`/data' asFileReference readStream.
(Smalltalk at: #File) next: 3.
Smalltalk at: #Listener put: (Socket listenOn: 0).
Smalltalk at: #Unseeded put: Random new.
Smalltalk at: #Seeded put: (Random seed: 42).
Smalltalk at: #Times put: OrderedCollection new.
Smalltalk at: #Out put: FileStream stdout.
Smalltalk at: #OldSession put: Smalltalk session.
[ (Delay forSeconds: 100) wait.
Times add: Time utcMicrosecondClock ] fork.
Processor yield.
Random next. Unseeded next. Seeded next. UUID new`)
	if _, err := first.SaveOptimized(context.Background(), path, vm.SaveOptions{}); err != nil {
		t.Fatal(err)
	}
	// The process that saved goes on with what it has.
	for _, c := range [][2]string{
		{"File upToEnd", "'3456789'"},
		{"Listener isValid", "true"},
		{"OldSession == Smalltalk session", "true"},
		{"Smalltalk getenv: 'VARIABLE'", "'first'"},
		{"Times isEmpty", "true"},
		{"(Delay forSeconds: 101) wait. Times size", "1"},
	} {
		if got := evalString(t, first, c[0]); got != c[1] {
			t.Errorf("in the process that saved, %s is %s, not %s", c[0], got, c[1])
		}
	}

	later := func(years int64) *host.VirtualClock {
		c := host.NewVirtualClock()
		c.Start += years * 366 * 24 * 3600 * 1e6
		return c
	}
	differ := []string{"Random next", "Unseeded next", "UUID new", "(1 to: 4) collect: [:i | Unseeded nextInteger: 1000000]", "Seeded class new next"}
	same := []string{"Seeded next"}
	answers := map[string]string{}
	for n := range int64(2) {
		config := world(uint64(2+n), "later", later(n+1), "three")
		config.Image = path
		var out strings.Builder
		config.Stdout = &out
		m := openVM(t, config)
		if r := m.StartReport(); r == nil || r.Used != vm.UseNative {
			t.Errorf("start: %v", r)
		}
		for _, c := range []struct{ source, want string }{
			{"File closed", "true"},
			{"[File size. nil] on: Error do: [:e | e description]", "'FileException: the file ''" + dir + "/data'' is closed'"},
			{"File close. '" + dir + "/data' asFileReference contents", "'0123456789'"},
			{"Listener isValid", "false"},
			{"[Listener waitForAcceptFor: 1] on: NetworkError do: [:e | e class]", "ConnectionClosed"},
			{"OldSession == Smalltalk session", "false"},
			{"Smalltalk getenv: 'VARIABLE'", "'later'"},
			{"Smalltalk imageArguments includes: 'three'", "true"},
			{"Smalltalk imageArguments includes: 'one'", "false"},
			{"Date today year - 2000", []string{"0", "1", "2"}[n+1]},
			// The delay has as long to wait as it had, not until a time that is long over.
			{"(Delay forSeconds: 90) wait. Times size", "0"},
			{"(Delay forSeconds: 11) wait. Times size", "1"},
			{"Out == FileStream stdout", "true"},
			{"Out nextPutAll: 'still written'; flush. 1", "1"},
		} {
			if got := evalString(t, m, c.source); got != c.want {
				t.Errorf("process %d: %s is %s, not %s", n, c.source, got, c.want)
			}
		}
		if !strings.Contains(out.String(), "still written") {
			t.Errorf("a stream that the program had is not that of this process: %q", out.String())
		}
		for _, source := range append(differ, same...) {
			got := evalString(t, m, source)
			if n == 0 {
				answers[source] = got
			}
			if equal := got == answers[source]; n == 1 && equal != (source == same[0]) {
				t.Errorf("%s is %s in both processes: %v", source, got, equal)
			}
		}
	}
}
