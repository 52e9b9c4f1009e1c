// Package build makes a runnable image out of Smalltalk sources, with no image to
// begin with.
//
// What it promises:
//   - The same units and options give the same image, byte for byte.
//   - It knows what the virtual machine has to know and nothing else: the classes
//     that have a class index of their own, the slots the VM reads, the special
//     objects. Everything else about the classes of a tree is found by name or left
//     nil, so that small kernels of other people build as ours does.
//   - A well-known class that a tree lacks leaves a hole; only the use of one (a
//     float where there are no floats) is an error.
//   - All errors are reported, with their places, not only the first one.
//   - Nothing of the tree is executed. Class-side #initialize methods are run by the
//     built image when it starts, if Options.InitializeClasses asks for it.
//
// Building has two halves. The first (tree.go, shape.go, scope.go, methods.go) makes
// a model of the classes and compiles all methods, and finds every error. The second
// makes the objects in a fresh heap: classes (classes.go), code and literals
// (objects.go, code.go), dictionaries (dictionary.go), and what the VM starts from
// (specials.go, startup.go).
package build

import (
	"errors"
	"fmt"
	"io"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/host/hostos"
	"github.com/sista-vm/sista/image"
	"github.com/sista-vm/sista/smalltalk/compiler"
	"github.com/sista-vm/sista/smalltalk/parser"
	"github.com/sista-vm/sista/smalltalk/source"
)

// Version changes whenever the same sources build another image than before. Who
// keeps images made of sources keeps it with them.
const Version = 3

// Options say how an image is built.
type Options struct {
	// Heap is what the heap of the image is made with. Its Memory is needed.
	Heap heap.Config
	// Startup is the Smalltalk source that the image runs when it starts. After it
	// the image quits, if the tree has a way to (a method that is primitive 113).
	Startup string
	// KeepSource keeps the source of methods in their trailers.
	KeepSource bool
	// Strict makes errors of warnings. Without it names that nothing defines are
	// globals that hold nil.
	Strict bool
	// InitializeClasses runs, before Startup, the class method initialize of every
	// class that has one of its own, superclasses first.
	InitializeClasses bool
	// FileName answers what the methods of a file remember as its name, for the stacks of
	// errors; empty for methods that remember no place. nil: none do.
	FileName func(file string) string
	// Globals are names of globals that exist and are nil at first.
	Globals []string
	// Flags are set in the header of the image.
	Flags uint64
}

// Image is a built image.
type Image struct {
	Heap   *heap.Heap
	Header image.Header
	// Warnings tell of names that nothing defines and methods defined twice, of which
	// the last one counts. Notes tell of declarations that hide others and variables
	// that nothing uses.
	Warnings, Notes parser.Errors
	// Classes and Methods are how many of them there are, metaclasses not counted.
	Classes, Methods int
}

// Save writes the image to a file.
func (m *Image) Save(path string) error { return image.Save(hostos.NewFiles(), path, m.Heap, m.Header) }

// Write writes the image.
func (m *Image) Write(w io.Writer) error { return image.Write(w, m.Heap, m.Header) }

// Close gives the memory of the image back.
func (m *Image) Close() error { return m.Heap.Close() }

// Build makes an image of the definitions in units, in the order of which nothing
// depends but the order of things in the image. What is wrong with the sources is told
// by an *Errors.
func Build(units []source.Unit, o Options) (*Image, error) {
	t := newTree(units, o)
	if err := t.problems.err(); err != nil {
		return nil, err
	}
	h, err := heap.New(o.Heap)
	if err != nil {
		return nil, fmt.Errorf("build: %w", err)
	}
	b := newBuilder(t, h)
	if err := b.run(); err != nil {
		return nil, errors.Join(fmt.Errorf("build: %w", err), h.Close())
	}
	m := &Image{Heap: h, Warnings: t.warnings, Notes: t.notes, Classes: len(t.classes), Methods: t.methodCount()}
	m.Header = image.Header{Format: image.Format, Flags: o.Flags | image.FlagLittleEndianFloats}
	return m, nil
}

// builder makes the objects of an image.
type builder struct {
	*tree
	h       *heap.Heap
	symbols map[string]heap.Oop

	objects  map[*class][2]heap.Oop // class and metaclass
	indices  map[*class][2]uint32   // of class and metaclass
	bindings map[compiler.Binding]heap.Oop

	smalltalk, environment heap.Oop // what Smalltalk is, and the dictionary of globals
	symbolDictionary       *class   // of dictionaries that have symbols as keys, nil if there is none
}

func newBuilder(t *tree, h *heap.Heap) *builder {
	return &builder{tree: t, h: h, symbols: map[string]heap.Oop{}, objects: map[*class][2]heap.Oop{},
		indices: map[*class][2]uint32{}, bindings: map[compiler.Binding]heap.Oop{}}
}

// run makes everything. Running out of memory ends it with an error.
func (b *builder) run() (err error) {
	defer func() {
		if r := recover(); r != nil {
			if r != heap.NoMemory {
				panic(r)
			}
			err = heap.NoMemory
		}
	}()
	if err := b.h.Bootstrap(); err != nil {
		return err
	}
	b.makeClasses()
	b.h.Specials = b.array(make([]heap.Oop, specialSlots))
	b.makeGlobals()
	b.fillClasses()
	b.fillSpecials()
	b.makeProcess()
	return nil
}
