package docs

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/host/hostos"
	"github.com/sista-vm/sista/interp"
	"github.com/sista-vm/sista/kernel"
	"github.com/sista-vm/sista/smalltalk/build"
	"github.com/sista-vm/sista/smalltalk/source"
)

// The numbers of primitives in images.md, a block of kind "primitives", are those there are.
func TestPrimitives(t *testing.T) {
	var units []source.Unit
	for _, p := range kernel.Packages(false) {
		u, err := source.ReadTree(kernel.Files(), p)
		if err != nil {
			t.Fatal(err)
		}
		units = append(units, u...)
	}
	m, err := build.Build(units, build.Options{Heap: heap.Config{Memory: hostos.Memory(), Window: -1}})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	in, err := interp.New(m.Heap, hostos.New(), interp.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()

	want := wrap(ranges(in.HasPrimitive), 100)
	for _, p := range pages(t) {
		p.blocks("primitives", func(lines []string, number int) []string {
			if !*update && strings.Join(lines, "\n") != strings.Join(want, "\n") {
				t.Errorf("%s:%d: the primitives are now\n%s", p.path, number, strings.Join(want, "\n"))
			}
			return want
		})
		if *update {
			p.save(t)
		}
	}
}

// ranges answers the numbers for which has is true, those next to each other together.
func ranges(has func(int) bool) (all []string) {
	const last = 1000
	for n := 1; n <= last; n++ {
		if !has(n) {
			continue
		}
		first := n
		for has(n+1) && n < last {
			n++
		}
		switch n {
		case first:
			all = append(all, fmt.Sprint(n))
		case first + 1:
			all = append(all, fmt.Sprint(first), fmt.Sprint(n))
		default:
			all = append(all, fmt.Sprintf("%d-%d", first, n))
		}
	}
	return all
}

// wrap lays words out in lines.
func wrap(words []string, width int) (lines []string) {
	line := ""
	for _, w := range words {
		if len(line)+len(w) >= width {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += w
	}
	return append(lines, line)
}
