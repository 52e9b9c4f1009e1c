package explain

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sista-vm/sista/bytecode"
	"github.com/sista-vm/sista/counters"
	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/jit"
	"github.com/sista-vm/sista/optimizer/front"
	"github.com/sista-vm/sista/plugins/stcompiler"
)

// A Method is source and bytecodes of a method or block, with what was counted there.
type Method struct {
	Name      string     `json:"name"`
	Source    []string   `json:"source"` // lines of the whole method; none if it is not kept
	File      string     `json:"file,omitempty"`
	First     int        `json:"first,omitempty"` // line of the file
	Primitive int        `json:"primitive,omitempty"`
	Bytecodes []Bytecode `json:"bytecodes"`

	sourceMap *stcompiler.SourceMap
	loops     []int // pcs of their heads, ascending
}

// A Bytecode is an instruction. Its pc counts from the first bytecode.
type Bytecode struct {
	PC     int      `json:"pc"`
	Bytes  string   `json:"bytes"`
	Text   string   `json:"text"`
	Line   int      `json:"line,omitempty"` // of the source, from 1; 0 if not known
	Counts []string `json:"counts,omitempty"`
}

// line answers the line of the source that a bytecode comes from.
func (m *Method) line(pc int) int {
	if m.sourceMap == nil {
		return 0
	}
	return m.sourceMap.Line(pc)
}

// method adds a method to those shown, if it is not yet.
func (e *explainer) method(name string, code heap.Oop) int {
	if i, ok := e.index[name]; ok {
		return i
	}
	m := &Method{Name: name, Source: []string{}, Bytecodes: []Bytecode{}}
	e.index[name] = len(e.Methods)
	e.Methods = append(e.Methods, m)
	if s, ok := stcompiler.MapSource(e.in.Heap(), code); ok {
		m.sourceMap, m.Source = s, strings.Split(strings.TrimRight(strings.ReplaceAll(s.Source, "\r", "\n"), "\n"), "\n")
		m.File, m.First = s.File, s.First
	}
	if c, ok := e.in.Code(code); ok {
		m.Primitive = c.Primitive
	}
	d, err := e.names.Describe(code)
	if err != nil {
		return e.index[name]
	}
	f := e.feedbackOf(code)
	for in, err := range d.Set().All(d.Code[:d.End()]) {
		b := Bytecode{PC: in.PC, Line: m.line(in.PC)}
		if err != nil {
			b.Text = err.Error()
			m.Bytecodes = append(m.Bytecodes, b)
			break
		}
		b.Bytes, b.Text = fmt.Sprintf("% X", d.Code[in.PC:in.Next()]), d.Describe(in)
		switch in.Op {
		case bytecode.Jump, bytecode.JumpIfTrue, bytecode.JumpIfFalse:
			b.Text = fmt.Sprintf("%s: %d", in.Op, in.Target)
		}
		if in.Op.Class() == bytecode.ClassJump && in.Target <= in.PC {
			b.Counts = append(b.Counts, fmt.Sprintf("back to the loop at %d", in.Target))
			if i, found := slices.BinarySearch(m.loops, in.Target); !found {
				m.loops = slices.Insert(m.loops, i, in.Target)
			}
		}
		b.Counts = append(b.Counts, f.at(in.PC)...)
		m.Bytecodes = append(m.Bytecodes, b)
	}
	return e.index[name]
}

// feedback is that of a method.
type feedback struct {
	id    counters.Method
	all   *counters.Table // nil if nothing is counted
	table *counters.Table // of the method
	names counters.Names
}

func (e *explainer) feedbackOf(code heap.Oop) feedback {
	f := feedback{id: e.in.MethodID(code), all: e.in.Feedback(), names: e.in.FeedbackNames()}
	if f.all != nil {
		f.table = f.all.InMethod(f.id)
	}
	return f
}

// at says what was counted at a bytecode.
func (f *feedback) at(pc int) (notes []string) {
	if f.table == nil {
		return nil
	}
	note := func(format string, args ...any) { notes = append(notes, fmt.Sprintf(format, args...)) }
	site := counters.Site{Method: f.id, PC: uint32(pc)}
	path := counters.MakePath(site)
	if s, _ := f.table.Send(path); s != nil {
		for _, c := range s.Cases {
			note("%s", f.caseText(c))
		}
		if s.Other > 0 {
			note("others x%d", s.Other)
		}
		if d := f.all.Depth(site); d > 1 {
			note("counted apart by %d callers", d-1)
		}
	}
	if b, _ := f.table.Branch(path); b != nil {
		note("reached %d, jumped %d", b.Reached, b.Taken)
	}
	if l, _ := f.table.Loop(path); l != nil {
		note("%d times back", l.BackEdges)
	}
	if a, _ := f.table.Allocation(path); a != nil {
		for _, c := range a.Cases {
			note("made %s x%d", f.names.Class(c.Class), c.Count)
		}
		if a.Other > 0 {
			note("made others x%d", a.Other)
		}
	}
	if x, _ := f.table.Failure(path); x != nil {
		for _, c := range x.Cases {
			note("primitive failed with code %d x%d", c.Code, c.Count)
		}
	}
	return notes
}

// caseText says how often a class came, and whose method it found if that is not its own.
func (f *feedback) caseText(c counters.Case) string {
	class, target := f.names.Class(c.Class), f.names.Method(c.Target)
	if c.Target != 0 && !strings.HasPrefix(target, class+">>") {
		class += " -> " + target
	}
	return fmt.Sprintf("%s x%d", class, c.Count)
}

// inlining makes the tree of decisions, and adds the methods in it.
func (e *explainer) inlining(x *jit.Explanation) {
	if x.Report == nil {
		return
	}
	var tree func(r *front.Report, around *Method) *Decision
	tree = func(r *front.Report, around *Method) *Decision {
		d := &Decision{PC: r.PC, What: r.What, Inlined: r.Inlined, Reason: r.Reason}
		inside := around
		if r.PC < 0 {
			d.What = r.Method
		} else {
			d.Line = around.line(r.PC)
		}
		if code, ok := x.Methods[r.Inlined]; ok {
			inside = e.Methods[e.method(r.Inlined, code)]
		}
		for _, below := range r.Decisions {
			d.Decisions = append(d.Decisions, tree(below, inside))
		}
		return d
	}
	e.Inlining = tree(x.Report, e.Methods[0])
}

// noLoop is the error that there is no loop at a pc.
func (m *Method) noLoop(pc int) error {
	if len(m.loops) == 0 {
		return fmt.Errorf("%s has no loop", m.Name)
	}
	var all []string
	for _, l := range m.loops {
		all = append(all, fmt.Sprint(l))
	}
	return fmt.Errorf("%s has no loop at pc %d; its loops are at %s", m.Name, pc, strings.Join(all, ", "))
}
