package stcompiler

import (
	"strings"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/smalltalk/ast"
	"github.com/sista-vm/sista/smalltalk/compiler"
)

// A SourceMap tells where in the source of its method each instruction of a method or
// block comes from.
type SourceMap struct {
	Source string // of the method
	File   string // where it was read from; may be empty
	// First is the line of the file that the source begins in, from 1.
	First int

	code *compiler.Code
}

// MapSource answers the map of a method or block, by compiling its source again; ok is
// false if that is not kept. The map may know the source and no places, if
// it does not compile as it did.
func MapSource(h *heap.Heap, code heap.Oop) (m *SourceMap, ok bool) {
	defer func() {
		if recover() != nil { // the heap may be damaged
			m, ok = nil, false
		}
	}()
	home, path := homeOf(h, code)
	d, ok := methodIn(h, home)
	if !ok {
		return nil, false
	}
	m = &SourceMap{Source: d.source, File: d.file, First: 1}
	src, c := d.compile(path)
	if c != nil {
		m.code = c
		m.First = src.Position(0).Line
	}
	return m, true
}

// Span answers the part of the source that the instruction at a pc, an offset from the
// first bytecode, comes from; ok is false if that is not known.
func (m *SourceMap) Span(pc int) (s ast.Span, ok bool) {
	if m.code == nil {
		return s, false
	}
	return m.code.SpanAt(pc)
}

// Line answers the line of the source, from 1, that the instruction at a pc comes from; 0 if
// that is not known.
func (m *SourceMap) Line(pc int) int {
	s, ok := m.Span(pc)
	if !ok || s.Start > len(m.Source) {
		return 0
	}
	return 1 + strings.Count(m.Source[:s.Start], "\n")
}
