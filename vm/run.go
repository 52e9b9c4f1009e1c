package vm

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"

	"github.com/sista-vm/sista/host"
	"github.com/sista-vm/sista/host/hostos"
	"github.com/sista-vm/sista/image"
	"github.com/sista-vm/sista/interp"
)

// Run runs the image from where it was saved until it quits, and answers its exit
// code. When the context ends Run can be called again, and the image goes on.
func (v *VM) Run(ctx context.Context) (code int, err error) {
	err = v.lock(func() error { return failure(v.under(ctx, v.in.Run)) })
	var q *interp.Quit
	if errors.As(err, &q) {
		return q.Code, nil
	}
	return 0, err
}

// under calls f, which runs Smalltalk, and stops it when ctx ends.
func (v *VM) under(ctx context.Context, f func() error) (err error) {
	switch {
	case v.closing.Load():
		return ErrClosed
	case v.over != nil:
		return v.over
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	// The stop must not come after f has returned: it would meet the next call.
	var mu sync.Mutex
	done := false
	release := context.AfterFunc(ctx, func() {
		mu.Lock()
		defer mu.Unlock()
		if !done {
			v.in.Stop()
		}
	})
	v.running.Store(true)
	defer func() {
		if r := recover(); r != nil {
			err = &InternalError{r, debug.Stack()}
		}
		v.running.Store(false)
		release()
		mu.Lock()
		done = true
		mu.Unlock()
		v.in.Unstop()
		err = v.ended(ctx, err)
	}()
	return f()
}

// ended looks at what ended a run.
func (v *VM) ended(ctx context.Context, err error) error {
	var q *interp.Quit
	var f *interp.Fatal
	var i *InternalError
	switch {
	case errors.Is(err, interp.ErrStopped) && v.closing.Load():
		return ErrClosed
	case errors.Is(err, interp.ErrStopped) && ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.As(err, &q), errors.As(err, &f), errors.As(err, &i):
		v.over = err
	}
	return err
}

// Interrupt interrupts what runs, as Ctrl-C would: the image gets its user
// interrupt. It does nothing while nothing runs.
func (v *VM) Interrupt() {
	if v.running.Load() {
		v.in.Interrupt()
	}
}

// Interruptible tells whether a process of the image waits for interrupts: it does
// not while it deals with one.
func (v *VM) Interruptible() (ok bool, err error) {
	const (
		specialInterrupt = 30 // among the special objects: the semaphore to signal
		firstWaiting     = 0
	)
	err = v.atSafepoint(func() {
		s := v.heap.Follow(v.heap.Special(specialInterrupt))
		ok = s.IsObject() && s.Format().IsPointers() && s.NumSlots() > firstWaiting &&
			v.heap.Follow(s.Slot(firstWaiting)) != v.heap.Nil
	})
	return ok, err
}

// SignalSemaphore signals the semaphore at an index of the image's external objects table.
func (v *VM) SignalSemaphore(index int) { v.in.SignalSemaphore(index) }

// atSafepoint calls f while no Smalltalk code is between two safepoints: at the
// next one, or at once if nothing runs. It must not be called from a plugin.
func (v *VM) atSafepoint(f func()) error {
	var once sync.Once
	var err error
	done := make(chan struct{})
	do := func() {
		once.Do(func() {
			f()
			close(done)
		})
	}
	v.in.Post(do)
	go func() {
		if e := v.lock(func() error { do(); return nil }); e != nil {
			once.Do(func() {
				err = e
				close(done)
			})
		}
	}()
	<-done
	return err
}

// Stacks answers the stacks of all Smalltalk processes, at the next safepoint.
func (v *VM) Stacks() (s string, err error) {
	err = v.atSafepoint(func() { s = v.in.Stacks() })
	return s, err
}

// ErrNoShutDown says that an image does not know how to be shut down from outside.
var ErrNoShutDown = fmt.Errorf("vm: the image has no class %s to shut it down in order", hostClass)

// ShutDown makes the image quit in order, through its shutdown list, with exit code
// 143. A call that runs gets a *Quit error. Only kernel images can.
func (v *VM) ShutDown(ctx context.Context) error {
	if v.class == nil {
		return ErrNoShutDown
	}
	const priority = 60
	var err error
	if e := v.atSafepoint(func() { err = v.in.Spawn(priority, *v.class, v.symbol("shutDown")) }); e != nil || err != nil {
		return errors.Join(e, err)
	}
	// What runs will end. If nothing runs, the image has to.
	err = v.lock(func() error { return v.under(ctx, v.in.Run) })
	var q *interp.Quit
	if errors.As(err, &q) {
		return nil
	}
	return failure(err)
}

// Save writes the image to a file, atomically; the VM goes on as it was. Started
// from the file, a kernel image does what its arguments say, with all objects
// it had; another image goes on where it is now.
func (v *VM) Save(ctx context.Context, path string) error {
	return v.saveWith(ctx, path, v.savePlain)
}

// saveWith saves the image with a function that writes the file.
func (v *VM) saveWith(ctx context.Context, path string, write func(path string, hd image.Header) error) error {
	return v.lock(func() (err error) {
		v.writer, v.saveErr = write, nil
		defer func() { v.writer = nil }()
		switch {
		case v.over != nil:
			return v.over
		case v.class == nil:
			return failure(v.in.Snapshot(path))
		}
		_, err = v.ask(ctx, "saveAs:", path)
		if v.saveErr != nil {
			return v.saveErr
		}
		return err
	})
}

// save writes the image file, with what the running image may have changed of the header.
func (v *VM) save(path string, hd interp.ImageHeader) error {
	write := v.writer
	if write == nil {
		if !v.config.Snapshots {
			v.saveErr = fmt.Errorf("%s: this image may not save itself", path)
			return v.saveErr
		}
		write = v.savePlain
		if v.optimizing {
			write = v.saveItself
		}
	}
	h := v.header
	h.Format, h.Flags, h.ScreenSize, h.ExtraVMMemory = hd.Format, hd.Flags, hd.ScreenSize, hd.ExtraVMMemory
	h.StackPages, h.CodeSizeKiB, h.EdenBytes = hd.StackPages, hd.CodeSizeKiB, hd.EdenBytes
	h.MaxExtSemTabSize, h.ImageVersion = hd.MaxExtSemTabSize, hd.ImageVersion
	v.saveErr = write(path, h)
	return v.saveErr
}

func (v *VM) savePlain(path string, hd image.Header) error {
	return image.Save(v.saveFiles(), path, v.heap, hd)
}

// saveFiles answers the files among which images are saved.
func (v *VM) saveFiles() host.Files {
	if v.config.SaveFiles != nil {
		return v.config.SaveFiles
	}
	return hostos.NewFiles()
}
