package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/sista-vm/sista/bytecode"
	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/host/hostos"
	"github.com/sista-vm/sista/image"
	"github.com/sista-vm/sista/interp"
	"github.com/sista-vm/sista/native"
	"github.com/sista-vm/sista/plugin"
	"github.com/sista-vm/sista/plugins/all"
	"github.com/sista-vm/sista/snapshot"
	"github.com/sista-vm/sista/vm"
)

var inspectCommand = &command{
	name: "inspect", usage: "[flags] X.image",
	short: "show what is in an image file",
	long: `
Shows the header, segments and contents of an image without running it.

examples:
  sista inspect X.image                       header, segments, largest classes, active process
  sista inspect --classes 0 X.image           all classes
  sista inspect --class OrderedCollection X.image
  sista inspect --method 'OrderedCollection>>do:' X.image
  sista inspect --primitives X.image          primitives it names, and which are missing
  sista inspect --verify X.image              check everything
  sista inspect --json X.image`,
}

func init() {
	inspectCommand.run = runInspect
	inspectCommand.options = func(fs *flagSet) { new(inspectFlags).register(fs) }
}

type inspectFlags struct {
	class, method            string
	classes                  int
	primitives, json, verify bool
}

func (f *inspectFlags) register(fs *flagSet) {
	fs.StringVar(&f.class, "class", "", "show the class `name`: its shape and methods")
	fs.StringVar(&f.method, "method", "", "show the code of a method, `Class>>selector` or 'Class class>>selector'")
	fs.IntVar(&f.classes, "classes", 20, "show this `many` classes, 0 for all")
	fs.BoolVar(&f.primitives, "primitives", false, "list every primitive the image names, whether sista has it, and who calls it")
	fs.BoolVar(&f.json, "json", false, "write JSON")
	fs.BoolVar(&f.verify, "verify", false, "check every object")
}

// inspection is an open image.
type inspection struct {
	inspectFlags
	heap   *heap.Heap
	header *image.Header
	names  *image.Names
	out    io.Writer
}

func runInspect(c *command, args []string) int {
	i := inspection{out: os.Stdout}
	fs := c.flagSet()
	i.register(fs)
	args, code, done := c.parse(fs, args, anyArguments)
	if done {
		return code
	}
	if len(args) != 1 {
		return misuse("inspect: it takes one image file; see sista help inspect")
	}
	var err error
	i.heap, i.header, err = image.Open(args[0], heap.Config{Memory: hostos.Memory(), Window: -1}, image.Options{Verify: i.verify})
	if err != nil {
		return failed(err)
	}
	defer i.heap.Close()
	if i.verify {
		if err := i.heap.Verify(); err != nil {
			return failed(fmt.Errorf("%s: %w", args[0], err))
		}
	}
	i.names = image.NewNames(i.heap)
	switch {
	case i.primitives:
		err = i.showPrimitives()
	case i.method != "":
		err = i.showMethod()
	case i.class != "":
		err = i.showClass()
	default:
		err = i.showImage(args[0])
	}
	if err != nil {
		return failed(fmt.Errorf("%s: %w", args[0], err))
	}
	return exitOK
}

// answer writes x as JSON, or calls text.
func (i *inspection) answer(x any, text func()) error {
	if !i.json {
		text()
		return nil
	}
	e := json.NewEncoder(i.out)
	e.SetIndent("", "  ")
	return e.Encode(x)
}

func (i *inspection) printf(format string, args ...any) { fmt.Fprintf(i.out, format, args...) }

func (i *inspection) showImage(path string) error {
	s := image.Gather(i.heap)
	classes := s.Classes
	if i.classes > 0 && len(classes) > i.classes {
		classes = classes[:i.classes]
	}
	stack := i.activeStack()
	h := i.header
	saved, err := i.machineCode(path)
	if err != nil {
		return err
	}
	report := map[string]any{
		"file": path, "format": h.Format, "headerFlags": h.Flags, "base": h.Base, "dataSize": h.DataSize, "lastHash": h.LastHash,
		"screen": []uint64{h.ScreenSize >> 16, h.ScreenSize & 0xffff}, "imageVersion": h.ImageVersion, "edenBytes": h.EdenBytes,
		"stackPages": h.StackPages, "mappable": h.Mappable(), "segments": s.Segments, "objects": s.Objects, "bytes": s.Bytes,
		"free": s.Free, "classes": classes, "numberOfClasses": len(s.Classes), "activeProcess": stack,
	}
	if saved != nil {
		report["machineCode"] = saved
	}
	return i.answer(report, func() {
		i.printf("%s: 64-bit Spur image, format %d\n", path, h.Format)
		i.printf("  flags %#x, screen %dx%d, image version %d, eden %d bytes, %d stack pages\n",
			h.Flags, h.ScreenSize>>16, h.ScreenSize&0xffff, h.ImageVersion, h.EdenBytes, h.StackPages)
		mapped := "is read and relocated"
		if h.Mappable() {
			mapped = "is mapped, not read"
		}
		i.printf("  base %#x, %d bytes of data; %s when it starts\n", h.Base, h.DataSize, mapped)
		for n, g := range s.Segments {
			i.printf("  segment %d: %#x, %d bytes\n", n, g.Start, g.Size)
		}
		i.printf("  %d objects in %d bytes, %d bytes free, %d classes with instances\n\n", s.Objects, s.Bytes, s.Free, len(s.Classes))
		i.printf("  %12s %12s  class\n", "bytes", "instances")
		for _, c := range classes {
			i.printf("  %12d %12d  %s\n", c.Bytes, c.Instances, c.Name)
		}
		if len(classes) < len(s.Classes) {
			i.printf("  ... %d more; --classes 0 shows all\n", len(s.Classes)-len(classes))
		}
		i.printf("\nactive process:\n")
		for _, line := range stack {
			i.printf("  %s\n", line)
		}
		if saved != nil {
			i.printf("\nmachine code: %d methods and blocks, %d loops; %d bytes of the %d that a code zone holds\n",
				saved.Methods, saved.Loops, saved.CodeBytes, saved.Zone)
		}
	})
}

// machineCode is what an optimized image has of it, and how much of the code zone it takes.
type machineCode struct {
	Methods   int    `json:"methods"`
	Loops     int    `json:"loops"`
	CodeBytes int    `json:"codeBytes"`
	Zone      uint64 `json:"zoneBytes"`
}

// machineCode answers what an image has, nil if it is no optimized one.
func (i *inspection) machineCode(path string) (*machineCode, error) {
	f, err := snapshot.Open(hostos.NewFiles(), path, hostos.Memory())
	if err != nil {
		return nil, err
	}
	defer f.Close()
	m := f.Describe().Manifest
	if m == nil {
		return nil, nil
	}
	_, size := i.heap.CodeArea()
	return &machineCode{m.Methods, m.Loops, m.CodeBytes, native.TextMax(size)}, nil
}

// activeStack answers the stack of the active process, by walking its contexts.
func (i *inspection) activeStack() []string {
	in, err := interp.New(i.heap, hostos.New(), interp.Options{})
	if err != nil {
		return []string{err.Error()}
	}
	defer in.Close()
	return strings.Split(strings.TrimRight(strings.ReplaceAll(in.Stack(20), "  ", ""), "\n"), "\n")
}

func (i *inspection) findClass(name string) (heap.Oop, error) {
	class := i.names.Find(name)
	if class == heap.Invalid {
		return 0, fmt.Errorf("no class %s", name)
	}
	return class, nil
}

func (i *inspection) showClass() error {
	class, err := i.findClass(i.class)
	if err != nil {
		return err
	}
	fixed, format := i.heap.InstSpec(class)
	superclass := "nil"
	if s := i.heap.Follow(class.Slot(0)); s != i.heap.Nil {
		superclass = i.names.Class(s)
	}
	var selectors []string
	for _, m := range image.Methods(i.heap, class) {
		selectors = append(selectors, m.Selector)
	}
	report := map[string]any{"class": i.class, "superclass": superclass, "format": format, "instanceVariables": fixed, "selectors": selectors}
	return i.answer(report, func() {
		i.printf("%s, a subclass of %s: %d named instance variables, format %d, %d methods\n", i.class, superclass, fixed, format, len(selectors))
		for _, s := range selectors {
			i.printf("  %s\n", s)
		}
	})
}

func (i *inspection) showMethod() error {
	name, selector, ok := strings.Cut(i.method, ">>")
	if !ok {
		return fmt.Errorf("%q is no method; write Class>>selector", i.method)
	}
	name, selector = strings.TrimSpace(name), strings.TrimPrefix(strings.TrimSpace(selector), "#")
	class, err := i.findClass(name)
	if err != nil {
		return err
	}
	for _, m := range image.Methods(i.heap, class) {
		if m.Selector != selector {
			continue
		}
		d, err := i.names.Describe(m.Code)
		if err != nil {
			return err
		}
		listing := bytecode.List(d)
		number, module, function := image.Primitive(i.heap, m.Code)
		var literals []string
		for n := range d.Header.NumLiterals {
			literals = append(literals, i.names.Print(i.heap.Follow(m.Code.Slot(n+1))))
		}
		report := map[string]any{
			"method": i.method, "bytecodes": d.Set().String(), "arguments": d.Header.NumArgs, "temporaries": d.Header.NumTemps,
			"primitive": number, "module": module, "function": function, "literals": literals,
			"listing": strings.Split(strings.TrimRight(listing, "\n"), "\n"),
		}
		return i.answer(report, func() {
			i.printf("%s  %s, %d arguments, %d temporaries", i.method, d.Set(), d.Header.NumArgs, d.Header.NumTemps)
			if function != "" {
				i.printf(", primitive %s in module '%s'", function, module)
			} else if number != 0 {
				i.printf(", primitive %d", number)
			}
			i.printf("\n%s", listing)
		})
	}
	return fmt.Errorf("class %s has no method %s", name, selector)
}

// primitiveUse is one primitive an image names.
type primitiveUse struct {
	Number   int      `json:"number"`
	Module   string   `json:"module,omitempty"`
	Function string   `json:"function,omitempty"`
	Have     bool     `json:"have"`
	Callers  []string `json:"callers"`
}

func (u *primitiveUse) name() string {
	switch {
	case u.Function == "":
		return fmt.Sprint(u.Number)
	case u.Module == "":
		return u.Function
	}
	return u.Module + "." + u.Function
}

func (i *inspection) showPrimitives() error {
	registry := plugin.NewRegistry(all.All()...)
	for _, m := range vm.Modules() {
		registry.Register(m)
	}
	in, err := interp.New(i.heap, hostos.New(), interp.Options{Plugins: registry})
	if err != nil {
		return err
	}
	defer in.Close()
	uses := map[string]*primitiveUse{}
	image.EachMethod(i.heap, func(m image.Method) {
		number, module, function := image.Primitive(i.heap, m.Code)
		if number == 0 || number >= 256 && number < 520 {
			return
		}
		u := &primitiveUse{Number: number, Module: module, Function: function}
		if old := uses[u.name()]; old != nil {
			u = old
		} else {
			uses[u.name()] = u
			if u.Have = in.HasPrimitive(number); function != "" {
				u.Have = in.HasNamedPrimitive(module, function)
			}
		}
		u.Callers = append(u.Callers, i.names.Class(m.Class)+">>"+m.Selector)
	})
	list := make([]*primitiveUse, 0, len(uses))
	for _, u := range uses {
		slices.Sort(u.Callers)
		list = append(list, u)
	}
	slices.SortFunc(list, func(a, b *primitiveUse) int {
		return cmp.Or(cmp.Compare(a.Number, b.Number), cmp.Compare(a.Module, b.Module), cmp.Compare(a.Function, b.Function))
	})
	return i.answer(list, func() {
		missing := 0
		for _, u := range list {
			have := "yes"
			if !u.Have {
				have = "NO "
				missing++
			}
			i.printf("%s  %-50s %s\n", have, u.name(), strings.Join(u.Callers, " "))
		}
		i.printf("%d primitives, %d missing\n", len(list), missing)
	})
}
