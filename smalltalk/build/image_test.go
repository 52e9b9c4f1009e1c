package build

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sista-vm/sista/bytecode"
	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/host/hostos"
	"github.com/sista-vm/sista/image"
	"github.com/sista-vm/sista/kernel"
	"github.com/sista-vm/sista/smalltalk/compiler"
	"github.com/sista-vm/sista/smalltalk/source"
)

// openSmalltalk names the program of an OpenSmalltalk VM, if there is one.
const openSmalltalk = "SISTA_OPENSMALLTALK"

// Every method of the kernel image passes the verifier of bytecodes, and the image tells
// what its methods are.
func TestKernel(t *testing.T) {
	var all []source.Unit
	for _, p := range kernel.Packages(true) {
		u, err := source.ReadTree(kernel.Files(), p)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, u...)
	}
	m, err := Build(all, Options{Heap: heap.Config{Memory: hostos.Memory(), Window: -1}, Startup: kernel.Startup, KeepSource: true})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if err := m.Heap.Verify(); err != nil {
		t.Fatal(err)
	}
	names := image.NewNames(m.Heap)
	methods := 0
	image.EachMethod(m.Heap, func(each image.Method) {
		methods++
		name := names.Class(each.Class) + ">>" + each.Selector
		d, err := names.Describe(each.Code)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			return
		}
		if err := bytecode.Verify(d); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, ok := compiler.TrailerSourceText(each.Code.Bytes()); !ok {
			t.Errorf("%s has no source", name)
		}
	})
	if methods != m.Methods {
		t.Errorf("%d methods in the image, %d in the sources", methods, m.Methods)
	}
}

// The image says what a method is made of.
func TestDescribe(t *testing.T) {
	b := build(t, Options{}, "Object >> a: x [ ^ { #sym. 'text'. Array. 3 foo: [ :y | y ] } ]")
	d, err := b.names.Describe(b.method("Object", "a:"))
	if err != nil {
		t.Fatal(err)
	}
	list := bytecode.List(d)
	for _, want := range []string{"#sym", "'text'", "Array", "foo:"} {
		if !strings.Contains(list, want) {
			t.Errorf("the listing lacks %s:\n%s", want, list)
		}
	}
	if _, err := b.names.Describe(b.class("Array")); err == nil {
		t.Error("a class is taken for code")
	}
}

// farArray puts a large array of an image into a segment far from the others.
func (b built) farArray() {
	h := b.Heap
	seg, err := h.AddSegment(h.Segments()[0].End()+64<<20, 1<<20)
	if err != nil {
		b.Fatal(err)
	}
	slots := (seg.Size-heap.BridgeSize)/heap.Word - 2
	heap.StoreWord(seg.Start, heap.OverflowSlots<<heap.SlotsShift|slots)
	o := heap.Oop(seg.Start + heap.Word)
	o.SetHeader(heap.MakeHeader(slots, heap.FmtArray, heap.ClassArray))
	for i := range int(slots) {
		o.SetSlotRaw(i, h.Special(7))
	}
	h.Store(b.global("Far"), 1, o)
}

// An image with several segments runs on the virtual machine of others, which finds
// its way through it in a collection too.
func TestRunsElsewhere(t *testing.T) {
	vm := os.Getenv(openSmalltalk)
	if vm == "" {
		t.Skip(openSmalltalk + " names no virtual machine")
	}
	b := build(t, Options{InitializeClasses: true, Globals: []string{"Far"}, Startup: `
| block sum |
sum := 0.
Smalltalk collect.
block := [ :n | sum := sum + n. n < 10 ifTrue: [ block value: n + 1 ] ].
block value: 1.
Console show: 'sum '. sum printOn: Console. Console show: ' lines '. Console lines printOn: Console.
Console show: ' '; show: (Smalltalk at: #Dictionary) name; show: ' '; show: (Far at: Far size) name`}, `
SystemDictionary >> collect [ <primitive: 130> ]
BlockClosure >> value: anObject [ <primitive: 207> ]
`)
	b.farArray()
	path := filepath.Join(t.TempDir(), "test.image")
	if err := b.Save(path); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(vm, path).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if want := "sum 55 lines 4 Dictionary Array"; string(out) != want {
		t.Errorf("output %q, want %q", out, want)
	}
}
