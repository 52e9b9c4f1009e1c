// Package vm runs Smalltalk images inside a Go program.
//
//	m, err := vm.Open(vm.Config{Stdout: os.Stdout})
//	if err != nil { ... }
//	defer m.Close()
//	v, err := m.Eval(ctx, "(1 to: 10) inject: 0 into: [:a :b | a + b]")
//	n, err := v.Int()
//
// What it promises:
//   - Without an image in Config it opens the kernel image, built from sources
//     that the package embeds and kept in a cache folder if there is one.
//   - A VM has no access to anything it is not given: the streams, files, network,
//     environment and plugins in Config are all there is.
//   - VMs are independent; a process can have many. One VM runs on one goroutine at
//     a time: its methods may be called from any goroutine and wait for each other.
//   - What Smalltalk does wrong is a *Error with class, message and stack. A
//     context that ends stops what runs and the VM can be used again.
//   - Close returns all memory.
package vm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/host"
	"github.com/sista-vm/sista/host/hostos"
	"github.com/sista-vm/sista/image"
	"github.com/sista-vm/sista/interp"
	"github.com/sista-vm/sista/plugin"
	"github.com/sista-vm/sista/plugins/core"
	"github.com/sista-vm/sista/plugins/stcompiler"
)

// Config says what a VM runs and what of the world it sees. The zero value is the
// kernel image with nothing around it.
type Config struct {
	Image string   // path of an image file; empty: the kernel image
	Args  []string // the image's arguments
	// VMArgs are options given before the image's name, which some images look at.
	VMArgs []string

	Stdin          io.Reader // nil: empty
	Stdout, Stderr io.Writer // nil: discarded
	// Console replaces the three streams when it is set.
	Console host.Console
	Files   host.Files       // nil: an empty tree; hostos.NewFiles() for the real one
	Network host.Network     // nil: off
	Env     host.Environment // environment variables and the like
	Clock   host.Clock       // nil: the real one
	Entropy io.Reader        // nil: the operating system's
	Memory  host.Memory      // nil: the operating system's

	// Trees are folders of Tonel packages built into the kernel image.
	Trees []string
	// Tests builds the kernel's own tests into the kernel image.
	Tests bool

	Plugins []plugin.Module // beside those of plugins/core and the compiler

	MaxHeap   uint64 // bytes; 0: no limit
	EdenBytes uint64 // 0: as the image wants
	// StackPages is the number of stack pages; 0: as the image wants.
	StackPages int
	// CacheDir keeps the kernel image between runs; empty: the user's cache folder,
	// "-": none. A folder that cannot be written does no harm.
	CacheDir string
	// StressGC collects at the safepoint after every allocation.
	StressGC bool
	// Verify checks the whole image before it runs.
	Verify bool
	// VMPath is what the image is told of where the VM is.
	VMPath string
}

// VM is a virtual machine with its image.
type VM struct {
	mu       sync.Mutex // held while Smalltalk runs or objects are looked at
	heap     *heap.Heap
	in       *interp.Interp
	header   image.Header
	kernel   bool // the image answers the calls of embed.go
	serving  bool // the kernel image has booted and waits
	closed   bool
	done     chan struct{}
	world    *host.Host
	config   Config
	released []*heap.Oop
	relMu    sync.Mutex
}

// Error is what Smalltalk code did wrong.
type Error struct {
	Class   string // of the exception
	Message string
	Stack   string // an activation a line
}

func (e *Error) Error() string {
	if e.Message == "" {
		return e.Class
	}
	return e.Class + ": " + e.Message
}

// ErrClosed is answered by methods of a closed VM.
var ErrClosed = errors.New("vm: closed")

// Version is the version of the virtual machine.
const Version = "0.1.0"

// Open makes a VM and loads its image. Nothing of the image runs yet.
func Open(c Config) (*VM, error) {
	if c.Memory == nil {
		c.Memory = defaultMemory()
	}
	v := &VM{done: make(chan struct{}), config: c, world: world(c)}
	path := c.Image
	if path == "" {
		v.kernel = true
		var err error
		if v.heap, v.header, err = openKernel(c); err != nil {
			return nil, err
		}
		path = kernelName
	} else {
		h, hd, err := image.Open(path, heapConfig(c), image.Options{Verify: c.Verify})
		if err != nil {
			return nil, err
		}
		v.heap, v.header = h, *hd
	}
	if err := v.start(path); err != nil {
		return nil, errors.Join(err, v.heap.Close())
	}
	return v, nil
}

func defaultMemory() host.Memory { return hostos.Memory() }

func heapConfig(c Config) heap.Config {
	return heap.Config{Memory: c.Memory, Window: -1, EdenBytes: c.EdenBytes, MaxHeap: c.MaxHeap}
}

// start makes the interpreter.
func (v *VM) start(path string) error {
	c := v.config
	registry := plugin.NewRegistry(core.All()...)
	registry.Register(stcompiler.Module)
	for _, m := range c.Plugins {
		registry.Register(m)
	}
	registry.Register(v.module())
	pages := c.StackPages
	if pages == 0 {
		pages = int(v.header.StackPages)
	}
	in, err := interp.New(v.heap, v.world, interp.Options{
		Plugins: registry, ImagePath: path, VMPath: c.VMPath, VMVersion: Version,
		Args: c.Args, VMArgs: c.VMArgs, Header: interpHeader(v.header),
		StackPages: pages, Save: v.save,
	})
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	v.in = in
	v.heap.SetStressGC(c.StressGC)
	return nil
}

func interpHeader(h image.Header) interp.ImageHeader {
	return interp.ImageHeader{
		Format: h.Format, Flags: h.Flags, ScreenSize: h.ScreenSize, ExtraVMMemory: h.ExtraVMMemory,
		StackPages: h.StackPages, CodeSizeKiB: h.CodeSizeKiB, EdenBytes: h.EdenBytes,
		MaxExtSemTabSize: h.MaxExtSemTabSize, ImageVersion: h.ImageVersion,
	}
}

// save writes the image file, with what the running image may have changed of the header.
func (v *VM) save(path string, hd interp.ImageHeader) error {
	h := v.header
	h.Format, h.Flags, h.ScreenSize, h.ExtraVMMemory = hd.Format, hd.Flags, hd.ScreenSize, hd.ExtraVMMemory
	h.StackPages, h.CodeSizeKiB, h.EdenBytes = hd.StackPages, hd.CodeSizeKiB, hd.EdenBytes
	h.MaxExtSemTabSize, h.ImageVersion = hd.MaxExtSemTabSize, hd.ImageVersion
	return image.Save(v.heap, path, h)
}

// Run runs the image from where it was saved until it quits, and answers its exit
// code. The error is a *Fatal error of the interpreter, or that of the context.
func (v *VM) Run(ctx context.Context) (code int, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed {
		return 0, ErrClosed
	}
	err = v.under(ctx, v.in.Run)
	var q *interp.Quit
	if errors.As(err, &q) {
		return q.Code, nil
	}
	return 0, err
}

// under calls f, which runs Smalltalk, and stops it when ctx ends.
func (v *VM) under(ctx context.Context, f func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, v.in.Stop)
	err := f()
	if !stop() && errors.Is(err, interp.ErrStopped) {
		return context.Cause(ctx)
	}
	return err
}

// Interrupt signals the image's user-interrupt semaphore, as Ctrl-C would.
func (v *VM) Interrupt() { v.in.Interrupt() }

// SignalSemaphore signals the semaphore at an index of the image's external objects table.
func (v *VM) SignalSemaphore(index int) { v.in.SignalSemaphore(index) }

// Post runs f on the goroutine that runs Smalltalk, at the next safepoint.
func (v *VM) Post(f func(in *interp.Interp)) { v.in.Post(func() { f(v.in) }) }

// ShutDown makes the image quit in order, through its shutdown list. Call it from
// a function given to Post.
func (v *VM) ShutDown(in *interp.Interp) error {
	const priority = 60
	if class := in.FindClass(hostClass); class != heap.Invalid {
		if s := in.FindSymbol("shutDown"); s != heap.Invalid {
			return in.Spawn(priority, class, s)
		}
	}
	return errors.New("the image has no class " + hostClass + " to shut it down in order")
}

// Stacks answers the stacks of all Smalltalk processes. The VM must not be running; see Post.
func (v *VM) Stacks() string {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed {
		return ""
	}
	return v.in.Stacks()
}

// Save writes the image to a file, atomically. Started from it the image goes on
// where it is now.
func (v *VM) Save(path string) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed {
		return ErrClosed
	}
	return v.in.Snapshot(path)
}

// Close ends the VM and returns its memory. Calls that wait get ErrClosed.
func (v *VM) Close() error {
	v.in.Stop()
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed {
		return nil
	}
	v.closed = true
	close(v.done)
	v.in.Close()
	return v.heap.Close()
}
