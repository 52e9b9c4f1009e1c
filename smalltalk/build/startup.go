package build

import (
	"strings"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/smalltalk/ast"
	"github.com/sista-vm/sista/smalltalk/compiler"
	"github.com/sista-vm/sista/smalltalk/parser"
	"github.com/sista-vm/sista/smalltalk/source"
)

// Names of the globals that the builder itself makes.
const (
	smalltalkGlobal = "Smalltalk"
	processorGlobal = "Processor"
)

const (
	quitPrimitive = 113
	// startPriority is the priority of the process that the image starts with, priorities
	// the number of run queues.
	startPriority = 40
	priorities    = 80
)

// smalltalkClass answers the class of Smalltalk and that of the dictionary of
// globals, which are the same in some kernels and nil where there is none.
func (t *tree) smalltalkClass() (smalltalk, globals *class) {
	globals = t.dictionaryClass("SystemDictionary", "IdentityDictionary", "Dictionary")
	if c := t.byName["SmalltalkImage"]; c != nil && c.format() == heap.FmtFixed && c.has("globals") {
		return c, globals
	}
	return globals, globals
}

// makeGlobals makes Smalltalk with all globals.
func (b *builder) makeGlobals() {
	smalltalk, globals := b.smalltalkClass()
	b.symbolDictionary = b.dictionaryClass("IdentityDictionary", "Dictionary")
	b.smalltalk, b.environment = b.h.Nil, b.h.Nil
	if globals != nil {
		b.environment = b.instance(globals, 0)
		b.smalltalk = b.environment
	}
	if smalltalk != globals {
		b.smalltalk = b.instance(smalltalk, 0)
		b.set(b.smalltalk, smalltalk, "globals", b.environment)
		b.set(b.smalltalk, smalltalk, "specialObjectsArray", b.h.Specials)
	}
	list := make([]heap.Oop, len(b.globals))
	for i, name := range b.globals {
		list[i] = b.binding(b.global(name))
		if c := b.byName[name]; c != nil {
			b.h.Store(list[i], 1, b.objects[c][instanceSide])
		} else if name == smalltalkGlobal {
			b.h.Store(list[i], 1, b.smalltalk)
		}
	}
	if globals != nil {
		b.fillDictionary(b.environment, globals, list)
	}
}

// compileStartup compiles what the first process runs: a method of UndefinedObject
// with the initialization of classes, the startup source, and a message that quits.
func (t *tree) compileStartup() {
	class := t.byName["UndefinedObject"]
	if class == nil {
		return
	}
	src := ast.NewSource("startup", t.startupSource())
	s, err := parser.ParseDoIt(src, parser.Options{})
	if err != nil {
		t.problems.add(err)
		return
	}
	d := &source.MethodDefinition{Class: class.Name, Method: ast.DoIt(s)}
	d.Source = src
	t.startup = &method{MethodDefinition: d}
	t.compile(class, instanceSide, t.startup)
}

func (t *tree) startupSource() string {
	var b strings.Builder
	if t.options.InitializeClasses {
		for _, c := range t.classes {
			if c.find(classSide, "initialize") != nil {
				b.WriteString(c.Name + " initialize.\n")
			}
		}
	}
	if startup := strings.TrimRight(t.options.Startup, " \t\r\n."); startup != "" {
		b.WriteString(startup + ".\n")
	}
	b.WriteString(t.quitExpression())
	return b.String()
}

// quitExpression answers a message that ends the VM: a method that is the primitive for
// it, of Smalltalk or else of any class. Without one it is empty.
func (t *tree) quitExpression() string {
	smalltalk, _ := t.smalltalkClass()
	for c := smalltalk; c != nil; c = c.super {
		if q := quitMessage(c.methods[instanceSide]); q != "" {
			return smalltalkGlobal + " " + q
		}
	}
	for _, c := range t.classes {
		if q := quitMessage(c.methods[classSide]); q != "" {
			return c.Name + " " + q
		}
	}
	return ""
}

// quitMessage looks for the quit primitive, which may take an exit code.
func quitMessage(methods []*method) string {
	for _, m := range methods {
		if p := m.Method.Primitive; p == nil || p.Number != quitPrimitive {
			continue
		}
		switch ast.SelectorArgs(m.Method.Selector) {
		case 0:
			return m.Method.Selector
		case 1:
			return m.Method.Selector + " 0"
		}
	}
	return ""
}

// Slots of the objects that the VM starts from.
const (
	schedulerLists  = 0
	schedulerActive = 1
	processContext  = 1
	processPriority = 2
	contextPC       = 1
	contextStackp   = 2
	contextMethod   = 3
)

// makeProcess makes Processor, with a process about to run the startup method.
func (b *builder) makeProcess() {
	lists := make([]heap.Oop, priorities)
	listClass := b.known(knownClass{names: listNames, format: heap.FmtFixed})
	for i := range lists {
		lists[i] = b.instance(listClass, 0)
	}
	scheduler := b.instance(b.byName["ProcessorScheduler"], 0)
	process := b.instance(b.byName["Process"], 0)
	b.h.Store(scheduler, schedulerLists, b.array(lists))
	b.h.Store(scheduler, schedulerActive, process)
	b.h.Store(process, processContext, b.startContext(b.startup.code))
	b.h.Store(process, processPriority, heap.FromInt(startPriority))
	b.h.Store(b.binding(b.global(processorGlobal)), 1, scheduler)
}

// startContext makes the activation of a method that nobody called.
func (b *builder) startContext(m *compiler.Method) heap.Oop {
	c := b.instance(b.knownAt(heap.ClassContext), m.Header.FrameSize())
	b.h.Store(c, contextPC, heap.FromInt(int64(m.Header.StartPC())))
	b.h.Store(c, contextStackp, heap.FromInt(int64(m.Header.NumTemps)))
	b.h.Store(c, contextMethod, b.method(m))
	return c
}
