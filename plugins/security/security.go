// Package security is the SecurityPlugin: the folders of the image's user, and
// giving up the right to write the image.
package security

import (
	"path"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/plugin"
)

// Module is the plugin.
var Module = plugin.Module{Name: "SecurityPlugin", New: func(vm plugin.VM) (plugin.Instance, error) {
	s := &rights{vm: vm}
	return plugin.Instance{Primitives: map[string]plugin.Func{
		"primitiveCanWriteImage":             s.canWriteImage,
		"primitiveDisableImageWrite":         s.disableImageWrite,
		"primitiveGetSecureUserDirectory":    s.secureDirectory,
		"primitiveGetUntrustedUserDirectory": s.untrustedDirectory,
	}}, nil
}}

// ImageGuard is a VM that can be told never to write its image again. Where the
// VM is none, the right is only remembered here.
type ImageGuard interface {
	DisableImageWrite()
}

type rights struct {
	vm      plugin.VM
	noWrite bool
}

func (s *rights) canWriteImage(c *plugin.Call) (heap.Oop, plugin.Failure) {
	return c.ReturnBool(!s.noWrite)
}

func (s *rights) disableImageWrite(c *plugin.Call) (heap.Oop, plugin.Failure) {
	s.noWrite = true
	if g, ok := s.vm.(ImageGuard); ok {
		g.DisableImageWrite()
	}
	return c.ReturnReceiver()
}

// beside answers a folder beside the image.
func (s *rights) beside(name string) string { return path.Join(path.Dir(s.vm.ImagePath()), name) }

func (s *rights) secureDirectory(c *plugin.Call) (heap.Oop, plugin.Failure) {
	return c.ReturnString(s.beside("secure"))
}

// untrustedDirectory answers the folder named by SQUEAK_USERDIR, or one beside the image.
func (s *rights) untrustedDirectory(c *plugin.Call) (heap.Oop, plugin.Failure) {
	if dir, ok := s.vm.Host().Env.Getenv("SQUEAK_USERDIR"); ok && dir != "" {
		return c.ReturnString(path.Clean(dir))
	}
	return c.ReturnString(s.beside("My Squeak"))
}
