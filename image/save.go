package image

import (
	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/host"
)

// Save writes a heap to an image file, see Write. The file is replaced at once
// when all of it is safely on the disk; until then, and after any failure, what was
// there stays: see host.Replace.
func Save(files host.Files, path string, h *heap.Heap, hd Header) error {
	return named(path, host.Replace(files, path, 0, func(f host.File) error {
		_, err := WriteFile(f, h, hd, nil)
		return err
	}))
}
