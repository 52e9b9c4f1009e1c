//go:build !linux

package launch

import "os/exec"

// StartOwn starts an emulator that is this process's own (see Own). ended is to be called when it has been waited for.
func StartOwn(c *exec.Cmd) (ended func(), err error) {
	Own(c)
	return func() {}, c.Start()
}
