package stcompiler

import (
	"strconv"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/smalltalk/ast"
	"github.com/sista-vm/sista/smalltalk/compiler"
)

// Slots of the objects that tell about a method, as the image builder and the image's
// compiler make them.
const (
	stateSelector   = 1 // of an AdditionalMethodState; properties are Associations
	placeFile       = 0 // of the property #source
	placePieces     = 1
	placeOptions    = 2
	classSuperclass = 0
	classInstVars   = 3
	maxSuperclasses = 1000
)

// Place answers where in its source an activation is, as stacks show it: "file:12",
// "line 3" of the method, or nothing if that cannot be known. code is a method or
// block, pc the index of its next instruction, as in a Context.
func Place(h *heap.Heap, code heap.Oop, pc int) (place string) {
	defer func() {
		// The heap may be damaged: stacks are printed of images in any state.
		if recover() != nil {
			place = ""
		}
	}()
	home, path := homeOf(h, code)
	m, ok := methodIn(h, home)
	if !ok {
		return ""
	}
	src, c := m.compile(path)
	if c == nil {
		return ""
	}
	// The instruction before the pc is the one that is executed.
	span, ok := c.SpanAt(max(0, pc-1-heap.Word*(1+len(c.Literals))-1))
	if !ok {
		return ""
	}
	line := strconv.Itoa(src.Position(span.Start).Line)
	if m.file == "" {
		return "line " + line
	}
	return m.file + ":" + line
}

// compile answers the code that the source is compiled to: of the method or, by a path, of
// a block in it. It is nil if the source does not compile.
func (m *described) compile(path []int) (*ast.Source, *compiler.Code) {
	r := request{src: ast.NewSource("", m.source), isMethod: m.selector != "DoIt", options: m.options | optWorkspace}
	r.src.Pieces = m.pieces
	r.env = environment{instVars: m.instVars, others: map[string]bool{}, options: r.options}
	compiled, err := r.compile()
	if err != nil {
		return nil, nil
	}
	c := &compiled.Code
	for i := len(path) - 1; i >= 0; i-- {
		block, ok := c.Literals[path[i]].(*compiler.Block)
		if !ok {
			return nil, nil
		}
		c = &block.Code
	}
	return r.src, c
}

// homeOf answers the method that a block is in, and the indices of the literals that
// lead to the block, the innermost first.
func homeOf(h *heap.Heap, code heap.Oop) (home heap.Oop, path []int) {
	for home = code; ; {
		n := numLiterals(home)
		if n == 0 {
			return home, path
		}
		outer := h.Follow(home.Slot(n))
		if !outer.IsObject() || !outer.Format().IsMethod() {
			return home, path
		}
		for i := range numLiterals(outer) {
			if h.Follow(outer.Slot(i+1)) == home {
				path = append(path, i)
				break
			}
		}
		home = outer
	}
}

func numLiterals(code heap.Oop) int { return int(code.Word(0) >> 3 & 0x7fff) }

// described is what a method tells of its source.
type described struct {
	selector, source, file string
	pieces                 []ast.Piece
	options                int
	instVars               []string
}

func methodIn(h *heap.Heap, home heap.Oop) (m described, ok bool) {
	n := numLiterals(home)
	if n < 2 {
		return m, false
	}
	if m.source, ok = compiler.TrailerSourceText(home.Bytes()[heap.Word*(1+n):]); !ok {
		return m, false
	}
	state := h.Follow(home.Slot(n - 1))
	if plainBytes(state) {
		m.selector = h.StringValue(state)
	} else {
		m.selector = stringIn(h, state, stateSelector)
		m.readPlace(h, state)
	}
	class := field(h, h.Follow(home.Slot(n)), 1)
	for range maxSuperclasses {
		if class == h.Nil {
			break
		}
		if names := field(h, class, classInstVars); isPointers(names) {
			var own []string
			for i := range names.NumSlots() {
				own = append(own, stringIn(h, names, i))
			}
			m.instVars = append(own, m.instVars...)
		}
		if class == h.Follow(h.Special(specialContext)) {
			m.options |= optMaybeContext
		}
		class = field(h, class, classSuperclass)
	}
	return m, true
}

// specialContext is the slot of class Context among the special objects.
const specialContext = 10

func plainBytes(o heap.Oop) bool { return o.IsObject() && o.Format().IsBytes() }
func isPointers(o heap.Oop) bool { return o.IsObject() && o.Format().IsPointers() }

// field answers a slot, nil of an object that has none such.
func field(h *heap.Heap, o heap.Oop, i int) heap.Oop {
	if !isPointers(o) || i >= o.NumSlots() {
		return h.Nil
	}
	return h.Follow(o.Slot(i))
}

func stringIn(h *heap.Heap, o heap.Oop, i int) string {
	if s := field(h, o, i); plainBytes(s) {
		return h.StringValue(s)
	}
	return ""
}

// readPlace reads the property #source of a method's state.
func (m *described) readPlace(h *heap.Heap, state heap.Oop) {
	for i := stateSelector + 1; isPointers(state) && i < state.NumSlots(); i++ {
		property := field(h, state, i)
		if stringIn(h, property, 0) != "source" {
			continue
		}
		place := field(h, property, 1)
		if file := field(h, place, placeFile); file != h.Nil {
			m.file, _ = textOf(file)
		}
		m.pieces, _ = piecesIn(h, field(h, place, placePieces), m.source)
		if o := field(h, place, placeOptions); o.IsInt() {
			m.options = int(o.Int())
		}
	}
}
