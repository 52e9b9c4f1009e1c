package explain

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/sista-vm/sista/optimizer/passes"
)

// Sections are the parts of an explanation, in their order.
var Sections = []string{"source", "bytecode", "counters", "inlining", "ir", "passes", "code", "points", "times", "deps"}

// Show says which parts of an explanation are written.
type Show struct {
	// Sections; all if there are none.
	Sections []string
	// Passes names those after which the function is shown: all, last, or names as in
	// the table, front for the translation. None: front and last.
	Passes []string
}

func (s Show) has(section string) bool {
	return len(s.Sections) == 0 || slices.Contains(s.Sections, section)
}

// functions answers the functions to show.
func (x *Explanation) functions(s Show) (list []*Function) {
	wanted := s.Passes
	if len(wanted) == 0 {
		wanted = []string{"front", "last"}
	}
	for i, f := range x.Functions {
		if slices.Contains(wanted, f.Pass) || i == len(x.Functions)-1 && slices.Contains(wanted, "last") ||
			slices.Contains(wanted, "all") && f.Changed {
			list = append(list, f)
		}
	}
	return list
}

// Text writes an explanation for people.
func (x *Explanation) Text(w io.Writer, s Show) error {
	t := &text{w: w, x: x}
	t.head()
	if s.has("source") {
		t.source()
	}
	if s.has("bytecode") || s.has("counters") {
		t.bytecode(s.has("counters"))
	}
	if s.has("inlining") && x.Inlining != nil {
		t.section("inlining")
		t.decision(x.Inlining, 0)
	}
	if s.has("passes") && len(x.Functions) > 0 {
		t.passes()
	}
	if s.has("ir") {
		for _, f := range x.functions(s) {
			t.function(f)
		}
	}
	if c := x.Code; c != nil {
		if s.has("code") {
			t.code(c)
		}
		if s.has("points") {
			t.points(c)
		}
	}
	if s.has("times") && len(x.Stages) > 0 {
		t.times()
	}
	if s.has("deps") {
		t.depends()
	}
	return t.err
}

// text writes to w until that fails.
type text struct {
	w   io.Writer
	x   *Explanation
	err error
}

func (t *text) printf(format string, args ...any) {
	if t.err == nil {
		_, t.err = fmt.Fprintf(t.w, format, args...)
	}
}

func (t *text) section(format string, args ...any) { t.printf("\n--- "+format+"\n", args...) }

func (t *text) head() {
	x := t.x
	t.printf("%s\n", x.Name)
	for _, line := range x.summary() {
		t.printf("  %s\n", line)
	}
}

// summary says the most important in a few lines.
func (x *Explanation) summary() (lines []string) {
	add := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	if x.Warmup == "" {
		add("without feedback: nothing has run, so what sends find and branches do is not known")
	} else {
		add("after running %s: %d calls and loops of it were counted", x.Warmup, x.Heat)
	}
	if x.Refused != "" {
		add("not compiled: %s", x.Refused)
	}
	if x.Code != nil {
		inlined := 0
		x.Inlining.each(func(d *Decision) {
			if d.Inlined != "" {
				inlined++
			}
		})
		f := x.Functions[len(x.Functions)-1]
		add("%d inlined, %s", inlined, f.Changes)
		add("%d bytes of code (%d of them out of line), %d slots in its frame, %d literals, %d send cells",
			x.Code.Bytes, x.Code.Bytes-x.Code.Fast, x.Code.Slots, len(x.Code.Literals), len(x.Code.Cells))
	}
	lines = append(lines, x.InUse...)
	for _, d := range x.Distrusted {
		add("%s", d)
	}
	return lines
}

func (d *Decision) each(f func(*Decision)) {
	if d != nil {
		f(d)
		for _, b := range d.Decisions {
			b.each(f)
		}
	}
}

func (t *text) source() {
	m := t.x.Methods[0]
	if len(m.Source) == 0 {
		t.section("source\nis not kept in the image")
		return
	}
	if m.File != "" {
		t.section("source (%s:%d)", m.File, m.First)
	} else {
		t.section("source")
	}
	for i, line := range m.Source {
		t.printf("%s\n", strings.TrimRight(fmt.Sprintf("%4d  %s", i+1, strings.ReplaceAll(line, "\t", "    ")), " "))
	}
}

func (t *text) bytecode(counts bool) {
	m := t.x.Methods[0]
	t.section("bytecodes")
	if m.Primitive != 0 {
		t.printf("primitive %d\n", m.Primitive)
	}
	for _, b := range m.Bytecodes {
		line := ""
		if b.Line > 0 {
			line = fmt.Sprintf("line %d", b.Line)
		}
		text := fmt.Sprintf("%4d  %-8s %-11s %-40s", b.PC, line, b.Bytes, b.Text)
		if counts && len(b.Counts) > 0 {
			text += " ; " + strings.Join(b.Counts, ", ")
		}
		t.printf("%s\n", strings.TrimRight(text, " "))
	}
}

func (t *text) decision(d *Decision, depth int) {
	text := strings.Repeat("  ", depth)
	switch {
	case d.PC < 0:
		text += d.What
	case d.Inlined != "":
		text += fmt.Sprintf("+ @%d %s -> %s", d.PC, d.What, d.Inlined)
	default:
		text += fmt.Sprintf("- @%d %s", d.PC, d.What)
	}
	if d.Reason != "" {
		text += ": " + d.Reason
	}
	t.printf("%s\n", text)
	for _, b := range d.Decisions {
		t.decision(b, depth+1)
	}
}

func (t *text) passes() {
	t.section("passes")
	for _, f := range t.x.Functions {
		mark := " "
		if f.Changed {
			mark = "*"
		}
		took := f.Time.Round(time.Microsecond).String()
		if f.Pass == "front" {
			took = ""
		}
		t.printf("%s %-9s %-60s %7s  %s\n", mark, f.Pass, f.Changes, took, f.Doc)
	}
}

func (t *text) function(f *Function) {
	t.section("after %s: %s", f.Pass, f.Doc)
	last := nowhere
	for _, l := range f.Lines {
		if l.Value < 0 {
			t.printf("%s\n", l.Text)
			last = nowhere
			continue
		}
		note := ""
		if l.At != last {
			note, last = t.x.placeText(l.At), l.At
		}
		t.printf("%s\n", strings.TrimRight(fmt.Sprintf("  %-70s%s", l.Text, note), " "))
	}
}

// placeText answers a comment with a place; "" if it is not known.
func (x *Explanation) placeText(p Place) string {
	if p.Method < 0 {
		return ""
	}
	text := fmt.Sprintf(" ; %s@%d", x.Methods[p.Method].Name, p.PC)
	if p.Line > 0 {
		text += fmt.Sprintf(" line %d", p.Line)
	}
	return text
}

func (t *text) code(c *Code) {
	checked := ""
	if c.CheckedEntry >= 0 {
		checked = fmt.Sprintf(", %x when the class has to be checked", c.CheckedEntry)
	}
	t.section("machine code: entered at %x%s", c.Entry, checked)
	var f *Function
	if n := len(t.x.Functions); n > 0 {
		f = t.x.Functions[n-1]
	}
	lines, heads, head := map[int]*FunctionLine{}, map[int]string{}, ""
	for i := range f.Lines {
		if l := &f.Lines[i]; l.Value >= 0 {
			lines[l.Value], heads[l.Value] = l, head
		} else {
			head = l.Text
		}
	}
	value, slow := -1, false
	head = ""
	for _, i := range c.Instructions {
		if i.Slow && !slow {
			t.printf("      --- out of line:\n")
		}
		if i.Value != value || i.Slow != slow {
			if l := lines[i.Value]; l != nil {
				if h := heads[i.Value]; h != head && !i.Slow {
					t.printf("    %s\n", h)
					head = h
				}
				t.printf("      ; %s%s\n", l.Text, t.x.placeText(i.At))
				if src := t.x.sourceLine(i.At); src != "" && !i.Slow {
					t.printf("      ;     %s\n", src)
				}
			}
		}
		value, slow = i.Value, i.Slow
		text := fmt.Sprintf("%4x  %-20s  %-36s", i.Offset, i.Bytes, i.Text)
		if i.Note != "" {
			text += " ; " + i.Note
		}
		t.printf("%s\n", strings.TrimRight(text, " "))
	}
}

// sourceLine answers the line of source at a place.
func (x *Explanation) sourceLine(p Place) string {
	if p.Method < 0 || p.Line < 1 || p.Line > len(x.Methods[p.Method].Source) {
		return ""
	}
	return strings.TrimSpace(x.Methods[p.Method].Source[p.Line-1])
}

func (t *text) points(c *Code) {
	t.section("where code is left: by the offset it comes back to")
	for _, p := range c.Points {
		what := p.Kind
		if p.Reason != "" {
			what += " !" + p.Reason
		}
		oops := ""
		if len(p.Oops) > 0 {
			oops = fmt.Sprintf(", objects in slots %v", p.Oops)
		}
		t.printf("%4x  %s%s\n", p.Offset, what, oops)
		for _, line := range p.State {
			t.printf("        %s\n", line)
		}
	}
}

func (t *text) times() {
	t.section("times")
	total := time.Duration(0)
	for _, s := range t.x.Stages {
		t.printf("%-12s %v\n", s.Name, s.Time.Round(time.Microsecond))
		total += s.Time
	}
	t.printf("%-12s %v\n", "all", total.Round(time.Microsecond))
}

func (t *text) depends() {
	t.section("relies on")
	for _, d := range t.x.Depends {
		t.printf("%s\n", d)
	}
	if len(t.x.Depends) == 0 {
		t.printf("nothing\n")
	}
}

// Check finds what there is no section or pass for.
func (s Show) Check() error {
	for _, name := range s.Sections {
		if !slices.Contains(Sections, name) {
			return fmt.Errorf("no section %q: they are %s", name, strings.Join(Sections, ", "))
		}
	}
	for _, name := range s.Passes {
		if _, ok := passes.Find(name); !ok && name != "all" && name != "front" && name != "last" {
			var all []string
			for _, p := range passes.Table {
				all = append(all, p.Name)
			}
			return fmt.Errorf("no pass %q: it is front, last, all, or one of %s", name, strings.Join(all, ", "))
		}
	}
	return nil
}

// Select answers an explanation with the selected parts only.
func (x *Explanation) Select(s Show) *Explanation {
	y := *x
	if !s.has("inlining") {
		y.Inlining = nil
	}
	y.Functions = x.functions(s)
	if !s.has("ir") {
		y.Functions = nil
	}
	if !s.has("code") && !s.has("points") {
		y.Code = nil
	}
	if !s.has("times") {
		y.Stages = nil
	}
	if !s.has("deps") {
		y.Depends = []string{}
	}
	return &y
}
