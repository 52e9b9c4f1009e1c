package rig

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sista-vm/sista/xenhost/launch"
)

// watched is output that can be waited for.
type watched struct {
	mu   sync.Mutex
	text strings.Builder
}

func (w *watched) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(p)
}

func (w *watched) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// The network of the microvm machine: the guest asks for an address and answers at its port.
func TestVirtioNetwork(t *testing.T) {
	for name, option := range map[string]string{"legacy": "true", "present": "false"} {
		t.Run(name, func(t *testing.T) {
			elf, _ := Guest(t, "./xenhost/guests/nettest")
			port := freePort(t)
			out := &watched{}
			m := launch.Machine{ELF: elf, Memory: 64, Emulate: true, Stdout: out, Options: []string{
				"-M", "microvm,acpi=off", "-global", "virtio-mmio.force-legacy=" + option,
				"-netdev", fmt.Sprintf("user,id=n,hostfwd=tcp:127.0.0.1:%d-:80", port), "-device", "virtio-net-device,netdev=n"}}
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			end := make(chan string, 1)
			go func() {
				code, err := m.Run(ctx)
				end <- fmt.Sprint(code, err)
			}()
			for !strings.Contains(out.String(), "listening") {
				select {
				case e := <-end:
					t.Fatalf("it ended: %s\n%s", e, out)
				case <-time.After(20 * time.Millisecond):
				}
			}
			ask := func(what string) string {
				t.Helper()
				c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				fmt.Fprintln(c, what)
				answer, err := io.ReadAll(c)
				if err != nil {
					t.Fatal(err)
				}
				return string(answer)
			}
			for i := range 20 { // each fits in a segment: the guest reads once
				what := strings.Repeat("x", 1+70*i)
				if got := ask(what); got != "you said "+what+"\n" {
					t.Fatalf("question %d is answered with %d bytes %.40q", i, len(got), got)
				}
			}
			ask("stop")
			if e := <-end; e != "0 <nil>" {
				t.Errorf("the end is %s\n%s", e, out)
			}
		})
	}
}
