package pack

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"path"
)

//go:generate go run ./embed

// EmbeddedName answers how the file is called that has the program of a guest's package in a binary with the build tag
// embedkernels; command embed makes it.
func EmbeddedName(pkg string) string { return "kernels/" + path.Base(pkg) + ".gz" }

// Embedded answers the guest of a package that this binary was built with; ok is false if it has none.
func Embedded(pkg string) (l *Linked, ok bool, err error) {
	packed, err := embedded.ReadFile(EmbeddedName(pkg))
	if err != nil {
		return nil, false, nil
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, true, fmt.Errorf("pack: embedded kernel: %w", err)
	}
	program, err := io.ReadAll(z)
	if err != nil {
		return nil, true, fmt.Errorf("pack: embedded kernel: %w", err)
	}
	l, err = Link(program)
	return l, true, err
}
