package pack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// ModulePath is the module that guests are packages of.
const ModulePath = "github.com/sista-vm/sista"

// Packages of the guests that run an image.
const (
	VM    = ModulePath + "/xenhost/guests/vm"    // without a network
	NetVM = ModulePath + "/xenhost/guests/netvm" // with one
)

// Build makes the guest of a package, with the Go toolchain, in a folder where Go finds it.
// The linked program stays in the folder cache, so that it is linked again only when something
// has changed; an empty name stands for no cache.
func Build(ctx context.Context, dir, pkg, cache string) (*Linked, error) {
	program, err := Program(ctx, dir, pkg, cache)
	if err != nil {
		return nil, err
	}
	return Link(program)
}

// Program answers what Build links: the program as Go's linker wrote it.
func Program(ctx context.Context, dir, pkg, cache string) ([]byte, error) {
	if cache == "" {
		temporary, err := os.MkdirTemp("", "sista-guest")
		if err != nil {
			return nil, err
		}
		defer os.RemoveAll(temporary)
		cache = temporary
	} else if err := os.MkdirAll(cache, 0o755); err != nil {
		return nil, err
	}
	out := filepath.Join(cache, "guest-"+strings.NewReplacer("/", "-", ".", "").Replace(strings.TrimPrefix(pkg, ModulePath)))
	if _, err := run(ctx, dir, "go", "build", "-tags=guest", "-trimpath", "-ldflags=-w", "-o", out, pkg); err != nil {
		return nil, fmt.Errorf("pack: %w", err)
	}
	return os.ReadFile(out)
}

// Source answers a folder in which Go finds the module: dir, if that is so.
func Source(ctx context.Context, dir string) (string, error) {
	out, err := run(ctx, dir, "go", "list", "-m", "-f", "{{.Dir}}", ModulePath)
	if errors.Is(err, exec.ErrNotFound) {
		return "", errors.New("pack: guests are built with the Go toolchain (https://go.dev), and there is none; a sista built with -tags embedkernels needs none")
	}
	if err != nil {
		return "", fmt.Errorf("pack: guests are built from the sources of %s, and %s is neither in them nor in a module that needs them", ModulePath, dir)
	}
	return strings.TrimSpace(out), nil
}

// run runs a command for the target of all guests.
func run(ctx context.Context, dir, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64", "GOAMD64=v1", "GOFLAGS=")
	var out, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaints
	if err := cmd.Run(); err != nil {
		if text := strings.TrimSpace(complaints.String()); text != "" {
			return "", fmt.Errorf("%s %s: %w\n%s", name, args[0], err, text)
		}
		return "", fmt.Errorf("%s %s: %w", name, args[0], err)
	}
	return out.String(), nil
}
