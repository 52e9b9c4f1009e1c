package launch

import (
	"os/exec"
	"runtime"
	"syscall"
)

// StartOwn starts an emulator that is this process's own (see Own), and ends when this process does, however that
// is. ended is to be called when it has been waited for.
func StartOwn(c *exec.Cmd) (ended func(), err error) {
	Own(c)
	c.SysProcAttr.Pdeathsig = syscall.SIGKILL
	started, over := make(chan error), make(chan struct{})
	go func() {
		runtime.LockOSThread() // the signal is sent when the thread ends: with this goroutine
		started <- c.Start()
		<-over
	}()
	if err := <-started; err != nil {
		close(over)
		return nil, err
	}
	return func() { close(over) }, nil
}
