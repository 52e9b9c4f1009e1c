package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/host/hostos"
	"github.com/sista-vm/sista/kernel"
	"github.com/sista-vm/sista/smalltalk/build"
	"github.com/sista-vm/sista/smalltalk/parser"
	"github.com/sista-vm/sista/smalltalk/source"
	"github.com/sista-vm/sista/vm"
)

var buildCommand = &command{
	name: "build", usage: "[flags] [DIR...] -o X.image",
	short: "build an image from source",
	long: `
Builds a 64-bit Spur image out of trees of Tonel packages, from nothing: no image
is needed to begin with, and the same sources give the same bytes. The trees have
to define everything the image is to have, down to Object; --kernel puts the
sources of sista's own kernel under them.

examples:
  sista build kernel/ -o kernel.image --startup 'Smalltalk boot'
  sista build --kernel src/ -o app.image
  sista build src/ -o tiny.image --startup 'Example42 doIt'`,
}

func init() {
	buildCommand.run = runBuild
	buildCommand.options = func(fs *flagSet) { new(buildFlags).register(fs) }
}

type buildFlags struct {
	output, startup   string
	kernel, noSource  bool
	strict, quiet     bool
	initializeClasses bool
}

func (b *buildFlags) register(fs *flagSet) {
	fs.StringVar(&b.output, "o", "", "write the image to `file`")
	fs.StringVar(&b.startup, "startup", "", "`statements` the image runs when it starts (default with --kernel: "+kernel.Startup+")")
	fs.BoolVar(&b.kernel, "kernel", false, "build on sista's own kernel")
	fs.BoolVar(&b.noSource, "no-source", false, "leave the source of methods out of the image")
	fs.BoolVar(&b.strict, "strict", false, "take warnings for errors")
	fs.BoolVar(&b.quiet, "quiet", false, "print no warnings")
	fs.BoolVar(&b.initializeClasses, "initialize", false, "send initialize to every class that has the method, before the startup statements")
}

func runBuild(c *command, args []string) int {
	var b buildFlags
	flags := c.flagSet()
	b.register(flags)
	dirs, code, done := c.parse(flags, args, anyArguments)
	if done {
		return code
	}
	switch {
	case b.output == "":
		return misuse("build: no output; give -o X.image")
	case len(dirs) == 0 && !b.kernel:
		return misuse("build: no folder to build; see sista help build")
	}
	units, err := b.read(dirs)
	if err != nil {
		return failed(err)
	}
	if b.startup == "" && b.kernel {
		b.startup = kernel.Startup
	}
	m, err := build.Build(units, build.Options{
		Heap:    heap.Config{Memory: hostos.Memory(), Window: -1},
		Startup: b.startup, KeepSource: !b.noSource, Strict: b.strict, InitializeClasses: b.initializeClasses,
		FileName: func(file string) string { return b.nameInside(dirs, file) },
	})
	if err != nil {
		return failed(err)
	}
	defer m.Close()
	warnings := b.own(m.Warnings)
	if !b.quiet && len(warnings) > 0 {
		fmt.Fprintln(os.Stderr, warnings.Format())
	}
	if err := m.Save(b.output); err != nil {
		return failed(err)
	}
	fmt.Fprintf(os.Stderr, "%s: %d classes, %d methods, %d warnings\n", b.output, m.Classes, m.Methods, len(warnings))
	return exitOK
}

// nameInside answers the name of a file within its folder, so that the image depends on what is
// in the folders and not on where they are. Files of the kernel need none.
func (b *buildFlags) nameInside(dirs []string, file string) string {
	for _, dir := range dirs {
		if name, ok := strings.CutPrefix(file, path.Clean(filepath.ToSlash(dir))+"/"); ok {
			return name
		}
		if path.Clean(dir) == "." && !b.isKernel(file) {
			return file
		}
	}
	return ""
}

// isKernel tells whether the sources of the kernel are used and a file is one of them.
func (b *buildFlags) isKernel(file string) bool {
	_, err := fs.Stat(kernel.Files(), file)
	return b.kernel && err == nil
}

// own answers the warnings that are not about the kernel: its globals are made when it
// starts.
func (b *buildFlags) own(all parser.Errors) parser.Errors {
	if !b.kernel {
		return all
	}
	return slices.DeleteFunc(slices.Clone(all), func(e *parser.Error) bool {
		return b.isKernel(e.Position.File)
	})
}

func (b *buildFlags) read(dirs []string) ([]source.Unit, error) {
	var units []source.Unit
	var bad []error
	add := func(tree fs.FS, dir, name string) {
		read, err := source.ReadTreeNamed(vm.Definitions(tree), dir, filepath.ToSlash(name))
		units = append(units, read...)
		if err != nil {
			bad = append(bad, err)
		}
	}
	if b.kernel {
		for _, p := range kernel.Packages(false) {
			add(kernel.Files(), p, "")
		}
	}
	for _, dir := range dirs {
		fi, err := os.Stat(dir)
		switch {
		case err != nil:
			bad = append(bad, err)
		case !fi.IsDir():
			bad = append(bad, fmt.Errorf("%s: not a folder", dir))
		case hasSources(dir) != nil:
			bad = append(bad, hasSources(dir))
		default:
			add(os.DirFS(dir), ".", dir)
		}
	}
	return units, errors.Join(bad...)
}

// sourceErrors answers errors in sources with their lines, and how many there are; 0 when err
// is of another kind.
func sourceErrors(err error) (text string, n int) {
	var all *build.Errors
	var list parser.Errors
	switch {
	case errors.As(err, &all):
		return all.Format(), all.Len()
	case errors.As(err, &list):
		return list.Format(), len(list)
	}
	return "", 0
}
