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
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync"
	"sync/atomic"

	"github.com/sista-vm/sista/counters"
	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/host"
	"github.com/sista-vm/sista/host/hostos"
	"github.com/sista-vm/sista/image"
	"github.com/sista-vm/sista/interp"
	"github.com/sista-vm/sista/jit"
	"github.com/sista-vm/sista/native"
	"github.com/sista-vm/sista/plugin"
	"github.com/sista-vm/sista/plugins/core"
	"github.com/sista-vm/sista/plugins/stcompiler"
	"github.com/sista-vm/sista/snapshot"
)

// Version is the version of the virtual machine.
const Version = "0.1.0"

// Config says what a VM runs and what of the world it sees. The zero value is the
// kernel image with nothing around it.
type Config struct {
	Image     string // path of an image file; empty: the kernel image
	ImageData []byte // the contents of an image file, instead of reading one; Image may name it
	// ImageFiles is where Image is; nil: the operating system's files.
	ImageFiles host.Files
	Args       []string // the image's arguments
	// VMArgs are options given before the image's name, which some images look at.
	VMArgs []string

	Stdin          io.Reader // nil: empty
	Stdout, Stderr io.Writer // nil: discarded
	// Console replaces the three streams when it is set.
	Console host.Console
	FS      fs.FS            // files the image can read, from "/" on; nil: none
	Files   host.Files       // replaces FS; hostos.NewFiles() is the real file system
	Network host.Network     // nil: off
	Env     host.Environment // environment variables and the like
	Clock   host.Clock       // nil: the real one
	Entropy io.Reader        // nil: the operating system's
	Memory  host.Memory      // nil: the operating system's

	// Trees are folders of Tonel packages built into the kernel image.
	Trees []string
	// Sources are more such trees, as file systems: embedded ones.
	Sources []fs.FS
	// Tests builds the kernel's own tests into the kernel image.
	Tests bool

	Plugins []plugin.Module // beside those of plugins/core and the compiler

	MaxHeap   uint64 // bytes; 0: no limit
	EdenBytes uint64 // 0: as the image wants
	// StackPages is the number of stack pages; 0: as the image wants.
	StackPages int
	// CodeBytes is how much memory machine code with its data takes at most; 0: as the heap has room.
	CodeBytes uint64
	// CacheDir keeps the kernel image between runs; empty: the user's cache folder,
	// "-": none. A folder that cannot be used does no harm.
	CacheDir string
	// Snapshots lets the image write itself to a file when it wants to, wherever that
	// is. VM.Save works without.
	Snapshots bool
	// SaveFiles is where images are saved; nil: the operating system's files.
	SaveFiles host.Files
	// StressGC collects at the safepoint after every allocation.
	StressGC bool
	// Verify checks the whole image before it runs.
	Verify bool
	// Feedback is the thresholds for gathering what happens where while the image runs;
	// nil: it is not gathered.
	Feedback *counters.Policy
	// Compile says when hot methods are compiled to machine code: jit.Off, jit.Sync or jit.Async.
	Compile jit.Mode
	// CPU limits what compiled code uses of the processor to a level, v1, v2 or v3 of x86-64, or
	// native, which is the default: all that this processor has.
	CPU string
	// Stress makes what is rare in machine code frequent, for tests.
	Stress jit.Stress
	// Trace is told what happens underneath the program.
	Trace Trace
	// OnCompiled is called with every method, block and loop that was compiled; may be nil.
	OnCompiled func(jit.Compiled)
	// OnCode is called with where machine code was placed: from now on what was
	// there before is gone. It may be nil.
	OnCode func(addr, size uint64, name string)
	// Trust tells whether an optimized image may be executed: the error says why not. Nil: none
	// may, and of its sections only the feedback is used. See package snapshot/trust.
	Trust func(*snapshot.File) (snapshot.Trusted, error)
	// Use is what of an optimized image is used, at most.
	Use Use
	// Seal makes the seals of optimized images that the image saves itself; nil: they have none.
	Seal func() (snapshot.Sealer, error)
	// VMPath is what the image is told of where the VM is.
	VMPath string
}

// VM is a virtual machine with its image.
type VM struct {
	mu      sync.Mutex // held while Smalltalk runs or objects are looked at
	heap    *heap.Heap
	in      *interp.Interp
	header  image.Header
	config  Config
	broker  *jit.Broker // nil: nothing is compiled
	noCode  error       // why there can be no machine code here
	zone    *native.Zone
	class   *heap.Oop // the class SistaHost; nil: the image is no kernel image
	called  bool      // the kernel image is to wait for calls
	serving bool      // it has booted and waits for calls
	symbols map[string]*heap.Oop
	closed  bool
	over    error // why nothing can run any more: the image has quit, or a fatal error
	saveErr error // of the last save
	// optimizing tells that the image wants to be saved as an optimized one.
	optimizing bool
	// writer writes the file of the save that was asked for from Go; nil: none was.
	writer func(path string, hd image.Header) error

	file      *snapshot.File // of the image; nil: it has none
	placement image.Placement
	started   *StartReport
	supplying sync.WaitGroup // of memory

	closing atomic.Bool
	running atomic.Bool // Smalltalk runs

	relMu    sync.Mutex
	released []*heap.Oop // handles nobody needs any more
}

// Open makes a VM and loads its image. Nothing of the image runs yet.
func Open(c Config) (*VM, error) {
	if c.Memory == nil {
		c.Memory = hostos.Memory()
	}
	v := &VM{config: c, symbols: map[string]*heap.Oop{}}
	path, err := v.load()
	if err != nil {
		return nil, err
	}
	if err := interp.Guard(func() error { return v.start(path) }); err != nil {
		v.supplying.Wait()
		return nil, errors.Join(err, v.heap.Close(), v.closeFile())
	}
	return v, nil
}

// closeFile ends the use of the image's file.
func (v *VM) closeFile() error {
	if v.file == nil {
		return nil
	}
	return v.file.Close()
}

// load opens the image and answers the path it goes by.
func (v *VM) load() (path string, err error) {
	c, hd := v.config, new(image.Header)
	options := image.Options{Verify: c.Verify, Placement: &v.placement}
	switch {
	case c.ImageData != nil:
		if path = c.Image; path == "" {
			path = "memory.image"
		}
		if v.file, err = snapshot.Read(bytes.NewReader(c.ImageData), int64(len(c.ImageData)), path, nil); err != nil {
			return "", err
		}
		v.heap, hd, err = image.Load(bytes.NewReader(c.ImageData), int64(len(c.ImageData)), path, heapConfig(c), options)
	case c.Image != "":
		path = c.Image
		files := c.ImageFiles
		if files == nil {
			files = hostos.NewFiles()
		}
		if v.file, err = snapshot.Open(files, path, c.Memory); err != nil {
			return "", err
		}
		src, size := v.file.Source()
		v.heap, hd, err = image.Load(src, size, path, heapConfig(c), options)
	default:
		path = kernelName
		v.heap, hd, err = openKernel(c)
	}
	if err != nil {
		return "", errors.Join(err, v.closeFile())
	}
	v.header = *hd
	return path, nil
}

func heapConfig(c Config) heap.Config {
	return heap.Config{Memory: c.Memory, Window: -1, EdenBytes: c.EdenBytes, MaxHeap: c.MaxHeap}
}

// start makes the interpreter.
func (v *VM) start(path string) error {
	c := v.config
	registry := plugin.NewRegistry(v.modules()...)
	for _, m := range c.Plugins {
		registry.Register(m)
	}
	pages := c.StackPages
	if pages == 0 {
		pages = int(v.header.StackPages)
	}
	in, err := interp.New(v.heap, world(c), interp.Options{
		Plugins: registry, ImagePath: path, VMPath: c.VMPath, VMVersion: Version,
		Args: c.Args, VMArgs: c.VMArgs, Header: interpHeader(v.header),
		StackPages: pages, Save: v.save,
		Place: func(code heap.Oop, pc int) string { return stcompiler.Place(v.heap, code, pc) },
	})
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	v.in = in
	v.heap.SetStressGC(c.StressGC)
	v.gather()
	v.trace()
	if err := v.startCompiler(); err != nil {
		return err
	}
	v.optimize()
	if class := in.FindClass(hostClass); class != heap.Invalid {
		v.class = v.hold(class)
	}
	return nil
}

// modules are the plugins of every VM.
func (v *VM) modules() []plugin.Module {
	return append(core.All(), stcompiler.Module, v.module())
}

// Modules answers the plugins that every VM has, for tools that want to know what
// an image finds. They are of no use in Config.
func Modules() []plugin.Module { return new(VM).modules() }

func interpHeader(h image.Header) interp.ImageHeader {
	return interp.ImageHeader{
		Format: h.Format, Flags: h.Flags, ScreenSize: h.ScreenSize, ExtraVMMemory: h.ExtraVMMemory,
		StackPages: h.StackPages, CodeSizeKiB: h.CodeSizeKiB, EdenBytes: h.EdenBytes,
		MaxExtSemTabSize: h.MaxExtSemTabSize, ImageVersion: h.ImageVersion,
	}
}

// Close ends the VM and returns its memory. A call that runs or waits gets ErrClosed.
func (v *VM) Close() error {
	v.closing.Store(true)
	v.in.Stop()
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed {
		return nil
	}
	v.closed = true
	v.in.Close()
	v.supplying.Wait()
	return errors.Join(v.closeCompiler(), v.heap.Close(), v.closeFile())
}

// lock takes the VM for a call; f is not called when it is closed.
func (v *VM) lock(f func() error) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closing.Load() {
		return ErrClosed
	}
	v.release()
	return interp.Guard(f)
}

// hold makes a handle: an oop that collections update.
func (v *VM) hold(o heap.Oop) *heap.Oop {
	p := new(heap.Oop)
	*p = o
	v.heap.AddHandle(p)
	return p
}

// queueRelease remembers a handle to be removed when the VM is next locked.
func (v *VM) queueRelease(p *heap.Oop) {
	v.relMu.Lock()
	v.released = append(v.released, p)
	v.relMu.Unlock()
}

func (v *VM) release() {
	v.relMu.Lock()
	list := v.released
	v.released = nil
	v.relMu.Unlock()
	for _, p := range list {
		v.heap.RemoveHandle(p)
	}
}

// kernelName is the path the kernel image believes to have.
const kernelName = "sista-kernel.image"
