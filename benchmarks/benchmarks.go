// Package benchmarks holds programs that measure the whole virtual machine, in
// Smalltalk:
//
//	awfy    the fourteen programs of Are We Fast Yet, after its guidelines
//	sista   programs of the paper on Sista that are not among them
//	tiny    the two classic measures of Integer
//	micro   one optimization, or one cost of the system, each
//
// They are ordinary Smalltalk in a tree of Tonel packages, and check their results.
// The class BenchmarkHarness runs one and prints the time of every iteration, so that
// an image with the tree in it measures any virtual machine:
//
//	sista build --kernel benchmarks/smalltalk -o bench.image
//	sista run bench.image start Richards 10 100
//
// This package knows the tree and reads what the harness prints. The tests and Go
// benchmarks of the package run the programs:
//
//	go test -bench /Richards ./benchmarks
//
// sista bench has warm-up curves, comparisons and other virtual machines. Parts are
// measured where they are: collections, become: and allocation in package heap,
// loading and saving of images in package image, building of the kernel image in
// package smalltalk/build, and primitives in package interp.
package benchmarks

import (
	"embed"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
)

//go:embed smalltalk/*/*.st
var files embed.FS

// Sources answers the tree of Tonel packages, for vm.Config.
func Sources() fs.FS {
	tree, err := fs.Sub(files, "smalltalk")
	if err != nil {
		panic(err) // the name is well-formed
	}
	return tree
}

// Benchmark is a program and what its Smalltalk class says of it.
type Benchmark struct {
	Suite, Name string
	// Inner and Small are the usual and the least size of an iteration.
	Inner, Small int
	// Work is how many of Unit a round of the program does, for a rate; 0: not known.
	Work    int64
	Unit    string
	Summary string
}

// ListArguments are the arguments of an image to list its benchmarks.
func ListArguments() []string { return []string{"start", "list"} }

// CheckArguments are those to do very little of some benchmarks, or of all, and to see
// whether the results are right.
func CheckArguments(names ...string) []string { return append([]string{"start", "check"}, names...) }

// Arguments are those to run a benchmark: so many iterations, or fewer if they take
// more than so many milliseconds (0: all), of so many rounds (0: the usual number).
func Arguments(name string, iterations, inner, milliseconds int) []string {
	return []string{"start", name, strconv.Itoa(iterations), strconv.Itoa(inner), strconv.Itoa(milliseconds)}
}

// ParseList reads what an image prints for ListArguments.
func ParseList(text string) (list []Benchmark, err error) {
	for line := range strings.Lines(text) {
		fields := strings.SplitN(strings.TrimSpace(line), " ", 7)
		if len(fields) < 7 {
			return nil, fmt.Errorf("list of benchmarks: no such line: %q", strings.TrimSpace(line))
		}
		b := Benchmark{Suite: fields[0], Name: fields[1], Unit: fields[5], Summary: fields[6]}
		var bad [3]error
		b.Inner, bad[0] = strconv.Atoi(fields[2])
		b.Small, bad[1] = strconv.Atoi(fields[3])
		b.Work, bad[2] = strconv.ParseInt(fields[4], 10, 64)
		for _, e := range bad {
			if e != nil {
				return nil, fmt.Errorf("list of benchmarks: %q: %w", strings.TrimSpace(line), e)
			}
		}
		list = append(list, b)
	}
	return list, nil
}
