package xenrig

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/sista-vm/sista/xenhost/debian"
	"github.com/sista-vm/sista/xenhost/launch"
)

func open(t *testing.T) *Computer {
	t.Helper()
	if testing.Short() {
		t.Skip("Xen is not run in short tests")
	}
	if err := launch.Missing(); err != nil {
		t.Skip(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	c, err := Open(ctx, Config{Note: func(s string) { t.Log(s) }})
	if errors.Is(err, debian.ErrUnavailable) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func TestCommands(t *testing.T) {
	c := open(t)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for _, x := range []struct {
		args []string
		in   string
		out  string
		code int
	}{
		{[]string{"echo", "it's", "a  b", "$HOME"}, "", "it's a  b $HOME\n", 0},
		{[]string{"sh", "-c", "exit 42"}, "", "", 42},
		{[]string{"cat"}, "x\x00y\n", "x\x00y\n", 0},
		{[]string{"cat"}, strings.Repeat("0123456789abcdef", 40000), strings.Repeat("0123456789abcdef", 40000), 0},
		{[]string{"printf", `\000123`}, "", "\x00123", 0},
	} {
		var out strings.Builder
		start := time.Now()
		code, err := c.Run(ctx, launch.Command{Args: x.args, Stdin: strings.NewReader(x.in), Stdout: &out})
		t.Logf("%q: %v", x.args, time.Since(start))
		if err != nil || code != x.code || out.String() != x.out {
			t.Errorf("%q: %d, %v, %.40q", x.args, code, err, out.String())
		}
	}
	var out strings.Builder
	if code, err := c.Run(ctx, launch.Command{Args: []string{"xl", "list"}, Stdout: &out}); err != nil || code != 0 || !strings.Contains(out.String(), "Domain-0") {
		t.Errorf("xl list: %d, %v\n%s", code, err, out.String())
	}
	t.Log(out.String())
}
