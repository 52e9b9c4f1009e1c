package heap

import "fmt"

// damage is what the package panics with when it meets objects that cannot be. It
// looks like the fault that most damage leads to (debug.SetPanicOnFault): a
// runtime.Error with an Addr method.
type damage struct{ addr uint64 }

func (d damage) Error() string { return fmt.Sprintf("heap: damaged object at %#x", d.addr) }
func (d damage) RuntimeError() {}
func (d damage) Addr() uintptr { return uintptr(d.addr) }

// maxChain is more forwarders than can stand in a row, unless in a circle.
const maxChain = 1 << 26
