package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/sista-vm/sista/xenhost/launch"
	"github.com/sista-vm/sista/xenhost/xenrig"
)

// Places where a guest can be booted.
const (
	onXen  = "xen"
	onQEMU = "qemu"
	onRig  = "xen-rig"
)

// where answers the place, chosen if there was none named.
func (b *bootFlags) where() (string, error) {
	switch b.on {
	case "":
		if launch.NoXen() == nil {
			return onXen, nil
		}
		return onQEMU, nil
	case onQEMU, onRig:
		return b.on, nil
	case onXen:
		if err := launch.NoXen(); err != nil && !b.print {
			return "", err
		}
		return onXen, nil
	}
	return "", fmt.Errorf("--on %s: there are %s, %s and %s", b.on, onXen, onQEMU, onRig)
}

// domain makes a domain of what was said of a machine.
func (b *bootFlags) domain(m *launch.Machine, program string) (*launch.Domain, error) {
	d := &launch.Domain{Name: b.name, Memory: b.memory, Line: m.Line, Settings: b.settings, Stdout: os.Stdout}
	if d.Name == "" {
		d.Name = strings.TrimSuffix(filepath.Base(program), filepath.Ext(program))
	}
	for _, file := range []struct{ from, to *string }{{&m.ELF, &d.ELF}, {&m.Module, &d.Module}} {
		if *file.from == "" {
			continue
		}
		var err error
		if *file.to, err = filepath.Abs(*file.from); err != nil { // xl may look from elsewhere
			return nil, err
		}
	}
	if b.disk.Path != "" {
		disk := b.disk
		var err error
		if disk.Path, err = filepath.Abs(disk.Path); err != nil {
			return nil, err
		}
		d.Disks = []string{disk.Word()}
	}
	if !b.noNet {
		d.Cards = b.cards
		if len(d.Cards) == 0 {
			d.Cards = []string{""} // xl's own bridge
		}
	}
	return d, nil
}

// stopper makes of signals an order to end, and at the second one the end of ctx.
func stopper(parent context.Context) (ctx context.Context, end chan struct{}, stop func()) {
	ctx, cancel := context.WithCancel(parent)
	end = make(chan struct{})
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		for n := 0; ; n++ {
			select {
			case <-ctx.Done():
				return
			case <-signals:
			}
			if n == 0 {
				close(end)
				continue
			}
			cancel()
		}
	}()
	return ctx, end, func() {
		signal.Stop(signals)
		cancel()
	}
}

// bootDomain runs a domain on this machine's Xen, or on an emulated one.
func (b *bootFlags) bootDomain(d *launch.Domain, place string) int {
	in, err := launch.NewInput(os.Stdin)
	if err != nil {
		return failed(err)
	}
	defer in.Close()
	d.Stdin = in
	ctx, end, stop := stopper(context.Background())
	defer stop()
	d.End = end
	var stack launch.Toolstack = launch.Here{}
	if place == onRig {
		rig, err := b.openRig(ctx, end)
		if err != nil {
			return failed(err)
		}
		defer rig.Close()
		placed, _, err := rig.Place(ctx, *d) // the files go with the rig
		if err != nil {
			return failed(err)
		}
		d, stack = &placed, rig
		b.printForwards("localhost")
	} else {
		if err := b.makeDisk(); err != nil {
			return failed(err)
		}
		d.Started = func(number int) {
			for _, f := range b.forwards {
				go func() {
					if err := launch.ForwardDomain(ctx, stack, number, f, noteLine); err != nil && ctx.Err() == nil {
						noteLine(err.Error())
					}
				}()
			}
		}
	}
	code, err := d.Run(ctx, stack)
	switch {
	case errors.Is(err, context.Canceled):
		noteLine("interrupted a second time")
		return exitInterrupt
	case err != nil:
		return failed(err)
	}
	return code
}

// openRig opens the emulated computer; an interruption while it starts ends it.
func (b *bootFlags) openRig(ctx context.Context, end <-chan struct{}) (*xenrig.Computer, error) {
	opening, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	defer close(done)
	go func() {
		select {
		case <-end:
			cancel()
		case <-done:
		}
	}()
	noteLine("Xen 4.17 in an emulated computer (TCG)")
	return xenrig.Open(opening, xenrig.Config{Cache: b.cache(), Forwards: b.forwards, Note: noteLine})
}

func noteLine(line string) { fmt.Fprintf(os.Stderr, "sista: %s\n", line) }

func (b *bootFlags) printForwards(host string) {
	for _, f := range b.forwards {
		noteLine(fmt.Sprintf("http://%s:%d/ is port %d of the guest", host, f.Here, f.Guest))
	}
}
