package interp

import (
	"path"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/plugin"
)

// systemState is what the system primitives keep for the image.
type systemState struct {
	clipboard   string
	gcSemaphore int // index into the external objects, 0: none
	parameters  parameters
}

// Special objects the data primitives use.
const (
	specialDisplay         = 14
	specialExternalAddress = 43
)

func (in *Interp) installSystem() {
	p := &in.prims
	p[112] = takes(0, 1, primBytesLeft)
	p[113] = takes(0, 1, primQuit)
	p[121] = takes(0, 1, primImageName)
	p[124], p[134] = takes(1, 1, primSetSemaphore(specialLowSpace)), takes(1, 1, primSetSemaphore(specialInterrupt))
	p[125] = takes(1, 1, primSignalAtBytesLeft)
	p[129] = takes(0, 0, primSpecialObjects)
	p[130], p[131] = takes(0, 0, primFullGC), takes(0, 0, primScavenge)
	p[133] = takes(1, 1, primTakeInteger) // the interrupt key: there are no keys
	p[142] = takes(0, 0, primVMPath)
	p[149] = takes(1, 1, primGetAttribute)
	p[250], p[252] = takes(0, 0, primAnswerReceiver), takes(0, 1, primProfileSamples)
	p[251] = refuse("the VM has no profiler of its own machine code")
	p[254] = takes(0, 2, primParameter)
	in.installClocks()
	in.installDisplay()
	in.initParameters()
}

func primAnswerReceiver(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	return c.ReturnReceiver()
}

// primBytesLeft answers free bytes: of old space, or by its argument nil of the
// largest piece of it, or by a Boolean of all spaces and of what they may still grow.
func primBytesLeft(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	if c.NumArgs() == 0 {
		return c.ReturnUint(in.heap.FreeOldBytes())
	}
	if c.IsNil(0) {
		return c.ReturnUint(in.heap.LargestFree())
	}
	if _, ok := c.Bool(0); !ok {
		return c.Fail(plugin.Generic)
	}
	return c.ReturnUint(in.bytesLeft())
}

func (in *Interp) bytesLeft() uint64 {
	return in.heap.BytesLeft() + in.heap.EdenLeft()
}

// primQuit ends the VM with an exit code, 0 unless the image gives one.
func primQuit(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	code := 0
	if c.NumArgs() == 1 {
		var ok bool
		if code, ok = c.SmallInt(0); !ok {
			return c.Fail(plugin.BadArgument)
		}
	}
	in.quit(code)
	return c.ReturnReceiver()
}

// primImageName answers the image's path, or changes where it will be saved.
func primImageName(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	if c.NumArgs() == 0 {
		return c.ReturnString(in.opts.ImagePath)
	}
	name, ok := c.String(0)
	if !ok {
		return c.Fail(plugin.Generic)
	}
	in.opts.ImagePath = name
	return c.ReturnReceiver()
}

// primSetSemaphore sets a special object to the argument, a Semaphore or nil.
func primSetSemaphore(special int) primitive {
	return func(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
		if !c.IsNil(0) && !in.isSemaphore(c.Arg(0)) {
			return c.Fail(plugin.BadArgument)
		}
		in.touch(in.heap.Specials)
		in.heap.SetSpecial(special, c.Arg(0))
		return c.ReturnReceiver()
	}
}

// primSignalAtBytesLeft sets the number of free bytes below which the low space
// semaphore is signalled; 0 for never.
func primSignalAtBytesLeft(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	bytes, ok := c.SmallInt(0)
	if !ok || bytes < 0 {
		return c.Fail(plugin.BadArgument)
	}
	in.heap.LowSpaceThreshold = uint64(bytes)
	return c.ReturnReceiver()
}

func primSpecialObjects(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	return in.heap.Specials, plugin.OK
}

// primFullGC answers the bytes of the largest free piece of old space after it.
func primFullGC(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	in.fullGCNow()
	return c.ReturnUint(in.heap.LargestFree())
}

// primScavenge answers the bytes that are left after it.
func primScavenge(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	in.scavengeNow()
	return c.ReturnUint(in.bytesLeft())
}

// primVMPath answers the folder of the VM, with the delimiter at its end.
func primVMPath(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	folder := path.Dir(in.opts.VMPath)
	if folder != "/" {
		folder += "/"
	}
	return c.ReturnString(folder)
}

// primProfileSamples tells that the VM's code is not being profiled.
func primProfileSamples(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	if c.NumArgs() == 0 {
		return c.ReturnBool(false)
	}
	return c.Fail(plugin.Unsupported)
}
