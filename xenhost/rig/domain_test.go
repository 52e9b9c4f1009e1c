package rig

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/sista-vm/sista/xenhost/debian"
	"github.com/sista-vm/sista/xenhost/launch"
	"github.com/sista-vm/sista/xenhost/xenrig"
)

// openXen answers a computer with Xen.
func openXen(t *testing.T, forwards ...launch.Forward) *xenrig.Computer {
	t.Helper()
	if testing.Short() {
		t.Skip("Xen is not run in short tests")
	}
	if err := launch.Missing(); err != nil {
		t.Skip(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	c, err := xenrig.Open(ctx, xenrig.Config{Forwards: forwards, Note: func(s string) { t.Log(s) }})
	if errors.Is(err, debian.ErrUnavailable) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("Xen said last:\n%s", c.Console())
		}
		c.Close()
	})
	return c
}

// runDomain runs a guest to its end.
func runDomain(t *testing.T, c *xenrig.Computer, d launch.Domain) (output string, code int, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var out strings.Builder
	d.Stdout = &out
	d, remove, err := c.Place(ctx, d)
	defer remove()
	if err != nil {
		t.Fatal(err)
	}
	code, err = d.Run(ctx, c)
	return out.String(), code, err
}

// TestDomain runs guests that xl starts, one after the other.
func TestDomain(t *testing.T) {
	hello, _ := Guest(t, "./xenhost/guests/hello")
	vm, _ := Guest(t, vmGuest)
	c := openXen(t)
	image := kernelImage(t)
	for name, x := range map[string]struct {
		d    launch.Domain
		want string
		code int
	}{
		"hello":      {launch.Domain{ELF: hello, Memory: 24, Line: `7 'a b' "it's" X=y kernel.none`}, "hello from [sista 7 a b it's]\n", 7},
		"Smalltalk":  {launch.Domain{ELF: vm, Module: image, Memory: 64, Line: "eval '3 + 4'"}, "7\n", 0},
		"no module":  {launch.Domain{ELF: vm, Memory: 48}, "no image: the guest has none packed with it", 1},
		"truncation": {launch.Domain{ELF: vm, Module: hello, Memory: 48}, "", 1},
	} {
		t.Run(name, func(t *testing.T) {
			x.d.Name = "guest"
			out, code, err := runDomain(t, c, x.d)
			if err != nil || code != x.code || !strings.Contains(out, x.want) {
				t.Errorf("exit code %d, %v, printed:\n%s", code, err, out)
			}
			t.Log(out)
		})
	}
}
