package interp

import (
	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/plugin"
)

// The display and input primitives of a VM without a window: the display is a Form
// in memory, nothing is ever typed or pointed at, and what would be drawn or
// sounded is not. 92, setDisplayMode, and 103, scanCharacters, always fail.

// Size of the screen of an image that was saved without one.
const (
	defaultScreenWidth  = 800
	defaultScreenHeight = 600
)

func (in *Interp) installDisplay() {
	p := &in.prims
	p[90] = takes(0, 0, func(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
		return in.makePoint(c, heap.FromInt(0), heap.FromInt(0))
	})
	p[91] = takes(1, 1, primTestDisplayDepth)
	p[93] = takes(1, 1, primTakeInteger) // index of the semaphore that events would signal
	p[94] = takes(1, 1, primNextEvent)
	p[95], p[107] = takes(0, 0, primAnswerZero), takes(0, 0, primAnswerZero) // input word, mouse buttons
	p[101] = takes(0, 1, primAnswerReceiver)                                 // beCursor
	p[102] = takes(0, 0, primBeDisplay)
	p[106] = takes(0, 0, primScreenSize)
	p[108], p[109] = takes(0, 0, primAnswerNil), takes(0, 0, primAnswerNil)     // next and peeked keystroke
	p[126], p[233] = takes(1, 1, primTakeBoolean), takes(1, 1, primTakeBoolean) // deferUpdates:, setFullScreen:
	p[127] = takes(4, 4, primShowDisplayRect)
	p[140] = takes(0, 0, primAnswerReceiver) // beep
	p[141] = takes(0, 1, primClipboard)
	p[231] = takes(0, 0, primAnswerReceiver) // forceDisplayUpdate
	p[232] = refuse("there is no printer")
}

func primAnswerZero(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	return heap.FromInt(0), plugin.OK
}

func primAnswerNil(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) { return c.ReturnNil() }

func primTestDisplayDepth(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	depth, ok := c.SmallInt(0)
	if !ok {
		return c.Fail(plugin.Generic)
	}
	switch max(depth, -depth) { // negative: the pixels of a word in little-endian order
	case 1, 2, 4, 8, 16, 32:
		return c.ReturnBool(true)
	}
	return c.ReturnBool(false)
}

const eventSlots = 8

// primNextEvent fills an Array with the event that says that there is none.
func primNextEvent(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	event := c.Arg(0)
	if !isArray(event) || event.NumSlots() != eventSlots {
		return c.Fail(plugin.BadArgument)
	}
	if !c.Writable(event) {
		return c.Fail(plugin.NoModification)
	}
	for i := range eventSlots {
		event.SetSlotRaw(i, heap.FromInt(0))
	}
	return c.ReturnReceiver()
}

// primBeDisplay makes a Form the display.
func primBeDisplay(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	form := c.Receiver
	if !plugin.IsPointers(form) || form.NumSlots() < 4 {
		return c.Fail(plugin.BadReceiver)
	}
	if bits := c.Field(form, 0); !plugin.IsBits(bits) && !bits.IsInt() {
		return c.Fail(plugin.BadReceiver)
	}
	for i := 1; i < 4; i++ {
		if !c.Field(form, i).IsInt() {
			return c.Fail(plugin.BadReceiver)
		}
	}
	in.touch(in.heap.Specials)
	in.heap.SetSpecial(specialDisplay, form)
	return c.ReturnReceiver()
}

// primScreenSize answers the size the image was saved with.
func primScreenSize(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	width, height := in.screenSize()
	return in.makePoint(c, heap.FromInt(int64(width)), heap.FromInt(int64(height)))
}

func (in *Interp) screenSize() (width, height uint64) {
	if s := in.opts.Header.ScreenSize; s>>16&0xFFFF != 0 && s&0xFFFF != 0 {
		return s >> 16 & 0xFFFF, s & 0xFFFF
	}
	return defaultScreenWidth, defaultScreenHeight
}

func primTakeBoolean(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	if _, ok := c.Bool(0); !ok {
		return c.Fail(plugin.BadArgument)
	}
	return c.ReturnReceiver()
}

func primShowDisplayRect(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	for i := range 4 {
		if _, ok := c.SmallInt(i); !ok {
			return c.Fail(plugin.BadArgument)
		}
	}
	return c.ReturnReceiver()
}

// primClipboard answers the text last put there, or puts one.
func primClipboard(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	if c.NumArgs() == 0 {
		return c.ReturnString(in.system.clipboard)
	}
	text, ok := c.String(0)
	if !ok {
		return c.Fail(plugin.BadArgument)
	}
	in.system.clipboard = text
	return c.ReturnReceiver()
}
