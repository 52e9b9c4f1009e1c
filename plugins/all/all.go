// Package all is every plugin there is, those with network stacks included.
package all

import (
	"github.com/sista-vm/sista/plugin"
	"github.com/sista-vm/sista/plugins/core"
)

// All answers the modules.
func All() []plugin.Module { return core.All() }
