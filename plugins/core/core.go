// Package core lists the plugins that need no network: what a VM has unless it
// is told otherwise. It brings no network stack into a program; package all has
// the other plugins too.
package core

import (
	"github.com/sista-vm/sista/plugin"
	"github.com/sista-vm/sista/plugins/asynchfile"
	"github.com/sista-vm/sista/plugins/bitblt"
	"github.com/sista-vm/sista/plugins/dsa"
	"github.com/sista-vm/sista/plugins/file"
	"github.com/sista-vm/sista/plugins/fileattr"
	"github.com/sista-vm/sista/plugins/floatarray"
	"github.com/sista-vm/sista/plugins/floatmath"
	"github.com/sista-vm/sista/plugins/hash"
	"github.com/sista-vm/sista/plugins/largeint"
	"github.com/sista-vm/sista/plugins/locale"
	"github.com/sista-vm/sista/plugins/matrix"
	"github.com/sista-vm/sista/plugins/misc"
	"github.com/sista-vm/sista/plugins/security"
	"github.com/sista-vm/sista/plugins/unavailable"
	"github.com/sista-vm/sista/plugins/uuid"
	"github.com/sista-vm/sista/plugins/zip"
)

// All answers the modules.
func All() []plugin.Module {
	modules := []plugin.Module{
		asynchfile.Module,
		bitblt.Module,
		dsa.Module,
		file.Module,
		fileattr.Module,
		floatmath.Module,
		largeint.Module,
		locale.Module,
		matrix.Module,
		misc.Module,
		security.Module,
		uuid.Module,
		zip.Module,
	}
	modules = append(modules, floatarray.Modules...)
	modules = append(modules, hash.Modules...)
	return append(modules, unavailable.Modules...)
}
