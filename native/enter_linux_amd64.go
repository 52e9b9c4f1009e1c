package native

// Enter runs machine code from c.PC on until it is left; c.Exit says why. The stack
// of the code is at c.SP, its frame at c.FP, and it gets c.Args[0] in AX.
//
// Go cannot interrupt machine code. It must poll (see ExitPoll); when Go's scheduler
// wants the goroutine, the stack limit is raised.
//
//go:noescape
func Enter(c *Context)

// stubs are the addresses of the stubs, by Exit.
var stubs [NumExits]uint64

// helpers are the addresses of the helpers.
var helpers [NumHelpers]uint64

// leaveStub is the address of the end of the stubs that are called.
var leaveStub uint64

// InitStubs fills in the addresses of the stubs and helpers.
func (c *Context) InitStubs() { c.Stubs, c.Helpers, c.leave = stubs, helpers, leaveStub }
