// Package all lists every plugin, those that need the network too. Programs that
// must not bring a network stack with them use package core.
package all

import (
	"github.com/sista-vm/sista/plugin"
	"github.com/sista-vm/sista/plugins/core"
	"github.com/sista-vm/sista/plugins/socket"
	"github.com/sista-vm/sista/plugins/squeakssl"
)

// All answers the modules.
func All() []plugin.Module {
	return append(core.All(), socket.Module, squeakssl.Module)
}
