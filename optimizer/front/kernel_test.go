package front_test

import (
	_ "embed"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/sista-vm/sista/bytecode"
	"github.com/sista-vm/sista/counters"
	"github.com/sista-vm/sista/optimizer/front"
	"github.com/sista-vm/sista/optimizer/ir"
	"github.com/sista-vm/sista/smalltalk/ast"
	"github.com/sista-vm/sista/smalltalk/compiler"
	"github.com/sista-vm/sista/smalltalk/parser"
)

//go:embed testdata/kernel.txt
var kernelText string

// fixed are the classes whose index and format the language knows.
var fixed = map[string]struct {
	index  int64
	format uint8
}{
	"SmallInteger":         {1, 7},
	"Character":            {2, 7},
	"SmallFloat64":         {4, 7},
	"LargeNegativeInteger": {classLargeNegative, 16},
	"LargePositiveInteger": {classLargePositive, 16},
	"BoxedFloat64":         {classBoxedFloat, 10},
	"Context":              {classContext, 3},
	"FullBlockClosure":     {classFullBlock, 3},
	"Array":                {classArray, 2},
	"String":               {classByteString, 16},
	"Symbol":               {0, 16},
	"ByteArray":            {0, 16},
	"CompiledMethod":       {0, 24},
	"Tagged":               {0, 3},
}

// newMachine makes the objects of the kernel.
func newMachine() (*machine, error) {
	m := &machine{objects: []*object{nil}, classes: map[int64]*class{}, byName: map[string]*class{}, symbols: map[string]ir.Oop{},
		bindings: map[string]ir.Oop{}, sources: map[source]*testMethod{}, redefined: map[slot]*testMethod{}, methods: map[counters.Method]*testMethod{}, table: counters.New(counters.DefaultPolicy())}
	for range 3 {
		m.add(&object{})
	}
	var c *class
	var sources []func() error
	for _, line := range strings.Split(kernelText, "\n") {
		if source, isMethod := strings.CutPrefix(line, "\t"); isMethod {
			in := c
			sources = append(sources, func() error { return m.compile(in, source) })
		} else if line != "" {
			header, fields, _ := strings.Cut(line, "|")
			name, super, _ := strings.Cut(strings.TrimSpace(header), " < ")
			c = m.defineClass(name, super, strings.Fields(strings.Trim(fields, "| ")))
		}
	}
	for i, name := range []string{"UndefinedObject", "True", "False"} {
		m.objects[1+i].class = m.byName[name]
	}
	for _, c := range m.classes {
		if c.meta != nil {
			m.at(c.oop).class = c.meta
		}
	}
	m.addNatives()
	for _, f := range sources {
		if err := f(); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// defineClass makes a class and its metaclass.
func (m *machine) defineClass(name, super string, fields []string) *class {
	f := fixed[name]
	c := &class{name: name, super: m.byName[super], index: f.index, format: f.format, methods: map[ir.Oop]*testMethod{}}
	if c.super != nil {
		c.fields = slices.Clone(c.super.fields)
		if f.format == 0 && name != "Symbol" && c.super.format < 7 {
			c.format = c.super.format
		}
	}
	c.fields = append(c.fields, fields...)
	if c.format == 0 && len(c.fields) > 0 {
		c.format = 1
	}
	if c.index == 0 {
		c.index = int64(firstOwnClass + len(m.classes))
	}
	m.classes[c.index] = c
	c.meta = &class{name: name + " class", format: 1, methods: map[ir.Oop]*testMethod{}, index: int64(firstOwnClass + len(m.classes))}
	m.classes[c.meta.index] = c.meta
	if c.super != nil {
		c.meta.super = c.super.meta
	}
	m.byName[name] = c
	if name == "Class" {
		m.byName["Object"].meta.super = c
	}
	c.oop = m.add(&object{class: c.meta, self: c})
	m.bindings[name] = 0
	return c
}

// binding answers the association of a global.
func (m *machine) binding(name string) ir.Oop {
	if m.bindings[name] == 0 {
		m.bindings[name] = m.add(&object{class: m.byName["Association"], slots: []ir.Oop{m.symbol(name), m.byName[name].oop}})
	}
	return m.bindings[name]
}

// environment is that of the methods of a class.
type environment struct {
	m *machine
	c *class
}

func (e environment) InstanceVariables() []string { return e.c.fields }
func (e environment) MayBeContext() bool          { return false }
func (e environment) MethodClass() (compiler.Binding, bool) {
	return compiler.Binding{Name: e.c.name}, true
}
func (e environment) Binding(_, name string) (compiler.Binding, bool) {
	return compiler.Binding{Name: name}, e.m.byName[name] != nil
}

// compile adds a method to a class. The same source gives the same method.
func (m *machine) compile(c *class, text string) error {
	if x := m.sources[source{c, text}]; x != nil {
		c.methods[m.symbol(x.selector)] = x
		return nil
	}
	src := ast.NewSource("", text)
	node, err := parser.ParseMethod(src, parser.Options{})
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", c.name, err, text)
	}
	x, err := compiler.Compile(src, node, environment{m, c}, compiler.Options{NoSource: true})
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", c.name, err, text)
	}
	r := m.methodFor(c, x)
	m.sources[source{c, text}] = r
	m.install(c, r)
	return nil
}

func (m *machine) install(c *class, x *testMethod) {
	c.methods[m.symbol(x.selector)] = x
	m.register(x)
}

// register makes the object of a method.
func (m *machine) register(x *testMethod) {
	x.oop = m.add(&object{class: m.byName["CompiledMethod"], method: x})
	x.Handle = front.Handle(x.oop >> 3)
	x.ID = counters.Method(x.Handle)
	m.methods[x.ID] = x
}

func (m *machine) methodFor(c *class, x *compiler.Method) *testMethod {
	r := &testMethod{selector: x.Selector, owner: c}
	r.Name = c.name + ">>" + x.Selector
	if old := c.methods[m.symbols[x.Selector]]; old != nil && old.native == nil {
		r.Name += fmt.Sprintf(" #%d", len(m.sources)) // calls go by name
	}
	r.Primitive = x.Primitive
	m.fill(r, &x.Code)
	return r
}

// fill takes over code and literals.
func (m *machine) fill(r *testMethod, x *compiler.Code) {
	r.Sista, r.Bytes, r.Args, r.Temps = true, x.Bytecodes, x.Header.NumArgs, x.Header.NumTemps
	r.Owner = front.Handle(r.owner.oop >> 3)
	for _, l := range x.Literals {
		o := m.literal(r, l)
		r.literals = append(r.literals, o)
		r.Literals = append(r.Literals, m.handle(o))
	}
	for in, err := range bytecode.SistaV1.All(r.Bytes) {
		if err == nil && in.Op == bytecode.PushFullClosure {
			m.at(r.literals[in.Index]).method.Copied = in.NumCopied
		}
	}
}

func (m *machine) literal(r *testMethod, l compiler.Literal) ir.Oop {
	switch l := l.(type) {
	case compiler.Integer:
		return m.integer(new(big.Int).Set(l.Value))
	case compiler.Float:
		return m.float(float64(l))
	case compiler.Character:
		return m.Character(int64(l))
	case compiler.String:
		return m.str(string(l))
	case compiler.Symbol:
		return m.symbol(string(l))
	case compiler.Constant:
		return map[ast.ConstantKind]ir.Oop{ast.True: trueOop, ast.False: falseOop}[ast.ConstantKind(l)] | nilOop*b2i(ast.ConstantKind(l) != ast.True && ast.ConstantKind(l) != ast.False)
	case compiler.Binding:
		return m.binding(l.Name)
	case compiler.Array:
		var es []ir.Oop
		for _, e := range l {
			es = append(es, m.literal(r, e))
		}
		return m.add(&object{class: m.classes[classArray], slots: es})
	case *compiler.Block:
		r.inside++
		b := &testMethod{owner: r.owner}
		b.Name = fmt.Sprintf("[] %d in %s", r.inside, r.Name)
		b.Block = true
		m.fill(b, &l.Code)
		m.register(b)
		return b.oop
	}
	return nilOop
}

func b2i(b bool) ir.Oop {
	if b {
		return 1
	}
	return 0
}

// Handles of immediates are above those of objects.
const immediateHandles = 1 << 32

func (m *machine) handle(o ir.Oop) front.Handle {
	if o&7 == 0 {
		return front.Handle(o >> 3)
	}
	i := slices.Index(m.immediates, o)
	if i < 0 {
		i = len(m.immediates)
		m.immediates = append(m.immediates, o)
	}
	return front.Handle(immediateHandles + i)
}
