package interp

import (
	"math"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/plugin"
)

// VM parameters (primitive 254): figures about the VM by number, some of which
// the image may set. Those of a compiler to machine code, of a garbage collector with
// other phases, and of other VMs that this one has no figure for, are nil or 0.

// parameters are the figures that live nowhere else.
type parameters struct {
	startedAt         int64 // microseconds since 1901, UTC
	tenuringThreshold int64
	traceMask         int64
	pollMilliseconds  int64
	segmentTime       int64
	tenuredBefore     uint64 // figures the image set start from here
	allocatedBefore   uint64
	mixedArithmetic   bool
	avoidPinned       bool
}

// vmParameter is one of them; a nil set means that the image may not.
type vmParameter struct {
	get func(in *Interp) heap.Oop // Invalid: no memory
	set func(in *Interp, v heap.Oop) plugin.Failure
}

// headerFlagExactComparison lets primitives compare SmallIntegers with Floats.
const headerFlagExactComparison = 1 << 11

// maxHeaderFlags bounds what the image may set of the header flags.
const maxHeaderFlags = 0x3FF

// Bits of parameter 65.
const (
	featureBytecodeSets  = 1 << 0 // both of them
	featureReadOnly      = 1 << 1
	featureSuspendBackUp = 1 << 5 // primitive 578
)

func (in *Interp) initParameters() {
	in.system.parameters = parameters{
		startedAt:        in.host.Clock.UTC(),
		pollMilliseconds: 2,
		mixedArithmetic:  true,
	}
}

// primParameter answers an Array of all parameters, one of them, or with a new
// value for it the old one.
func primParameter(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	if c.NumArgs() == 0 {
		return in.allParameters(c)
	}
	i, ok := c.SmallInt(0)
	if !ok {
		return c.Fail(plugin.BadArgument)
	}
	if i < 1 || i >= len(vmParameters) {
		return c.Fail(plugin.BadIndex)
	}
	p := &vmParameters[i]
	old := in.nilOop
	if p.get != nil {
		old = p.get(in)
	}
	if old == heap.Invalid {
		return c.Fail(plugin.NoMemory)
	}
	if c.NumArgs() == 2 {
		if p.set == nil {
			return c.Fail(plugin.Inappropriate)
		}
		if f := p.set(in, c.Arg(1)); f != plugin.OK {
			return c.Fail(f)
		}
	}
	return old, plugin.OK
}

func (in *Interp) allParameters(c *plugin.Call) (heap.Oop, plugin.Failure) {
	all := in.heap.NewArray(len(vmParameters) - 1)
	if all == heap.Invalid {
		return c.Fail(plugin.NoMemory)
	}
	for i, p := range vmParameters {
		if p.get == nil {
			continue
		}
		v := p.get(in)
		if v == heap.Invalid {
			return c.Fail(plugin.NoMemory)
		}
		in.heap.Store(all, i-1, v)
	}
	return all, plugin.OK
}

// figure is a parameter that only the VM changes.
func figure(get func(in *Interp) uint64) vmParameter {
	return vmParameter{get: unsigned(get)}
}

func unsigned(get func(in *Interp) uint64) func(*Interp) heap.Oop {
	return func(in *Interp) heap.Oop { return in.heap.NewUint64(get(in)) }
}

func constant(i int64) vmParameter {
	return vmParameter{get: func(*Interp) heap.Oop { return heap.FromInt(i) }}
}

// settable is a parameter that the image may set to an Integer up to a limit.
func settable(limit int64, get func(in *Interp) uint64, set func(in *Interp, v int64)) vmParameter {
	return vmParameter{get: unsigned(get), set: func(in *Interp, v heap.Oop) plugin.Failure {
		if !v.IsInt() {
			return plugin.BadArgument
		}
		if i := v.Int(); i < 0 || i > limit {
			return plugin.Inappropriate
		}
		set(in, v.Int())
		return plugin.OK
	}}
}

// toggle is a parameter that the image may set to a Boolean.
func toggle(get func(in *Interp) bool, set func(in *Interp, on bool)) vmParameter {
	return vmParameter{
		get: func(in *Interp) heap.Oop { return in.heap.Bool(get(in)) },
		set: func(in *Interp, v heap.Oop) plugin.Failure {
			if v != in.trueOop && v != in.falseOop {
				return plugin.BadArgument
			}
			set(in, v == in.trueOop)
			return plugin.OK
		},
	}
}

func milliseconds(ns uint64) uint64 { return (ns + 500_000) / 1_000_000 }

const noLimit = math.MaxInt64

// vmParameters is the table, by number. Number 0 is not used.
var vmParameters = [...]vmParameter{
	// Spaces and collections.
	1: figure(func(in *Interp) uint64 { return in.heap.OldBytes() }),
	2: figure(func(in *Interp) uint64 { return in.heap.NewSpaceBytes() }),
	3: figure(func(in *Interp) uint64 { return in.heap.OldBytes() + in.heap.NewSpaceBytes() }),
	6: settable(noLimit, func(in *Interp) uint64 { return uint64(in.system.parameters.tenuringThreshold) },
		func(in *Interp, v int64) { in.system.parameters.tenuringThreshold = v }),
	7:  figure(func(in *Interp) uint64 { return in.heap.Stats.FullGCs }),
	8:  figure(func(in *Interp) uint64 { return milliseconds(in.heap.Stats.FullNs) }),
	9:  figure(func(in *Interp) uint64 { return in.heap.Stats.Scavenges }),
	10: figure(func(in *Interp) uint64 { return milliseconds(in.heap.Stats.ScavengeNs) }),
	11: settable(noLimit, func(in *Interp) uint64 { return in.heap.Stats.Tenured - in.system.parameters.tenuredBefore },
		func(in *Interp, v int64) { in.system.parameters.tenuredBefore = in.heap.Stats.Tenured - uint64(v) }),
	12: settable(noLimit, func(in *Interp) uint64 { return uint64(in.system.parameters.traceMask) },
		func(in *Interp, v int64) { in.system.parameters.traceMask = v }),
	13: constant(0), 14: constant(0), 15: constant(0), // the ticker of the VMs that have one
	16: figure(func(in *Interp) uint64 { return in.Stats.IdleMicroseconds }),
	18: figure(func(in *Interp) uint64 { return milliseconds(in.heap.Stats.CompactNs) }),
	19: figure(func(in *Interp) uint64 { return in.heap.EdenBytes() }),
	20: figure(func(in *Interp) uint64 { return uint64(in.system.parameters.startedAt) }),
	21: figure(func(in *Interp) uint64 { return uint64(in.heap.RememberedCount()) }),
	22: constant(0), // the remembered set grows
	23: settable(math.MaxUint32, func(in *Interp) uint64 { return uint64(in.opts.Header.ExtraVMMemory) },
		func(in *Interp, v int64) { in.opts.Header.ExtraVMMemory = uint32(v) }),
	24: settable(noLimit, func(in *Interp) uint64 { return in.heap.ShrinkThreshold },
		func(in *Interp, v int64) { in.heap.ShrinkThreshold = uint64(v) }),
	25: settable(noLimit, func(in *Interp) uint64 { return in.heap.GrowHeadroom },
		func(in *Interp, v int64) { in.heap.GrowHeadroom = uint64(v) }),
	26: settable(noLimit, func(in *Interp) uint64 { return uint64(in.system.parameters.pollMilliseconds) },
		func(in *Interp, v int64) { in.system.parameters.pollMilliseconds = v }),
	27: figure(func(in *Interp) uint64 { return in.heap.Stats.Marked }),
	28: constant(0), 29: constant(0),
	30: figure(func(in *Interp) uint64 { return in.heap.Stats.Moved }),
	31: figure(func(in *Interp) uint64 { return in.heap.Stats.Grows }),
	32: figure(func(in *Interp) uint64 { return in.heap.Stats.Shrinks }),
	33: figure(func(in *Interp) uint64 { return uint64(in.heap.RememberedCount()) }),
	34: settable(noLimit, func(in *Interp) uint64 { return in.heap.AllocatedBytes() - in.system.parameters.allocatedBefore },
		func(in *Interp, v int64) {
			in.system.parameters.allocatedBefore = in.heap.AllocatedBytes() - uint64(v)
		}),
	35: figure(func(in *Interp) uint64 { return in.heap.Stats.SurvivedBytes }),
	37: constant(0), 38: constant(0),
	39: figure(func(in *Interp) uint64 { return in.heap.Stats.EphemeronsFired + in.heap.Stats.WeakCleared }),

	// The VM and the image's header.
	40: constant(heap.Word),
	41: constant(imageFormat),
	42: figure(func(in *Interp) uint64 { return in.pagesInUse() }),
	43: settable(math.MaxUint16, func(in *Interp) uint64 { return uint64(in.opts.Header.StackPages) },
		func(in *Interp, v int64) { in.opts.Header.StackPages = uint16(v) }),
	44: figure(func(in *Interp) uint64 { return in.heap.EdenBytes() }),
	45: settable(math.MaxUint32, func(in *Interp) uint64 { return uint64(in.opts.Header.EdenBytes) },
		func(in *Interp, v int64) { in.opts.Header.EdenBytes = uint32(v) }),
	47: settable(math.MaxUint16<<10, func(in *Interp) uint64 { return uint64(in.opts.Header.CodeSizeKiB) << 10 },
		func(in *Interp, v int64) { in.opts.Header.CodeSizeKiB = uint16(v >> 10) }),
	48: settable(maxHeaderFlags, func(in *Interp) uint64 { return in.opts.Header.Flags >> 2 },
		func(in *Interp, v int64) {
			in.opts.Header.Flags = in.opts.Header.Flags&3 | uint64(v)<<2
			in.heap.QueueBereavedWeaklings = in.opts.Header.Flags&FlagQueueBereavedWeaks != 0
		}),
	49: settable(math.MaxUint16, func(in *Interp) uint64 { return uint64(in.opts.Header.MaxExtSemTabSize) },
		func(in *Interp, v int64) { in.opts.Header.MaxExtSemTabSize = uint16(v) }),
	51: figure(func(in *Interp) uint64 {
		if in.heap.AtHome(0) {
			return 0
		}
		return 1
	}),
	52: figure(func(in *Interp) uint64 { return uint64(in.heap.RememberedCount()) }),
	53: figure(func(in *Interp) uint64 { return uint64(len(in.heap.Segments())) }),
	54: figure(func(in *Interp) uint64 { return in.heap.FreeOldBytes() }),
	55: {
		get: func(in *Interp) heap.Oop { return in.heap.NewFloat(in.heap.GrowthRatio) },
		set: func(in *Interp, v heap.Oop) plugin.Failure {
			ratio, ok := number(v)
			if !ok {
				return plugin.BadArgument
			}
			if !(ratio >= 0) || math.IsInf(ratio, 0) {
				return plugin.Inappropriate
			}
			in.heap.GrowthRatio = ratio
			return plugin.OK
		},
	},
	56: figure(func(in *Interp) uint64 { return in.Stats.ProcessSwitches }),
	57: constant(0),
	58: figure(func(in *Interp) uint64 { return in.Stats.InterruptChecks }),
	59: figure(func(in *Interp) uint64 { return in.Stats.InterruptChecks }),
	60: figure(func(in *Interp) uint64 { return in.Stats.StackOverflows }),
	61: figure(func(in *Interp) uint64 { return in.Stats.PageSpills }),
	65: constant(featureBytecodeSets | featureReadOnly | featureSuspendBackUp),
	66: constant(pageBytes),
	67: settable(noLimit, func(in *Interp) uint64 { return in.heap.MaxHeap },
		func(in *Interp, v int64) { in.heap.MaxHeap = uint64(v) }),
	68: settable(noLimit, func(in *Interp) uint64 { return in.pagesInUse() }, func(*Interp, int64) {}),
	69: settable(noLimit, func(in *Interp) uint64 { return in.pagesInUse() }, func(*Interp, int64) {}),
	70: constant(1), 71: constant(17), // the interface to plugins, as the field counts its versions
	72: figure(func(in *Interp) uint64 { return milliseconds(in.heap.Stats.MarkNs) }),
	73: constant(0),
	74: settable(noLimit, func(in *Interp) uint64 { return uint64(in.system.parameters.segmentTime) },
		func(in *Interp, v int64) { in.system.parameters.segmentTime = v }),
	// Whether primitives mix SmallIntegers and Floats changes no result, only speed:
	// they always do where the result is what every image expects.
	75: toggle(func(in *Interp) bool { return in.system.parameters.mixedArithmetic },
		func(in *Interp, on bool) { in.system.parameters.mixedArithmetic = on }),
	76: constant(-1),
	77: toggle(func(in *Interp) bool { return in.opts.Header.Flags&headerFlagExactComparison != 0 },
		func(in *Interp, on bool) {
			in.opts.Header.Flags &^= headerFlagExactComparison
			if on {
				in.opts.Header.Flags |= headerFlagExactComparison
			}
		}),
	79: settable(math.MaxUint16, func(in *Interp) uint64 { return uint64(in.opts.Header.ImageVersion) },
		func(in *Interp, v int64) { in.opts.Header.ImageVersion = uint16(v) }),
	86: toggle(func(in *Interp) bool { return in.system.parameters.avoidPinned },
		func(in *Interp, on bool) { in.system.parameters.avoidPinned = on }),
}

// pagesInUse counts the stack pages that hold frames.
func (in *Interp) pagesInUse() (n uint64) {
	for i := range in.pages.pages {
		if in.pages.pages[i].used {
			n++
		}
	}
	return n
}
