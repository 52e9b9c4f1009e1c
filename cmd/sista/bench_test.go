package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestParsePeer(t *testing.T) {
	r, err := parsePeer(`cog=sh -c 'exec squeak "$0"' "{image}" start {bench} ''`, "/tmp/some image")
	want := []string{"sh", "-c", `exec squeak "$0"`, "/tmp/some image", "start", "{bench}", ""}
	if err != nil || r.name != "cog" || !slices.Equal(r.command, want) {
		t.Errorf("%q, %v", r, err)
	}
	for _, bad := range []string{"", "cog", "=squeak {bench}", "cog=squeak", "cog='squeak {bench}", "a b=squeak {bench}", "squeak {image} x={bench}"} {
		if r, err := parsePeer(bad, "x.image"); err == nil {
			t.Errorf("%q is %q", bad, r)
		}
	}
}

// Java runs from an archive, or from sources if there is a compiler.
func TestJavaClasses(t *testing.T) {
	dir, temporary := t.TempDir(), t.TempDir()
	if _, err := javaClasses(dir, temporary); err == nil || !strings.Contains(err.Error(), "neither") {
		t.Errorf("nothing there: %v", err)
	}
	write := func(path, text string, mode os.FileMode) {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	write(filepath.Join(dir, "src", "cd", "Harness.java"), "class Harness {}", 0o644)
	bin := filepath.Join(temporary, "bin")
	t.Setenv("PATH", bin)
	if _, err := javaClasses(dir, temporary); err == nil || !strings.Contains(err.Error(), "no javac") {
		t.Errorf("no compiler: %v", err)
	}
	// A compiler that says what it was given, and fails.
	write(filepath.Join(bin, "javac"), "#!/bin/sh\necho \"$@\"\nexit 1\n", 0o755)
	if _, err := javaClasses(dir, temporary); err == nil || !strings.Contains(err.Error(), filepath.Join("cd", "Harness.java")) {
		t.Errorf("a compiler that fails: %v", err)
	}
	write(filepath.Join(bin, "javac"), "#!/bin/sh\nexit 0\n", 0o755)
	if classes, err := javaClasses(dir, temporary); err != nil || classes != filepath.Join(temporary, "java") {
		t.Errorf("compiled: %s, %v", classes, err)
	}
	jar := filepath.Join(dir, "benchmarks.jar")
	write(jar, "", 0o644)
	if classes, err := javaClasses(dir, temporary); err != nil || classes != jar {
		t.Errorf("archive: %s, %v", classes, err)
	}
}
