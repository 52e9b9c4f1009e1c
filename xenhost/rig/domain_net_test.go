package rig

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sista-vm/sista/xenhost/launch"
	"github.com/sista-vm/sista/xenhost/xenrig"
)

const netGuest = "./xenhost/guests/netvm"

// server is a web server in Smalltalk that answers with how many questions it was asked.
const server = `| count s | count := 0. s := HttpServer new. ` +
	`s get: '/count' do: [ count := count + 1. count printString ]. ` +
	`s startOn: (Settings at: 'port' default: 8080). Transcript showCr: 'serving'. s wait`

// long skips what takes minutes.
func long(t *testing.T) {
	t.Helper()
	if os.Getenv("SISTA_RIG_LONG") == "" {
		t.Skip("SISTA_RIG_LONG=1 runs networks, trouble and many guests on Xen: minutes")
	}
}

// running is a domain in the course of a test.
type running struct {
	t    *testing.T
	c    *xenrig.Computer
	out  *watched
	end  chan struct{} // closed by the test to end it in order
	done chan struct{}
	code int
	err  error
}

// startDomain starts a guest and waits until it prints what is awaited.
func startDomain(t *testing.T, c *xenrig.Computer, d launch.Domain, await string) *running {
	t.Helper()
	r := &running{t: t, c: c, out: &watched{}, end: make(chan struct{}), done: make(chan struct{})}
	d.Stdout, d.End = r.out, r.end
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(func() {
		cancel()
		<-r.done
	})
	go func() {
		defer close(r.done)
		r.code, r.err = d.Run(ctx, c)
	}()
	r.await(await)
	return r
}

// await waits until the guest has printed something.
func (r *running) await(what string) {
	r.t.Helper()
	timeout := time.After(patience)
	for !strings.Contains(r.out.String(), what) {
		select {
		case <-r.done:
			r.t.Fatalf("the guest ended: %d, %v; it printed:\n%s", r.code, r.err, r.out)
		case <-timeout:
			r.t.Fatalf("the guest does not print %q, but:\n%s", what, r.out)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// shutDown ends the guest in order and checks how.
func (r *running) shutDown(code int) {
	r.t.Helper()
	close(r.end)
	select {
	case <-r.done:
	case <-time.After(patience):
		r.t.Fatalf("the guest does not end; it printed:\n%s", r.out)
	}
	if r.err != nil || r.code != code {
		r.t.Errorf("exit code %d, %v; it printed:\n%s", r.code, r.err, r.out)
	}
}

// dom0 runs a line of shell in the first domain.
func dom0(t *testing.T, c *xenrig.Computer, line string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var out strings.Builder
	code, err := c.Run(ctx, launch.Command{Args: []string{"sh", "-c", line}, Stdout: &out})
	if err != nil || code != 0 {
		t.Fatalf("%s: %d, %v\n%s", line, code, err, out.String())
	}
	return out.String()
}

// get asks a port here, again and again while nobody answers.
func get(t *testing.T, port int, path string) string {
	t.Helper()
	client := http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	var last error
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		r, err := client.Get(fmt.Sprintf("http://127.0.0.1:%d%s", port, path))
		if err != nil {
			last = err
			continue
		}
		b, err := io.ReadAll(r.Body)
		r.Body.Close()
		if err == nil {
			return string(b)
		}
		last = err
	}
	t.Fatalf("no answer: %v", last)
	return ""
}

// netDomain answers a guest that serves, at an address and with a port that it finds in xenstore.
func netDomain(t *testing.T, c *xenrig.Computer, name, address string) launch.Domain {
	t.Helper()
	elf, _ := Guest(t, netGuest)
	line, err := launch.Line([]string{"eval", server})
	if err != nil {
		t.Fatal(err)
	}
	d, _, err := c.Place(context.Background(), launch.Domain{Name: name, ELF: elf, Module: kernelImage(t), Memory: 48, Cards: []string{xenrig.Card},
		Settings: map[string]string{"net.address": address + "/24", "net.gateway": "10.0.2.2", "PORT": "80", "arguments": line}})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestDomainNetwork asks a web server in a domain of xl, in trouble of many kinds.
func TestDomainNetwork(t *testing.T) {
	long(t)
	Guest(t, netGuest)
	port := freePort(t)
	c := openXen(t, launch.Forward{Here: uint16(port), Guest: 80})
	r := startDomain(t, c, netDomain(t, c, "web", xenrig.GuestAddress), "serving")
	asked := 0
	ask := func(when string) {
		t.Helper()
		asked++
		if got := get(t, port, "/count"); got != strconv.Itoa(asked) {
			t.Errorf("%s: question %d is answered with %q", when, asked, got)
		}
	}
	ask("first")
	if got := strings.TrimSpace(dom0(t, c, "xenstore-read /local/domain/$(xl domid web)/data/address")); got != xenrig.GuestAddress {
		t.Errorf("the guest says that its address is %q", got)
	}

	// A flood, bounded: large frames, datagrams in many pieces, connections that are begun and left, and noise
	// where requests belong. Malformed frames are made by the tests of packages netstack and netfront.
	dom0(t, c, `ping -q -A -c 200 -s 1400 `+xenrig.GuestAddress+` >/dev/null; ping -q -A -c 20 -s 20000 `+xenrig.GuestAddress+` >/dev/null
for i in $(seq 40); do nc -w 1 `+xenrig.GuestAddress+` 81 </dev/null >/dev/null 2>&1; head -c $((i * 50)) /dev/urandom | timeout 1 nc `+xenrig.GuestAddress+` 80 >/dev/null 2>&1; done; true`)
	ask("after a flood")

	// A storm of events: what the toolstack writes is watched.
	dom0(t, c, `id=$(xl domid web); for i in $(seq 200); do xenstore-write /local/domain/$id/control/shutdown ""; done`)
	ask("after a storm of watches")

	// A suspension is refused; the toolstack gets no answer and the guest goes on.
	dom0(t, c, `xenstore-write /local/domain/$(xl domid web)/control/shutdown suspend`)
	r.await(`refused: the toolstack asks for "suspend"`)
	dom0(t, c, `xenstore-write /local/domain/$(xl domid web)/control/shutdown ""`)
	ask("after a suspension was refused")

	// The time of day jumps.
	dom0(t, c, `date -s @$(($(date +%s) + 86400)); sleep 1; date -s @$(($(date +%s) - 86400))`)
	ask("after the time has jumped")

	// Paused for a while, and on.
	dom0(t, c, "xl pause web; sleep 3; xl unpause web")
	ask("after a pause")

	r.shutDown(143)
}

// TestDomainUnplugged takes the network card away: the guest says so, goes on, and ends in order.
func TestDomainUnplugged(t *testing.T) {
	long(t)
	Guest(t, netGuest)
	port := freePort(t)
	c := openXen(t, launch.Forward{Here: uint16(port), Guest: 80})
	r := startDomain(t, c, netDomain(t, c, "web", xenrig.GuestAddress), "serving")
	if got := get(t, port, "/count"); got != "1" {
		t.Errorf("the first question is answered with %q", got)
	}
	dom0(t, c, "xl network-detach web 0")
	r.await("back half has closed")
	r.shutDown(143)
}

// TestTenDomains runs ten guests of 48 MiB side by side.
func TestTenDomains(t *testing.T) {
	long(t)
	const guests = 10
	c := openXen(t)
	first := netDomain(t, c, "", "")
	var all [guests]*running
	var ports [guests]int
	begin := time.Now()
	for i := range guests {
		d := first
		d.Name = fmt.Sprint("web", i)
		address := fmt.Sprint("10.0.2.", 60+i)
		d.Settings = map[string]string{"net.address": address + "/24", "net.gateway": "10.0.2.2", "PORT": "80", "arguments": first.Settings["arguments"]}
		ports[i] = freePort(t)
		if err := c.Forward(launch.Forward{Here: uint16(ports[i]), Guest: 80}, address); err != nil {
			t.Fatal(err)
		}
		all[i] = startDomain(t, c, d, "serving")
	}
	t.Logf("%d guests serve after %v", guests, time.Since(begin).Round(time.Second))
	const questions = 20
	var asking sync.WaitGroup
	var times [guests]time.Duration
	for i := range guests {
		asking.Go(func() {
			begin := time.Now()
			for n := range questions {
				if got := get(t, ports[i], "/count"); got != strconv.Itoa(n+1) {
					t.Errorf("guest %d answers question %d with %q", i, n+1, got)
				}
			}
			times[i] = time.Since(begin)
		})
	}
	asking.Wait()
	t.Logf("%d questions to each, at once: %v", questions, times)
	t.Logf("xl list:\n%s", dom0(t, c, "xl list; xl info | grep free_memory"))
	for i := range guests {
		all[i].shutDown(143)
	}
}
