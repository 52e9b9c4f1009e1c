//go:build unix

package launch

import (
	"os/exec"
	"syscall"
)

// own keeps the terminal's Ctrl-C away from the emulator: it is for the guest.
func own(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
