package interp

import (
	"fmt"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/native"
)

// Stack pages. A process runs on one page at a time; the frames below the base
// of its page are contexts, married to frames of other pages or not. When pages
// run out the one unused longest is spilled: its frames become plain contexts.
//
//	hi      +----------------------------+
//	hi - 8  | sender context of the base |
//	hi - 16 | base frame: receiver ...   |   top of the page, oldest frame
//	        |  ...                       |
//	        | running frame              |   head
//	        |                            |
//	limit   +- - - - - - - - - - - - - - +   a frame laid with sp above the limit fits
//	lo      +----------------------------+
const (
	pageBytes     = 1 << native.PageShift
	defaultPages  = 64
	mostPages     = 512                        // unless a number is asked for
	maxFrameWords = 64 + frameHeaderWords + 16 // largest context, frame header, arguments being pushed
	// smallestFrameWords is that of machine code, with its receiver.
	smallestFrameWords = 6
	// pageHeadroom is what a frame of machine code may take below the limit before it looks.
	pageHeadroom = 512 * heap.Word
	// MaxNativeSlots is how many slots such a frame may have: room stays for its header and
	// a send out of it.
	MaxNativeSlots = 512 - maxFrameWords
)

type stackPage struct {
	lo, hi       uint64
	*native.Page // what machine code knows, too; FP and SP while the page does not run
	used         bool
	marked       bool   // reached by the marking under way
	notes        []note // see native_notes.go
	frozen       int    // frames with a note that says so
}

type stackPages struct {
	pages  []stackPage
	native []native.Page
	active *stackPage
	most   int // pages there may be
	next   int // where a free one is looked for first: what was used last is in the caches
}

// initPages divides the stack area into pages.
func (in *Interp) initPages(n int) error {
	_, size := in.heap.StackArea()
	in.pages.most = n
	if n <= 0 {
		n, in.pages.most = defaultPages, mostPages
	}
	n, in.pages.most = min(n, int(size/pageBytes)), min(in.pages.most, int(size/pageBytes))
	if n < 2 {
		return fmt.Errorf("interp: %d stack pages of %d bytes in an area of %d bytes: at least 2 are needed", n, pageBytes, size)
	}
	in.pages.pages = make([]stackPage, 0, in.pages.most) // which does not move
	in.pages.native = make([]native.Page, in.pages.most)
	return in.addPages(n)
}

// addPages makes more pages: there are n then, if there is no error.
func (in *Interp) addPages(n int) error {
	area, _ := in.heap.StackArea()
	old := len(in.pages.pages)
	if err := in.heap.Memory().Commit(area+uint64(old)*pageBytes, uint64(n-old)*pageBytes); err != nil {
		return err
	}
	// Room for a context of every frame there can be, so that marrying never fails.
	frames := uint64(n) * pageBytes / (smallestFrameWords * heap.Word)
	if err := in.heap.SetReserve(frames * (heap.Word * (1 + contextFixed + smallContextSlots))); err != nil {
		return err
	}
	for i := old; i < n; i++ {
		lo := area + uint64(i)*pageBytes
		in.pages.pages = append(in.pages.pages, stackPage{lo: lo, hi: lo + pageBytes, Page: &in.pages.native[i]})
	}
	return nil
}

// pageOf answers the page that holds an address of the stack area.
func (in *Interp) pageOf(addr uint64) *stackPage {
	i := (addr - in.pages.pages[0].lo) / pageBytes
	if addr < in.pages.pages[0].lo || i >= uint64(len(in.pages.pages)) {
		return nil
	}
	return &in.pages.pages[i]
}

// usePage makes a page the running one; registers are set by the caller.
func (in *Interp) usePage(p *stackPage) {
	in.nat.Clock++
	p.used, p.LastUse, p.Ready = true, in.nat.Clock, 0
	in.pages.active = p
	in.pageLimit = p.lo + pageHeadroom
	in.resetLimit()
}

// freshPage answers an unused page: one that is there, another one while there may be more, or that
// unused for longest, spilled. It never answers the active page or keep.
func (in *Interp) freshPage(keep *stackPage) *stackPage {
	ps := &in.pages
	for n := 0; n < len(ps.pages); n++ {
		if p := &ps.pages[ps.next]; !p.used {
			return p
		}
		if ps.next++; ps.next == len(ps.pages) {
			ps.next = 0
		}
	}
	// A deep stack makes no more of them: each scavenge looks at all that are used.
	if n := len(ps.pages); keep == nil && n < ps.most && in.addPages(min(2*n, ps.most)) == nil {
		return &ps.pages[n]
	}
	var oldest *stackPage
	for i := range ps.pages {
		if p := &ps.pages[i]; p != ps.active && p != keep && (oldest == nil || p.LastUse < oldest.LastUse) {
			oldest = p
		}
	}
	in.spill(oldest)
	return oldest
}

// leavePage records the head of the active page before another one runs.
func (in *Interp) leavePage() {
	if p := in.pages.active; p != nil && p.used {
		in.savePC()
		p.FP, p.SP = in.fp, in.sp
	}
}

// callerFrame answers the frame that called fp, 0 for a base frame.
func callerFrame(fp uint64) uint64 { return ld(fp) }

// baseSender answers the sender context of a base frame.
func baseSender(fp uint64) heap.Oop { return heap.Oop(ld(frameTop(fp) + 8)) }

// frameLow answers the lowest stack word of a frame that is still its own: what it
// pushed for the frame it called belongs to that one.
func (in *Interp) frameLow(p *stackPage, fp uint64) uint64 {
	f, low := p.FP, p.SP
	if p == in.pages.active {
		f, low = in.fp, in.sp
	}
	for f != fp && f != 0 {
		low = frameTop(f) + 8
		f = callerFrame(f)
	}
	return low
}

// stackOverflow moves the running frame to a fresh page, its sender married below it.
func (in *Interp) stackOverflow() {
	in.Stats.StackOverflows++
	caller := callerFrame(in.fp)
	if caller == 0 {
		// One frame fills a page only when its stack runs away.
		in.fatal("corrupt image: the stack of one activation overflows")
		return
	}
	sender := in.contextOf(frameActivation(caller, in.frameRet(in.fp)))
	if in.dead != nil {
		return
	}
	old := in.pages.active
	in.savePC()
	top := frameTop(in.fp)
	p := in.freshPage(old)
	if in.dead != nil {
		return
	}
	// Copy everything from the receiver down.
	st(p.hi-8, uint64(sender))
	shift := p.hi - 16 - top
	for a := top; a >= in.sp; a -= 8 {
		st(a+shift, ld(a))
	}
	old.FP, old.SP = caller, top+8
	in.becomeHead(caller, in.fp)
	fp := in.fp + shift
	if ctx := in.frameContextOf(in.fp); ctx != in.nilOop {
		ctx.SetSlotRaw(contextSender, frameTag(fp))
	}
	in.sp, in.fp = in.sp+shift, fp
	st(fp+frameRet, in.retBase)
	st(fp, 0)
	in.usePage(p)
	// The interpreter returns from what is a base, which template code tells by the context.
	if frameTemplate(fp) != 0 && in.marry(fp) == heap.Invalid {
		setFrameTemplate(fp, 0)
	}
}

// eachFrame calls f with every frame of a page from its head down, and the
// lowest word that is the frame's own.
func (in *Interp) eachFrame(p *stackPage, f func(fp, low uint64)) {
	fp, low := p.FP, p.SP
	if p == in.pages.active {
		fp, low = in.fp, in.sp
	}
	for fp != 0 {
		next := callerFrame(fp)
		nextLow := frameTop(fp) + 8
		f(fp, low)
		fp, low = next, nextLow
	}
}

// spill turns every frame of a page into a plain context and frees the page. The
// active page may be spilled too; in.fp is no frame then.
func (in *Interp) spill(p *stackPage) {
	if p == in.pages.active {
		in.leavePage()
	}
	in.spillFrom(p, nil)
}

// spillFrom does so when the registers are in the page. Levels are those of its head if they were
// read already.
func (in *Interp) spillFrom(p *stackPage, levels []level) {
	in.Stats.PageSpills++
	in.spilled = in.spilled[:0]
	npc := uint64(0)
	in.eachFrame(p, func(fp, low uint64) {
		switch {
		case in.dead != nil:
		case frameIsNative(fp):
			if fp == p.FP {
				npc = headPC(fp)
			}
			l := levels
			if fp != p.FP || l == nil {
				l = in.levels(fp, low, npc, false)
			}
			if in.dead == nil {
				in.marryLevels(fp, l)
			}
		case in.marry(fp) == heap.Invalid:
			in.fatal("out of memory: no context can be made for a frame")
		}
		npc = in.frameRet(fp)
	})
	if in.dead != nil {
		return
	}
	in.eachFrame(p, func(fp, low uint64) {
		if frameIsNative(fp) {
			for _, f := range in.spilled {
				if f.fp == fp {
					in.heap.Store(f.levels[len(f.levels)-1].context, contextSender, in.frameSender(fp))
				}
			}
			return
		}
		in.divorce(fp, low)
	})
	in.freePage(p)
}

// frameSender answers the context below a frame, whose own is made already.
func (in *Interp) frameSender(fp uint64) heap.Oop {
	if c := callerFrame(fp); c != 0 {
		return in.frameContextOf(c)
	}
	return baseSender(fp)
}

// divorce writes a married frame's state into its context, which is single after it.
func (in *Interp) divorce(fp, low uint64) {
	h, ctx, sender := in.heap, in.frameWord(fp, frameContext), in.frameSender(fp)
	n := in.frameDepth(fp, low)
	if n > ctx.NumSlots()-contextFixed {
		in.fatal("corrupt image: the stack of an activation is larger than its method says")
		return
	}
	h.Store(ctx, contextSender, sender)
	ctx.SetSlotRaw(contextPC, in.frameWord(fp, framePC))
	ctx.SetSlotRaw(contextStackp, heap.FromInt(int64(n)))
	for i := 0; i < n; i++ {
		h.Store(ctx, contextFixed+i, heap.Oop(ld(tempAddr(fp, i))))
	}
}

// frameDepth answers how many context slots the frame's arguments, temporaries and stack fill.
func (in *Interp) frameDepth(fp, low uint64) int {
	return frameArgc(fp) + int(fp-48-low+8)/8
}
