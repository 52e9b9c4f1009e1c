package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/sista-vm/sista/benchmarks"
	"github.com/sista-vm/sista/benchmarks/result"
	"github.com/sista-vm/sista/jit"
	"github.com/sista-vm/sista/vm"
)

func sources() []fs.FS { return []fs.FS{benchmarks.Sources()} }

// A runner runs benchmarks: this virtual machine, or a command.
type runner struct {
	name string
	// command are the words of a command with places in braces; nil: this machine.
	command []string
	dir     string // where the command runs
	suite   string // the only one it has; empty: all
}

// ourselves is the name of this virtual machine among the runners.
const ourselves = "sista"

// runners answers who runs the benchmarks, and what is to be done after that.
func (b *bench) runners() (all []runner, done func(), err error) {
	all = []runner{{name: ourselves}}
	temporary, err := os.MkdirTemp("", "sista-bench")
	if err != nil {
		return nil, nil, err
	}
	done = func() { os.RemoveAll(temporary) }
	if b.awfy != "" {
		peers, err := b.languagePeers(temporary)
		if err != nil {
			done()
			return nil, nil, err
		}
		all = append(all, peers...)
	}
	if len(b.peers) > 0 {
		image := filepath.Join(temporary, "bench.image")
		if err := b.saveImage(image); err != nil {
			done()
			return nil, nil, err
		}
		for _, p := range b.peers {
			r, err := parsePeer(p, image)
			if err != nil {
				done()
				return nil, nil, err
			}
			all = append(all, r)
		}
	}
	return all, done, nil
}

// saveImage writes the image of the benchmarks for others.
func (b *bench) saveImage(path string) error {
	image, err := vm.BuildKernel(vm.Config{Sources: sources()})
	if err != nil {
		return err
	}
	return errors.Join(image.Save(path), image.Close())
}

// parsePeer reads NAME=COMMAND.
func parsePeer(text, image string) (runner, error) {
	name, command, ok := strings.Cut(text, "=")
	words, err := splitWords(command)
	switch {
	case !ok || name == "" || strings.ContainsAny(name, " {"):
		return runner{}, fmt.Errorf("bench: --peer %q is not NAME=COMMAND", text)
	case err != nil:
		return runner{}, fmt.Errorf("bench: --peer %s: %w", name, err)
	case len(words) == 0 || !strings.Contains(command, "{bench}"):
		return runner{}, fmt.Errorf("bench: --peer %s: the command %q has no {bench}", name, command)
	}
	for i := range words {
		words[i] = strings.ReplaceAll(words[i], "{image}", image)
	}
	return runner{name: name, command: words}, nil
}

// splitWords divides a command at spaces outside of quotes.
func splitWords(command string) (words []string, err error) {
	quote, word, in := rune(0), "", false
	for _, r := range command {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && (r == '\'' || r == '"'):
			quote, in = r, true
		case quote == 0 && (r == ' ' || r == '\t' || r == '\n'):
			if in {
				words, word, in = append(words, word), "", false
			}
		default:
			word, in = word+string(r), true
		}
	}
	if quote != 0 {
		return nil, fmt.Errorf("the quote %c is not closed", quote)
	}
	if in {
		words = append(words, word)
	}
	return words, nil
}

// measure runs a benchmark once.
func (b *bench) measure(r runner, p benchmarks.Benchmark) (*result.Run, error) {
	size := b.size(p)
	out := &benchmarks.Output{Progress: func(done int) { b.progress.update(done, b.iterations) }}
	started := time.Now()
	var err error
	var compilations []result.Compilation
	if r.command == nil {
		limit := int(b.limit.Milliseconds())
		err = b.runImage(benchmarks.Arguments(p.Name, b.iterations, size, limit), out, func(c jit.Compiled) {
			micros := float64((c.Front + c.Passes + c.Code).Nanoseconds()) / 1000
			compilations = append(compilations, result.Compilation{Name: c.Name, Inlined: c.Inlined, Micros: micros, Bytes: c.Bytes})
		})
	} else {
		err = b.runCommand(r, p, size, out)
	}
	took := time.Since(started)
	_ = out.Close() // it writes nowhere
	if err == nil && len(out.Micros) == 0 {
		err = fmt.Errorf("it printed no times, but %q", strings.Join(out.Other, "\n"))
	}
	if err != nil {
		return nil, err
	}
	run := &result.Run{
		Runner: r.name, Suite: p.Suite, Benchmark: p.Name, Inner: size, Work: p.Work * int64(size), Unit: p.Unit,
		Compilations: compilations,
	}
	sum := 0.0
	for _, m := range out.Micros {
		run.Micros = append(run.Micros, float64(m))
		sum += float64(m)
	}
	if run.Start = float64(out.Started.Sub(started).Microseconds()); out.Started.IsZero() {
		run.Start = max(0, float64(took.Microseconds())-sum)
	}
	return run, nil
}

// runCommand runs a benchmark in a process of its own. It is ended when the time is
// over: not all harnesses know a limit.
func (b *bench) runCommand(r runner, p benchmarks.Benchmark, size int, out *benchmarks.Output) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	enough := false
	show := out.Progress
	out.Progress = func(done int) {
		show(done)
		if b.limit > 0 && time.Since(out.Started) >= b.limit || done >= b.iterations {
			enough = true
			cancel()
		}
	}
	places := strings.NewReplacer(
		"{bench}", p.Name, "{iterations}", strconv.Itoa(b.iterations), "{inner}", strconv.Itoa(size),
		"{limit}", strconv.FormatInt(b.limit.Milliseconds(), 10))
	words := make([]string, len(r.command))
	for i, w := range r.command {
		words[i] = places.Replace(w)
	}
	c := exec.CommandContext(ctx, words[0], words[1:]...)
	var errors strings.Builder
	c.Dir, c.Stdout, c.Stderr = r.dir, out, &errors
	// What it has started may hold its output open.
	c.WaitDelay = time.Second
	if err := c.Run(); err != nil && !enough {
		return fmt.Errorf("%s: %w%s", words[0], err, lastLines(append(out.Other, strings.Split(errors.String(), "\n")...)))
	}
	return nil
}

// lastLines answers some lines that may tell why something failed.
func lastLines(lines []string) string {
	const some = 5
	var text string
	for _, line := range lines[max(0, len(lines)-some):] {
		if line != "" {
			text += "\n" + line
		}
	}
	return text
}
