package vm

import (
	"context"
	"errors"
	"fmt"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/interp"
	"github.com/sista-vm/sista/plugin"
)

// The kernel image serves calls from Go: its class SistaHost answers an Array of
// true and the result, or of false and the name, message and stack of an error.
// Booted with the argument below it calls primitiveServe of the module here when
// it is ready, and waits.
const (
	serveArgument = "--serve"
	hostModule    = "SistaHostPlugin"
	hostClass     = "SistaHost"
)

var errServing = errors.New("vm: the image waits for calls")

func (v *VM) module() plugin.Module {
	return plugin.Module{Name: hostModule, New: func(plugin.VM) (plugin.Instance, error) {
		return plugin.Instance{Primitives: map[string]plugin.Func{
			"primitiveServe": func(c *plugin.Call) (heap.Oop, plugin.Failure) {
				v.in.Halt(errServing)
				return c.ReturnReceiver()
			},
		}}, nil
	}}
}

// serve boots the kernel image, once.
func (v *VM) serve(ctx context.Context) error {
	if v.closed {
		return ErrClosed
	}
	v.release()
	if v.serving {
		return nil
	}
	if v.in.FindClass(hostClass) == heap.Invalid {
		return fmt.Errorf("vm: %s has no class %s, so it can only be sent messages", v.in.ImagePath(), hostClass)
	}
	v.in.SetArgs(append([]string{serveArgument}, v.config.Args...))
	err := v.under(ctx, v.in.Run)
	if !errors.Is(err, errServing) {
		return v.failure(err)
	}
	v.serving = true
	return nil
}

// failure makes the error of a call out of what ended the interpreter.
func (v *VM) failure(err error) error {
	var f *interp.Fatal
	if errors.As(err, &f) {
		return &Error{Class: "VirtualMachineError", Message: f.Message, Stack: f.Stack}
	}
	return err
}

// Eval evaluates Smalltalk statements and answers the value of the last one. Only
// the kernel image, and images saved from it, can.
func (v *VM) Eval(ctx context.Context, source string) (*Value, error) {
	return v.hostCall(ctx, "evaluate:", source)
}

// Send sends a message to a receiver (a Value, or a Go value that becomes an
// object; see FromGo) and answers the result.
func (v *VM) Send(ctx context.Context, receiver any, selector string, args ...any) (*Value, error) {
	if args == nil {
		args = []any{}
	}
	if v.isKernel() {
		return v.hostCall(ctx, "perform:on:with:", Symbol(selector), receiver, args)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed {
		return nil, ErrClosed
	}
	v.release()
	r, err := v.send(ctx, receiver, selector, args)
	if err != nil {
		return nil, err
	}
	return v.value(r), nil
}

func (v *VM) isKernel() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return !v.closed && v.in.FindClass(hostClass) != heap.Invalid
}

// send makes objects of Go values and sends.
func (v *VM) send(ctx context.Context, receiver any, selector string, args []any) (heap.Oop, error) {
	s := v.in.FindSymbol(selector)
	if s == heap.Invalid {
		return 0, fmt.Errorf("vm: the image has no symbol #%s", selector)
	}
	oops := make([]heap.Oop, len(args)+1)
	for i, a := range append([]any{receiver}, args...) {
		o, err := v.object(a)
		if err != nil {
			return 0, err
		}
		oops[i] = o
	}
	var result heap.Oop
	err := v.under(ctx, func() (err error) {
		result, err = v.in.Send(oops[0], s, oops[1:]...)
		return err
	})
	if err != nil {
		return 0, v.failure(err)
	}
	return result, nil
}

// hostCall sends a message to the kernel image's SistaHost and takes its answer apart.
func (v *VM) hostCall(ctx context.Context, selector string, args ...any) (*Value, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := v.serve(ctx); err != nil {
		return nil, err
	}
	r, err := v.send(ctx, object(v.in.FindClass(hostClass)), selector, args)
	if err != nil {
		return nil, err
	}
	if !r.IsObject() || r.Format() != heap.FmtArray || r.NumSlots() < 2 {
		return nil, fmt.Errorf("vm: %s>>%s answered no Array", hostClass, selector)
	}
	if r.Slot(0) == v.heap.True {
		return v.value(v.heap.Follow(r.Slot(1))), nil
	}
	e := &Error{Class: v.text(r.Slot(1))}
	if r.NumSlots() > 3 {
		e.Message, e.Stack = v.text(r.Slot(2)), v.text(r.Slot(3))
	}
	return nil, e
}
