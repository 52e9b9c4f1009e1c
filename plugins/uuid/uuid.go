// Package uuid is the UUIDPlugin: random universally unique identifiers.
package uuid

import (
	"io"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/plugin"
)

// Module is the plugin.
var Module = plugin.Module{Name: "UUIDPlugin", New: func(vm plugin.VM) (plugin.Instance, error) {
	return plugin.Instance{Primitives: map[string]plugin.Func{"primitiveMakeUUID": makeUUID(vm)}}, nil
}}

const size = 16

// makeUUID fills the receiver, or the argument where there is one, with a UUID of version 4.
func makeUUID(vm plugin.VM) plugin.Func {
	return func(c *plugin.Call) (heap.Oop, plugin.Failure) {
		last := c.NumArgs() - 1
		if b, ok := c.Bytes(last); !ok || len(b) != size {
			return c.Fail(plugin.BadArgument)
		}
		id, f := c.MutableBytes(last)
		if f != plugin.OK {
			return c.Fail(f)
		}
		var random [size]byte
		if _, err := io.ReadFull(vm.Host().Entropy, random[:]); err != nil {
			return c.FailError(err)
		}
		random[6] = random[6]&0x0f | 0x40 // version
		random[8] = random[8]&0x3f | 0x80 // variant of RFC 9562
		copy(id, random[:])
		return c.Arg(last), plugin.OK
	}
}
