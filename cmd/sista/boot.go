package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/sista-vm/sista/xenhost/launch"
)

var bootCommand = &command{
	name: "boot", usage: "[flags] guest.elf | X.image [arguments]",
	short: "boot a guest or an image without an operating system",
	long: `
Boots a guest that sista pack has made, or an image with a kernel built for it, with the
console here. The exit code is the guest's. What follows the guest is the image's own:
Smalltalk arguments.

Where: --on qemu is a virtual machine of QEMU; --on xen a domain that xl starts, on a machine
that is Xen's first domain; --on xen-rig a domain of a real Xen in a computer that QEMU
emulates, for whose packages Debian's archive is asked once. Without --on it is Xen where there
is one, else QEMU.

The guest has a network card, and gets its address by DHCP: under QEMU from a network of QEMU's
own, on Xen from who is at the bridge. Words as net.address=10.0.0.7/24, net.gateway=...,
net.dns=... and net.hostname=... say otherwise. On Xen all this can also be in xenstore:
--setting net.address=10.0.0.7/24, --setting PORT=80, --setting arguments='start --port 80'.

Ctrl-C, or SIGTERM, shuts the image down in order; a second one stops the machine.

examples:
  sista boot guest.elf
  sista boot app.image eval '3 + 4'
  sista boot --forward 8080:80 http.image        a server finds PORT=80
  sista boot --disk data.store,64M app.image eval "'notes' asFileReference size"
  sista boot --memory 64 --module kernel.elf.bundle kernel.elf
  sista boot --on xen --memory 64 --vif bridge=xenbr0 --disk data.store,64M guest.elf
  sista boot --on xen-rig --forward 8080:80 http.image start --port 80
  sista boot --on xen --print-config guest.elf`,
}

func init() {
	bootCommand.run = runBoot
	bootCommand.options = func(fs *flagSet) { new(bootFlags).register(fs) }
}

type bootFlags struct {
	packFlags
	on, module, cpu string
	name            string
	memory          int
	emulate, print  bool
	forwards        []launch.Forward
	cards           []string
	settings        map[string]string
	disk            launch.Disk
}

func (b *bootFlags) register(fs *flagSet) {
	fs.StringVar(&b.on, "on", "", "`place` of the machine: xen, qemu or xen-rig (default: xen on Xen's first domain, else qemu)")
	fs.StringVar(&b.name, "name", "", "`name` of the domain (default: the guest's); on Xen")
	fs.Func("vif", "a network `card` in xl's words, as bridge=xenbr0; may be repeated; on Xen", func(s string) error {
		b.cards = append(b.cards, s)
		return nil
	})
	fs.Func("setting", "a setting for the guest, `NAME=VALUE`, in xenstore; may be repeated; on Xen", func(s string) error {
		name, value, ok := strings.Cut(s, "=")
		if !ok || !settingName(name) {
			return fmt.Errorf("%q is no NAME=VALUE", s)
		}
		if b.settings == nil {
			b.settings = map[string]string{}
		}
		b.settings[name] = value
		return nil
	})
	fs.IntVar(&b.memory, "memory", 256, "memory of the guest in `MiB`")
	fs.StringVar(&b.module, "module", "", "bundle or image `file` for a guest that has none packed")
	fs.StringVar(&b.cpu, "cpu", "", "`model` of the processor, as QEMU names them (default: all that there is)")
	fs.StringVar(&b.files, "files", "", "`folder` that the image finds at /, read only; for an image that is not packed")
	fs.Func("forward", "connections to port 8080 here go to port 80 of the guest: `8080:80`; may be repeated", func(s string) error {
		f, err := launch.ParseForward(s)
		b.forwards = append(b.forwards, f)
		return err
	})
	fs.Func("disk", "the guest writes its files to this `file[,size]`, which is made if it is not there and a size is given, as in data.store,64M", func(s string) (err error) {
		b.disk, err = launch.ParseDisk(s)
		return err
	})
	fs.BoolVar(&b.emulate, "emulate", false, "do not use hardware virtualization")
	fs.BoolVar(&b.print, "print-config", false, "print the command that would run, and do not run it")
	b.registerKernel(fs)
}

// settingName tells whether xenstore can have a setting of that name.
func settingName(name string) bool {
	for _, c := range name {
		if !(c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || strings.ContainsRune("_.-", c)) {
			return false
		}
	}
	return name != ""
}

func runBoot(c *command, args []string) int {
	var b bootFlags
	fs := c.flagSet()
	b.register(fs)
	args, code, done := c.parse(fs, args, 1)
	if done {
		return code
	}
	switch {
	case len(args) == 0:
		return misuse("boot: what? see sista help boot")
	case b.noNet && len(b.forwards) > 0:
		return misuse("boot: --forward needs a network, and there is --no-net")
	case b.memory < 16:
		return misuse("boot: --memory %d: a guest needs 16 MiB at least", b.memory)
	}
	place, err := b.where()
	if err != nil {
		return misuse("boot: %v", err)
	}
	switch {
	case place == onQEMU && (len(b.cards) > 0 || len(b.settings) > 0 || b.name != ""):
		return misuse("boot: --vif, --setting and --name are for Xen")
	case place != onQEMU && (b.cpu != "" || b.emulate):
		return misuse("boot: --cpu and --emulate are for QEMU")
	case place == onRig && b.disk.Path != "":
		return misuse("boot: --disk is not for the emulated Xen, whose files end with it")
	}
	machine := launch.Machine{Memory: b.memory, CPU: b.cpu, Emulate: b.emulate, Module: b.module, Stdout: os.Stdout,
		Network: !b.noNet, Forwards: b.forwards, Disk: b.disk.Path}
	if machine.Line, err = launch.Line(b.withPort(args[1:])); err != nil {
		return failed(err)
	}
	ctx := context.Background()
	cleanUp, err := b.place(ctx, &machine, args[0])
	defer cleanUp()
	if err != nil {
		return failed(err)
	}
	if place != onQEMU {
		d, err := b.domain(&machine, args[0])
		if err != nil {
			return failed(err)
		}
		if b.print {
			fmt.Print(d.Config())
			return exitOK
		}
		return b.bootDomain(d, place)
	}
	if b.print {
		fmt.Println(shellQuote(machine.Command()))
		return exitOK
	}
	if err := launch.Missing(); err != nil {
		return failed(err)
	}
	if err := b.makeDisk(); err != nil {
		return failed(err)
	}
	if how := machine.Emulated(); how != "" {
		fmt.Fprintf(os.Stderr, "sista: %s\n", how)
	}
	b.printForwards("localhost")
	return bootMachine(ctx, &machine)
}

// makeDisk makes the disk's file if it is not there.
func (b *bootFlags) makeDisk() error {
	if b.disk.Path == "" {
		return nil
	}
	return b.disk.Make()
}

// withPort adds the environment variable PORT, the port of the guest that is forwarded first: servers of sista's own look there.
func (b *bootFlags) withPort(args []string) []string {
	const variable = "PORT="
	if len(b.forwards) == 0 || slices.ContainsFunc(args, func(a string) bool { return strings.HasPrefix(a, variable) }) {
		return args
	}
	return append(slices.Clone(args), fmt.Sprintf("%s%d", variable, b.forwards[0].Guest))
}

// place says which files the machine starts from. An image gets a kernel; cleanUp removes
// what was made for it.
func (b *bootFlags) place(ctx context.Context, m *launch.Machine, program string) (cleanUp func(), err error) {
	cleanUp = func() {}
	head := make([]byte, 4)
	f, err := os.Open(program)
	if err != nil {
		return cleanUp, err
	}
	_, err = f.Read(head)
	f.Close()
	if err != nil {
		return cleanUp, fmt.Errorf("%s: %w", program, err)
	}
	if bytes.Equal(head, []byte("\x7fELF")) {
		m.ELF = program
		return cleanUp, nil
	}
	if b.module != "" {
		return cleanUp, fmt.Errorf("%s is an image, and --module names another", program)
	}
	packed, err := b.bundleOf(program, nil)
	if err != nil {
		return cleanUp, err
	}
	kernel, err := b.kernel(ctx)
	if err != nil {
		return cleanUp, err
	}
	dir, err := os.MkdirTemp("", "sista-boot")
	if err != nil {
		return cleanUp, err
	}
	cleanUp = func() { os.RemoveAll(dir) }
	m.ELF, m.Module = filepath.Join(dir, "kernel.elf"), filepath.Join(dir, "bundle")
	return cleanUp, errors.Join(writeWhole(m.ELF, kernel.ELF), writeWhole(m.Module, packed))
}

// bootMachine runs a machine, with signals passed on.
func bootMachine(ctx context.Context, m *launch.Machine) int {
	in, err := launch.NewInput(os.Stdin)
	if err != nil {
		return failed(err)
	}
	defer in.Close()
	m.Stdin = in
	m.Note = func(how string) { fmt.Fprintf(os.Stderr, "sista: %s\n", how) }
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	go func() {
		for n := 0; ; n++ {
			select {
			case <-ctx.Done():
				return
			case <-signals:
			}
			if n == 0 && in.Interrupt() == nil {
				continue
			}
			stop()
		}
	}()
	code, err := m.Run(ctx)
	switch {
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(os.Stderr, "sista: interrupted a second time")
		return exitInterrupt
	case err != nil:
		return failed(err)
	}
	return code
}

// shellQuote makes words a line that a shell understands.
func shellQuote(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		if w == "" || strings.ContainsAny(w, " \t\n'\"\\$`*?[]{}()<>|&;~#!") {
			w = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
		}
		quoted[i] = w
	}
	return strings.Join(quoted, " ")
}
