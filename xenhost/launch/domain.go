package launch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Domain is a guest of Xen that xl starts.
type Domain struct {
	Name     string
	ELF      string            // the guest
	Module   string            // a file that the guest finds beside it; empty: none
	Memory   int               // MiB
	Line     string            // command line
	Cards    []string          // network cards, in xl's words: "bridge=xenbr0"
	Disks    []string          // in xl's words: "format=raw,vdev=xvda,access=rw,target=/dev/vg/store"
	Settings map[string]string // for the guest to read in xenstore, by their names below SettingsPath
	More     []string          // more lines of the configuration

	Stdin  *Input // nil: nothing comes in
	Stdout io.Writer

	// Started is called when the guest runs, with its number; nil: nobody is.
	Started func(number int)
	// End asks the guest to end in order when it is closed; nil: nobody does.
	End <-chan struct{}
}

// SettingsPath is where a guest finds its settings, in its own folder of xenstore. Names there have no points;
// hyphens stand for them.
const SettingsPath = "vm-data/sista"

// Config answers the configuration for xl.
func (d *Domain) Config() string {
	var b strings.Builder
	line := func(name, value string) { fmt.Fprintf(&b, "%-11s = %s\n", name, value) }
	line("name", quote(d.Name))
	line("type", quote("pvh"))
	line("kernel", quote(d.ELF))
	if d.Module != "" {
		line("ramdisk", quote(d.Module))
	}
	if d.Line != "" {
		line("cmdline", quote(d.Line))
	}
	line("memory", strconv.Itoa(d.Memory))
	line("vcpus", "1")
	if len(d.Cards) > 0 {
		line("vif", quoteAll(d.Cards))
	}
	if len(d.Disks) > 0 {
		line("disk", quoteAll(d.Disks))
	}
	// The exit code is read from the store of a domain that has ended, then the domain is destroyed.
	for _, end := range []string{"on_poweroff", "on_reboot", "on_crash"} {
		line(end, quote("preserve"))
	}
	for _, l := range d.More {
		b.WriteString(l + "\n")
	}
	return b.String()
}

// quote makes a string of xl's configuration: it has two kinds of quotes, and nothing to escape them with
// but the backslash.
func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

func quoteAll(list []string) string {
	quoted := make([]string, len(list))
	for i, s := range list {
		quoted[i] = quote(s)
	}
	return "[ " + strings.Join(quoted, ", ") + " ]"
}

// How a domain ended, as xl says it: the letters of its state, and what else may be there.
const (
	stateShutdown = 's'
	stateCrashed  = 'c'
	stateDying    = 'd'
)

// Run starts the domain and answers its exit code when it has ended. When the context ends, the domain is
// destroyed.
func (d *Domain) Run(ctx context.Context, t Toolstack) (code int, err error) {
	config, remove, err := t.File(ctx, d.Name+".cfg", strings.NewReader(d.Config()))
	if err != nil {
		return 0, err
	}
	defer remove()
	// Paused, so that nothing is missed of its console, and its settings are there.
	if _, err := d.ask(ctx, t, "xl", "create", "-q", "-e", "-p", config); err != nil {
		return 0, err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), destroyPatience)
		defer cancel()
		if _, e := d.ask(ctx, t, "xl", "destroy", d.Name); e != nil && err == nil {
			err = e
		}
	}()
	text, err := d.ask(ctx, t, "xl", "domid", d.Name)
	if err != nil {
		return 0, err
	}
	number, err := strconv.Atoi(text)
	if err != nil {
		return 0, fmt.Errorf("xl domid %s: %q is no number", d.Name, text)
	}
	if err := d.writeSettings(ctx, t, number); err != nil {
		return 0, err
	}
	out := NewConsole(d.Stdout)
	closed, stop := d.attach(ctx, t, number, out)
	defer stop()
	if _, err := d.ask(ctx, t, "xl", "unpause", d.Name); err != nil {
		return 0, err
	}
	if d.Started != nil {
		d.Started(number)
	}
	crashed, err := d.wait(ctx, t, closed)
	if err != nil {
		return 0, err
	}
	stop()
	<-closed
	if err := out.Close(); err != nil {
		return 0, err
	}
	if text, err := d.ask(ctx, t, "xenstore-read", fmt.Sprintf("/local/domain/%d/data/exit", number)); err == nil {
		if code, err := strconv.Atoi(text); err == nil {
			return code, nil
		}
	}
	if code, ok := out.ExitCode(); ok {
		return code, nil
	}
	if crashed {
		return 0, fmt.Errorf("%w: Xen says that it crashed", ErrNoExit)
	}
	return 0, ErrNoExit
}

// destroyPatience is for the end of a domain whose context has ended.
const destroyPatience = 30 * time.Second

// ask runs a command and answers what it printed.
func (d *Domain) ask(ctx context.Context, t Toolstack, args ...string) (string, error) {
	var out bytes.Buffer
	code, err := t.Run(ctx, Command{Args: args, Stdout: &out})
	text := strings.TrimSpace(out.String())
	switch {
	case err != nil:
		return "", fmt.Errorf("%s %s: %w", args[0], args[1], err)
	case code != 0:
		return "", fmt.Errorf("%s %s: exit code %d: %s", args[0], args[1], code, text)
	}
	return text, nil
}

func (d *Domain) writeSettings(ctx context.Context, t Toolstack, number int) error {
	names := make([]string, 0, len(d.Settings))
	for name := range d.Settings {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		path := fmt.Sprintf("/local/domain/%d/%s/%s", number, SettingsPath, strings.ReplaceAll(name, ".", "-"))
		if _, err := d.ask(ctx, t, "xenstore-write", path, d.Settings[name]); err != nil {
			return err
		}
	}
	return nil
}

// attach connects the console. closed is closed when it is gone, which is when the domain has ended;
// stop ends it after a while in which the rest may come.
func (d *Domain) attach(ctx context.Context, t Toolstack, number int, out io.Writer) (closed chan struct{}, stop func()) {
	console, cancel := context.WithCancel(ctx)
	closed = make(chan struct{})
	in := d.Stdin
	own := in == nil
	if own {
		// xl's console ends with its input.
		in, _ = NewInput(nil)
	}
	go func() {
		defer close(closed)
		if own {
			defer in.Close()
		}
		_, _ = t.Run(console, Command{Args: []string{"xl", "console", "-t", "pv", strconv.Itoa(number)}, Stdin: in, Stdout: out})
	}()
	return closed, func() {
		timer := time.AfterFunc(consolePatience, cancel)
		context.AfterFunc(console, func() { timer.Stop() })
		go func() {
			<-closed
			cancel()
		}()
	}
}

// consolePatience is how long the rest of a console's output may take after the domain's end.
const consolePatience = 2 * time.Second

// How often xl is asked about a domain: when its console is closed it has ended, or soon will.
const (
	seldom = 2 * time.Second
	often  = 50 * time.Millisecond
)

// wait waits for the domain's end.
func (d *Domain) wait(ctx context.Context, t Toolstack, closed <-chan struct{}) (crashed bool, err error) {
	end, pause := d.End, seldom
	for {
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-end:
			end = nil
			if _, err := d.ask(ctx, t, "xl", "shutdown", d.Name); err != nil {
				return false, err
			}
		case <-closed:
			closed, pause = nil, often
		case <-time.After(pause):
		}
		text, err := d.ask(ctx, t, "xl", "list", d.Name)
		if err != nil {
			return false, errors.Join(ErrDestroyed, err)
		}
		if fields := strings.Fields(text[strings.LastIndexByte(text, '\n')+1:]); len(fields) > 4 {
			state := fields[len(fields)-2]
			if strings.ContainsRune(state, stateShutdown) || strings.ContainsRune(state, stateDying) {
				return strings.ContainsRune(state, stateCrashed), nil
			}
		}
	}
}

// ErrDestroyed is the end of a domain by somebody else.
var ErrDestroyed = errors.New("the domain was destroyed")
