package heap

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
)

// The model is what the heap should hold, as a graph of Go structs. A random
// mutator does the same to both, and after every collection the two are compared
// from their roots.

type kind int

const (
	kindFixed kind = iota
	kindArray
	kindVariable
	kindWeak
	kindEphemeron
	kindBytes
	kindEmpty
	kindContext
	kindMethod
	kindClassy // an instance of a class that nobody else knows
	kinds
)

// node is an object of the model.
type node struct {
	kind   kind
	slots  []any // *node, int64 or nil
	data   string
	hash   uint32
	fired  bool
	pinned bool
	serial int64
}

// world is a heap with its model.
type world struct {
	t     *testing.T
	h     *Heap
	rng   *rand.Rand
	roots [24]Oop
	model [24]*node
}

func newWorld(t *testing.T, seed uint64, stress bool) *world {
	c := Config{EdenBytes: 256 << 10, GrowHeadroom: 256 << 10, ShrinkThreshold: 1 << 20}
	if seed%4 == 1 {
		c.MaxHeap = 2500 << 10 // memory is short all the time
	}
	w := &world{t: t, h: newTestHeap(t, c),
		rng: rand.New(rand.NewPCG(seed, 1))}
	if seed%5 == 2 {
		w.h.old.segments[0].Mapped = true // as if it were: it is only swept
	}
	w.h.SetStressGC(stress)
	if seed%3 == 0 {
		w.h.marker.limit = 5 // the mark stack overflows all the time
	}
	for i := range w.roots {
		w.roots[i] = w.h.Nil
		w.h.AddHandle(&w.roots[i])
	}
	return w
}

func (w *world) root() int { return w.rng.IntN(len(w.roots)) }

// usedRoot answers a root that holds an object.
func (w *world) usedRoot() (int, bool) {
	for range 50 {
		if i := w.root(); w.model[i] != nil {
			return i, true
		}
	}
	return 0, false
}

// create makes an object in a root.
func (w *world) create() {
	i, r := w.root(), w.rng
	n := &node{kind: kind(r.IntN(int(kinds)))}
	var class uint32
	var f Format
	slots := 0
	size := r.IntN(20)
	if r.IntN(20) == 0 {
		size = r.IntN(3000)
	}
	if r.IntN(400) == 0 {
		size = 60000 + r.IntN(20000)
	}
	switch n.kind {
	case kindFixed:
		class, f, slots = testPoint, FmtFixed, 2
	case kindArray:
		class, f, slots = ClassArray, FmtArray, size
	case kindVariable:
		class, f, slots = testVariable, FmtVariable, 1+size
	case kindWeak:
		class, f, slots = testWeak, FmtWeak, 1+size%50
	case kindEphemeron:
		class, f, slots = testEphemeron, FmtEphemeron, 3
	case kindEmpty:
		class, f = testUndefined, FmtEmpty
	case kindContext:
		class, f, slots = ClassContext, FmtVariable, ContextTemps+16
	case kindMethod:
		size %= 1 << 15
		class, f, slots = testMethod, FmtMethod+3, 1+size+5
	case kindClassy:
		c := w.h.Clone(w.h.ClassAt(testPoint))
		if c == Invalid {
			return
		}
		n.serial = r.Int64N(1 << 40)
		w.h.Store(c, 6, FromInt(n.serial))
		index, ok := w.h.ClassIndexOf(c)
		if !ok {
			return
		}
		class, f, slots = index, FmtFixed, 2
	case kindBytes:
		b := make([]byte, size)
		for j := 0; j < len(b); j++ {
			b[j] = byte(r.Uint32())
		}
		n.data = string(b)
		class, f, slots = ClassByteArray, FmtBytes+Format(-size&7), (size+7)/8
	}
	var o Oop
	switch r.IntN(12) {
	case 0:
		o = w.h.AllocateOld(class, f, slots)
	case 1:
		o = w.h.AllocatePinned(class, f, slots)
		n.pinned = true
	default:
		o = w.h.Allocate(class, f, slots)
	}
	if o == Invalid {
		if w.h.MaxHeap == 0 {
			w.t.Fatal("out of memory")
		}
		// Let something go.
		for range 4 {
			k := w.root()
			w.roots[k], w.model[k] = w.h.Nil, nil
		}
		return
	}
	if n.kind == kindBytes {
		copy(o.Bytes(), n.data)
	} else {
		n.slots = make([]any, slots)
	}
	switch n.kind {
	case kindContext:
		// Above the top of the stack there may be anything.
		n.slots = n.slots[:ContextTemps+r.IntN(16)]
		n.slots[ContextStackp] = int64(len(n.slots) - ContextTemps)
		w.h.Store(o, ContextStackp, FromInt(int64(len(n.slots)-ContextTemps)))
		for j := len(n.slots); j < slots; j++ {
			o.SetWord(j, r.Uint64())
		}
	case kindMethod:
		n.slots = n.slots[:1+size]
		n.slots[0] = int64(size)
		o.SetSlotRaw(0, FromInt(int64(size)))
		for j := 1; j <= size; j++ {
			o.SetSlotRaw(j, w.h.Nil)
		}
		for j := len(n.slots); j < slots; j++ {
			o.SetWord(j, r.Uint64())
		}
	}
	w.roots[i], w.model[i] = o, n
	for j := range min(len(n.slots), 8) {
		w.storeInto(i, j)
	}
}

// storeInto puts a random value into slot j of the object in root i.
func (w *world) storeInto(i, j int) {
	o, n := w.h.Follow(w.roots[i]), w.model[i]
	if n.kind == kindContext && j == ContextStackp || n.kind == kindMethod && j == 0 {
		return
	}
	switch w.rng.IntN(5) {
	case 0:
		v := w.rng.Int64N(1 << 50)
		w.h.Store(o, j, FromInt(v))
		n.slots[j] = v
	case 1:
		w.h.Store(o, j, w.h.Nil)
		n.slots[j] = nil
	default:
		k := w.root()
		w.h.Store(o, j, w.roots[k])
		n.slots[j] = nil
		if w.model[k] != nil {
			n.slots[j] = w.model[k]
		}
	}
}

func (w *world) step() {
	switch r := w.rng.IntN(1000); {
	case r < 550:
		w.create()
	case r < 800:
		if i, ok := w.usedRoot(); ok && len(w.model[i].slots) > 0 {
			w.storeInto(i, w.rng.IntN(len(w.model[i].slots)))
		}
	case r < 850:
		// Walk into the graph.
		if i, ok := w.usedRoot(); ok && len(w.model[i].slots) > 0 {
			j := w.rng.IntN(len(w.model[i].slots))
			if n, ok := w.model[i].slots[j].(*node); ok {
				w.roots[i] = w.h.Follow(w.h.Follow(w.roots[i]).Slot(j))
				w.model[i] = n
			}
		}
	case r < 900:
		i := w.root()
		w.roots[i], w.model[i] = w.h.Nil, nil
	case r < 920:
		if i, ok := w.usedRoot(); ok {
			w.model[i].hash = w.h.IdentityHash(w.h.Follow(w.roots[i]))
		}
	case r < 950:
		w.become()
	case r < 955:
		if i, ok := w.usedRoot(); ok {
			if o, ok := w.h.Pin(w.h.Follow(w.roots[i])); ok {
				w.roots[i] = o
				w.model[i].pinned = true
			} else if w.h.MaxHeap == 0 {
				w.t.Fatal("no memory to pin")
			}
		}
	case r < 965:
		if i, ok := w.usedRoot(); ok {
			w.h.Unpin(w.h.Follow(w.roots[i]))
			w.model[i].pinned = false
		}
	case r < 985:
		w.collect(w.h.Scavenge, false)
	case r < 992:
		w.collect(w.h.FullGC, true)
	case r < 996:
		w.collect(func() { w.h.Compact(w.rng.IntN(2) == 0) }, true)
	case r < 998:
		w.collect(func() { w.h.TenureAll() }, false)
	default:
		w.compare()
	}
	scavenge, full := w.h.NeedsGC()
	if scavenge {
		w.collect(w.h.Scavenge, false)
	}
	if full {
		w.collect(w.h.FullGC, true)
	}
}

func (w *world) become() {
	i, ok := w.usedRoot()
	j, ok2 := w.usedRoot()
	if !ok || !ok2 {
		return
	}
	a, b := w.model[i], w.model[j]
	twoWay, copyHash := w.rng.IntN(2) == 0, w.rng.IntN(2) == 0
	err := w.h.Become([]Oop{w.roots[i]}, []Oop{w.roots[j]}, twoWay, copyHash)
	if a.pinned || twoWay && b.pinned {
		if err != BecomePinned {
			w.t.Fatalf("become of a pinned object: %v", err)
		}
		return
	}
	if err == BecomeNoMemory && w.h.MaxHeap != 0 {
		return
	}
	if err != BecomeOK {
		w.t.Fatal(err)
	}
	if a == b {
		return
	}
	if twoWay {
		*a, *b = *b, *a
		if !copyHash {
			a.hash, b.hash = b.hash, a.hash
		}
		return
	}
	if copyHash && a.hash != 0 {
		b.hash = a.hash
	}
	seen := map[*node]bool{}
	var replace func(n *node)
	replace = func(n *node) {
		if n == nil || seen[n] {
			return
		}
		seen[n] = true
		for k, s := range n.slots {
			if s, ok := s.(*node); ok {
				if s == a {
					n.slots[k] = b
					s = b
				}
				replace(s)
			}
		}
	}
	for k, n := range w.model {
		if n == a {
			w.model[k] = b
		}
		replace(w.model[k])
	}
}

// living answers the nodes a collection must keep, those of them that need no
// ephemeron to fire for that, and the ephemerons that fire.
func (w *world) living() (lives, held, fires map[*node]bool) {
	lives, fires = map[*node]bool{}, map[*node]bool{}
	var waiting []*node
	var trace func(n *node)
	traceAll := func(n *node) {
		for i, s := range n.slots {
			if s, ok := s.(*node); ok && (n.kind != kindWeak || i == 0) {
				trace(s)
			}
		}
	}
	trace = func(n *node) {
		if n == nil || lives[n] {
			return
		}
		lives[n] = true
		if n.kind == kindEphemeron && !n.fired {
			waiting = append(waiting, n)
			return
		}
		traceAll(n)
	}
	for _, n := range w.model {
		trace(n)
	}
	for len(waiting) > 0 {
		round := waiting
		waiting = nil
		var rest []*node
		for _, e := range round {
			if k, ok := e.slots[0].(*node); !ok || lives[k] {
				traceAll(e)
			} else {
				rest = append(rest, e)
			}
		}
		if len(rest) < len(round) {
			waiting = append(waiting, rest...)
			continue
		}
		if held == nil {
			held = maps.Clone(lives)
		}
		for _, e := range rest {
			fires[e] = true
		}
		for _, e := range rest {
			traceAll(e)
		}
	}
	if held == nil {
		held = lives
	}
	return lives, held, fires
}

// collect runs a collection and compares. A full one must clear and fire exactly what
// the model says; a scavenge at most that.
func (w *world) collect(gc func(), full bool) {
	lives, held, fires := w.living()
	gc()
	if err := w.h.Verify(); err != nil {
		w.t.Fatal(err)
	}
	// The queue is a root: what it holds is compared through a root.
	var mourners []Oop
	for o := w.h.NextMourner(); o != Invalid; o = w.h.NextMourner() {
		mourners = append(mourners, o)
	}
	nodes := w.match(func(n *node, i int, s *node) {
		if lives[s] {
			w.t.Fatalf("a weak slot was cleared whose referent lives")
		}
		n.slots[i] = nil
	}, full, lives, fires)
	for _, o := range mourners {
		n := nodes[o]
		if n == nil {
			continue // not reachable but from the queue, or queued by an earlier round
		}
		// A scavenge takes old garbage to live, which can put off the firing of one
		// ephemeron and so let another fire whose key that one would have saved.
		if key, ok := n.slots[0].(*node); !ok || held[key] || full && !fires[n] || n.fired {
			w.t.Fatalf("an ephemeron fired whose key lives")
		}
		n.fired = true
	}
	if full {
		for n := range fires {
			if !n.fired {
				w.t.Fatalf("an ephemeron did not fire")
			}
		}
	}
}

func (w *world) compare() { w.match(nil, false, nil, nil) }

// match walks heap and model together and answers the node of every object.
// cleared is called for weak slots that are nil only in the heap.
func (w *world) match(cleared func(n *node, i int, s *node), full bool, lives, fires map[*node]bool) map[Oop]*node {
	nodes, oops := map[Oop]*node{}, map[*node]Oop{}
	var todo []*node
	meet := func(o Oop, n *node, where string) {
		o = w.h.Follow(o)
		if (o == w.h.Nil) != (n == nil) {
			w.t.Fatalf("%s: heap %#x, model %v", where, uint64(o), n)
		}
		if n == nil {
			return
		}
		if have, ok := oops[n]; ok {
			if have != o {
				w.t.Fatalf("%s: one object became two", where)
			}
			return
		}
		if nodes[o] != nil {
			w.t.Fatalf("%s: two objects became one", where)
		}
		nodes[o], oops[n] = n, o
		todo = append(todo, n)
	}
	for i := range w.roots {
		meet(w.roots[i], w.model[i], fmt.Sprint("root ", i))
	}
	for len(todo) > 0 {
		n := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		o := oops[n]
		if got := o.Header().Hash(); got != n.hash {
			w.t.Fatalf("object %#x: hash %d, want %d", uint64(o), got, n.hash)
		}
		if got := o.Header()&PinnedBit != 0; got != n.pinned {
			w.t.Fatalf("object %#x: pinned %v, want %v", uint64(o), got, n.pinned)
		}
		if n.kind == kindBytes {
			if string(o.Bytes()) != n.data {
				w.t.Fatalf("object %#x: bytes differ", uint64(o))
			}
			continue
		}
		if n.kind == kindClassy {
			if c := w.h.Follow(w.h.ClassOf(o)); c == w.h.Nil || c.Slot(6) != FromInt(n.serial) {
				w.t.Fatalf("object %#x: its class is %#x", uint64(o), uint64(c))
			}
		}
		if o.NumSlots() != len(n.slots) && n.kind != kindContext && n.kind != kindMethod || len(n.slots) != o.strongSlots() && n.kind != kindWeak {
			w.t.Fatalf("object %#x: %d slots, want %d", uint64(o), o.NumSlots(), len(n.slots))
		}
		for i, s := range n.slots {
			v := o.Slot(i)
			switch s := s.(type) {
			case int64:
				if v != FromInt(s) {
					w.t.Fatalf("object %#x, slot %d: %#x, want %d", uint64(o), i, uint64(v), s)
				}
			case nil:
				meet(v, nil, fmt.Sprintf("object %#x, slot %d", uint64(o), i))
			case *node:
				if weak := n.kind == kindWeak && i > 0; weak && cleared != nil {
					if full && !lives[s] && v != w.h.Nil {
						w.t.Fatalf("object %#x, slot %d: a dead referent was not cleared", uint64(o), i)
					}
					if v == w.h.Nil {
						cleared(n, i, s)
						continue
					}
				}
				meet(v, s, fmt.Sprintf("object %#x, slot %d", uint64(o), i))
			}
		}
	}
	return nodes
}

func TestRandomMutator(t *testing.T) {
	seeds, steps := 8, 2000
	if n, err := strconv.Atoi(os.Getenv("HEAP_SEEDS")); err == nil {
		seeds = n
	}
	if testing.Short() {
		seeds = 3
	}
	for seed := range seeds {
		for _, stress := range []bool{false, true} {
			t.Run(fmt.Sprintf("seed=%d,stress=%v", seed, stress), func(t *testing.T) {
				w := newWorld(t, uint64(seed), stress)
				n := steps
				if stress {
					n /= 10
				}
				for range n {
					w.step()
				}
			})
		}
	}
}

func FuzzRandomMutator(f *testing.F) {
	f.Add([]byte("collect"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var s [8]byte
		copy(s[:], b)
		w := newWorld(t, binary.LittleEndian.Uint64(s[:]), len(b)%2 == 1)
		for range 300 {
			w.step()
		}
	})
}
