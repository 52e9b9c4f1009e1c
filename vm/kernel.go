//go:build !guest

package vm

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/host/hostos"
	"github.com/sista-vm/sista/image"
	"github.com/sista-vm/sista/kernel"
	"github.com/sista-vm/sista/smalltalk/build"
	"github.com/sista-vm/sista/smalltalk/source"
)

// openKernel answers the heap of the kernel image with the trees of c, from the
// cache if it is there. A cache that cannot be read or written is no error.
func openKernel(c Config) (*heap.Heap, *image.Header, error) {
	path := ""
	if dir := cacheDir(c); dir != "" {
		key, err := sourcesKey(c)
		if err != nil {
			return nil, nil, err
		}
		path = filepath.Join(dir, fmt.Sprintf(cacheName, fmt.Sprintf("%016x", key)))
		if h, hd, err := image.Open(path, heapConfig(c), image.Options{Verify: c.Verify}); err == nil {
			return h, hd, nil
		}
	}
	b, err := buildKernel(c)
	if err != nil {
		return nil, nil, err
	}
	if used := b.Heap.OldBytes() + b.Heap.NewSpaceBytes(); c.MaxHeap != 0 && used > c.MaxHeap {
		return nil, nil, errors.Join(fmt.Errorf("the kernel image needs %d bytes, more than the limit of the heap, %d bytes", used, c.MaxHeap), b.Close())
	}
	if path != "" && os.MkdirAll(filepath.Dir(path), 0o755) == nil && b.Save(path) == nil {
		prune(filepath.Dir(path))
		// The saved image is mapped, and what it was built in is given back.
		if h, hd, err := image.Open(path, heapConfig(c), image.Options{}); err == nil {
			return h, hd, b.Close()
		}
	}
	b.Heap.MaxHeap = c.MaxHeap
	return b.Heap, &b.Header, nil
}

// Cached images: their names, and how many are kept.
const (
	cacheName = "kernel-%s.image"
	cacheSize = 16
)

// prune removes the oldest images of a cache that has too many.
func prune(dir string) {
	names, err := filepath.Glob(filepath.Join(dir, fmt.Sprintf(cacheName, "*")))
	if err != nil || len(names) <= cacheSize {
		return
	}
	age := map[string]time.Time{}
	for _, n := range names {
		if fi, err := os.Stat(n); err == nil {
			age[n] = fi.ModTime()
		}
	}
	slices.SortFunc(names, func(a, b string) int { return age[a].Compare(age[b]) })
	for _, n := range names[:len(names)-cacheSize] {
		_ = os.Remove(n) // who runs it has it mapped
	}
}

func cacheDir(c Config) string {
	switch c.CacheDir {
	case "-":
		return ""
	case "":
		dir, err := os.UserCacheDir()
		if err != nil {
			return ""
		}
		return filepath.Join(dir, "sista")
	}
	return c.CacheDir
}

// BuildKernel builds the kernel image, with the trees and tests that c asks for.
func BuildKernel(c Config) (*build.Image, error) { return buildKernel(c) }

func buildKernel(c Config) (*build.Image, error) {
	if c.Memory == nil {
		c.Memory = hostos.Memory()
	}
	var units []source.Unit
	err := eachTree(c, func(tree fs.FS, dir, name string) error {
		prefix := ""
		if name != dir {
			prefix = name
		}
		read, err := source.ReadTreeNamed(tree, dir, filepath.ToSlash(prefix))
		units = append(units, read...)
		return err
	})
	if err != nil {
		return nil, err
	}
	// The heap limit is the running image's concern.
	config := heapConfig(c)
	config.MaxHeap = 0
	return build.Build(units, build.Options{Heap: config, Startup: kernel.Startup, KeepSource: true, FileName: ownFile})
}

// ownFile answers the names of files that are not the kernel's. Methods of the kernel need
// no file: their class says which it is.
func ownFile(file string) string {
	if _, err := fs.Stat(kernel.Files(), file); err == nil {
		return ""
	}
	return file
}

// eachTree calls f for every tree of the image: packages of the kernel, then folders,
// then other trees.
func eachTree(c Config, f func(tree fs.FS, dir, name string) error) error {
	for _, p := range kernel.Packages(c.Tests) {
		if err := f(kernel.Files(), p, p); err != nil {
			return err
		}
	}
	for _, dir := range c.Trees {
		fi, err := os.Stat(dir)
		if err == nil && !fi.IsDir() {
			err = &fs.PathError{Op: "read", Path: dir, Err: errors.New("not a folder")}
		}
		if err != nil {
			return err
		}
		if err := f(Definitions(os.DirFS(dir)), ".", dir); err != nil {
			return err
		}
	}
	for i, tree := range c.Sources {
		if err := f(Definitions(tree), ".", fmt.Sprintf("source %d", i+1)); err != nil {
			return err
		}
	}
	return nil
}

// Files in a tree of sources that are no part of the image.
const (
	MainScript     = "main.st"     // what the program does when it is run
	WorkloadScript = "workload.st" // what it is warmed with
)

// Definitions answers a tree of sources without these scripts.
func Definitions(tree fs.FS) fs.FS { return scriptless{tree} }

type scriptless struct{ fs.FS }

func (s scriptless) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(s.FS, name)
	if name == "." {
		entries = slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return e.Name() == MainScript || e.Name() == WorkloadScript })
	}
	return entries, err
}

// sourcesKey answers a hash of all sources.
func sourcesKey(c Config) (uint64, error) {
	d := xxhash.New()
	fmt.Fprintf(d, "%d %s %v\n", build.Version, Version, c.Tests)
	err := eachTree(c, func(tree fs.FS, dir, name string) error {
		return fs.WalkDir(tree, dir, func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() || filepath.Ext(path) != ".st" {
				return err
			}
			data, err := fs.ReadFile(tree, path)
			fmt.Fprintf(d, "%s %s %d\n", name, path, len(data))
			d.Write(bytes.TrimSpace(data))
			return err
		})
	})
	return d.Sum64(), err
}
