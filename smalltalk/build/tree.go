package build

import (
	"cmp"
	"slices"

	"github.com/sista-vm/sista/smalltalk/compiler"
	"github.com/sista-vm/sista/smalltalk/parser"
	"github.com/sista-vm/sista/smalltalk/source"
)

// tree is the model of what is to be built: classes with their variables and
// compiled methods, and the names of globals.
type tree struct {
	options  Options
	classes  []*class // superclasses first
	byName   map[string]*class
	defined  map[string]bool // classes with a definition, a bad one perhaps
	globals  []string        // in order: classes, then others
	isGlobal map[string]bool
	startup  *method
	problems Errors

	warnings, notes parser.Errors
}

// class is a class with its metaclass.
type class struct {
	*source.ClassDefinition
	super      *class
	subclasses []*class
	kind       source.Kind
	methods    [2][]*method // of the class and of the metaclass, in source order
}

// The sides of a class.
const (
	instanceSide = 0
	classSide    = 1
)

type method struct {
	*source.MethodDefinition
	code *compiler.Method
}

func sideOf(isMeta bool) int {
	if isMeta {
		return classSide
	}
	return instanceSide
}

// find answers the method of a selector on one side of this class itself.
func (c *class) find(side int, selector string) *method {
	for _, m := range c.methods[side] {
		if m.Method.Selector == selector {
			return m
		}
	}
	return nil
}

// instVars answers the names of all instance variables, inherited ones first.
func (c *class) instVars() []string {
	if c == nil {
		return nil
	}
	return append(c.super.instVars(), c.InstVars...)
}

// classInstVars answers the names of all instance variables that metaclasses add.
func (c *class) classInstVars() []string {
	if c == nil {
		return nil
	}
	return append(c.super.classInstVars(), c.ClassInstVars...)
}

// inherits tells whether c is other or a subclass of it.
func (c *class) inherits(other *class) bool {
	for ; c != nil; c = c.super {
		if c == other {
			return true
		}
	}
	return false
}

// newTree makes the model and compiles all methods. What is wrong is in problems.
func newTree(units []source.Unit, o Options) *tree {
	t := &tree{options: o, byName: map[string]*class{}, defined: map[string]bool{}, isGlobal: map[string]bool{}}
	t.addClasses(units)
	t.addMembers(units)
	t.findKinds()
	t.checkVariables()
	t.checkKnown()
	for _, c := range t.classes {
		t.addGlobal(c.Name)
	}
	for _, name := range append([]string{smalltalkGlobal, processorGlobal}, o.Globals...) {
		t.addGlobal(name)
	}
	for _, c := range t.classes {
		for side := range c.methods {
			for _, m := range c.methods[side] {
				t.compile(c, side, m)
			}
		}
	}
	t.compileStartup()
	return t
}

func (t *tree) addGlobal(name string) {
	if !t.isGlobal[name] {
		t.isGlobal[name] = true
		t.globals = append(t.globals, name)
	}
}

func (t *tree) methodCount() (n int) {
	for _, c := range t.classes {
		n += len(c.methods[instanceSide]) + len(c.methods[classSide])
	}
	return n
}

// class answers the first class there is of some names, or nil.
func (t *tree) class(names ...string) *class {
	for _, name := range names {
		if c := t.byName[name]; c != nil {
			return c
		}
	}
	return nil
}

// addClasses collects the class definitions.
func (t *tree) addClasses(units []source.Unit) {
	definitions := source.ClassDefinitions(units)
	for _, d := range definitions {
		t.defined[d.Name] = true
	}
	sorted, err := source.SortClasses(definitions, nil)
	t.problems.add(err)
	for _, d := range sorted {
		copied := *d // extensions add to it
		c := &class{ClassDefinition: &copied, super: t.byName[d.Superclass]}
		if c.super != nil {
			c.super.subclasses = append(c.super.subclasses, c)
		}
		t.classes = append(t.classes, c)
		t.byName[d.Name] = c
	}
}

// addMembers adds what extensions and methods add to classes.
func (t *tree) addMembers(units []source.Unit) {
	for _, u := range units {
		if s, ok := u.(*source.Statements); ok {
			if s.Definition == nil {
				t.problems.add(parser.NewError(s.Text(), 0, "statements cannot be executed while an image is built: only definitions can be part of it"))
				continue
			}
			u = s.Definition
		}
		switch u := u.(type) {
		case *source.ClassExtension:
			c := t.member(u.Name, u)
			if c == nil {
				continue
			}
			c.InstVars = append(slices.Clone(c.InstVars), u.InstVars...)
			c.ClassVars = append(slices.Clone(c.ClassVars), u.ClassVars...)
			if u.SetsClassInstVars {
				c.ClassInstVars = nil
			}
			c.ClassInstVars = append(slices.Clone(c.ClassInstVars), u.ClassInstVars...)
			c.Comment = cmp.Or(u.Comment, c.Comment)
		case *source.MethodDefinition:
			t.addMethod(u)
		}
	}
}

// member answers the class that a unit belongs to, nil if there is none. Nothing more
// is said of a class whose definition is wrong.
func (t *tree) member(name string, u source.Unit) *class {
	c := t.byName[name]
	if c == nil && !t.defined[name] {
		t.problems.add(parser.NewError(u.Text(), 0, "class %s is not defined", name))
	}
	return c
}

func (t *tree) addMethod(d *source.MethodDefinition) {
	c := t.member(d.Class, d)
	if c == nil {
		return
	}
	side := sideOf(d.IsMeta)
	if first := c.find(side, d.Method.Selector); first != nil {
		t.warn(parser.NewError(d.Text(), 0, "%s is defined twice, the first time at %s", d.Name(), first.Where()))
		first.MethodDefinition = d
		return
	}
	c.methods[side] = append(c.methods[side], &method{MethodDefinition: d})
}

// warn adds a warning, which is an error in a strict build.
func (t *tree) warn(e *parser.Error) {
	if t.options.Strict {
		t.problems.add(e)
		return
	}
	t.warnings = append(t.warnings, e)
}

// checkVariables finds variables that are declared twice.
func (t *tree) checkVariables() {
	for _, c := range t.classes {
		for _, v := range []struct {
			what           string
			inherited, own []string
		}{
			{"instance variable", c.super.instVars(), c.InstVars},
			{"class instance variable", c.super.classInstVars(), c.ClassInstVars},
			{"class variable", nil, c.ClassVars},
		} {
			for i, name := range v.own {
				if slices.Contains(v.inherited, name) || slices.Contains(v.own[:i], name) {
					t.warn(parser.NewError(c.Text(), 0, "class %s declares the %s %s, which it has already", c.Name, v.what, name))
				}
			}
		}
		for _, name := range c.Pools {
			if t.byName[name] == nil {
				t.problems.add(parser.NewError(c.Text(), 0, "class %s uses the pool %s, which no class is", c.Name, name))
			}
		}
	}
}
