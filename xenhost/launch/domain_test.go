package launch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"
)

// stack is a toolstack with one domain, which ends when it is told to.
type stack struct {
	mu     sync.Mutex
	config string
	said   []string
	exit   string // what the guest writes to the store; empty: nothing
	prints string
	state  string // after its end
	ends   chan struct{}
}

func (s *stack) File(_ context.Context, name string, r io.Reader) (string, func(), error) {
	b, err := io.ReadAll(r)
	s.config = string(b)
	return "/" + name, func() {}, err
}

func (s *stack) ended() bool {
	select {
	case <-s.ends:
		return true
	default:
		return false
	}
}

func (s *stack) Run(ctx context.Context, c Command) (int, error) {
	line := strings.Join(c.Args, " ")
	s.mu.Lock()
	s.said = append(s.said, line)
	s.mu.Unlock()
	switch {
	case line == "xl domid app":
		fmt.Fprintln(c.Stdout, 5)
	case strings.HasPrefix(line, "xl console"):
		io.WriteString(c.Stdout, s.prints)
		select {
		case <-s.ends:
		case <-ctx.Done():
		}
	case line == "xl shutdown app":
		close(s.ends)
	case line == "xl list app":
		state := "-b----"
		if s.ended() {
			state = s.state
		}
		fmt.Fprintf(c.Stdout, "Name ID Mem VCPUs State Time(s)\napp 5 64 1 %s 0.1\n", state)
	case strings.HasPrefix(line, "xenstore-read"):
		if s.exit == "" {
			return 1, nil
		}
		fmt.Fprintln(c.Stdout, s.exit)
	}
	return 0, nil
}

func TestDomain(t *testing.T) {
	ended := make(chan struct{})
	close(ended)
	for name, x := range map[string]struct {
		*stack
		out  string
		code int
		err  string
	}{
		"store":   {&stack{exit: "7", prints: "hi\r\nsista guest: exit 7\r\n", state: "---s--"}, "hi\n", 7, ""},
		"console": {&stack{prints: "hi\r\nsista guest: exit 3\r\n", state: "---s--"}, "hi\n", 3, ""},
		"neither": {&stack{prints: "hi\r\n", state: "---s--"}, "hi\n", 0, ErrNoExit.Error()},
		"crash":   {&stack{prints: "hi\r\n", state: "---sc-"}, "hi\n", 0, "crashed"},
	} {
		t.Run(name, func(t *testing.T) {
			x.ends = ended
			var out strings.Builder
			d := Domain{Name: "app", ELF: "/g.elf", Memory: 64, Line: `eval "it's"`, Cards: []string{"bridge=b"}, Stdout: &out,
				Settings: map[string]string{"net.address": "10.0.0.7/24", "arguments": "start"}}
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			code, err := d.Run(ctx, x.stack)
			if code != x.code || out.String() != x.out || (err == nil) != (x.err == "") || err != nil && !strings.Contains(err.Error(), x.err) {
				t.Errorf("%d, %v, %q", code, err, out.String())
			}
			said := strings.Join(x.said, "\n")
			for _, want := range []string{"xl create -q -e -p /app.cfg\n", "xenstore-write /local/domain/5/vm-data/sista/arguments start\n" +
				"xenstore-write /local/domain/5/vm-data/sista/net-address 10.0.0.7/24\n", "xl unpause app\n", "\nxl destroy app"} {
				if !strings.Contains(said, want) {
					t.Errorf("%q is missing of\n%s", want, said)
				}
			}
			if !strings.Contains(x.config, `cmdline     = "eval \"it's\""`) || !strings.Contains(x.config, `vif         = [ "bridge=b" ]`) {
				t.Errorf("the configuration is\n%s", x.config)
			}
		})
	}
}

// A guest is asked to end, and destroyed when nobody waits any more.
func TestDomainEnd(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	end := make(chan struct{})
	close(end)
	s := &stack{exit: "0", state: "---s--", ends: make(chan struct{})}
	d := Domain{Name: "app", Memory: 64, End: end}
	if code, err := d.Run(ctx, s); code != 0 || err != nil {
		t.Errorf("%d, %v", code, err)
	}
	s = &stack{ends: make(chan struct{})}
	ctx, cancel = context.WithCancel(context.Background())
	d = Domain{Name: "app", Memory: 64, Started: func(int) { cancel() }}
	if _, err := d.Run(ctx, s); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if last := s.said[len(s.said)-1]; last != "xl destroy app" {
		t.Errorf("the last is %s", last)
	}
}
