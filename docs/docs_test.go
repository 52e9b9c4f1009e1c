// Package docs holds the documentation to what it says: every command in it is
// run, every expression evaluated, every piece of Go found in code that
// compiles, every link followed.
//
//	```console     lines after "$ " (and ">") are commands; the others are their
//	               output, in which "..." stands for any text, a line of it
//	               for any lines
//	```smalltalk   lines with "-> x" at the end are expressions that print x
//	```go          lines of a file of this repository
//	[a](b)         is a file of this repository, or a heading of one
//
// With -update the outputs are written instead of compared.
package docs

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/sista-vm/sista/vm"
)

var update = flag.Bool("update", false, "write what commands and expressions answer into the pages")

// page is a file of documentation, in lines.
type page struct {
	path  string // from this folder
	lines []string
}

func pages(t *testing.T) (all []*page) {
	t.Helper()
	for _, pattern := range []string{"../*.md", "*.md"} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, &page{path, strings.Split(string(data), "\n")})
		}
	}
	return all
}

func (p *page) save(t *testing.T) {
	if err := os.WriteFile(p.path, []byte(strings.Join(p.lines, "\n")), 0o644); err != nil {
		t.Fatal(err)
	}
}

// blocks calls f with the lines of every fenced block of a kind and the number of the
// first, and puts what f answers in their place.
func (p *page) blocks(kind string, f func(lines []string, number int) []string) {
	var out, block []string
	in, from := "", 0
	for i, line := range p.lines {
		switch {
		case in == "" && strings.HasPrefix(line, "```"):
			in, block, from = strings.TrimPrefix(line, "```")+" ", nil, i+2
			out = append(out, line)
		case in != "" && strings.HasPrefix(line, "```"):
			if in == kind+" " {
				block = f(block, from)
			}
			out = append(append(out, block...), line)
			in = ""
		case in != "":
			block = append(block, line)
		default:
			out = append(out, line)
		}
	}
	p.lines = out
}

// Commands do what the pages show.
func TestCommands(t *testing.T) {
	if testing.Short() {
		t.Skip("runs many commands")
	}
	bin := t.TempDir()
	if out, err := exec.Command("go", "build", "-o", bin, "../cmd/sista").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, p := range pages(t) {
		t.Run(filepath.Base(p.path), func(t *testing.T) {
			// Every page has a folder of its own, which looks like the root of the repository.
			dir := t.TempDir()
			root, err := filepath.Abs("..")
			if err != nil {
				t.Fatal(err)
			}
			entries, err := os.ReadDir(root)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range entries {
				if err := os.Symlink(filepath.Join(root, e.Name()), filepath.Join(dir, e.Name())); err != nil {
					t.Fatal(err)
				}
			}
			env := environment(t, bin)
			p.blocks("console", func(lines []string, number int) []string {
				var shown []string
				for len(lines) > 0 {
					command, output, rest := nextCommand(lines)
					text := commandText(command)
					in := dir
					if strings.HasPrefix(text, "go ") {
						in = root // where go has built before
					}
					got := runCommand(in, env, text)
					if !*update && !matches(output, got) {
						t.Errorf("%s:%d: %s\n  printed\n%s\n  and not\n%s", p.path, number, text, strings.Join(got, "\n"), strings.Join(output, "\n"))
					}
					if !matches(output, got) {
						output = got
					}
					shown = append(append(shown, command...), output...)
					number += len(lines) - len(rest)
					lines = rest
				}
				return shown
			})
			if *update {
				p.save(t)
			}
		})
	}
}

// environment is that of commands: with sista's program on the path, and a cache and keys of
// their own for sista, but not for go.
func environment(t *testing.T, bin string) []string {
	cache, err := exec.Command("go", "env", "GOCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	return append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"),
		"GOCACHE="+strings.TrimSpace(string(cache)), "XDG_CACHE_HOME="+filepath.Join(bin, "cache"),
		"XDG_CONFIG_HOME="+filepath.Join(bin, "config"), "SISTA_KEY=")
}

// nextCommand takes a command and its output off the lines of a block.
func nextCommand(lines []string) (command, output, rest []string) {
	n := 1
	for n < len(lines) && strings.HasPrefix(lines[n], ">") {
		n++
	}
	end := n
	for end < len(lines) && !strings.HasPrefix(lines[end], "$ ") {
		end++
	}
	return lines[:n], lines[n:end], lines[end:]
}

// commandText answers a command without its prompts.
func commandText(lines []string) string {
	text := strings.TrimPrefix(lines[0], "$ ")
	for _, line := range lines[1:] {
		text += "\n" + strings.TrimPrefix(strings.TrimPrefix(line, ">"), " ")
	}
	return text
}

// runCommand answers the lines a command writes to both of its outputs.
func runCommand(dir string, env []string, text string) []string {
	c := exec.Command("bash", "-c", text)
	c.Dir, c.Env = dir, env
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	if err := c.Run(); err != nil {
		if _, exit := err.(*exec.ExitError); !exit {
			return []string{err.Error()}
		}
	}
	if out.Len() == 0 {
		return nil
	}
	lines := strings.Split(strings.TrimRight(out.String(), "\n"), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " \t\r")
	}
	return lines
}

// matches tells whether lines are those of a pattern.
func matches(pattern, lines []string) bool {
	if len(pattern) == 0 {
		return len(lines) == 0
	}
	if pattern[0] == "..." {
		for i := range len(lines) + 1 {
			if matches(pattern[1:], lines[i:]) {
				return true
			}
		}
		return false
	}
	return len(lines) > 0 && matchesLine(pattern[0], lines[0]) && matches(pattern[1:], lines[1:])
}

func matchesLine(pattern, line string) bool {
	parts := strings.Split(pattern, "...")
	if !strings.HasPrefix(line, parts[0]) || len(parts) == 1 {
		return len(parts) == 1 && pattern == line
	}
	line = line[len(parts[0]):]
	for _, part := range parts[1 : len(parts)-1] {
		_, after, found := strings.Cut(line, part)
		if !found {
			return false
		}
		line = after
	}
	return strings.HasSuffix(line, parts[len(parts)-1])
}

// Expressions print what the pages say.
func TestExpressions(t *testing.T) {
	m, err := vm.Open(vm.Config{CacheDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	ctx := context.Background()
	answer := regexp.MustCompile(`^(.*?)(\s*)"-> (.*)"$`)
	for _, p := range pages(t) {
		p.blocks("smalltalk", func(lines []string, number int) []string {
			for i, line := range lines {
				parts := answer.FindStringSubmatch(line)
				if parts == nil {
					continue
				}
				got := ""
				if v, err := m.Eval(ctx, parts[1]); err != nil {
					got = err.Error()
				} else if got, err = v.Print(ctx); err != nil {
					got = err.Error()
				}
				got = strings.ReplaceAll(got, `"`, `""`)
				if !*update && got != parts[3] {
					t.Errorf("%s:%d: %s\n  printed %s", p.path, number+i, line, got)
				}
				lines[i] = fmt.Sprintf(`%s%s"-> %s"`, parts[1], parts[2], got)
			}
			return lines
		})
		if *update {
			p.save(t)
		}
	}
}

// Go code of the pages is code that compiles.
func TestGoCode(t *testing.T) {
	var sources []string
	err := fs.WalkDir(os.DirFS(".."), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") {
			return err
		}
		data, err := os.ReadFile(filepath.Join("..", path))
		sources = append(sources, withoutIndent(string(data)))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pages(t) {
		p.blocks("go", func(lines []string, number int) []string {
			text := withoutIndent(strings.Join(lines, "\n"))
			for _, s := range sources {
				if strings.Contains(s, text) {
					return lines
				}
			}
			t.Errorf("%s:%d: no file has this code", p.path, number)
			return lines
		})
	}
}

func withoutIndent(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return strings.Join(lines, "\n")
}

// Links lead somewhere.
func TestLinks(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)\s]+)\)|src="([^"]+)"`)
	for _, p := range pages(t) {
		for i, line := range p.lines {
			for _, m := range link.FindAllStringSubmatch(line, -1) {
				target, heading, _ := strings.Cut(m[1]+m[2], "#")
				if strings.Contains(target, ":") {
					t.Errorf("%s:%d: %s is outside of the repository", p.path, i+1, target)
					continue
				}
				path := filepath.Join(filepath.Dir(p.path), target)
				if target == "" {
					path = p.path
				}
				if _, err := os.Stat(path); err != nil {
					t.Errorf("%s:%d: %v", p.path, i+1, err)
				} else if heading != "" && !hasHeading(t, path, heading) {
					t.Errorf("%s:%d: %s has no heading %s", p.path, i+1, path, heading)
				}
			}
		}
	}
}

func hasHeading(t *testing.T, path, anchor string) bool {
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	drop := regexp.MustCompile(`[^a-z0-9 _-]`)
	for line := range strings.Lines(string(data)) {
		if text, ok := strings.CutPrefix(line, "#"); ok {
			text = strings.ToLower(strings.TrimSpace(strings.TrimLeft(text, "#")))
			if strings.ReplaceAll(drop.ReplaceAllString(text, ""), " ", "-") == anchor {
				return true
			}
		}
	}
	return false
}
