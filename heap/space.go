package heap

import (
	"errors"
	"fmt"

	"github.com/sista-vm/sista/host"
)

// The address map. Every heap lives in a window, one reservation of address
// space, so that images and machine code saved by one run are at home in the
// next. Windows start at WindowBase and follow each other at WindowStride, above
// Go's heap and below the area where Linux puts its mappings. When no window is
// free, or address space is limited, any place will do, also a smaller one.
//
//	offset in the window (wide layout)
//	          0  +--------------------------------+
//	             | control and context block      |  64 KiB
//	   0x1_0000  +--------------------------------+
//	             | VM stacks                      |  64 MiB
//	 0x800_0000  +--------------------------------+
//	             | code zone                      |  256 MiB
//	0x2000_0000  +--------------------------------+
//	             | new space                      |  up to 2 GiB
//	             |   survivor, survivor, eden     |  older objects have lower addresses
//	0x1_0000_0000+--------------------------------+  OldStart
//	             | old space: segments with holes |
//	             |                                |
//	             +--------------------------------+  63/64 of the window
//	             | mark bitmap and its offsets    |
//	             +--------------------------------+
//
// Young objects lie below OldStart and old ones above: that is the test of the
// write barrier.
const (
	WindowBase   = 0x4000_0000_0000
	WindowEnd    = 0x5000_0000_0000
	WindowStride = 1 << 37
	Windows      = (WindowEnd - WindowBase) / WindowStride

	ControlSize = 64 << 10
	// StacksStart is the offset of the VM stacks in a window of the wide layout, and so on.
	StacksStart = 0x1_0000
	CodeStart   = 0x800_0000
	NewStart    = 0x2000_0000
	OldStart    = 0x1_0000_0000
	StacksSize  = 64 << 20
	CodeSize    = 256 << 20
	NewSize     = 2 << 30
)

// layout places the areas of a window; all but size are offsets and sizes of areas.
type layout struct {
	size                    uint64
	stacks, code, new, old  uint64
	stackBytes, codeBytes   uint64
	newBytes                uint64
	side                    uint64 // mark bitmap and block offsets
	markBytes, offsetsBytes uint64
}

// layouts are tried in order, the wide ones at any address after the fixed windows.
func layouts() []layout {
	wide := layout{stacks: StacksStart, code: CodeStart, new: NewStart, old: OldStart,
		stackBytes: StacksSize, codeBytes: CodeSize, newBytes: NewSize}
	narrow := layout{stacks: StacksStart, code: 32 << 20, new: 96 << 20, old: 224 << 20,
		stackBytes: 16 << 20, codeBytes: 64 << 20, newBytes: 128 << 20}
	var all []layout
	for _, size := range []uint64{WindowStride, 1 << 35, 1 << 33} {
		wide.size = size
		all = append(all, wide)
	}
	for _, size := range []uint64{1 << 32, 1 << 31, 1 << 30} {
		narrow.size = size
		all = append(all, narrow)
	}
	for i := range all {
		l := &all[i]
		// One bit and one byte of offset table for every word, from new space up.
		l.markBytes = l.size / 64
		l.offsetsBytes = l.size / 64
		l.side = l.size - l.markBytes - l.offsetsBytes
	}
	return all
}

// Config is what a heap is made with.
type Config struct {
	Memory host.Memory // the world's memory
	Window int         // number of the window to take; -1 for the first free one
	// EdenBytes is the size of eden, 0 for DefaultEden. Survivors are a fifth of it.
	EdenBytes uint64
	// MaxHeap limits new and old space together, 0 for none but the window's.
	MaxHeap uint64
	// GrowHeadroom is the least growth of old space, ShrinkThreshold the free
	// memory in old space above which a full collection gives some back; 0 for defaults.
	GrowHeadroom, ShrinkThreshold uint64
	// RaisePoll asks the mutator to come to a safepoint.
	RaisePoll func()
}

// Defaults of Config.
const (
	DefaultEden            = 5 << 20
	DefaultGrowHeadroom    = 16 << 20
	DefaultShrinkThreshold = 32 << 20
	minEden                = 256 << 10
)

// Heap is an object memory. One goroutine at a time may use it.
type Heap struct {
	// The allocation pointers of eden, for inline allocation: an object of n bytes
	// fits while EdenFree+n <= EdenLimit. Anything else goes through Allocate.
	EdenFree, EdenLimit uint64

	Nil, False, True Oop
	Specials         Oop // the special objects array
	HiddenRoots      Oop // class table pages and collector queues, as an image file has them
	FreeLists        Oop // the 64 words an image file has for free lists; unused here, all zero

	// OldStart is the lowest address of old space, constant for the life of the heap.
	OldStart Oop

	// LastHash is the state of the generator of identity hashes.
	LastHash uint64

	// LowSpaceThreshold is the number of bytes left below which LowSpacePending
	// is set, once; 0 turns the watch off.
	LowSpaceThreshold uint64
	LowSpacePending   bool

	// PendingFinalization is set when a collection fired an ephemeron or cleared
	// a weak slot; the interpreter clears it and signals the semaphore.
	PendingFinalization bool

	forwarders forwarders
	// QueueBereavedWeaklings also puts weak objects that lost a referent on the
	// mourn queue (image header flag 64).
	QueueBereavedWeaklings bool

	// StressGC makes NeedsGC true after every allocation.
	stress bool

	// GrowthRatio is the growth of old space since the last full collection that
	// asks for the next one.
	GrowthRatio float64

	GrowHeadroom, ShrinkThreshold, MaxHeap uint64

	// OnWatchedStore is called before a store into a slot of a watched object, or with -1 into any.
	OnWatchedStore func(o Oop, slot int)

	Stats Stats

	mem       host.Memory
	base      uint64
	lay       layout
	mutator   Mutator
	raisePoll func()

	young     youngSpace
	old       oldSpace
	scavenger scavenger
	marker    marker
	side      sideTables

	classPages []Oop  // used class table pages
	classHint  uint32 // where the search for a free index starts

	remembered []Oop
	mourners   []Oop
	handles    handleTable

	lowSuspected                        bool // less is left than LowSpaceThreshold; a full collection will tell
	needScavenge, needFull, needCompact bool
	// stuck is set when not even a full collection made room for a scavenge: the
	// next collection is asked for when an allocation fails.
	stuck bool
}

// New makes an empty heap: not even nil is in it.
func New(c Config) (*Heap, error) {
	if c.Memory == nil {
		return nil, errors.New("heap: no memory to reserve from")
	}
	h := &Heap{
		mem:             c.Memory,
		raisePoll:       c.RaisePoll,
		MaxHeap:         c.MaxHeap,
		GrowHeadroom:    orDefault(c.GrowHeadroom, DefaultGrowHeadroom),
		ShrinkThreshold: orDefault(c.ShrinkThreshold, DefaultShrinkThreshold),
		GrowthRatio:     1.0 / 3,
		LastHash:        firstHash,
		mutator:         noMutator{},
	}
	if err := h.reserveWindow(c.Window); err != nil {
		return nil, err
	}
	h.OldStart = Oop(h.base + h.lay.old)
	h.layOutSide()
	eden := orDefault(c.EdenBytes, DefaultEden)
	if c.MaxHeap != 0 {
		// A small heap gets a small eden.
		eden = min(eden, c.MaxHeap/4)
	}
	if err := h.layOutNewSpace(max(eden, minEden)); err != nil {
		return nil, errors.Join(err, h.Close())
	}
	h.old.init(h)
	return h, nil
}

func orDefault(v, d uint64) uint64 {
	if v == 0 {
		return d
	}
	return v
}

// reserveWindow takes a fixed window if one can be had, else any address.
func (h *Heap) reserveWindow(window int) error {
	all := layouts()
	first, last := 0, int(Windows)-1
	if window >= 0 {
		first, last = window, window
	}
	for w := first; w <= last; w++ {
		base, err := h.mem.Reserve(WindowBase+uint64(w)*WindowStride, all[0].size)
		if err == nil {
			h.base, h.lay = base, all[0]
			return nil
		}
		if !errors.Is(err, host.ErrAddressTaken) {
			break // no such addresses here, or not so much of them
		}
	}
	var err error
	for _, l := range all {
		if h.base, err = h.mem.Reserve(0, l.size); err == nil {
			h.lay = l
			return nil
		}
	}
	return fmt.Errorf("heap: no address space: %w", err)
}

// Close gives all memory back. No oop of the heap may be used any more.
func (h *Heap) Close() error {
	if h.lay.size == 0 {
		return nil
	}
	size := h.lay.size
	h.lay.size = 0
	h.EdenFree, h.EdenLimit = 0, 0
	if err := h.mem.Release(h.base, size); err != nil {
		return fmt.Errorf("heap: close: %w", err)
	}
	return nil
}

// Base answers the address of the window.
func (h *Heap) Base() uint64 { return h.base }

// AtHome tells whether the heap has window w, so that addresses saved for it hold.
func (h *Heap) AtHome(w int) bool {
	return h.base == WindowBase+uint64(w)*WindowStride && h.lay.size == WindowStride
}

// ControlArea answers the area of control and context blocks, reserved but not committed.
func (h *Heap) ControlArea() (start, size uint64) { return h.base, ControlSize }

// StackArea answers the area of VM stacks, reserved but not committed.
func (h *Heap) StackArea() (start, size uint64) { return h.base + h.lay.stacks, h.lay.stackBytes }

// CodeArea answers the area of machine code, reserved but not committed.
func (h *Heap) CodeArea() (start, size uint64) { return h.base + h.lay.code, h.lay.codeBytes }

// Memory answers what the heap was reserved from, to commit parts of the areas above.
func (h *Heap) Memory() host.Memory { return h.mem }

// SetMutator says whose roots the collections visit.
func (h *Heap) SetMutator(m Mutator) { h.mutator = m }

// SetRaisePoll sets the function that asks for a safepoint.
func (h *Heap) SetRaisePoll(f func()) { h.raisePoll = f }

func (h *Heap) poll() {
	if h.raisePoll != nil {
		h.raisePoll()
	}
}
