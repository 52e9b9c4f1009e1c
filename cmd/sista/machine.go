package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/sista-vm/sista/host/hostos"
	"github.com/sista-vm/sista/jit"
	"github.com/sista-vm/sista/plugins/all"
	"github.com/sista-vm/sista/vm"
)

// machineFlags are the flags of every command that runs Smalltalk.
type machineFlags struct {
	maxHeap, eden size
	stackPages    int
	cacheDir      string
	profile       string
	stressGC      bool
	verify        bool
	noNet         bool
	compile       compileMode
	cpu           string
	stress        stress
	trace         traceKinds
	stats         statsForm
	perfMap       bool
	key           keyFlag
	use           useFlag
	quiet         bool // say nothing of what an optimized image has
}

func (m *machineFlags) register(fs *flag.FlagSet) {
	fs.Var(&m.maxHeap, "max-heap", "limit of the heap in `bytes`, with suffix k, m or g; 0 for none (default: 1g more than the image, but not above half of the memory)")
	fs.Var(&m.eden, "eden", "size of eden in `bytes`, with suffix k, m or g")
	fs.IntVar(&m.stackPages, "stack-pages", 0, "`number` of stack pages of 16 KiB")
	fs.StringVar(&m.cacheDir, "cache", "", "`folder` for the built kernel image, - for none (default: the user's cache folder)")
	fs.StringVar(&m.profile, "profile", "", "write a profile of the virtual machine itself: `kind` cpu, mem or trace")
	fs.BoolVar(&m.stressGC, "stress-gc", false, "collect at the safepoint after every allocation")
	fs.BoolVar(&m.verify, "verify", false, "check the whole image before running it, and what is behind it")
	m.key.register(fs)
	fs.Var(&m.use, "use", "use at most this `part` of an optimized image: native, portable, feedback or none (default native)")
	fs.BoolVar(&m.noNet, "no-net", false, "no network for the image")
	m.compile.set = jit.Async
	fs.Var(&m.compile, "compile", "compile what is hot: `mode` async (beside the program), sync (the program waits) or off")
	fs.StringVar(&m.cpu, "cpu", "native", "use no more of the processor than those of this `level` have: v1, v2, v3 (of x86-64) or native")
	fs.Var(&m.stress, "stress", "test machine code: a `list` of eager, guards=N, retire=N, delay=N, zone=BYTES, seed=N")
	fs.Var(&m.trace, "trace", "print a line for each event of these `kinds`: compile, deopt, ic, gc, osr; separated by commas")
	fs.Var(&m.stats, "stats", "print figures of the run at its end; --stats=json: as JSON")
	fs.BoolVar(&m.perfMap, "perf-map", false, "write /tmp/perf-PID.map, by which Linux perf names machine code")
}

// defaultMaxHeap is room for most programs, while one that runs away ends soon and
// before the machine is of no use.
func defaultMaxHeap(image string) uint64 {
	const room = 1 << 30
	limit := uint64(room)
	if fi, err := os.Stat(image); err == nil {
		limit += uint64(fi.Size())
	}
	if n := hostos.MemoryLimit(); n != 0 {
		limit = min(limit, max(n/2, room/8))
	}
	return limit
}

func (m *machineFlags) config() vm.Config {
	c := vm.Config{
		Console: hostos.Console{}, Files: hostos.NewFiles(), Env: hostos.Environment(),
		Plugins: all.All(), EdenBytes: m.eden.bytes, StackPages: m.stackPages,
		CacheDir: m.cacheDir, Snapshots: true, StressGC: m.stressGC, Verify: m.verify,
		Compile: m.compile.set, CPU: m.cpu, Stress: m.stress.set, Trace: m.trace.trace(),
		Trust: m.key.trusts(m.verify), Use: m.use.Use, Seal: m.key.seal,
	}
	if !m.noNet {
		c.Network = network()
	}
	if path, err := os.Executable(); err == nil {
		c.VMPath = path
	}
	return c
}

// start opens a machine and starts the profile; stop ends both.
func (m *machineFlags) start(c vm.Config) (machine *vm.VM, watch *signals, stop func(), err error) {
	if c.MaxHeap = m.maxHeap.bytes; !m.maxHeap.given {
		c.MaxHeap = defaultMaxHeap(c.Image)
	}
	end, err := startProfile(m.profile)
	if err != nil {
		return nil, nil, nil, err
	}
	closeMap := func() {}
	if m.perfMap {
		if c.OnCode, closeMap, err = startPerfMap(perfMapPath()); err != nil {
			end()
			return nil, nil, nil, err
		}
	}
	machine, err = vm.Open(c)
	if err != nil {
		closeMap()
		end()
		return nil, nil, nil, err
	}
	watch = watchSignals(machine)
	return machine, watch, func() {
		watch.stop()
		m.stats.print(machine)
		closeMap()
		if err := machine.Close(); err != nil {
			fmt.Fprintf(os.Stderr, "sista: %v\n", err)
		}
		end()
	}, nil
}

// runMachine runs a machine's image to its end.
func runMachine(m *vm.VM) int {
	code, err := m.Run(context.Background())
	if err == nil {
		return code & 0xff
	}
	return fatal(err)
}

// fatal reports what no Smalltalk code could handle.
func fatal(err error) int {
	var e *vm.Error
	var i *vm.InternalError
	switch {
	case errors.As(err, &e):
		fmt.Fprintf(os.Stderr, "sista: %s\n%s", e.Message, e.Stack)
		return exitFailed
	case errors.As(err, &i):
		return internalError(i.Value, i.Stack)
	}
	return failed(err)
}

// useFlag is the value of --use.
type useFlag struct{ vm.Use }

// String answers nothing: the default is told in words.
func (u *useFlag) String() string { return "" }

func (u *useFlag) Set(text string) (err error) {
	u.Use, err = vm.ParseUse(text)
	return err
}

// size is a flag value in bytes.
type size struct {
	bytes uint64
	given bool
}

// String answers nothing: defaults are told in words.
func (s *size) String() string { return "" }

func (s *size) Set(text string) error {
	digits, shift := strings.ToLower(text), 0
	if n := len(digits); n > 0 {
		if i := strings.IndexByte("kmgt", digits[n-1]); i >= 0 {
			digits, shift = digits[:n-1], 10*(i+1)
		}
	}
	n, err := strconv.ParseUint(digits, 10, 64)
	if err != nil || n > 1<<(63-shift) {
		return fmt.Errorf("%q is no size such as 512m", text)
	}
	s.bytes, s.given = n<<shift, true
	return nil
}
