//go:build unix

package launch

import (
	"os/exec"
	"syscall"
)

// Own keeps the terminal's Ctrl-C away from what is started: it is for the guest.
func Own(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
