package vm

import (
	"errors"
	"fmt"

	"github.com/sista-vm/sista/interp"
)

// Error is what Smalltalk code did wrong.
type Error struct {
	Class   string // of the exception; VirtualMachineError for what no Smalltalk code can handle
	Message string
	Stack   string // an activation a line, the innermost first; empty for an error of syntax

	cause error
}

func (e *Error) Error() string {
	if e.Message == "" {
		return e.Class
	}
	return e.Class + ": " + e.Message
}

// Unwrap answers the *Fatal error behind a VirtualMachineError.
func (e *Error) Unwrap() error { return e.cause }

// Quit is the error of a call during which the image ended the program.
type Quit = interp.Quit

// Fatal is an error that ends the virtual machine: Smalltalk cannot be told of it.
type Fatal = interp.Fatal

// ErrClosed is answered by methods of a closed VM.
var ErrClosed = errors.New("vm: closed")

// InternalError is a mistake in the virtual machine or in a plugin. The VM is not
// usable after it.
type InternalError struct {
	Value any    // of the panic
	Stack []byte // of Go
}

func (e *InternalError) Error() string { return fmt.Sprintf("vm: internal error: %v", e.Value) }

// failure makes the error of a call out of what ended the interpreter.
func failure(err error) error {
	var f *interp.Fatal
	switch {
	case errors.As(err, &f):
		return &Error{Class: "VirtualMachineError", Message: f.Message, Stack: f.Stack, cause: f}
	case errors.Is(err, interp.ErrCallCut):
		return &Error{Class: "ProcessTerminated", Message: err.Error(), cause: err}
	}
	return err
}
