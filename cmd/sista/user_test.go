package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/sista-vm/sista/host/hostos"
	"github.com/sista-vm/sista/snapshot"
	"github.com/sista-vm/sista/snapshot/trust"
)

// user is somebody who runs sista, with a folder and a key of their own.
type user struct {
	t          testing.TB
	dir, sista string
	env        []string
}

func newUser(t testing.TB) *user {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	u := &user{t: t, dir: t.TempDir()}
	// It starts itself, by the name of its file: that has to be another one than that of the tests.
	u.sista = filepath.Join(u.dir, "sista")
	if os.Link(self, u.sista) != nil {
		b, err := os.ReadFile(self)
		if err == nil {
			err = os.WriteFile(u.sista, b, 0o755)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	u.env = append(os.Environ(), "XDG_CONFIG_HOME="+filepath.Join(u.dir, "config"), "XDG_CACHE_HOME="+sharedCache(t))
	return u
}

// command answers a command that has not been started.
func (u *user) command(args ...string) *exec.Cmd {
	cmd := exec.Command(u.sista, args...)
	cmd.Env, cmd.Dir = u.env, u.dir
	return cmd
}

// finish runs a command, for a minute at most.
func (u *user) finish(cmd *exec.Cmd) (code int, stdout, stderr string) {
	u.t.Helper()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Start(); err != nil {
		u.t.Fatal(err)
	}
	stop := time.AfterFunc(patienceOfTests, func() { _ = cmd.Process.Kill() })
	err := cmd.Wait()
	if !stop.Stop() {
		u.t.Errorf("%v did not end", cmd.Args)
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		u.t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

// run runs sista with arguments.
func (u *user) run(args ...string) (code int, stdout, stderr string) {
	u.t.Helper()
	return u.finish(u.command(args...))
}

// must is run for what has to succeed.
func (u *user) must(args ...string) (stdout string) {
	u.t.Helper()
	code, stdout, stderr := u.run(args...)
	if code != 0 {
		u.t.Fatalf("%v: exit code %d\n%s%s", args, code, stdout, stderr)
	}
	return stdout
}

// file writes a file in the user's folder.
func (u *user) file(name, text string) (path string) {
	u.t.Helper()
	path = filepath.Join(u.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		u.t.Fatal(err)
	}
	return path
}

// warm saves a small warmed image.
func (u *user) warm(name string) (path string) {
	u.t.Helper()
	path = filepath.Join(u.dir, name)
	u.must("warm-and-save", u.file("sum.st", "Transcript showln: ((1 to: 20000) inject: 0 into: [ :a :b | a + b printString size ]) printString"),
		"-o", path, "--iterations", "20", "--quiet")
	return path
}

// summed is what the image of warm prints.
const summed = "88894\n"

// whole checks that a file is an image of which every byte is as it was sealed.
func (u *user) whole(path string) error {
	f, err := snapshot.Open(hostos.NewFiles(), path, nil)
	if err != nil {
		return err
	}
	defer f.Close()
	if problems := f.Check(); problems != nil {
		return errors.Join(problems...)
	}
	key, err := trust.ReadKey(hostos.NewFiles(), filepath.Join(u.dir, "config", "sista", "key"))
	if err != nil {
		return err
	}
	a, err := trust.Verify(f, key)
	if err != nil {
		return err
	}
	return a.VerifyAll()
}
