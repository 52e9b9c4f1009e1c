package build

import (
	"slices"

	"github.com/sista-vm/sista/smalltalk/compiler"
)

// scope is what the methods of one side of a class see: an Environment.
type scope struct {
	*tree
	class *class
	side  int
}

// InstanceVariables names the slots of the receiver.
func (s scope) InstanceVariables() []string {
	if s.side == classSide {
		return append(s.byName["Class"].instVars(), s.class.classInstVars()...)
	}
	return s.class.instVars()
}

// MayBeContext says that the receiver may be a Context.
func (s scope) MayBeContext() bool {
	context := s.tree.class("Context", "MethodContext")
	return s.side == instanceSide && context != nil && (s.class.inherits(context) || context.inherits(s.class))
}

// MethodClass answers the binding of the class or metaclass.
func (s scope) MethodClass() (compiler.Binding, bool) {
	if s.side == classSide {
		return compiler.Binding{Name: s.class.Name, Meta: true}, true
	}
	return s.global(s.class.Name), true
}

// global answers the binding of a global. Classes cannot be assigned.
func (t *tree) global(name string) compiler.Binding {
	return compiler.Binding{Name: name, ReadOnly: t.byName[name] != nil}
}

// Binding finds a class variable, pool variable or global, in this order for every
// class from the method's up. A namespace that is a class means its class variables.
func (s scope) Binding(namespace, name string) (compiler.Binding, bool) {
	if c := s.byName[namespace]; c != nil {
		if owner := c.classVarOwner(name); owner != nil {
			return compiler.Binding{Name: name, Owner: owner.Name}, true
		}
	}
	for c := s.class; c != nil && namespace == ""; c = c.super {
		if slices.Contains(c.ClassVars, name) {
			return compiler.Binding{Name: name, Owner: c.Name}, true
		}
		for _, pool := range c.Pools {
			if owner := s.byName[pool].classVarOwner(name); owner != nil {
				return compiler.Binding{Name: name, Owner: owner.Name}, true
			}
		}
	}
	if s.isGlobal[name] {
		return s.global(name), true
	}
	return compiler.Binding{}, false
}

// classVarOwner answers the class, c or one above it, that has a class variable.
func (c *class) classVarOwner(name string) *class {
	for ; c != nil; c = c.super {
		if slices.Contains(c.ClassVars, name) {
			return c
		}
	}
	return nil
}
