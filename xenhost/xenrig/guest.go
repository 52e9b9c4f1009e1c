package xenrig

import (
	"context"
	"fmt"
	"os"

	"github.com/sista-vm/sista/xenhost/launch"
)

// Place puts a guest's files into the first domain, and makes of d what the emulation, not Xen, wants of it: no state
// of the processor that the emulated Xen says is there and is not, and its counter of time as it is.
func (c *Computer) Place(ctx context.Context, d launch.Domain) (placed launch.Domain, remove func(), err error) {
	var removals []func()
	remove = func() {
		for _, r := range removals {
			r()
		}
	}
	for _, file := range []*string{&d.ELF, &d.Module} {
		if *file == "" {
			continue
		}
		f, err := os.Open(*file)
		if err != nil {
			return d, remove, err
		}
		path, r, err := c.File(ctx, d.Name, f)
		f.Close()
		removals = append(removals, r)
		if err != nil {
			return d, remove, fmt.Errorf("%s: %w", *file, err)
		}
		*file = path
	}
	d.Line = adaptLine + d.Line
	d.More = append(d.More[:len(d.More):len(d.More)], `tsc_mode    = "native"`)
	return d, remove, nil
}

const adaptLine = "kernel.xcr0=3 "

// Card is a network card in the computer's network.
const Card = "bridge=xenbr0"

// Forward leads a port here, on 127.0.0.1, to one of the guest with an address.
func (c *Computer) Forward(f launch.Forward, address string) error {
	line := fmt.Sprintf("hostfwd_add net tcp:127.0.0.1:%d-%s:%d", f.Here, address, f.Guest)
	var said string
	if err := c.monitor.do("human-monitor-command", map[string]any{"command-line": line}, &said); err != nil {
		return err
	}
	if said != "" { // it says nothing if all is well
		return fmt.Errorf("%s: %s", line, said)
	}
	return nil
}
