//go:build guest

package vm

import (
	"errors"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/image"
)

// openKernel refuses: a guest without an operating system is always given its image, and
// does not carry the sources of the kernel and the builder with it.
func openKernel(Config) (*heap.Heap, *image.Header, error) {
	return nil, nil, errors.New("a guest has no image of its own")
}
