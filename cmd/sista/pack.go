package main

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/sista-vm/sista/host/hostos"
	"github.com/sista-vm/sista/image"
	"github.com/sista-vm/sista/snapshot"
	"github.com/sista-vm/sista/xenhost/bundle"
	"github.com/sista-vm/sista/xenhost/pack"
)

var packCommand = &command{
	name: "pack", usage: "[flags] X.image -o guest.elf [arguments]",
	short: "make a bootable guest of an image",
	long: `
Makes one file that boots without an operating system, on Xen (PVH) and under QEMU: a
kernel, which is sista itself, and the image. What follows the image is the arguments
that it gets when the guest is started without any; flags of sista stand before it.

The kernel is built with the Go toolchain from sista's sources, which must be in the current
folder, or --source, or needed by the module there. It is kept in the cache.

Machine code of an optimized image (sista warm-and-save) is proven now, with the key: the
guest has no key and believes it. Of an image that is not authentic it uses the feedback.

examples:
  sista pack -o guest.elf app.image
  sista pack -o guest.elf --files www/ app.image serve 8080
  sista pack -o guest.elf --no-net batch.image   smaller, without a network
  sista pack -o kernel.elf --split app.image     image in kernel.elf.bundle, for many guests`,
}

func init() {
	packCommand.run = runPack
	packCommand.options = func(fs *flagSet) { new(packFlags).register(fs) }
}

type packFlags struct {
	output, files, source, cacheDir string
	split, noNet                    bool
	key                             keyFlag
}

func (p *packFlags) register(fs *flagSet) {
	fs.StringVar(&p.output, "o", "", "write the guest to `file`")
	fs.StringVar(&p.files, "files", "", "`folder` that the image finds at /, read only")
	fs.BoolVar(&p.split, "split", false, "put image and files into a bundle of their own, a boot module, and only the kernel into the guest")
	p.registerKernel(fs)
}

// registerKernel is for the flags that say where kernels come from, and what proves images.
func (p *packFlags) registerKernel(fs *flagSet) {
	fs.StringVar(&p.source, "source", "", "build the kernel from `folder` with sista's sources, or of a module that needs them (default: the kernel in this binary, if there is one, else the current folder)")
	p.key.register(fs)
	fs.BoolVar(&p.noNet, "no-net", false, "a kernel without a network stack")
	fs.StringVar(&p.cacheDir, "cache", "", "`folder` for built kernels, - for none (default: the user's cache folder)")
}

// kernel answers the kernel that is in this binary, or builds one.
func (p *packFlags) kernel(ctx context.Context) (*pack.Linked, error) {
	pkg := pack.NetVM
	if p.noNet {
		pkg = pack.VM
	}
	if p.source == "" {
		if l, ok, err := pack.Embedded(pkg); ok {
			return l, err
		}
		p.source = "."
	}
	dir, err := pack.Source(ctx, p.source)
	if err != nil {
		return nil, err
	}
	return pack.Build(ctx, dir, pkg, p.cache())
}

// cache answers the folder of the cache, empty for none.
func (p *packFlags) cache() string {
	switch p.cacheDir {
	case "":
		if user, err := os.UserCacheDir(); err == nil {
			return filepath.Join(user, "sista")
		}
		return ""
	case "-":
		return ""
	}
	return p.cacheDir
}

// bundleOf makes the bundle of an image with its arguments, and says if of an optimized image only
// the feedback will be used.
func (p *packFlags) bundleOf(path string, args []string) ([]byte, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if _, err := image.ReadHeader(bytes.NewReader(data), int64(len(data))); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	c := bundle.Contents{Image: data, Arguments: args}
	if c.Proof, err = p.prove(path); err != nil {
		return nil, err
	}
	if c.Proof != nil && c.Proof.Refused != "" {
		fmt.Fprintf(os.Stderr, "sista: of the optimized image only the feedback will be used: %s\n", c.Proof.Refused)
	}
	if p.files != "" {
		if fi, err := os.Stat(p.files); err != nil {
			return nil, err
		} else if !fi.IsDir() {
			return nil, fmt.Errorf("--files: %s is not a folder", p.files)
		}
		c.Files = os.DirFS(p.files)
	}
	var b bytes.Buffer
	if err := bundle.Write(&b, c); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// prove finds out whether the machine code of an image may be executed, for a guest to believe: all
// of the file is hashed. The answer is nil for an image that has none.
func (p *packFlags) prove(path string) (*bundle.Proof, error) {
	f, err := snapshot.Open(hostos.NewFiles(), path, nil)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if f.Problem == nil && len(f.Index()) == 0 {
		return nil, nil
	}
	t, err := p.key.trusts(true)(f)
	if err != nil {
		return &bundle.Proof{Refused: err.Error()}, nil
	}
	m, err := t.Manifest()
	if err != nil {
		return nil, err
	}
	return &bundle.Proof{Build: m.Build, Arch: m.Arch, Features: m.Features}, nil
}

func runPack(c *command, args []string) int {
	var p packFlags
	fs := c.flagSet()
	p.register(fs)
	args, code, done := c.parse(fs, args, 1)
	if done {
		return code
	}
	switch {
	case len(args) == 0:
		return misuse("pack: no image; see sista help pack")
	case p.output == "":
		return misuse("pack: no output; give -o guest.elf before the image")
	}
	packed, err := p.bundleOf(args[0], args[1:])
	if err != nil {
		return failed(err)
	}
	linked, err := p.kernel(context.Background())
	if err != nil {
		return failed(err)
	}
	guest := linked.ELF
	if p.split {
		if err := writeWhole(p.output+bundleSuffix, packed); err != nil {
			return failed(err)
		}
	} else if guest, err = linked.Attach(packed); err != nil {
		return failed(err)
	}
	if err := writeWhole(p.output, guest); err != nil {
		return failed(err)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: kernel %s", p.output, inMB(len(linked.ELF)))
	if p.split {
		fmt.Fprintf(&b, "; %s: image and files %s\n", p.output+bundleSuffix, inMB(len(packed)))
	} else {
		fmt.Fprintf(&b, ", image and files %s, together %s\n", inMB(len(packed)), inMB(len(guest)))
	}
	fmt.Fprint(os.Stderr, b.String())
	return exitOK
}

// bundleSuffix is added to the name of a guest for its bundle.
const bundleSuffix = ".bundle"

func inMB(n int) string { return fmt.Sprintf("%.2f MB", float64(n)/1e6) }

// writeWhole writes a file as a whole or not at all.
func writeWhole(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(data)
	if e := f.Chmod(fs.FileMode(0o644)); err == nil {
		err = e
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
