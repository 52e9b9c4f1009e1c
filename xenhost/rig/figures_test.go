package rig

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sista-vm/sista/xenhost/launch"
)

// counted makes a tick an instruction.
var counted = []string{"-icount", "shift=0,sleep=off"}

// mark is a line of kernel.ticks.
var mark = regexp.MustCompile(`(?m)^sista guest: ticks (\d+) waited (\d+) ?(.*?)\r?$`)

// instructions answers how many a guest had executed at each of the moments of a name; "" is the end.
func instructions(t *testing.T, out, name string) (list []int) {
	t.Helper()
	for _, m := range mark.FindAllStringSubmatch(out, -1) {
		if m[3] != name {
			continue
		}
		all, err := strconv.Atoi(m[1])
		waited, err2 := strconv.Atoi(m[2])
		if err != nil || err2 != nil {
			t.Fatalf("%q", m[0])
		}
		list = append(list, all-waited)
	}
	return list
}

// sista builds the command and answers what runs it, with settings and keys of its own.
func sista(t *testing.T) func(args ...string) {
	t.Helper()
	dir := t.TempDir()
	program := filepath.Join(dir, "sista")
	run := func(folder, name string, args ...string) {
		t.Helper()
		cmd := exec.Command(name, args...)
		cmd.Dir = folder
		cmd.Env = append(os.Environ(), "XDG_CONFIG_HOME="+filepath.Join(dir, "config"), "SISTA_KEY=")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s %q: %v\n%s", name, args, err, out)
		}
	}
	run(Module, "go", "build", "-o", program, "./cmd/sista")
	return func(args ...string) {
		t.Helper()
		run(Module, program, args...)
	}
}

// mostToFirst is what a warmed script may cost to its first bytecode without a network: more than it does, since how much is
// compiled while it is warmed varies.
const mostToFirst = 4_000_000

// TestFigures makes the table of docs/xen.md of what a guest without a network costs.
func TestFigures(t *testing.T) {
	elf, _ := Guest(t, "./xenhost/guests/hello")
	out, _ := Run(t, launch.Machine{ELF: elf, Memory: 24, Line: "kernel.ticks", Options: counted})
	t.Logf("%9d instructions: guest hello, to its end", instructions(t, out, "")[0])

	elf, _ = Guest(t, vmGuest)
	out, _ = Run(t, launch.Machine{ELF: elf, Module: kernelImage(t), Memory: 64, Line: "kernel.ticks eval '3 + 4'", Options: counted})
	t.Logf("%9d instructions: kernel image, not warmed, to the first bytecode", instructions(t, out, "first bytecode")[0])
	t.Logf("%9d instructions: the same, eval '3 + 4', to its end", instructions(t, out, "")[0])

	sista := sista(t)
	dir := t.TempDir()
	image, guest := filepath.Join(dir, "hello.image"), filepath.Join(dir, "hello.elf")
	sista("warm-and-save", "examples/hello.st", "-o", image, "--iterations", "10", "--quiet", "--", "you")
	sista("pack", "--no-net", "-o", guest, image)
	out, code := Run(t, launch.Machine{ELF: guest, Memory: 24, Line: "kernel.ticks", Options: counted})
	if code != 0 || !strings.Contains(out, "\nHello, world!\n") || !strings.Contains(out, "optimized image: machine code of") {
		t.Errorf("exit code %d, printed:\n%s", code, out)
	}
	first := instructions(t, out, "first bytecode")
	if len(first) != 1 || first[0] > mostToFirst {
		t.Errorf("to the first bytecode: %d instructions, more than %d\n%s", first, mostToFirst, out)
	}
	t.Logf("%9d instructions: warmed examples/hello.st, to the first bytecode", first[0])
}

// TestServerFigures is the same of the HTTP server, in 48 MiB, with a hundred requests; it takes minutes, and runs
// if SISTA_FIGURES is set.
func TestServerFigures(t *testing.T) {
	if os.Getenv("SISTA_FIGURES") == "" {
		t.Skip("SISTA_FIGURES is not set")
	}
	if err := launch.Missing(); err != nil {
		t.Skip(err)
	}
	sista := sista(t)
	dir := t.TempDir()
	image, guest := filepath.Join(dir, "http.image"), filepath.Join(dir, "http.elf")
	sista("warm-and-save", "examples/http", "-o", image, "--timeout", "1m", "--quiet")
	sista("pack", "-o", guest, image)

	in, err := launch.NewInput(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, port := &watched{}, freePort(t)
	m := launch.Machine{ELF: guest, Memory: 48, Emulate: true, Stdin: in, Stdout: out, Network: true,
		Forwards: []launch.Forward{{Here: uint16(port), Guest: 8080}},
		// Time goes on while the guest waits: it waits for us.
		Line: "kernel.ticks net.address=10.0.2.15/24 net.gateway=10.0.2.2", Options: []string{"-icount", "shift=0,sleep=on"}}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	end := make(chan error, 1)
	go func() {
		_, err := m.Run(ctx)
		end <- err
	}()
	for !strings.Contains(out.String(), "listening") {
		select {
		case e := <-end:
			t.Fatalf("it ended: %v\n%s", e, out)
		case <-time.After(20 * time.Millisecond):
		}
	}
	const requests = 100
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 20 * time.Second}
	for i := range requests {
		r, err := client.Get(fmt.Sprintf("http://127.0.0.1:%d/healthz", port))
		if err != nil {
			t.Fatalf("request %d: %v\n%s", i+1, err, out)
		}
		_, err = io.Copy(io.Discard, r.Body)
		r.Body.Close()
		if err != nil || r.StatusCode != http.StatusOK {
			t.Fatalf("request %d: %s, %v", i+1, r.Status, err)
		}
	}
	if err := in.Interrupt(); err != nil {
		t.Fatal(err)
	}
	if err := <-end; err != nil {
		t.Error(err)
	}
	first, answers := instructions(t, out.String(), "first bytecode"), instructions(t, out.String(), "answer")
	if len(first) != 1 || len(answers) < requests {
		t.Fatalf("%d, %d\n%s", first, len(answers), out)
	}
	t.Logf("%9d instructions: warmed examples/http, to the first bytecode", first[0])
	t.Logf("%9d instructions: to the first answer, with what is compiled meanwhile", answers[0])
	for _, n := range []int{2, 10, 50, requests} {
		t.Logf("%9d instructions: from answer %d to answer %d", answers[n-1]-answers[n-2], n-1, n)
	}
}
