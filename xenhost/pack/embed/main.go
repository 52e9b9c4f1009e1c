// Command embed builds the guests' programs for a binary that has them in it, which needs no Go toolchain
// to pack images. It runs in the folder of package pack:
//
//	go generate ./xenhost/pack
//	go build -tags embedkernels ./cmd/sista
package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"os"

	"github.com/sista-vm/sista/xenhost/pack"
)

func main() {
	for _, pkg := range []string{pack.VM, pack.NetVM} {
		if err := embed(pkg); err != nil {
			fmt.Fprintln(os.Stderr, "embed:", err)
			os.Exit(1)
		}
	}
}

func embed(pkg string) error {
	program, err := pack.Program(context.Background(), ".", pkg, "")
	if err != nil {
		return err
	}
	if _, err := pack.Link(program); err != nil {
		return err
	}
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := z.Write(program); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	return os.WriteFile(pack.EmbeddedName(pkg), b.Bytes(), 0o644)
}
