package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sista-vm/sista/benchmarks/result"
)

// weight is a program that keeps so many megabytes of objects and has nothing to do with them.
const weight = `| list |
(Smalltalk includesKey: #Weight) ifFalse: [
	list := nil.
	%d timesRepeat: [ list := (Array new: 1022) at: 1 put: list; yourself ].
	Smalltalk at: #Weight put: list ].
Transcript showln: (Smalltalk at: #Weight) size printString`

// weightBytes is what an object of weight takes.
const weightBytes = 8 << 10

// BenchmarkStart measures processes that start from warmed images of 3 MB, 50 MB and 1 GB, in turn with an empty Go program:
//
//	empty   the whole run of the empty program, from its start by this process until it has ended
//	first   until the first bytecode of the image: the line that says what is used of the image comes just before it
//	whole   the whole run
//
// The metrics are medians. Give it rounds: -benchtime 40x.
func BenchmarkStart(b *testing.B) {
	dir := b.TempDir()
	build := func(name, pkg string) string {
		path := filepath.Join(dir, name)
		if out, err := exec.Command("go", "build", "-o", path, pkg).CombinedOutput(); err != nil {
			b.Fatalf("%v\n%s", err, out)
		}
		return path
	}
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			b.Fatal(err)
		}
		return path
	}
	sista := build("sista", ".")
	empty := build("empty", write("empty.go", "package main\n\nfunc main() {}\n"))
	environment := append(os.Environ(), "XDG_CONFIG_HOME="+filepath.Join(dir, "config"), "XDG_CACHE_HOME="+filepath.Join(dir, "cache"))
	type measured struct {
		name         string
		command      []string
		first, whole []float64 // milliseconds
	}
	all := []*measured{{name: "empty", command: []string{empty}}}
	for _, megabytes := range []int{1, 48, 1022} {
		program := write("weight.st", fmt.Sprintf(weight, megabytes<<20/weightBytes))
		image := filepath.Join(dir, fmt.Sprintf("%d.image", megabytes))
		save := exec.Command(sista, "warm-and-save", program, "-o", image, "--iterations", "20", "--max-heap", "3g", "--quiet")
		save.Env = environment
		if out, err := save.CombinedOutput(); err != nil {
			b.Fatalf("%v\n%s", err, out)
		}
		info, err := os.Stat(image)
		if err != nil {
			b.Fatal(err)
		}
		all = append(all, &measured{name: fmt.Sprintf("%dMB", (info.Size()+1<<19)>>20), command: []string{sista, "run", image}})
	}
	for b.Loop() {
		for _, m := range all {
			c := exec.Command(m.command[0], m.command[1:]...)
			c.Env = environment
			out, err := c.StderrPipe()
			if err != nil {
				b.Fatal(err)
			}
			start := time.Now()
			if err := c.Start(); err != nil {
				b.Fatal(err)
			}
			line, _ := bufio.NewReader(out).ReadString('\n')
			first := time.Since(start)
			if err := c.Wait(); err != nil {
				b.Fatal(err)
			}
			whole := time.Since(start)
			if m.command[0] == sista {
				if !strings.Contains(line, "machine code of") {
					b.Fatalf("not started as wanted: %q", line)
				}
				m.first = append(m.first, first.Seconds()*1e3)
			}
			m.whole = append(m.whole, whole.Seconds()*1e3)
		}
	}
	report := func(name string, times []float64) {
		low, high := result.MedianInterval(times)
		b.Logf("%-12s %6.2f ms, 95%%: %.2f to %.2f", name, result.Median(times), low, high)
		b.ReportMetric(result.Median(times), name+"-ms")
	}
	for _, m := range all {
		if m.first != nil {
			report(m.name+"-first", m.first)
		}
		report(m.name+"-whole", m.whole)
	}
}
