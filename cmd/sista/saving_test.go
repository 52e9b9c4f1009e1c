package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// killsVariable says how many savers of each kind are killed; few, if it is not set.
const killsVariable = "SISTA_TEST_KILLS"

// left answers what savers have left beside an image.
func left(t testing.TB, path string) []string {
	t.Helper()
	names, err := filepath.Glob(path + ".new*")
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// awaitFile waits until there is other than before beside an image: somebody is writing it. Or has ended.
func awaitFile(t testing.TB, path string, before []string, ended chan error) {
	t.Helper()
	began := time.Now()
	for len(ended) == 0 && time.Since(began) < patienceOfTests {
		if now := left(t, path); len(now) > 0 && !slices.Equal(now, before) {
			return
		}
		time.Sleep(100 * time.Microsecond)
	}
}

// kills answers how many savers to kill.
func kills(t *testing.T, few int) int {
	n, err := strconv.Atoi(os.Getenv(killsVariable))
	if err != nil && os.Getenv(killsVariable) != "" {
		t.Fatal(err)
	}
	return max(n, few)
}

// savesForever saves itself again and again, with ten megabytes of objects, until it is killed. What it has saved tells
// how often that was.
const savesForever = `| n path |
n := 0.
path := Smalltalk argumentAt: 1.
Smalltalk at: #Kept put: ((1 to: 2500) collect: [ :i | Array new: 500 ]).
[ n := n + 1.
(Smalltalk saveOptimizedAs: path) ifTrue: [ Transcript showln: 'save ' , n printString. Smalltalk exit: 0 ].
n = 1 ifTrue: [ ` + ready + `] ] repeat`

// A program that saves itself is killed, wherever it is: there is a whole image, and it starts.
func TestKilledSavingItself(t *testing.T) {
	u := newUser(t)
	program, path := u.file("saves.st", savesForever), filepath.Join(u.dir, "x.image")
	random := rand.New(rand.NewPCG(1, 2))
	saved := regexp.MustCompile(`^save [1-9]\d*\n$`)
	writing := 0
	for i := range kills(t, 10) {
		p := startCommand(t, u.command("run", program, path))
		p.await("ready")
		if i%2 == 0 { // whenever
			time.Sleep(time.Duration(random.IntN(80_000)) * time.Microsecond)
		} else { // while it writes
			awaitFile(t, path, nil, nil)
			time.Sleep(time.Duration(random.IntN(5_000)) * time.Microsecond)
		}
		p.signal(syscall.SIGKILL)
		p.end(-1)
		if err := u.whole(path); err != nil {
			t.Fatalf("kill %d: %v", i, err)
		}
		if out := u.must("run", path); !saved.MatchString(out) {
			t.Fatalf("kill %d: the image prints %q", i, out)
		}
		switch names := left(t, path); {
		case len(names) > 1:
			t.Fatalf("kill %d: %v are left", i, names)
		case len(names) == 1:
			writing++ // and the next one removes it
		}
	}
	t.Logf("%d were writing", writing)
}

// A program that has saved itself goes on with its arguments, and the image that is started has those of its process.
func TestArgumentsAfterSave(t *testing.T) {
	u := newUser(t)
	program := u.file("saves.st", `Smalltalk saveOptimizedAs: (Smalltalk argumentAt: 1). Transcript showln: Smalltalk arguments printString`)
	if out := u.must("run", program, "x.image", "one"); out != "#('x.image' 'one')\n" {
		t.Errorf("after it was saved: %s", out)
	}
	if out := u.must("run", "x.image", "two"); out != "#('two')\n" {
		t.Errorf("in the saved image: %s", out)
	}
}

// sista warm-and-save is killed while it warms, saves or compares: the image is the old one or the new.
func TestKilledWarmAndSave(t *testing.T) {
	u := newUser(t)
	path := u.warm("x.image")
	program := u.file("kept.st", "Smalltalk at: #Kept put: ((1 to: 3000) collect: [ :i | Array new: 500 ]). Transcript showln: 'new'")
	save := []string{"warm-and-save", program, "-o", path, "--iterations", "3", "--quiet"}
	random := rand.New(rand.NewPCG(3, 4))
	found := map[string]int{}
	for i := range kills(t, 4) {
		old, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		before := left(t, path)
		cmd := u.command(save...)
		var errs bytes.Buffer
		cmd.Stderr = &errs
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		if i%2 == 0 { // whenever
			time.Sleep(time.Duration(random.IntN(1500)) * time.Millisecond)
		} else { // while it saves
			awaitFile(t, path, before, ended)
			time.Sleep(time.Duration(random.IntN(30_000)) * time.Microsecond)
		}
		_ = cmd.Process.Kill()
		if err := <-ended; err != nil && cmd.ProcessState.ExitCode() != -1 {
			t.Fatalf("kill %d: %v\n%s", i, err, &errs)
		}
		if err := u.whole(path); err != nil {
			t.Fatalf("kill %d: %v", i, err)
		}
		now, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		want := "new\n"
		if bytes.Equal(now, old) {
			found["old"]++
			if found["new"] == 0 {
				want = summed
			}
		} else {
			found["new"]++
		}
		if out := u.must("run", path); out != want {
			t.Fatalf("kill %d: the image prints %q, want %q", i, out, want)
		}
		found["left"] += len(left(t, path))
	}
	t.Log(found)
	u.must(save...)
	if names := left(t, path); len(names) > 0 {
		t.Errorf("%v are left", names)
	}
}

// sista snapshot strip is killed: the file is what it was or what it should become.
func TestKilledStrip(t *testing.T) {
	u := newUser(t)
	path, stripped := u.warm("x.image"), filepath.Join(u.dir, "stripped.image")
	u.must("snapshot", "strip", path, "-o", stripped)
	read := func(path string) []byte {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	whole, plain := read(path), read(stripped)
	random := rand.New(rand.NewPCG(5, 6))
	found := map[string]int{}
	for i := range kills(t, 10) {
		if err := os.WriteFile(path, whole, 0o644); err != nil {
			t.Fatal(err)
		}
		cmd := u.command("snapshot", "strip", path)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(random.IntN(60_000)) * time.Microsecond)
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		switch got := read(path); {
		case bytes.Equal(got, whole):
			found["old"]++
		case bytes.Equal(got, plain):
			found["new"]++
		default:
			t.Fatalf("kill %d: %d bytes, neither the %d before nor the %d after", i, len(got), len(whole), len(plain))
		}
		if out := u.must("run", path); out != summed {
			t.Fatalf("kill %d: the image prints %q", i, out)
		}
	}
	t.Log(found)
}

// savers are the commands that write over an image, by name.
func (u *user) savers(path string) map[string][]string {
	return map[string][]string{
		"warm-and-save":     {"warm-and-save", u.file("sum.st", "Transcript showln: 'other'"), "-o", path, "--iterations", "3", "--quiet"},
		"strip":             {"snapshot", "strip", path},
		"saveOptimizedAs:":  {"run", u.file("save.st", "Smalltalk saveOptimizedAs: (Smalltalk argumentAt: 1)"), path},
		"saveAs: and go on": {"run", u.file("go.st", "[ Smalltalk saveAs: (Smalltalk argumentAt: 1) ] on: Error do: [ :e | FileStream stderr nextPutAll: e messageText; nl. Smalltalk exit: 1 ]"), path},
	}
}

// refused checks that a saver told in one line why it could not save at a path, and that all is as it was; seen is where
// that is to be seen.
func (u *user) refused(name, path, seen string, old []byte, code int, stderr, why string) {
	u.t.Helper()
	told := 0
	for line := range strings.Lines(stderr) {
		if strings.Contains(line, path+": ") && strings.Contains(line, why) {
			told++
		}
	}
	if code != exitFailed || told != 1 || strings.Contains(stderr, "goroutine ") {
		u.t.Errorf("%s: exit code %d, and it tells %d times that %s: %s\n%s", name, code, told, path, why, stderr)
	}
	if now, err := os.ReadFile(seen); err != nil || !bytes.Equal(now, old) {
		u.t.Errorf("%s: the image has now %d bytes, %d before, %v", name, len(now), len(old), err)
	}
	if names := left(u.t, seen); len(names) > 0 {
		u.t.Errorf("%s: %v are left", name, names)
	}
}

// No file may be larger than this or that: whatever was to be saved, the old image stays.
func TestFileSizeLimit(t *testing.T) {
	u := newUser(t)
	path := u.warm("x.image")
	old, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	blocks := len(old) / 512
	for name, args := range u.savers(path) {
		limits := []int{0, 1, blocks / 2}
		if strings.Contains(name, "Optimized") {
			limits = append(limits, blocks*8/10) // in the trailer
		}
		if name == "warm-and-save" {
			limits = limits[2:] // it takes its time
		}
		for _, limit := range limits {
			cmd := u.command(args...)
			cmd.Args = append([]string{"sh", "-c", fmt.Sprintf(`ulimit -f %d; exec "$0" "$@"`, limit), cmd.Path}, args...)
			if cmd.Path, err = exec.LookPath("sh"); err != nil {
				t.Skip(err)
			}
			code, _, stderr := u.finish(cmd)
			u.refused(fmt.Sprintf("%s with %d blocks", name, limit), path, path, old, code, stderr, syscall.EFBIG.Error())
		}
	}
	if out := u.must("run", path); out != summed {
		t.Errorf("the image prints %q", out)
	}
}
