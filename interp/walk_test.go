package interp

import (
	"strings"
	"testing"

	"github.com/sista-vm/sista/heap"
)

// chainOf makes single contexts, each the sender of the one before; the last one's
// sender is the one at an index, or nil.
func (w *world) chainOf(n, back int) []heap.Oop {
	contexts := make([]heap.Oop, n)
	for i := range contexts {
		ctx := w.heap.Allocate(heap.ClassContext, heap.FmtVariable, contextFixed+smallContextSlots)
		w.heap.Store(ctx, contextPC, heap.FromInt(9))
		w.heap.Store(ctx, contextStackp, heap.FromInt(0))
		w.heap.Store(ctx, contextMethod, w.selfs)
		contexts[i] = ctx
		if i > 0 {
			w.heap.Store(contexts[i-1], contextSender, ctx)
		}
	}
	if back >= 0 {
		w.heap.Store(contexts[n-1], contextSender, contexts[back])
	}
	return contexts
}

func TestWalk(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct{ n, back int }{
		{1, -1}, {1, 0}, {2, -1}, {2, 0}, {2, 1}, {63, 0}, {64, 63}, {65, 64}, {66, 0}, {200, -1}, {1000, 0}, {1000, 500}, {1000, 999},
	} {
		chain := w.chainOf(c.n, c.back)
		seen := map[heap.Oop]bool{}
		steps := 0
		walk := walkFrom(activation{ctx: chain[0]})
		for ; !walk.isNone(); walk.up(w.in) {
			seen[walk.ctx] = true
			if steps++; steps > 10*(c.n+firstStride) {
				t.Fatalf("%d contexts back to %d: no end", c.n, c.back)
			}
		}
		if len(seen) != c.n || walk.circular != (c.back >= 0) || c.back < 0 && steps != c.n {
			t.Errorf("%d contexts back to %d: %d seen in %d steps, circular %v", c.n, c.back, len(seen), steps, walk.circular)
		}
	}
}

func TestStackOfCircle(t *testing.T) {
	w := newWorld(t)
	s := w.in.stackOf(activation{ctx: w.chainOf(3, 0)[0]}, 2)
	if lines := strings.Count(s, "\n"); lines > 6 || !strings.HasSuffix(s, "  (and again: the senders are a circle)\n") || !strings.Contains(s, "more ...") {
		t.Errorf("stack of a circle:\n%s", s)
	}
	s = w.in.stackOf(activation{ctx: w.chainOf(10, -1)[0]}, 3)
	if lines := strings.Split(strings.TrimSpace(s), "\n"); len(lines) != 7 || strings.TrimSpace(lines[3]) != "... 4 more ..." {
		t.Errorf("stack of ten, three at either end:\n%s", s)
	}
}

// A loop that jumps back by the inlined primitive 6000 heeds requests.
func TestBackjumpPolls(t *testing.T) {
	w := newWorld(t)
	// pushConstant: -7, then the jump, which goes back to it
	m := w.method(0, 0xE1, 0xff, 0xE8, 0xf9, 0xF8, 6000&255, 0x80|6000>>8, 0x58)
	w.in.Stop()
	_, err := w.in.Call(m, w.heap.Nil)
	if err != ErrStopped {
		t.Errorf("%v, want %v", err, ErrStopped)
	}
}
