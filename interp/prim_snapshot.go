package interp

import (
	"errors"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/plugin"
)

var errNoRoom = errors.New("out of memory: old space has no room for the young objects")

// primSnapshot saves the image (primitive 97). The saved image will go on with
// true on the stack, this one goes on with false.
func primSnapshot(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	if in.opts.Save == nil {
		return 0, plugin.Unsupported
	}
	// Arguments (Pharo's choice of format) must survive a collection here.
	args := make([]heap.Oop, c.NumArgs())
	for i := range args {
		if args[i] = c.Arg(i); !args[i].IsImmediate() {
			return 0, plugin.BadArgument
		}
	}
	in.xResult = c.Receiver // kept where a collection updates it
	in.drop(len(args))
	in.stackPut(0, in.trueOop)
	err := in.Snapshot(in.opts.ImagePath)
	in.saveError = err
	rcvr := in.takeResult()
	if in.dead != nil {
		return 0, frameChanged
	}
	if err != nil {
		in.stackPut(0, rcvr)
		for _, a := range args {
			in.push(a)
		}
		c.Reason = err.Error()
		return 0, plugin.OperationFailed
	}
	in.stackPut(0, in.falseOop)
	return 0, frameChanged
}

// SaveError answers why the image could not save itself the last time; nil if it could, or never tried.
func (in *Interp) SaveError() error { return in.saveError }

// Snapshot writes the image to a file, as it would go on after the running
// process's next bytecode. The interpreter can be used afterwards whether or not
// it succeeds.
func (in *Interp) Snapshot(path string) error {
	if in.dead != nil {
		return in.dead
	}
	in.divorceEverything()
	if in.dead != nil {
		return in.dead
	}
	in.heap.Store(in.activeProcess(), processContext, in.divorced)
	err := errNoRoom
	in.observer.Moving()
	restore := in.keepSends() // what is saved with the code
	if in.heap.TenureAll() {
		in.heap.Compact(false)
		restore()
		err = in.opts.Save(path, in.opts.Header)
	}
	in.keptSends = nil
	in.heap.Store(in.activeProcess(), processContext, in.nilOop)
	in.resumeDivorced()
	return err
}
