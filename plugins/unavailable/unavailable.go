// Package unavailable has the plugins that images ask for and this VM does not
// have: calls of C functions, and control of operating-system processes. Their
// primitives fail as unsupported with the name of the plugin in the reason, so
// that a user reads what is missing and not what broke afterwards.
package unavailable

import (
	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/plugin"
)

// Modules are the plugins.
var Modules = []plugin.Module{
	plugin.Unavailable("SqueakFFIPrims", noCalls),
	plugin.Unavailable("IA32ABI", noCalls),
	{Name: "UnixOSProcessPlugin", New: newOSProcess},
}

const (
	noCalls     = "this VM does not call C functions"
	noProcesses = "this VM does not control operating-system processes"
)

// newOSProcess makes the plugin with the few primitives that only ask about this
// process's surroundings, because images call them at start.
func newOSProcess(vm plugin.VM) (plugin.Instance, error) {
	const name = "UnixOSProcessPlugin"
	return plugin.Instance{
		Primitives: map[string]plugin.Func{
			"primitiveModuleName": func(c *plugin.Call) (heap.Oop, plugin.Failure) { return c.ReturnString(name) },
			"primitiveGetCurrentWorkingDirectory": func(c *plugin.Call) (heap.Oop, plugin.Failure) {
				wd, err := vm.Host().Files.Getwd()
				if err != nil {
					return c.FailError(err)
				}
				return c.ReturnString(wd)
			},
			"primitiveEnvironmentAtSymbol": func(c *plugin.Call) (heap.Oop, plugin.Failure) {
				key, ok := c.String(0)
				if !ok {
					return c.Fail(plugin.BadArgument)
				}
				value, ok := vm.Host().Env.Getenv(key)
				if !ok {
					return c.Fail(plugin.NotFound)
				}
				return c.ReturnString(value)
			},
		},
		Missing: plugin.Refuse(name + ": " + noProcesses),
	}, nil
}
