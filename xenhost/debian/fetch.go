package debian

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// Package is a file of the archive.
type Package struct {
	// Path is where it is, from the archive's root: "debian/pool/main/..." or "debian-security/pool/...".
	Path string
	// Sum is its SHA-256.
	Sum string
}

// Name answers the package's name: the file's up to the version.
func (p Package) Name() string {
	name, _, _ := strings.Cut(path.Base(p.Path), "_")
	return name
}

// Archive says where packages come from.
type Archive struct {
	// Folder keeps them.
	Folder string
	// Mirrors are tried in turn; nil for Mirrors.
	Mirrors []Mirror
	// Note is told what is being fetched; nil: nobody is.
	Note func(string)
}

// Mirror answers the address of a path.
type Mirror func(path string) string

// Mirrors are Debian's archive, which has a version until the next one replaces it, and the archive's
// history, which has all of them.
var Mirrors = []Mirror{
	func(path string) string { return "http://deb.debian.org/" + path },
	func(path string) string {
		archive, rest, _ := strings.Cut(path, "/")
		return "http://snapshot.debian.org/archive/" + archive + "/" + pinned + "/" + rest
	},
}

// pinned is when the versions were those of the archive.
const pinned = "20261123T000000Z"

// ErrUnavailable is a package that no mirror has, or can be asked for.
var ErrUnavailable = errors.New("a package cannot be fetched")

// Fetch answers the name of a file with the package.
func (a *Archive) Fetch(ctx context.Context, p Package) (string, error) {
	name := filepath.Join(a.Folder, path.Base(p.Path))
	if b, err := os.ReadFile(name); err == nil && sum(b) == p.Sum {
		return name, nil
	}
	if err := os.MkdirAll(a.Folder, 0o755); err != nil {
		return "", err
	}
	mirrors := a.Mirrors
	if mirrors == nil {
		mirrors = Mirrors
	}
	if a.Note != nil {
		a.Note(path.Base(p.Path))
	}
	var failures []error
	for _, m := range mirrors {
		address := m(p.Path)
		b, err := get(ctx, address)
		if err == nil && sum(b) != p.Sum {
			err = fmt.Errorf("%s: %d bytes that are not the package", address, len(b))
		}
		if err == nil {
			return name, write(name, b)
		}
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		failures = append(failures, err)
	}
	return "", fmt.Errorf("%w: %s: %w", ErrUnavailable, p.Name(), errors.Join(failures...))
}

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

// maxPackage is more than any package that is used has.
const maxPackage = 256 << 20

func get(ctx context.Context, address string) ([]byte, error) {
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	r, err := http.DefaultClient.Do(q)
	if err != nil {
		return nil, err
	}
	defer r.Body.Close()
	if r.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", address, r.Status)
	}
	b, err := io.ReadAll(io.LimitReader(r.Body, maxPackage))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", address, err)
	}
	return b, nil
}

// write makes a file whole or not at all: two may fetch at once.
func write(name string, b []byte) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".fetch-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(b)
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}
