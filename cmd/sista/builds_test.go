package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/sista-vm/sista/jit"
)

// TestOtherBuild warms a program in this build of the virtual machine and starts the image in another one, and the other
// way round: the machine code is that of another build, and the functions in portable form are used.
func TestOtherBuild(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds the command with another mark")
	}
	dir := t.TempDir()
	source, err := filepath.Abs(filepath.Join("..", "..", "jit", "build_gen.go"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(source)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	other := write("build.go", []byte(strings.Replace(string(text), jit.Build, "0123456789abcdef", 1)))
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{source: other}})
	if err != nil {
		t.Fatal(err)
	}
	build := func(name string, flags ...string) string {
		path := filepath.Join(dir, name)
		if out, err := exec.Command("go", append(append([]string{"build", "-o", path}, flags...), ".")...).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return path
	}
	builds := []string{build("one"), build("two", "-overlay", write("overlay.json", overlay))}
	program := write("p.st", []byte("Transcript showln: ((1 to: 20000) inject: 0 into: [:a :b | a + b printString size + (b bitAnd: 7)]) printString"))
	run := func(sista string, args ...string) (stdout, stderr string) {
		t.Helper()
		var out, errs strings.Builder
		c := exec.Command(sista, args...)
		c.Env = append(os.Environ(), "XDG_CONFIG_HOME="+filepath.Join(dir, "config"), "XDG_CACHE_HOME="+sharedCache(t))
		c.Stdout, c.Stderr = &out, &errs
		if err := c.Run(); err != nil {
			t.Fatalf("%v: %v\n%s%s", args, err, out.String(), errs.String())
		}
		return out.String(), errs.String()
	}
	want, _ := run(builds[0], "run", program)
	native := regexp.MustCompile(`^sista: optimized image: machine code of [1-9]\d* methods`)
	portable := regexp.MustCompile(`^sista: optimized image: [1-9]\d* methods and .* to be made machine code in .*; its machine code is of another build of the VM \([0-9a-f]+, this is [0-9a-f]+\)\n$`)
	for i, sista := range builds {
		image := filepath.Join(dir, "p.image")
		run(sista, "warm-and-save", program, "-o", image, "--iterations", "20", "--quiet")
		for j, opens := range builds {
			kind := portable
			if i == j {
				kind = native
			}
			if out, errs := run(opens, "run", image); out != want || !kind.MatchString(errs) {
				t.Errorf("warmed in build %d and opened in %d it prints %q, want %q, and %s", i, j, out, want, errs)
			}
		}
	}
}
