package counters

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// Names answers what methods and classes are called in a dump; a nil function
// leaves the numbers.
type Names struct {
	Method func(Method) string
	Class  func(Class) string
}

func (n Names) method(m Method) string {
	if n.Method != nil {
		return n.Method(m)
	}
	return fmt.Sprintf("m%d", m)
}

func (n Names) class(c Class) string {
	if n.Class != nil {
		return n.Class(c)
	}
	return fmt.Sprintf("class %d", c)
}

func (n Names) path(p Path) string {
	var parts []string
	for _, s := range p[:p.Len()] {
		parts = append(parts, fmt.Sprintf("%s@%d", n.method(s.Method), s.PC))
	}
	return strings.Join(parts, " < ")
}

// Dump writes the table as text, a line for each path and kind:
//
//	send m1@12 < m2@40: class 51 -> m7 x120, class 53 -> m8 x3, others x2
//	evaluation m1@12: m9 x120, others x2
//	branch m1@20: reached 123, taken 1
func (t *Table) Dump(w io.Writer, n Names) error {
	var b strings.Builder
	for _, p := range sorted(t.sends) {
		s := t.sends[p]
		var parts []string
		for _, c := range s.Cases {
			parts = append(parts, fmt.Sprintf("%s -> %s x%d", n.class(c.Class), n.method(c.Target), c.Count))
		}
		fmt.Fprintf(&b, "send %s: %s\n", n.path(p), list(parts, s.Other))
	}
	for _, p := range sorted(t.evaluations) {
		e := t.evaluations[p]
		var parts []string
		for _, c := range e.Cases {
			parts = append(parts, fmt.Sprintf("%s x%d", n.method(c.Block), c.Count))
		}
		fmt.Fprintf(&b, "evaluation %s: %s\n", n.path(p), list(parts, e.Other))
	}
	for _, p := range sorted(t.branches) {
		fmt.Fprintf(&b, "branch %s: reached %d, taken %d\n", n.path(p), t.branches[p].Reached, t.branches[p].Taken)
	}
	for _, p := range sorted(t.loops) {
		fmt.Fprintf(&b, "loop %s: back edges %d\n", n.path(p), t.loops[p].BackEdges)
	}
	for _, p := range sorted(t.allocations) {
		a := t.allocations[p]
		var parts []string
		for _, c := range a.Cases {
			parts = append(parts, fmt.Sprintf("%s x%d with %d elements", n.class(c.Class), c.Count, c.Elements))
		}
		fmt.Fprintf(&b, "allocation %s: %s\n", n.path(p), list(parts, a.Other))
	}
	for _, p := range sorted(t.failures) {
		var parts []string
		for _, c := range t.failures[p].Cases {
			parts = append(parts, fmt.Sprintf("code %d x%d", c.Code, c.Count))
		}
		fmt.Fprintf(&b, "failure %s: %s\n", n.path(p), list(parts, 0))
	}
	sites := slices.SortedFunc(maps.Keys(t.depth), func(a, b Site) int { return comparePaths(MakePath(a), MakePath(b)) })
	for _, s := range sites {
		fmt.Fprintf(&b, "split %s: %d deep\n", n.path(MakePath(s)), t.depth[s])
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func list(parts []string, others uint64) string {
	if others > 0 {
		parts = append(parts, fmt.Sprintf("others x%d", others))
	}
	return strings.Join(parts, ", ")
}
