package explain

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/image"
	"github.com/sista-vm/sista/interp"
)

// A Found is a method or block of the image.
type Found struct {
	Code heap.Oop
	Name string
}

// Find answers the method or block that a name names: Class>>selector, Class class>>selector,
// or "[] in" before either of them for a block. block numbers the blocks of a method
// from 1, in the order of their beginnings; 0 if the name alone says what is wanted.
func Find(in *interp.Interp, name string, block int) (f Found, err error) {
	method, isBlock := strings.CutPrefix(strings.TrimSpace(name), "[]")
	if isBlock {
		method = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(method), "in "))
		for strings.HasPrefix(method, "[]") { // a block within a block
			method = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(method[2:]), "in "))
		}
	}
	class, selector, ok := strings.Cut(method, ">>")
	if !ok {
		return f, fmt.Errorf("%q is no method; write Class>>selector", name)
	}
	class, selector = strings.TrimSpace(class), strings.TrimPrefix(strings.TrimSpace(selector), "#")
	code, err := findMethod(in, class, selector)
	if err != nil {
		return f, err
	}
	name = class + ">>" + selector
	if !isBlock && block == 0 {
		return Found{code, name}, nil
	}
	blocks := blocksOf(in, code, map[heap.Oop]bool{})
	switch {
	case len(blocks) == 0:
		return f, fmt.Errorf("%s has no blocks but those that its own code was compiled into", name)
	case block == 0 && len(blocks) > 1:
		return f, fmt.Errorf("%s has %d blocks: say --block 1 to %d, in the order of the source", name, len(blocks), len(blocks))
	case block > len(blocks) || block < 0:
		return f, fmt.Errorf("%s has no block %d, it has %d", name, block, len(blocks))
	}
	return Found{blocks[max(block, 1)-1], fmt.Sprintf("[] in %s", name)}, nil
}

// blocksOf answers the blocks of code, outer before inner ones.
func blocksOf(in *interp.Interp, code heap.Oop, seen map[heap.Oop]bool) (list []heap.Oop) {
	c, ok := in.Code(code)
	if !ok {
		return nil
	}
	for i := range c.Literals {
		o := in.Literal(code, i)
		if b, ok := in.Code(o); ok && b.Block && b.Outer == code && !seen[o] {
			seen[o] = true
			list = append(append(list, o), blocksOf(in, o, seen)...)
		}
	}
	return list
}

func findMethod(in *interp.Interp, className, selector string) (heap.Oop, error) {
	h := in.Heap()
	names := image.NewNames(h)
	class := findClass(in, names, className)
	if class == heap.Invalid {
		var all []string
		h.EachClass(func(_ uint32, c heap.Oop) { all = append(all, names.Class(c)) })
		return 0, fmt.Errorf("no class %s%s", className, didYouMean(className, all))
	}
	var all []string
	for c := class; ; {
		for _, m := range image.Methods(h, c) {
			if m.Selector == selector && c == class {
				if _, ok := in.Code(m.Code); !ok {
					return 0, fmt.Errorf("%s>>%s is no compiled code", className, selector)
				}
				return m.Code, nil
			}
			if m.Selector == selector {
				return 0, fmt.Errorf("%s inherits %s: explain '%s>>%s'", className, selector, names.Class(c), selector)
			}
			all = append(all, m.Selector)
		}
		if c = h.Follow(c.Slot(heap.ClassSuperclass)); c == h.Nil || !c.IsObject() || len(all) > 1<<16 {
			break
		}
	}
	return 0, fmt.Errorf("%s does not understand %s%s", className, selector, didYouMean(selector, all))
}

// findClass answers the class of a name, Invalid if there is none. A class of which nothing was
// made is not in the class table, but global.
func findClass(in *interp.Interp, names *image.Names, name string) heap.Oop {
	if c := names.Find(name); c != heap.Invalid {
		return c
	}
	own, isMeta := strings.CutSuffix(name, " class")
	c, ok := in.Global(own)
	if !ok || !c.IsObject() || names.Class(c) != own {
		return heap.Invalid
	}
	if isMeta {
		return in.Heap().ClassOf(c)
	}
	return c
}

// didYouMean answers a question with the names nearest to one that is not there; ""
// if none is near.
func didYouMean(name string, all []string) string {
	type near struct {
		name     string
		distance int
	}
	var list []near
	limit := max(1, len(name)/3)
	for _, n := range all {
		d := distance(strings.ToLower(name), strings.ToLower(n), limit)
		if d <= limit {
			list = append(list, near{n, d})
		}
	}
	slices.SortFunc(list, func(a, b near) int { return cmp.Or(cmp.Compare(a.distance, b.distance), cmp.Compare(a.name, b.name)) })
	list = slices.Compact(list)
	if len(list) == 0 {
		return ""
	}
	var best []string
	for _, n := range list[:min(3, len(list))] {
		best = append(best, n.name)
	}
	return "; did you mean " + strings.Join(best, " or ") + "?"
}

// distance answers how many characters have to be changed, put in or left out; above limit it
// is only some number above limit.
func distance(a, b string, limit int) int {
	if d := len(a) - len(b); d > limit || -d > limit {
		return limit + 1
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		corner := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := corner
			if a[i] != b[j] {
				change++
			}
			corner = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
