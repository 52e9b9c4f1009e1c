package main

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// language is a way to run a checkout of are-we-fast-yet: a program, the folder of its
// harness below benchmarks, and its arguments.
type language struct {
	program, folder, harness string
	arguments                []string
}

var languages = []language{
	{"node", "JavaScript", "harness.js", []string{"harness.js"}},
	{"java", "Java", "", nil},
	{"luajit", "Lua", "harness.lua", []string{"harness.lua"}},
	{"python3", "Python", "harness.py", []string{"harness.py"}},
	{"ruby", "Ruby", "harness.rb", []string{"harness.rb"}},
}

// languagePeers answers the languages that are on this machine, of those that are
// asked for. Java is compiled to a temporary folder unless the checkout has been built.
func (b *bench) languagePeers(temporary string) (peers []runner, err error) {
	wanted := strings.FieldsFunc(b.languages, func(r rune) bool { return r == ',' })
	for _, w := range wanted {
		if !slices.ContainsFunc(languages, func(l language) bool { return l.program == w }) {
			return nil, fmt.Errorf("bench: --peers: unknown is %q; there are node, java, luajit, python3 and ruby", w)
		}
	}
	root := filepath.Join(b.awfy, "benchmarks")
	if fi, err := os.Stat(root); err != nil || !fi.IsDir() {
		return nil, fmt.Errorf("%s is no checkout of are-we-fast-yet: it has no folder benchmarks", b.awfy)
	}
	for _, l := range languages {
		if len(wanted) > 0 && !slices.Contains(wanted, l.program) {
			continue
		}
		r, err := l.runner(root, temporary)
		if err != nil {
			fmt.Fprintf(os.Stderr, "sista: bench: %s is skipped: %v\n", l.program, err)
			continue
		}
		peers = append(peers, r)
	}
	return peers, nil
}

// runner answers how to run the language, or why not.
func (l language) runner(root, temporary string) (runner, error) {
	path, err := exec.LookPath(l.program)
	if err != nil {
		return runner{}, fmt.Errorf("it is not on this machine")
	}
	dir, err := filepath.Abs(filepath.Join(root, l.folder))
	if err != nil {
		return runner{}, err
	}
	arguments := l.arguments
	if l.program == "java" {
		classes, err := javaClasses(dir, temporary)
		if err != nil {
			return runner{}, err
		}
		arguments = []string{"-cp", classes, "Harness"}
	} else if !isFile(filepath.Join(dir, l.harness)) {
		return runner{}, fmt.Errorf("there is no %s", filepath.Join(dir, l.harness))
	}
	command := append([]string{path}, arguments...)
	return runner{name: l.program, command: append(command, "{bench}", "{iterations}", "{inner}"), dir: dir, suite: "awfy"}, nil
}

// javaClasses answers the path of classes: an archive that is there, or what the
// compiler makes of the sources.
func javaClasses(dir, temporary string) (string, error) {
	if jar := filepath.Join(dir, "benchmarks.jar"); isFile(jar) {
		return jar, nil
	}
	var sources []string
	_ = filepath.WalkDir(filepath.Join(dir, "src"), func(path string, e fs.DirEntry, err error) error {
		if err == nil && filepath.Ext(path) == ".java" {
			sources = append(sources, path)
		}
		return nil // a folder that cannot be read has no sources
	})
	if len(sources) == 0 {
		return "", fmt.Errorf("there are neither benchmarks.jar nor sources in %s", dir)
	}
	compiler, err := exec.LookPath("javac")
	if err != nil {
		return "", fmt.Errorf("there is no benchmarks.jar in %s, and no javac on this machine", dir)
	}
	classes := filepath.Join(temporary, "java")
	out, err := exec.Command(compiler, append([]string{"-d", classes}, sources...)...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("javac: %w\n%s", err, out)
	}
	return classes, nil
}
