package interp

import (
	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/plugin"
)

// The named primitives of the VM itself, which images ask for with no module name.

// Numbers of the image format: with both bytecode sets in use the second one.
const (
	imageFormat             = 68021
	imageFormatBytecodeSets = imageFormat | 0x200
)

func (in *Interp) installModuleless(named map[string]primitive) {
	namedArithmetic(named)
	for name, p := range map[string]primitive{
		"AllInstances":                  takes(0, 1, primAllInstances),
		"AllObjects":                    takes(0, 1, primAllObjects),
		"BytecodeSetsAvailable":         takes(0, 0, primBytecodeSetsAvailable),
		"CompareBytes":                  takes(1, 1, primBytesEqual),
		"CompareWith":                   takes(1, 2, primCompareWith),
		"DisablePowerManager":           primAnswerReceiver,
		"EventProcessingControl":        takes(0, 1, primEventProcessing),
		"ExternalCallNoOp":              primAnswerReceiver,
		"FastCNoOp":                     primAnswerReceiver,
		"FastCNoOpAlignedForFloats":     primAnswerReceiver,
		"GetCurrentWorkingDirectory":    takes(0, 0, primWorkingDirectory),
		"GetWindowLabel":                takes(0, 0, primWindowLabel),
		"GetWindowSize":                 takes(0, 0, primScreenSize),
		"Getenv":                        takes(1, 1, primGetenv),
		"HighResClock":                  takes(0, 0, primHighResClock),
		"ImageFormatVersion":            takes(0, 0, primImageFormatVersion),
		"InterpreterSourceVersion":      takes(0, 0, primVMVersion),
		"IsBigEnder":                    takes(0, 0, primAnswerFalse),
		"IsWindowObscured":              takes(0, 0, primAnswerFalse),
		"MillisecondClockMask":          takes(0, 0, primMillisecondClockMask),
		"MultipleBytecodeSetsActive":    takes(0, 1, primMultipleBytecodeSetsActive),
		"PlatformSourceVersion":         takes(0, 0, primVMVersion),
		"ScreenDepth":                   takes(0, 0, primScreenDepth),
		"ScreenScaleFactor":             takes(0, 0, primScreenScaleFactor),
		"SetGCBiasToGrow":               takes(1, 1, primTakeInteger),
		"SetGCBiasToGrowGCLimit":        takes(1, 1, primTakeInteger),
		"SetGCSemaphore":                takes(1, 1, primSetGCSemaphore),
		"SetWindowLabel":                takes(1, 1, primTakeString),
		"SetWindowSize":                 takes(2, 2, primSetWindowSize),
		"UtcWithOffset":                 takes(0, 1, primUTCWithOffset),
		"VMVersion":                     takes(0, 0, primVMVersion),
		"VoidReceiver":                  primAnswerReceiver,
		"ResetCountersInMethod":         takes(0, 1, primAnswerReceiver), // nothing is counted
		"LongRunningPrimitive":          takes(0, 0, primAnswerNil),
		"ProfileStart":                  noProfiler,
		"ProfileSample":                 noProfiler,
		"ProfileSemaphore":              noProfiler,
		"ProfilePrimitive":              noProfiler,
		"ClockLogAddresses":             refuse("there are no clock logs"),
		"LongRunningPrimitiveSemaphore": refuse("primitives are not timed"),
	} {
		named["primitive"+name] = p
	}
	for _, name := range foreignFunctions {
		named["primitive"+name] = refuse("primitive" + name + ": this VM calls no foreign functions")
	}
}

var noProfiler = refuse("the VM has no profiler for images")

// foreignFunctions are the names of Pharo's interface to foreign functions.
var foreignFunctions = []string{
	"CallbackReturn", "CopyFromTo", "CreateWorker", "DefineFunction", "DefineVariadicFunction",
	"FFIAllocate", "FFIFree", "FFIIntegerAt", "FFIIntegerAtPut", "FillBasicType", "FreeDefinition", "FreeStruct",
	"GetAddressOfOOP", "GetObjectFromAddress", "GetSameThreadRunnerAddress", "InitializeStructType",
	"InitilizeCallbacks", // the misspelling is its name
	"LoadSymbolFromModule", "PerformWorkerCall", "ReadNextCallback", "RegisterCallback", "ReleaseWorker",
	"SameThreadCallout", "StructByteSize", "TypeByteSize", "UnregisterCallback", "WorkerCallout",
	"WorkerExtractReturnValue",
}

func primAnswerFalse(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	return c.ReturnBool(false)
}

func primTakeInteger(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	if _, ok := c.SmallInt(0); !ok {
		return c.Fail(plugin.BadArgument)
	}
	return c.ReturnReceiver()
}

func primTakeString(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	if _, ok := c.Bytes(0); !ok {
		return c.Fail(plugin.BadArgument)
	}
	return c.ReturnReceiver()
}

// primBytecodeSetsAvailable answers the names of the classes that encode the sets.
func primBytecodeSetsAvailable(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	return c.ReturnArray(in.heap.NewString("EncoderForV3PlusClosures"), in.heap.NewString("EncoderForSistaV1"))
}

// primMultipleBytecodeSetsActive answers whether the image is saved as one with
// both bytecode sets, and with a Boolean decides it.
func primMultipleBytecodeSetsActive(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	if c.NumArgs() == 1 {
		on, ok := c.Bool(0)
		if !ok {
			return c.Fail(plugin.BadArgument)
		}
		in.opts.Header.Format = imageFormat
		if on {
			in.opts.Header.Format = imageFormatBytecodeSets
		}
	}
	return c.ReturnBool(in.opts.Header.Format == imageFormatBytecodeSets)
}

func primImageFormatVersion(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	if in.opts.Header.Format == imageFormatBytecodeSets {
		return heap.FromInt(imageFormatBytecodeSets), plugin.OK
	}
	return heap.FromInt(imageFormat), plugin.OK
}

// primEventProcessing answers whether events are processed, which here they never are.
func primEventProcessing(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	if c.NumArgs() == 1 {
		if _, ok := c.Bool(0); !ok {
			return c.Fail(plugin.BadArgument)
		}
	}
	return c.ReturnBool(false)
}

func primWorkingDirectory(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	folder, err := in.host.Files.Getwd()
	if err != nil {
		return c.FailError(err)
	}
	return c.ReturnString(folder)
}

func primWindowLabel(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	return c.ReturnString(in.opts.ImagePath)
}

// primGetenv answers the value of an environment variable, nil where there is none.
func primGetenv(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	name, ok := c.String(0)
	if !ok {
		return c.Fail(plugin.BadArgument)
	}
	if value, ok := in.host.Env.Getenv(name); ok {
		return c.ReturnString(value)
	}
	return c.ReturnNil()
}

func primVMVersion(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	return c.ReturnString(in.opts.VMVersion)
}

func primMillisecondClockMask(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	return heap.FromInt(millisecondMask), plugin.OK
}

func primScreenDepth(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	return heap.FromInt(32), plugin.OK
}

func primScreenScaleFactor(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	return c.ReturnFloat(1)
}

// primSetGCSemaphore takes the index of the semaphore to signal after collections; 0 for none.
func primSetGCSemaphore(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	index, ok := c.SmallInt(0)
	if !ok {
		return c.Fail(plugin.BadArgument)
	}
	in.system.gcSemaphore = index
	return c.ReturnReceiver()
}

func primSetWindowSize(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	for i := range 2 {
		if n, ok := c.SmallInt(i); !ok || n < 0 || n > 0xFFFF {
			return c.Fail(plugin.BadArgument)
		}
	}
	width, _ := c.SmallInt(0)
	height, _ := c.SmallInt(1)
	in.opts.Header.ScreenSize = uint64(width)<<16 | uint64(height)
	return c.ReturnReceiver()
}
