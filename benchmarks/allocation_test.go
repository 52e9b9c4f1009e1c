package benchmarks

import (
	"io/fs"
	"testing"

	"github.com/sista-vm/sista/jit"
	"github.com/sista-vm/sista/vm"
)

// temporaries are the micro-benchmarks whose thousands of objects a round, of all kinds that scalar replacement
// knows, are made by no machine code.
var temporaries = []string{
	"Allocation", "AssociationTemporary", "PointArithmetic", // objects
	"IntervalDo", "StreamRead", "StreamWrite", // collections and streams
	"ClosureCall", "NestedBlocks", "NonLocalReturn", // closures, temporaries that blocks share, contexts
	"Ensure", "Handler",
	"FloatLoop", "FloatTemporaries", // boxed Floats
	"LargeTemporary", "BlocksElsewhere",
}

// mostPerRound is how many bytes a round may allocate: what is made once a round, as an Array to work on.
const mostPerRound = 1 << 15

// A round of a steady program allocates next to nothing.
func TestTemporariesAreNotAllocated(t *testing.T) {
	cache := t.TempDir()
	for _, name := range temporaries {
		t.Run(name, func(t *testing.T) {
			m, err := vm.Open(vm.Config{CacheDir: cache, Sources: []fs.FS{Sources()}, Compile: jit.Sync})
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			if m.Broker() == nil {
				t.Skip("no machine code here")
			}
			program, err := m.Eval(t.Context(), name+"Benchmark new")
			if err != nil {
				t.Fatal(err)
			}
			allocated := func() uint64 {
				s, err := m.Stats()
				if err != nil {
					t.Fatal(err)
				}
				return s.Allocated
			}
			run := func(rounds int) uint64 {
				before := allocated()
				v, err := program.Send(t.Context(), "innerBenchmarkLoop:", rounds)
				if err != nil {
					t.Fatal(err)
				}
				v.Release()
				return allocated() - before
			}
			run(500)
			const rounds = 50
			bytes := run(rounds) / rounds
			t.Logf("%d bytes a round", bytes)
			if bytes > mostPerRound {
				t.Errorf("a round allocates %d bytes", bytes)
			}
		})
	}
}
