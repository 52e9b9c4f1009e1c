package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"

	"github.com/pkg/profile"

	"github.com/sista-vm/sista/host"
	"github.com/sista-vm/sista/host/hostos"
	"github.com/sista-vm/sista/interp"
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
}

func (m *machineFlags) register(fs *flag.FlagSet) {
	fs.Var(&m.maxHeap, "max-heap", "limit of the heap in `bytes`, with suffix k, m or g")
	fs.Var(&m.eden, "eden", "size of eden in `bytes`, with suffix k, m or g")
	fs.IntVar(&m.stackPages, "stack-pages", 0, "`number` of stack pages of 16 KiB")
	fs.StringVar(&m.cacheDir, "cache", "", "`folder` for the built kernel image, - for none (default: the user's cache folder)")
	fs.StringVar(&m.profile, "profile", "", "write a profile of the virtual machine itself: `kind` cpu, mem or trace")
	fs.BoolVar(&m.stressGC, "stress-gc", false, "collect at the safepoint after every allocation")
	fs.BoolVar(&m.verify, "verify", false, "check the whole image before running it")
	fs.BoolVar(&m.noNet, "no-net", false, "no network for the image")
}

func (m *machineFlags) config() vm.Config {
	c := vm.Config{
		Console: hostos.Console{}, Files: hostos.NewFiles(), Env: hostos.Environment(),
		Plugins: all.All(), MaxHeap: uint64(m.maxHeap), EdenBytes: uint64(m.eden), StackPages: m.stackPages,
		CacheDir: m.cacheDir, StressGC: m.stressGC, Verify: m.verify,
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
func (m *machineFlags) start(c vm.Config) (machine *vm.VM, stop func(), err error) {
	end, err := startProfile(m.profile)
	if err != nil {
		return nil, nil, err
	}
	machine, err = vm.Open(c)
	if err != nil {
		end()
		return nil, nil, err
	}
	release := handleSignals(machine)
	return machine, func() {
		release()
		if err := machine.Close(); err != nil {
			fmt.Fprintf(os.Stderr, "sista: %v\n", err)
		}
		end()
	}, nil
}

func startProfile(kind string) (stop func(), err error) {
	quiet := []func(*profile.Profile){profile.Quiet, profile.NoShutdownHook, profile.ProfilePath(".")}
	file := ""
	switch kind {
	case "":
		return func() {}, nil
	case "cpu":
		quiet, file = append(quiet, profile.CPUProfile), "cpu.pprof"
	case "mem":
		quiet, file = append(quiet, profile.MemProfile), "mem.pprof"
	case "trace":
		quiet, file = append(quiet, profile.TraceProfile), "trace.out"
	default:
		return nil, fmt.Errorf("no profile %q: it is cpu, mem or trace", kind)
	}
	p := profile.Start(quiet...)
	return func() {
		p.Stop()
		fmt.Fprintf(os.Stderr, "sista: profile in %s\n", file)
	}, nil
}

// handleSignals makes SIGINT interrupt Smalltalk, a second one within an
// unanswered first end the program, SIGTERM shut the image down and SIGQUIT print stacks.
func handleSignals(m *vm.VM) (release func()) {
	ch := make(chan os.Signal, 4)
	signal.Notify(ch, os.Interrupt, syscall.SIGTERM, syscall.SIGQUIT)
	done := make(chan struct{})
	go func() {
		for {
			select {
			case <-done:
				return
			case s := <-ch:
				switch s {
				case os.Interrupt:
					m.Interrupt()
				case syscall.SIGTERM:
					m.Post(func(in *interp.Interp) {
						if err := m.ShutDown(in); err != nil {
							fmt.Fprintf(os.Stderr, "sista: terminated: %v\n", err)
							os.Exit(128 + int(syscall.SIGTERM))
						}
					})
				default:
					m.Post(func(in *interp.Interp) { fmt.Fprint(os.Stderr, in.Stacks()) })
				}
			}
		}
	}()
	return func() {
		signal.Stop(ch)
		close(done)
	}
}

// run runs a machine's image to its end.
func runMachine(m *vm.VM) int {
	code, err := m.Run(context.Background())
	if err == nil {
		return code & 0xff
	}
	var f *interp.Fatal
	if errors.As(err, &f) {
		fmt.Fprintf(os.Stderr, "sista: %s\n%s", f.Message, f.Stack)
		return exitFailed
	}
	return failed(err)
}

var _ host.Console = hostos.Console{}

// size is a flag value in bytes.
type size uint64

func (s *size) String() string { return strconv.FormatUint(uint64(*s), 10) }

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
	*s = size(n << shift)
	return nil
}
