package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patienceOfTests is how long a program may take before a test gives up on it.
const patienceOfTests = time.Minute

// program is sista running as a process of its own.
type program struct {
	t      *testing.T
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	stdout *bufio.Reader

	until time.Time

	mu     sync.Mutex
	stderr bytes.Buffer
}

// Write takes what the program writes to its standard error.
func (p *program) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stderr.Write(b)
}

func (p *program) errors() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stderr.String()
}

func start(t *testing.T, args ...string) *program {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, args...)
	cmd.Args[0] = "sista"
	cmd.Env = append(os.Environ(), "XDG_CACHE_HOME="+sharedCache(t))
	return startCommand(t, cmd)
}

func startCommand(t *testing.T, cmd *exec.Cmd) *program {
	t.Helper()
	p := &program{t: t, until: time.Now().Add(patienceOfTests), cmd: cmd}
	p.cmd.Stderr = p
	var err error
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.stdout = bufio.NewReader(out)
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill := time.AfterFunc(patienceOfTests, func() { p.cmd.Process.Kill() })
	t.Cleanup(func() { kill.Stop(); p.cmd.Process.Kill() })
	return p
}

// expect reads a line of standard output.
func (p *program) expect(want string) {
	p.t.Helper()
	line, err := p.stdout.ReadString('\n')
	if strings.TrimSpace(line) != want {
		p.t.Fatalf("it prints %q, %v; want %q\n%s", line, err, want, p.errors())
	}
}

func (p *program) signal(s os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// end waits for the exit code.
func (p *program) end(want int) {
	p.t.Helper()
	rest, _ := io.ReadAll(p.stdout)
	err := p.cmd.Wait()
	var e *exec.ExitError
	if err != nil && !errors.As(err, &e) {
		p.t.Fatal(err)
	}
	if got := p.cmd.ProcessState.ExitCode(); got != want {
		p.t.Errorf("it ends with %d, want %d\n%s%s", got, want, rest, p.errors())
	}
}

func (p *program) hasErrors(texts ...string) {
	p.t.Helper()
	for _, text := range texts {
		if !strings.Contains(p.errors(), text) {
			p.t.Errorf("standard error lacks %q:\n%s", text, p.errors())
		}
	}
}

// await waits for a text on standard error.
func (p *program) await(text string) {
	p.t.Helper()
	for !strings.Contains(p.errors(), text) {
		if time.Now().After(p.until) {
			p.t.Fatalf("standard error lacks %q:\n%s", text, p.errors())
		}
		time.Sleep(time.Millisecond)
	}
}

// ready is a statement that tells where a script is. It writes to standard error, so
// that what it does there is in nobody's way.
const ready = "FileStream stderr nextPutAll: 'ready'; flush. "

// script writes a file.
func script(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "script.st")
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestInterruptSignal(t *testing.T) {
	for _, what := range []string{"[ true ] whileTrue", "(Delay forSeconds: 1000) wait", "Semaphore new wait"} {
		p := start(t, "run", script(t, "[ "+ready+what+" ] ensure: [ Transcript showCr: 'cleaned'; flush ]"))
		p.await("ready")
		p.signal(os.Interrupt)
		p.expect("cleaned")
		p.end(130)
		p.hasErrors("UserInterrupt: interrupted by the user\n", "DoIt (", "script.st:1)\n")
	}
}

// TestInterruptTwice ends a program that does not want to be.
func TestInterruptTwice(t *testing.T) {
	p := start(t, "run", script(t, "[ "+ready+"[ true ] whileTrue ] ensure: [ FileStream stderr nextPutAll: 'never'; flush. [ true ] whileTrue ]"))
	p.await("ready")
	p.signal(os.Interrupt)
	p.await("never")
	time.Sleep(sameKey)
	p.signal(os.Interrupt)
	p.end(130)
	p.hasErrors("interrupted a second time")
}

func TestTerminateSignal(t *testing.T) {
	for _, what := range []string{"[ true ] whileTrue", "(Delay forSeconds: 1000) wait"} {
		p := start(t, "run", script(t, `
Object subclass: #Closer instanceVariableNames: '' package: 'x'.
Closer class >> shutDown: quitting [ Transcript showCr: 'shut down ', quitting printString; flush ]
Smalltalk addToShutDownList: Closer.
`+ready+what))
		p.await("ready")
		p.signal(syscall.SIGTERM)
		p.expect("shut down true")
		p.end(143)
	}
}

func TestStacksSignal(t *testing.T) {
	path := script(t, "[ Semaphore new wait ] forkAt: 41.\n"+ready+"\n[ true ] whileTrue")
	p := start(t, "run", path)
	p.await("ready")
	p.signal(syscall.SIGQUIT)
	p.await("priority 41")
	p.hasErrors("active process, priority 40", "UndefinedObject>>DoIt ("+path+":", "DelayScheduler>>run (line 2)")
	p.signal(os.Interrupt)
	p.end(130)
}

// TestLoopSignals interrupts what the loop runs, and terminates it at its prompt.
func TestLoopSignals(t *testing.T) {
	p := start(t, "repl")
	say := func(line string) {
		if _, err := io.WriteString(p.stdin, line+"\n"); err != nil {
			t.Fatal(err)
		}
	}
	for _, round := range []string{"one", "two"} {
		say("FileStream stderr nextPutAll: '" + round + "'; flush. [true] whileTrue")
		p.await(round)
		p.signal(os.Interrupt)
		say("'" + round + "' size + 4")
		p.expect("7")
		p.await("UserInterrupt: interrupted by the user\n")
		p.await("    DoIt (line 1)\n")
	}
	p.signal(syscall.SIGTERM)
	p.end(143)

	p = start(t, "repl")
	say("3 + 4")
	p.expect("7")
	// It is at its prompt soon; what comes before is no interrupt of anything.
	stop := make(chan struct{})
	go func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(20 * time.Millisecond):
				_ = p.cmd.Process.Signal(os.Interrupt) // it may have ended
			}
		}
	}()
	p.end(130)
	close(stop)
}

// TestDeafImage ends an image that does not know of interrupts and shutting down.
func TestDeafImage(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "loop.image")
	start(t, "build", filepath.Join("testdata", "tiny"), "-o", path, "--startup",
		"Console initialize. Console show: 'ready'; cr. [ true ] whileTrue").end(0)
	for s, code := range map[os.Signal]int{os.Interrupt: 130, syscall.SIGTERM: 143} {
		p := start(t, "run", path)
		p.expect("ready")
		p.signal(s)
		p.end(code)
		p.hasErrors("sista: ")
		if code == 130 {
			p.hasErrors("UndefinedObject>>DoIt (line 1)\n")
		}
	}
}

// A process that reads standard input makes none but itself wait, and can be interrupted.
func TestReadingInput(t *testing.T) {
	p := start(t, "run", script(t, `
		[ 1 to: 3 do: [ :i | (Delay forMilliseconds: 1) wait. Transcript showln: 'tick ' , i printString ] ] fork.
		[ Transcript showln: FileStream stdin nextLine. `+ready+`. FileStream stdin nextLine ] ensure: [ Transcript showln: 'cleaned' ]`))
	p.expect("tick 1")
	p.expect("tick 2")
	p.expect("tick 3")
	io.WriteString(p.stdin, "a line\n")
	p.expect("a line")
	p.await("ready")
	p.signal(os.Interrupt)
	p.expect("cleaned")
	p.end(130)
	p.hasErrors("UserInterrupt", "nextLine")
}
