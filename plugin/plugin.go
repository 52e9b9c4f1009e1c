// Package plugin is the interface between the virtual machine and named
// primitives: what a primitive is given, how it answers or fails, and how
// modules of primitives are registered and found.
//
// A module is a package with one function per primitive:
//
//	var Module = plugin.Module{Name: "Greeter", New: func(vm plugin.VM) (plugin.Instance, error) {
//		return plugin.Instance{Primitives: map[string]plugin.Func{"primitiveGreet": greet}}, nil
//	}}
//
//	func greet(c *plugin.Call) (heap.Oop, plugin.Failure) {
//		name, ok := c.String(0)
//		if !ok {
//			return c.Fail(plugin.BadArgument)
//		}
//		return c.ReturnString("Hello, " + name)
//	}
//
// What a primitive is promised, and what it owes:
//   - Nothing moves while it runs: allocation never collects, so raw oops may be
//     held until it returns, and never longer. State that must last lives in Go
//     values of the Instance.
//   - Arguments and fields read through Call are never forwarders.
//   - It has no effect before its last allocation: failing with NoMemory makes the
//     VM collect and call it again.
//   - It stores pointers through Call.Store and into raw data only of objects for
//     which Call.Writable answered true (the Mutable views test it).
//   - It runs on the goroutine of the VM. Other goroutines may only call
//     VM.SignalSemaphore, VM.Post and VM.Interrupt.
//   - It neither panics nor blocks for long, whatever its arguments are.
package plugin

import (
	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/host"
)

// VM is what a module sees of the virtual machine that loaded it.
type VM interface {
	Host() *host.Host
	Heap() *heap.Heap
	// SignalSemaphore signals the semaphore at a 1-based index of the external
	// objects table at the next safepoint. Any goroutine may call it; 0 is ignored.
	SignalSemaphore(index int)
	// Post runs f on the VM's goroutine at the next safepoint. Any goroutine may call it.
	Post(f func())
	// Interrupt makes the VM come to a safepoint soon. Any goroutine may call it.
	Interrupt()
	// Done is closed when the VM is told to stop; primitives that wait also wait for it. It may be nil.
	Done() <-chan struct{}
	// SessionID tells this run of the image from all others: handles made in another run are stale.
	SessionID() uint64
	ImagePath() string
}

// Func is a primitive. On OK the oop replaces receiver and arguments on the
// stack; otherwise it is ignored and stack and objects are as before the call.
type Func func(c *Call) (heap.Oop, Failure)

// Module is a named set of primitives as images ask for it.
type Module struct {
	Name string
	// New makes the module's state for one VM. It is called when the image first
	// names the module; an error makes all its primitives fail as not found.
	New func(vm VM) (Instance, error)
}

// Instance is a module in use by one VM.
type Instance struct {
	Primitives map[string]Func // by exported name, such as "primitiveFileOpen"
	Missing    Func            // for every name not in Primitives; nil: not found
	Close      func()          // when the VM closes or unloads the module; may be nil
}

// Unavailable makes a module whose primitives all fail as unsupported, with a
// reason that the VM shows.
func Unavailable(name, reason string) Module {
	return Module{Name: name, New: func(VM) (Instance, error) {
		return Instance{Missing: Refuse(name + ": " + reason)}, nil
	}}
}

// Refuse makes a primitive that fails as unsupported with a reason.
func Refuse(reason string) Func {
	return func(c *Call) (heap.Oop, Failure) {
		c.Reason = reason
		return heap.Invalid, Unsupported
	}
}
