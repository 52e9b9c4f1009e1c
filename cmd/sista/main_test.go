package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/sista-vm/sista/host/hostos"
	"github.com/sista-vm/sista/native"
	"github.com/sista-vm/sista/snapshot"
)

// Tests run the program as a process of its own: the test binary called sista is it.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"sista": main})
}

// openSmalltalk is the environment variable that names a virtual machine of OpenSmalltalk.
const openSmalltalk = "SISTA_OPENSMALLTALK"

// sharedCache is a cache folder that all tests of a run share.
func sharedCache(t testing.TB) string {
	t.Helper()
	dir := filepath.Join(os.TempDir(), "sista-cmd-test")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestScripts(t *testing.T) {
	images, err := filepath.Abs(filepath.Join("..", "..", "..", "shared", "images"))
	if err != nil {
		t.Fatal(err)
	}
	kernel, err := filepath.Abs(filepath.Join("..", "..", "kernel"))
	if err != nil {
		t.Fatal(err)
	}
	tiny, err := filepath.Abs(filepath.Join("testdata", "tiny"))
	if err != nil {
		t.Fatal(err)
	}
	cache := sharedCache(t)
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireExplicitExec: true,
		Deadline:            time.Now().Add(8 * time.Minute),
		Setup: func(e *testscript.Env) error {
			e.Setenv("XDG_CACHE_HOME", cache)
			e.Setenv("IMAGES", images)
			e.Setenv("KERNEL", kernel)
			e.Setenv("TINY", tiny)
			e.Setenv("OPENSMALLTALK", os.Getenv(openSmalltalk))
			return nil
		},
		Condition: func(cond string) (bool, error) {
			switch cond {
			case "images":
				_, err := os.Stat(images)
				return err == nil, nil
			case "bmi2": // code may use it here
				return native.Present()&native.BMI2 != 0, nil
			case "opensmalltalk":
				return os.Getenv(openSmalltalk) != "", nil
			}
			return false, nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"truncate": truncate,
			"same":     same,
			"damage":   damage,
		},
	})
}

// same compares two files that are no text: same FILE FILE.
func same(ts *testscript.TestScript, neg bool, args []string) {
	if equal := ts.ReadFile(args[0]) == ts.ReadFile(args[1]); equal == neg {
		ts.Fatalf("%s and %s are equal: %v", args[0], args[1], equal)
	}
}

// damage flips a bit in the middle of a section: damage FILE SECTION.
func damage(ts *testscript.TestScript, _ bool, args []string) {
	path := ts.MkAbs(args[0])
	f, err := snapshot.Open(hostos.NewFiles(), path, nil)
	ts.Check(err)
	defer f.Close()
	for _, e := range f.Index() {
		if e.Kind.String() == args[1] {
			data, err := os.ReadFile(path)
			ts.Check(err)
			data[e.Offset+e.Length/2] ^= 4
			ts.Check(os.WriteFile(path, data, 0o644))
			return
		}
	}
	ts.Fatalf("%s has no section %s", path, args[1])
}

// truncate shortens a file: truncate FILE.
func truncate(ts *testscript.TestScript, _ bool, args []string) {
	path := ts.MkAbs(args[0])
	fi, err := os.Stat(path)
	ts.Check(err)
	ts.Check(os.Truncate(path, fi.Size()/2))
}
