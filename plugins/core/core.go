// Package core is the plugins every VM has: those that need no network stack.
package core

import (
	"slices"

	"github.com/sista-vm/sista/plugin"
	"github.com/sista-vm/sista/plugins/asynchfile"
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
	return slices.Concat([]plugin.Module{
		asynchfile.Module, dsa.Module, file.Module, fileattr.Module, floatmath.Module, largeint.Module,
		locale.Module, matrix.Module, misc.Module, security.Module, uuid.Module, zip.Module,
	}, floatarray.Modules, hash.Modules, unavailable.Modules)
}
