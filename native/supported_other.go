//go:build !(linux && amd64)

package native

import (
	"fmt"
	"runtime"

	"github.com/sista-vm/sista/host"
)

// Supported answers why machine code cannot run here; nil if it can.
func Supported() error {
	return fmt.Errorf("native: no machine code for %s on %s", runtime.GOARCH, runtime.GOOS)
}

func publish(*Zone) error                 { return Supported() }
func unpublish(*Zone)                     {}
func checkInterruption(host.Memory) error { return Supported() }
