package run

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"github.com/sista-vm/sista/host"
	"github.com/sista-vm/sista/host/hostos"
	"github.com/sista-vm/sista/jit"
	"github.com/sista-vm/sista/plugin"
	"github.com/sista-vm/sista/vm"
	"github.com/sista-vm/sista/xenhost/guest"
	"github.com/sista-vm/sista/xenhost/kernel"
	"github.com/sista-vm/sista/xenhost/virtio"
	"github.com/sista-vm/sista/xenhost/xenstore"
)

// Options say what a guest has beside the kernel's world.
type Options struct {
	// Network opens the network that the machine makes possible, and answers the words of the
	// command line that are not about it.
	Network func(m Machine, words []string) (host.Network, []string, error)
	// Plugins are the image's; nil for those that need no network.
	Plugins []plugin.Module
}

// Machine is what was found of the machine.
type Machine struct {
	Devices []virtio.Device  // named on the command line
	Store   *xenstore.Client // nil: there is no Xen
}

// Exit codes, as those of command sista.
const (
	exitFailed     = 1
	exitUsage      = 2
	exitInternal   = 70
	exitTerminated = 143
)

// Main runs the image of the guest to its end.
func Main(o Options) {
	if !kernel.Booted() {
		fmt.Fprintln(os.Stderr, "this is a guest for Xen and QEMU: run it with sista boot")
		os.Exit(exitUsage)
	}
	code, err := run(o)
	if err != nil {
		code = report(err)
	}
	os.Exit(code)
}

func run(o Options) (code int, err error) {
	packed, err := guest.OpenStore()
	if err != nil {
		return 0, err
	}
	status, err := kernel.ReadStatus()
	if err != nil {
		return 0, err
	}
	debug.SetGCPercent(gcPercent)

	var machine *vm.VM
	var store *keeper
	ready := make(chan struct{})
	end := sync.OnceFunc(func() {
		<-ready
		shutDown(machine, store)
	})
	console := guest.NewConsole(end)
	var network host.Network
	var found Machine
	var args []string
	if found.Devices, args, err = virtio.Devices(os.Args[1:]); err != nil {
		return 0, err
	}
	if found.Store, err = guest.OpenXenstore(); err != nil {
		found.Store = nil
	}
	var settings guest.Settings
	if found.Store != nil {
		if settings, err = guest.ReadSettings(found.Store); err != nil {
			return 0, err
		}
		if err := settings.SetVariables(); err != nil {
			return 0, err
		}
	}
	if o.Network != nil {
		if network, args, err = o.Network(found, append(settings.Words, args...)); err != nil {
			return 0, err
		}
	}
	if len(args) == 0 {
		args = settings.Arguments
	}
	if network != nil && status.Measured {
		network = measured{network}
	}
	var words storeWords
	if args, err = words.parse(args); err != nil {
		return 0, err
	}
	if len(args) == 0 {
		if args, err = words.parse(packed.Arguments); err != nil {
			return 0, err
		}
	}
	if store, err = openStore(found, words); err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, store.end()) }()
	files, imageFiles, image, err := store.world(packed, words)
	if err != nil {
		return 0, err
	}
	disk := diskKey{files, hostos.Environment()}
	trust := trusts(packed.Proof)
	if imageFiles != packed.ImageAs(image) {
		trust = disk.trusts
	}
	machine, err = vm.Open(vm.Config{
		Image: image, ImageFiles: imageFiles, Args: args,
		Console: console, Env: hostos.Environment(), Files: files, Memory: guest.Memory{}, Network: network, Plugins: o.Plugins,
		MaxHeap:    status.CommitLimit / heapShare * (heapShare - 1),
		EdenBytes:  edenBytes(status.CommitLimit),
		StackPages: stackPages(status.CommitLimit),
		CodeBytes:  status.CommitLimit / codeShare,
		Compile:    jit.Async,
		Snapshots:  true, SaveFiles: files,
		Trust: trust, Seal: disk.seal,
	})
	if err != nil {
		return 0, err
	}
	close(ready)
	if r := machine.StartReport(); r != nil {
		fmt.Fprintf(os.Stderr, "sista: %v\n", r)
	}
	console.Watch()
	if found.Store != nil {
		if err := guest.WatchShutdown(found.Store, end); err != nil {
			return 0, err
		}
	}
	// Go's own heap takes what the kernel has kept from the objects. The little that the start leaves
	// is not collected before the image runs.
	debug.SetMemoryLimit(int64(status.TotalBytes - status.CommitLimit))
	kernel.Mark(markFirst)
	code, err = machine.Run(context.Background())
	return code & 0xff, err
}

// heapShare: all but one part in so many of what can be committed is for objects. The rest is for tables
// about them, stacks, and machine code.
const heapShare = 8

// codeShare: one part in so many, at most, is machine code and its data.
const codeShare = 8

// gcPercent lets Go's heap grow more than it would between collections: the limit is what keeps it small.
const gcPercent = 300

// In a small guest new space and stacks are small too: of eden, survivors and reserves the whole is
// committed from the start. 0 stands for what the image wants.
const (
	smallGuest = 64 << 20
	edenShare  = 64
	smallPages = 12
)

func edenBytes(limit uint64) uint64 {
	if limit >= smallGuest {
		return 0
	}
	return limit / edenShare
}

func stackPages(limit uint64) int {
	if limit >= smallGuest {
		return 0
	}
	return smallPages
}

// patience is how long an image may take to shut down.
const patience = 10 * time.Second

// shutDown lets the image end in order; if it does not know how to, or takes too long, it ends at once.
func shutDown(m *vm.VM, store *keeper) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := m.ShutDown(ctx); err != nil {
		fmt.Fprintf(os.Stderr, "sista: terminated: %v\n", errors.Join(err, store.end()))
		os.Exit(exitTerminated)
	}
}

// report prints an error and answers the exit code for it.
func report(err error) int {
	var e *vm.Error
	var i *vm.InternalError
	switch {
	case errors.As(err, &e):
		fmt.Fprintf(os.Stderr, "sista: %s\n%s", e.Message, e.Stack)
	case errors.As(err, &i):
		fmt.Fprintf(os.Stderr, "sista: internal error: %v\n", i.Value)
		return exitInternal
	default:
		fmt.Fprintf(os.Stderr, "sista: %v\n", err)
	}
	return exitFailed
}
