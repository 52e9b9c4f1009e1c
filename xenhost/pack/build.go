package pack

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Build makes the guest of a package of the module in folder dir, with the Go toolchain.
func Build(ctx context.Context, dir, pkg string) (*Linked, error) {
	temporary, err := os.MkdirTemp("", "sista-guest")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(temporary)
	out := filepath.Join(temporary, "guest")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-w", "-o", out, pkg)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64", "GOAMD64=v1", "GOFLAGS=")
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("pack: go build %s: %w\n%s", pkg, err, complaints.Bytes())
	}
	program, err := os.ReadFile(out)
	if err != nil {
		return nil, err
	}
	return Link(program)
}
