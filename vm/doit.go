package vm

import (
	"context"
	"errors"
	"fmt"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/smalltalk/ast"
	"github.com/sista-vm/sista/smalltalk/compiler"
	"github.com/sista-vm/sista/smalltalk/parser"
)

// DoIt is a method of statements, compiled outside of the image: of the image it needs nothing but
// a class for methods and, where they have closures, one for those. It can be run again and again, and becomes hot as all code does.
type DoIt struct{ method *Value }

// Prepare compiles statements for any image. Names with a capital letter that they do not declare are
// globals that the image has, and so are their symbols. The file names the source in errors; it may be empty.
func (v *VM) Prepare(file, source string) (*DoIt, error) {
	src := ast.NewSource(file, source)
	s, err := parser.ParseDoIt(src, parser.Options{})
	if err != nil {
		return nil, err
	}
	m, err := v.locked(func() (heap.Oop, error) {
		c := &doItCompiler{vm: v}
		m, err := compiler.CompileDoIt(src, s, c, compiler.Options{NoSource: true, UndeclaredIsError: true})
		if err != nil {
			return 0, err
		}
		return c.method(m)
	})
	if err != nil {
		return nil, err
	}
	return &DoIt{m}, nil
}

// Run executes the statements, with nil as self, in a process of their own, and answers the value of the
// last one. Errors go the image's own way.
func (d *DoIt) Run(ctx context.Context) (*Value, error) {
	v := d.method.vm
	return v.locked(func() (result heap.Oop, err error) {
		err = v.under(ctx, func() error {
			result, err = v.in.Call(v.heap.Follow(*d.method.oop), v.heap.Nil)
			return err
		})
		return result, failure(err)
	})
}

// doItCompiler makes objects of compiled statements.
type doItCompiler struct{ vm *VM }

// InstanceVariables of nil: none.
func (c *doItCompiler) InstanceVariables() []string { return nil }

// MayBeContext is false of nil.
func (c *doItCompiler) MayBeContext() bool { return false }

// MethodClass is unknown: there are no sends to super.
func (c *doItCompiler) MethodClass() (compiler.Binding, bool) { return compiler.Binding{}, false }

// Binding answers a global of the image, or a class that is in no dictionary.
func (c *doItCompiler) Binding(namespace, name string) (compiler.Binding, bool) {
	b := compiler.Binding{Name: name}
	if _, ok := c.vm.in.GlobalBinding(name); ok {
		return b, namespace == ""
	}
	b.ReadOnly = true
	return b, namespace == "" && c.vm.in.FindClass(name) != heap.Invalid
}

// method makes the method. If memory is short it collects, and tries again.
func (c *doItCompiler) method(m *compiler.Method) (heap.Oop, error) {
	o, err := c.code(c.methodClass(), &m.Code, heap.Invalid)
	if errors.Is(err, errNoMemory) {
		c.vm.in.Collect()
		o, err = c.code(c.methodClass(), &m.Code, heap.Invalid)
	}
	return o, err
}

func (c *doItCompiler) methodClass() heap.Oop {
	const special = 16 // among the special objects
	return c.vm.heap.Follow(c.vm.heap.Special(special))
}

// blockClass answers the class for blocks. Images that know no blocks apart have them as methods.
func (c *doItCompiler) blockClass() heap.Oop {
	if class := c.vm.in.FindClass("CompiledBlock"); class != heap.Invalid {
		return class
	}
	return c.methodClass()
}

// code makes a method or block. The blocks in it are told of it.
func (c *doItCompiler) code(class heap.Oop, k *compiler.Code, outer heap.Oop) (heap.Oop, error) {
	h := c.vm.heap
	header, err := k.Header.Encode()
	if err != nil {
		return 0, err
	}
	m, e := h.NewMethod(class, heap.FromInt(header), len(k.Bytecodes)+len(k.Trailer))
	switch e {
	case heap.OK:
	case heap.NoMemory:
		return 0, errNoMemory
	default:
		return 0, fmt.Errorf("vm: the image's class %s is none for methods: %v", c.vm.in.NameOfClass(class), e)
	}
	copy(m.Bytes()[heap.Word*(1+len(k.Literals)):], append(append([]byte(nil), k.Bytecodes...), k.Trailer...))
	for i, l := range k.Literals {
		o, err := c.literal(l, m, outer)
		if err != nil {
			return 0, err
		}
		h.Store(m, i+1, o)
	}
	return m, nil
}

func (c *doItCompiler) literal(l compiler.Literal, method, outer heap.Oop) (heap.Oop, error) {
	h := c.vm.heap
	var value any
	switch l := l.(type) {
	case compiler.Integer:
		value = l.Value
	case compiler.Float:
		value = float64(l)
	case compiler.Fraction:
		value = l.Value
	case compiler.Character:
		value = Character(l)
	case compiler.String:
		value = string(l)
	case compiler.Symbol:
		value = Symbol(l)
		if l == "DoIt" && c.vm.symbol("DoIt") == heap.Invalid { // its own name, which is not looked for
			value = nil
		}
	case compiler.ByteArray:
		value = []byte(l)
	case compiler.Array:
		a := h.NewArray(len(l))
		if a == heap.Invalid {
			return 0, errNoMemory
		}
		for i, e := range l {
			o, err := c.literal(e, method, outer)
			if err != nil {
				return 0, err
			}
			h.Store(a, i, o)
		}
		return a, nil
	case compiler.Constant:
		switch ast.ConstantKind(l) {
		case ast.True:
			return h.True, nil
		case ast.False:
			return h.False, nil
		}
		return h.Nil, nil
	case compiler.Binding:
		if o, ok := c.vm.in.GlobalBinding(l.Name); ok {
			return o, nil
		}
		// What has its value second is as good as an association.
		o := h.NewArray(2)
		if o == heap.Invalid {
			return 0, errNoMemory
		}
		h.Store(o, 1, c.vm.in.FindClass(l.Name))
		return o, nil
	case *compiler.Block:
		if h.ClassAt(heap.ClassFullBlock) == h.Nil {
			return 0, errors.New("vm: the image has no class for the closures of blocks; statements for it are to do without, or with such as become loops and jumps")
		}
		return c.code(c.blockClass(), &l.Code, method)
	case compiler.OuterCode:
		return outer, nil
	case *compiler.MethodState, compiler.NoBinding:
	default:
		return 0, fmt.Errorf("vm: a literal that statements for other images cannot have: %s", compiler.LiteralText(l))
	}
	o, err := c.vm.object(value)
	if err == nil && o == heap.Invalid {
		err = errNoMemory
	}
	return o, err
}
