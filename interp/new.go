package interp

import (
	"fmt"
	"slices"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/host"
	"github.com/sista-vm/sista/plugin"
)

// Return addresses of frames that no native code called. They are no addresses
// of code: native code replaces them with those of its stubs.
const (
	returnToSista = 0x10
	returnToV3    = 0x20
	returnToBase  = 0x30
)

// New makes an interpreter for a heap that holds an image, about to resume the
// image's active process.
func New(h *heap.Heap, w *host.Host, opts Options) (*Interp, error) {
	in := &Interp{
		heap: h, host: w, opts: opts,
		oldStart: uint64(h.OldStart),
		retSista: returnToSista, retV3: returnToV3, retBase: returnToBase,
	}
	in.request.signals = map[int]int{}
	in.request.wake = make(chan struct{}, 1)
	in.request.stopping = make(chan struct{})
	in.sessionID = in.newSessionID()
	in.startedAt = w.Clock.Monotonic()
	if opts.Plugins == nil {
		opts.Plugins = plugin.NewRegistry()
	}
	in.plugins = plugin.NewTable(in, opts.Plugins)
	in.call.Heap, in.call.VM = h, in
	if err := in.initPages(opts.StackPages); err != nil {
		return nil, err
	}
	in.installPrimitives()
	in.sistaLoop = placedLoop()
	in.Gather(nil)
	in.Observe(nil)
	h.SetMutator(in)
	h.SetRaisePoll(in.raise)
	in.Moved()
	if err := in.startActiveProcess(); err != nil {
		return nil, err
	}
	return in, nil
}

// startActiveProcess takes up the process that was active when the image was saved.
func (in *Interp) startActiveProcess() error {
	assoc := in.follow(in.heap.Special(specialScheduler))
	if !assoc.IsObject() || !assoc.Format().IsPointers() || assoc.NumSlots() <= associationValue {
		return fmt.Errorf("corrupt image: special object %d is no binding of the scheduler", specialScheduler)
	}
	sched := in.scheduler()
	if !sched.IsObject() || !sched.Format().IsPointers() || sched.NumSlots() <= schedulerActive {
		return fmt.Errorf("corrupt image: the scheduler has no active process")
	}
	p := in.activeProcess()
	if !in.isProcess(p) {
		return fmt.Errorf("corrupt image: the active process is none")
	}
	lists := in.follow(sched.Slot(schedulerLists))
	if !lists.IsObject() || lists.Format() != heap.FmtArray {
		return fmt.Errorf("corrupt image: the scheduler has no array of run queues")
	}
	ctx := in.follow(p.Slot(processContext))
	if !in.isLive(ctx) {
		return fmt.Errorf("corrupt image: the active process has no context to resume")
	}
	in.heap.Store(p, processContext, in.nilOop)
	in.activateContext(ctx)
	if in.dead != nil {
		return in.err
	}
	in.leavePage()
	return nil
}

// newSessionID draws a number that tells this run from all others.
func (in *Interp) newSessionID() uint64 {
	var b [8]byte
	if in.host.Entropy != nil {
		if _, err := in.host.Entropy.Read(b[:]); err == nil {
			id := uint64(0)
			for _, x := range b {
				id = id<<8 | uint64(x)
			}
			return id>>4 | 1
		}
	}
	return uint64(in.host.Clock.UTC())<<1 | 1
}

// Close unloads the plugins. The heap is the caller's.
func (in *Interp) Close() {
	in.setTimer(0)
	in.plugins.Close()
}

// SessionID implements plugin.VM.
func (in *Interp) SessionID() uint64 { return in.sessionID }

// ImagePath implements plugin.VM.
func (in *Interp) ImagePath() string { return in.opts.ImagePath }

// Done implements plugin.VM: the channel is closed by Stop.
func (in *Interp) Done() <-chan struct{} {
	in.request.mu.Lock()
	defer in.request.mu.Unlock()
	return in.request.stopping
}

func sortedKeys(m map[int]int) []int {
	keys := make([]int, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
