//go:build !(linux && amd64)

package native

// Enter is never reached: there is no zone, so no code.
func Enter(c *Context) { c.Exit = ExitFault }

// InitStubs fills in the addresses of the stubs and helpers, of which there are none.
func (c *Context) InitStubs() {}
