package vm

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/interp"
	"github.com/sista-vm/sista/plugin"
)

// The kernel image serves calls from Go: its class SistaHost answers an Array of
// true and the result, or of false and the name, message and stack of an error.
// Booted with the argument below its main process calls primitiveServe of the
// module here when all is ready, and suspends itself. Every call is a process of
// its own; between calls nothing runs.
const (
	serveArgument = "--serve"
	hostModule    = "SistaHostPlugin"
	hostClass     = "SistaHost"
)

// cleanupTime is what the ensure: blocks of a call have when its context ended.
const cleanupTime = time.Second

var errServing = errors.New("vm: the image waits for calls")

func (v *VM) module() plugin.Module {
	return plugin.Module{Name: hostModule, New: func(plugin.VM) (plugin.Instance, error) {
		return plugin.Instance{Primitives: map[string]plugin.Func{
			"primitiveIsCalled": func(c *plugin.Call) (heap.Oop, plugin.Failure) {
				return v.heap.Bool(v.called), plugin.OK
			},
			"primitiveOptimizeSaves": func(c *plugin.Call) (heap.Oop, plugin.Failure) {
				if c.NumArgs() != 1 {
					return 0, plugin.BadNumArgs
				}
				v.optimizing = c.Arg(0) == v.heap.True
				return c.ReturnReceiver()
			},
			"primitiveSaveError": func(c *plugin.Call) (heap.Oop, plugin.Failure) {
				if err := v.in.SaveError(); err != nil {
					return c.ReturnString(err.Error())
				}
				return c.Return(v.heap.Nil)
			},
			"primitiveServe": func(c *plugin.Call) (heap.Oop, plugin.Failure) {
				v.in.KeepCallPriority()
				v.in.Halt(errServing)
				return c.ReturnReceiver()
			},
		}}, nil
	}}
}

// Eval evaluates Smalltalk statements and answers the value of the last one. In kernel
// images, and images saved from them, variables that are not declared live as long as the VM; for
// others see Prepare.
func (v *VM) Eval(ctx context.Context, source string) (*Value, error) {
	if v.class == nil {
		d, err := v.Prepare("", source)
		if err != nil {
			return nil, err
		}
		defer d.method.Release()
		return d.Run(ctx)
	}
	return v.hostCall(ctx, "evaluate:", source)
}

// Send sends a message to a receiver (a Value, or a Go value that becomes an
// object; see FromGo) and answers the result.
//
// Of an image that is no kernel image, it is sent in a process beside the active
// one; an error there goes the image's own way.
func (v *VM) Send(ctx context.Context, receiver any, selector string, args ...any) (*Value, error) {
	if v.class != nil {
		if args == nil {
			args = []any{}
		}
		return v.hostCall(ctx, "perform:on:with:", selector, receiver, args)
	}
	return v.locked(func() (heap.Oop, error) { return v.send(ctx, receiver, selector, args) })
}

// Global answers the value of a global variable, such as a class.
func (v *VM) Global(ctx context.Context, name string) (*Value, error) {
	if v.class != nil {
		return v.hostCall(ctx, "global:", name)
	}
	return v.locked(func() (heap.Oop, error) {
		if o, ok := v.in.Global(name); ok {
			return o, nil
		}
		return 0, fmt.Errorf("vm: the image has no global variable %s", name)
	})
}

// hostCall sends a message to the kernel image's SistaHost.
func (v *VM) hostCall(ctx context.Context, selector string, args ...any) (*Value, error) {
	return v.locked(func() (heap.Oop, error) { return v.ask(ctx, selector, args...) })
}

// locked makes a Value of what f answers.
func (v *VM) locked(f func() (heap.Oop, error)) (x *Value, err error) {
	err = v.lock(func() error {
		o, err := f()
		if err == nil {
			x = v.value(v.heap.Follow(o))
		}
		return err
	})
	return x, err
}

// serve boots the kernel image, once.
func (v *VM) serve(ctx context.Context) error {
	if v.serving {
		return nil
	}
	if v.class == nil {
		return fmt.Errorf("vm: %s has no class %s, so it can only be sent messages", v.in.ImagePath(), hostClass)
	}
	v.called = true
	v.in.SetArgs(append([]string{serveArgument}, v.config.Args...))
	if err := v.under(ctx, v.in.Run); !errors.Is(err, errServing) {
		return failure(err)
	}
	v.serving = true
	return nil
}

// ask sends a message to SistaHost and takes its answer apart.
func (v *VM) ask(ctx context.Context, selector string, args ...any) (heap.Oop, error) {
	if err := v.serve(ctx); err != nil {
		return 0, err
	}
	if err := v.intern(ctx, args); err != nil {
		return 0, err
	}
	r, err := v.send(ctx, handle{v.class}, selector, args)
	if err != nil {
		return 0, err
	}
	return v.answer(selector, r)
}

func (v *VM) answer(selector string, r heap.Oop) (heap.Oop, error) {
	r = v.heap.Follow(r)
	if !r.IsObject() || r.Format() != heap.FmtArray || r.NumSlots() < 2 {
		return 0, fmt.Errorf("vm: %s>>%s answered no Array", hostClass, selector)
	}
	if v.heap.Follow(r.Slot(0)) == v.heap.True {
		return r.Slot(1), nil
	}
	e := &Error{Class: v.text(r.Slot(1))}
	if r.NumSlots() > 3 {
		e.Message, e.Stack = v.text(r.Slot(2)), v.text(r.Slot(3))
	}
	return 0, e
}

// send makes objects of Go values and sends.
func (v *VM) send(ctx context.Context, receiver any, selector string, args []any) (heap.Oop, error) {
	s := v.symbol(selector)
	if s == heap.Invalid {
		return 0, fmt.Errorf("vm: the image has no symbol #%s", selector)
	}
	oops, err := v.objects(append([]any{receiver}, args...))
	if err != nil {
		return 0, err
	}
	var result heap.Oop
	stopped := false
	err = v.under(ctx, func() (err error) {
		result, err = v.in.Send(oops[0], v.symbol(selector), oops[1:]...)
		stopped = errors.Is(err, interp.ErrStopped)
		return err
	})
	if stopped && v.class != nil && !v.closing.Load() && v.over == nil {
		v.terminate(result)
	}
	if err != nil {
		return 0, failure(err)
	}
	return result, nil
}

// terminate ends the process of a call that was stopped; its ensure: blocks run if
// they take no long time. If they do they are cut off.
func (v *VM) terminate(process heap.Oop) {
	p := v.hold(process)
	defer v.heap.RemoveHandle(p)
	ctx, cancel := context.WithTimeout(context.Background(), cleanupTime)
	defer cancel()
	err := v.under(ctx, func() error {
		_, err := v.in.Send(v.heap.Follow(*v.class), v.symbol("terminate:"), v.heap.Follow(*p))
		return err
	})
	if err != nil && v.over == nil {
		v.in.Abandon(v.heap.Follow(*p))
	}
}

// symbol answers the Symbol with these characters, Invalid if the image has none.
// Finding one walks the heap, so they are kept.
func (v *VM) symbol(name string) heap.Oop {
	if p := v.symbols[name]; p != nil {
		return v.heap.Follow(*p)
	}
	s := v.in.FindSymbol(name)
	if s != heap.Invalid {
		v.symbols[name] = v.hold(s)
	}
	return s
}

// intern makes sure that the image has every Symbol among the values.
func (v *VM) intern(ctx context.Context, values []any) error {
	for _, x := range values {
		var err error
		switch x := x.(type) {
		case []any:
			err = v.intern(ctx, x)
		case Symbol:
			if v.symbols[string(x)] == nil {
				var s heap.Oop
				if s, err = v.ask(ctx, "symbol:", string(x)); err == nil {
					v.symbols[string(x)] = v.hold(s)
				}
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}
