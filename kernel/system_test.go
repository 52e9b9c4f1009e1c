package kernel_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sista-vm/sista/host/hostos"
	"github.com/sista-vm/sista/vm"
)

// result is what a run of an image left.
type result struct {
	out, err string
	code     int
}

// run runs the kernel image, or that of c, with arguments.
func run(t *testing.T, c vm.Config, before func(m *vm.VM), args ...string) result {
	t.Helper()
	var out, errs bytes.Buffer
	c.CacheDir = "-"
	c.Args = args
	c.Stdout, c.Stderr = &out, &errs
	c.Files = hostos.NewFiles()
	m, err := vm.Open(c)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if before != nil {
		before(m)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	code, err := m.Run(ctx)
	if err != nil {
		t.Fatalf("%v\n%s%s", err, out.String(), errs.String())
	}
	return result{out.String(), errs.String(), code}
}

// script runs a script in a file of its own.
func script(t *testing.T, c vm.Config, text string, args ...string) result {
	t.Helper()
	path := filepath.Join(t.TempDir(), "script.st")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	r := run(t, c, nil, append([]string{"run", path}, args...)...)
	r.err = strings.ReplaceAll(r.err, path, "script.st")
	return r
}

func (r result) check(t *testing.T, out, err string, code int) {
	t.Helper()
	if r.out != out || r.err != err || r.code != code {
		t.Errorf("got %q, %q, exit code %d\nwant %q, %q, exit code %d", r.out, r.err, r.code, out, err, code)
	}
}

func TestEval(t *testing.T) {
	run(t, vm.Config{}, nil, "eval", "1000 factorial printString size").check(t, "2568\n", "", 0)
	run(t, vm.Config{}, nil, "eval", "x := 3. x * x").check(t, "9\n", "", 0)
	run(t, vm.Config{}, nil, "eval", "Smalltalk exit: 7").check(t, "", "", 7)
	run(t, vm.Config{}, nil, "eval", "Smalltalk arguments", "a", "b").check(t, "#('a' 'b')\n", "", 0)
	run(t, vm.Config{}, nil, "eval", "3 +").check(t, "", "1:4: expected the argument of +, found the end\n3 +\n   ^\n", 1)
}

func TestUncaughtError(t *testing.T) {
	r := script(t, vm.Config{}, `Object subclass: #Thrower instanceVariableNames: '' classVariableNames: '' package: 'T'.
Thrower >> divide: n [
	^ n / 0
]
'before' displayNl.
[ Thrower new divide: 3 ] ensure: [ 'ensured' displayNl ].
'after' displayNl.
`)
	r.check(t, "before\nensured\n", `ZeroDivide: division by zero
    SmallInteger(Integer)>>/ (line 6)
    SmallInteger>>/ (line 3)
    Thrower>>divide: (script.st:3)
    [] in DoIt (script.st:6)
    FullBlockClosure(BlockClosure)>>ensure: (line 7)
    DoIt (script.st:6)
`, 1)
}

func TestUncaughtErrorInProcess(t *testing.T) {
	r := script(t, vm.Config{}, "[ nil foo ] forkNamed: 'worker'.\n(Delay forSeconds: 10) wait.")
	if r.code != 1 || !strings.HasPrefix(r.err, "MessageNotUnderstood: nil does not understand #foo\n    in process worker\n") {
		t.Errorf("%q, exit code %d", r.err, r.code)
	}
}

func TestWarningGoesOn(t *testing.T) {
	script(t, vm.Config{}, "(Warning signal: 'careful') printNl.").check(t, "nil\n", "Warning: careful\n", 0)
}

func TestErrorWhileReporting(t *testing.T) {
	r := script(t, vm.Config{}, `Error subclass: #Bad instanceVariableNames: '' classVariableNames: '' package: 'T'.
Bad >> description [ ^ self zork ]
Bad signal`)
	if r.code != 1 || !strings.HasPrefix(r.err, "Bad\n") {
		t.Errorf("%q, exit code %d", r.err, r.code)
	}
}

func TestScriptWithErrorsRunsNothing(t *testing.T) {
	r := script(t, vm.Config{}, "'one' displayNl.\n3 + .\n'two' displayNl.\n")
	if r.code != 1 || r.out != "" || !strings.Contains(r.err, "script.st:2:4") {
		t.Errorf("%q, %q, exit code %d", r.out, r.err, r.code)
	}
}

func TestMemoryRunsOut(t *testing.T) {
	r := script(t, vm.Config{MaxHeap: 64 << 20}, `Object subclass: #Diver instanceVariableNames: '' classVariableNames: '' package: 'T'.
Diver >> dive: n [ ^ (self dive: n + 1) + 1 ]
2 timesRepeat: [ ([ Diver new dive: 1 ] on: OutOfMemory do: [ :e | e return: e messageText ]) displayNl ].
([ | l | l := OrderedCollection new. [ l add: (Array new: 1000) ] repeat ] on: OutOfMemory do: [ :e | e return: 2 ]) displayNl.
([ Array new: 1000000000 ] on: OutOfMemory do: [ :e | e return: 3 ]) displayNl.
`)
	r.check(t, "out of memory\nout of memory\n2\n3\n", "", 0)
}

func TestEndlessRecursionIsReported(t *testing.T) {
	r := script(t, vm.Config{MaxHeap: 32 << 20}, `Object subclass: #Diver instanceVariableNames: '' classVariableNames: '' package: 'T'.
Diver >> dive: n [ ^ (self dive: n + 1) + 1 ]
Diver new dive: 1`)
	if r.code != 1 || !strings.HasPrefix(r.err, "OutOfMemory: out of memory\n") || !strings.Contains(r.err, " more\n") ||
		strings.Count(r.err, "\n") > 70 {
		t.Errorf("%q, exit code %d", r.err, r.code)
	}
}

func TestInterrupt(t *testing.T) {
	interrupt := func(m *vm.VM) { time.AfterFunc(300*time.Millisecond, m.Interrupt) }
	r := run(t, vm.Config{}, interrupt, "eval", "[ [ true ] whileTrue ] ensure: [ 'ensured' displayNl ]")
	if r.code != 130 || !strings.HasPrefix(r.err, "UserInterrupt: interrupted by the user\n") || r.out != "ensured\n" {
		t.Errorf("%q, %q, exit code %d", r.out, r.err, r.code)
	}
	r = run(t, vm.Config{}, interrupt, "eval", "[ Semaphore new wait ] on: UserInterrupt do: [ :ex | ex return: 5 ]")
	r.check(t, "5\n", "", 0)
}

func TestSnapshot(t *testing.T) {
	path := filepath.Join(t.TempDir(), "saved.image")
	r := script(t, vm.Config{Snapshots: true}, `Smalltalk at: #Saved put: (OrderedCollection with: 1).
woken := 0.
[ (Delay forMilliseconds: 200) wait. woken := woken + 1 ] fork.
Processor yield.
resuming := Smalltalk saveAs: '`+path+`'.
(Delay forMilliseconds: 400) wait.
{ resuming. woken. Saved add: 2; yourself } printNl.
`)
	r.check(t, "{false. 1. an OrderedCollection(1 2)}\n", "", 0)
	run(t, vm.Config{Image: path}, nil).check(t, "{true. 1. an OrderedCollection(1 2)}\n", "", 0)
	run(t, vm.Config{Image: path}, nil, "eval", "Saved").check(t, "an OrderedCollection(1)\n", "", 0)
}

func TestShutDownList(t *testing.T) {
	script(t, vm.Config{}, `Object subclass: #Goer instanceVariableNames: '' classVariableNames: '' package: 'T'.
Goer class >> shutDown: quitting [ quitting printNl ]
Smalltalk addToShutDownList: Goer.
Smalltalk exit: 3`).check(t, "true\n", "", 3)
}

func TestMisuse(t *testing.T) {
	run(t, vm.Config{}, nil, "fly").check(t, "", "unknown command: fly\n", 2)
	run(t, vm.Config{}, nil, "run", "/no/such/file.st").check(t, "", "run: there is no file /no/such/file.st\n", 2)
	run(t, vm.Config{}, nil, "start").check(t, "", "there is no main.st, and no class has a class method #main or #main:\n", 2)
}
