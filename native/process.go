package native

// Semaphores and processes are switched without leaving to Go: the cell of a send of signal, wait or
// yield leads to a [Switch], which does what the primitive does. What it cannot do, it does not
// begin, and leaves by the exit of the send.
//
// Every process has its frames on a stack page of its own while it waits. Its context is that of the frame at
// the head of the page, and the switch leaves that frame as the owner of the stack would: the page knows
// fp and sp, on whose top is the result that the process will find, the frame's own word has where it goes on.
//
// A frame that gets a context here returns by [ExitReturnHooked], for its code does not know that it has one:
//
//	Page.HookFP   the frame, one a page; 0 for none
//	Page.HookRet  its return address
//
// That stub tells the context that the frame is gone, and goes on at the address. Whoever keeps more of such frames
// takes this one over first.

// A Page is what is known of a stack page while another one runs.
type Page struct {
	FP, SP uint64 // of the head frame
	// Ready is FP if machine code goes on there, with one activation whose context is in the frame.
	// Whoever changes that frame, or runs the page, makes it 0.
	Ready           uint64
	HookFP, HookRet uint64
	LastUse         uint64
	_               [2]uint64
}

// A SwitchPoint is a safepoint where a frame of one activation may be left by a switch. Its place is
// [SwitchPlace] of its address.
type SwitchPoint struct {
	PC uint64
	// What the context of the activation is made of: its header; the address of the literal that is
	// its method; how far from fp are the receiver and the closure, which is 0 in a method. Header 0: this
	// is the owner's affair.
	Header, Method uint64
	Self, Closure  int64
	Hooks          uint64 // not 0: the frame is to be hooked
	_              [2]uint64
}

// SwitchPoints are those that a process was switched at lately.
type SwitchPoints [64]SwitchPoint

// SwitchPlace answers where the point of a return address is, if it is there.
func SwitchPlace(pc uint64) int { return int((pc>>1 ^ pc>>8) & 63) }

// MostWritten is how many objects are remembered before the owner has to.
const MostWritten = 64

// Scheduling is what switches need of the virtual machine. The owner takes Switches and Written over whenever
// code was left: then another page may be the running one, the one that fp is on.
type Scheduling struct {
	Pages        uint64 // address of an array of Page
	PagesAt      uint64 // address of the first stack page; each has 1<<PageShift bytes
	Headroom     uint64 // from the start of a page to its stack limit
	Points       uint64 // address of the SwitchPoints; 0: there are no switches
	Specials     uint64 // the special objects, an Array
	PreemptFront uint64 // not 0: a process that is preempted stays the first of its queue
	Clock        uint64 // counts uses of pages

	Switches uint64 // done since the owner looked
	Written  uint64 // objects in Objects: old ones that refer to young ones
	Objects  [MostWritten]uint64

	leave uint64 // the end of all stubs that are called
}

// PageShift is the binary logarithm of the size of a stack page.
const PageShift = 14

// A Switch is something a send may lead to.
type Switch int

// The switches.
const (
	SwitchSignal Switch = iota
	SwitchWait
	SwitchYield

	NumSwitches
)

// SwitchEntries are the addresses of a switch: where a cell leads that is for the class in it,
// a send that was looked up, and the call of a known method. 0 where there are none.
type SwitchEntries struct{ Checked, Found, Called uint64 }

var switches [NumSwitches]SwitchEntries

// Entries answers the addresses of a switch.
func (s Switch) Entries() SwitchEntries { return switches[s] }
