package jit

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/native"
	"github.com/sista-vm/sista/optimizer/front"
	"github.com/sista-vm/sista/optimizer/ir"
	"github.com/sista-vm/sista/optimizer/passes"
)

// An Explanation is a compilation made to be looked at: its code is not used.
type Explanation struct {
	Name   string
	Report *front.Report // nil if the code was not even looked at
	Func   *ir.Func      // after the last pass that ran; nil without a translation
	Code   *native.Code  // nil if there is none
	Err    error         // why not
	Stages []Stage
	// Depends says for every answer of the program that the code relies on what it is.
	Depends []string
	// Distrusted has the bets that were lost too often to be made again.
	Distrusted []LostBet
	// Objects describes the objects that handles name.
	Objects map[int64]string
	// Methods are those of the levels of states, by name.
	Methods map[string]heap.Oop
}

// A Stage is a part of a compilation.
type Stage struct {
	Name string
	Time time.Duration
}

// A LostBet was made in code that was left for it.
type LostBet struct {
	Method string
	PC     int
	Reason ir.Reason
	Times  int
}

// Explain compiles a method or block, or with pc not negative its loop at that pc, as
// the broker would now. Translated is called before the first pass, o's functions by the passes.
// The objects in the answer are where they are until something is allocated.
func (b *Broker) Explain(method heap.Oop, pc int, o passes.Options, translated func(*ir.Func)) *Explanation {
	x := &Explanation{Objects: map[int64]string{}, Methods: map[string]heap.Oop{}}
	stage := func(name string, f func()) {
		start := time.Now()
		f()
		x.Stages = append(x.Stages, Stage{name, time.Since(start)})
	}
	at := place{b.in.MethodID(method), pc}
	var j *job
	stage("translation", func() { j = b.translate(method, at, false) })
	defer j.world.Cancel()
	x.Name, x.Report, x.Func, x.Err = j.unit.name, j.report, j.fn, j.err
	defer b.conclude(x, j)
	if x.Err != nil {
		return x
	}
	translated(j.fn)
	var inPasses time.Duration
	step := o.Step
	o.Step = func(s passes.Step, f *ir.Func) {
		inPasses += s.Time
		if step != nil {
			step(s, f)
		}
	}
	x.Err = passes.Run(j.fn, o)
	x.Stages = append(x.Stages, Stage{"passes", inPasses})
	if x.Err != nil {
		return x
	}
	if pc >= 0 {
		j.target.Entry = j.fn.Entry()
		j.target.Entry.OSR = &ir.OSREntry{Method: j.unit.name, PC: pc}
	}
	stage("code", func() { x.Code, x.Err = b.opts.Generate(j.fn, j.target) })
	return x
}

// conclude notes what the explanation says of the program.
func (b *Broker) conclude(x *Explanation, j *job) {
	for i, o := range j.world.objects {
		x.Objects[int64(i+1)] = b.program.describeObject(o)
		if o.IsObject() && o.Format().IsMethod() {
			x.Methods[j.world.name(o)] = o
		}
	}
	for _, q := range j.world.questions {
		x.Depends = append(x.Depends, b.program.assumption(q))
	}
	slices.Sort(x.Depends)
	x.Depends = slices.Compact(x.Depends)
	for bet, n := range b.program.lost {
		m := b.in.MethodOf(bet.method)
		if m == heap.Invalid || n < distrust(b.policy, bet.reason) || !slices.Contains(j.world.objects, m) {
			continue
		}
		x.Distrusted = append(x.Distrusted, LostBet{b.in.CodeName(m), bet.pc, ir.Reason(bet.reason), n})
	}
	slices.SortFunc(x.Distrusted, func(p, q LostBet) int {
		return cmp.Or(cmp.Compare(p.Method, q.Method), cmp.Compare(p.PC, q.PC), cmp.Compare(p.Reason, q.Reason))
	})
}

// describeObject is text, told from other kinds of object.
func (p *Program) describeObject(o heap.Oop) string {
	switch {
	case o == heap.Invalid:
		return "?"
	case o.IsInt():
		return strconv.FormatInt(o.Int(), 10)
	case o.IsChar():
		return fmt.Sprintf("%q", rune(o.Char()))
	}
	if f, ok := p.heap.FloatValue(o); ok {
		return strconv.FormatFloat(f, 'g', -1, 64)
	}
	if o.Format().IsBytes() {
		class := p.in.ClassName(o)
		if class == "ByteSymbol" || class == "WideSymbol" {
			return "#" + p.heap.StringValue(o)
		}
		if class == "ByteString" {
			return "'" + p.heap.StringValue(o) + "'"
		}
		return "a " + class
	}
	if o.IsObject() && o.Format().IsPointers() && o.NumSlots() == 2 {
		if key := p.heap.Follow(o.Slot(0)); key.IsObject() && key.Format().IsBytes() {
			return "the variable " + p.heap.StringValue(key)
		}
	}
	return p.text(o)
}

// assumption says what a question was answered.
func (p *Program) assumption(q *question) string {
	found := func(in string) string {
		if q.oop == heap.Invalid {
			return "nothing answers " + in
		}
		return p.in.CodeName(q.oop) + " answers " + in
	}
	switch q.kind {
	case lookup:
		return found("#" + p.heap.StringValue(q.selector) + " in " + p.in.NameOfClass(p.heap.ClassAt(q.class)))
	case lookupAbove:
		return found("#" + p.heap.StringValue(q.selector) + " above " + p.in.NameOfClass(q.object))
	case binding:
		if q.oop == heap.Invalid {
			return p.describe(q) + " is not known"
		}
		return p.describe(q) + " is " + p.describeObject(q.oop)
	case closures:
		if q.args == 0 {
			return p.describe(q)
		}
		return "closures fit their receivers"
	case special:
		return fmt.Sprintf("special selector %d is #%s", q.class, p.heap.StringValue(q.oop))
	}
	return p.describe(q)
}

// InUse says what machine code there is of a method or block and of its loops, and how it fared.
func (b *Broker) InUse(method heap.Oop) (lines []string) {
	id := b.in.MethodID(method)
	for _, u := range b.byCode {
		switch n := len(u.code.Placed().Head().Bytes); {
		case u.place.method != id:
		case u.template:
			lines = append(lines, fmt.Sprintf("in use: template code of %s, %d bytes", u.name, n))
		default:
			lines = append(lines, fmt.Sprintf("in use: code of %s, %d bytes, left %d times for lost bets", u.name, n, u.deopts))
		}
	}
	for at, n := range b.losses {
		if at.method == id {
			what := "its code"
			if at.pc >= 0 {
				what = fmt.Sprintf("the code of its loop at %d", at.pc)
			}
			lines = append(lines, fmt.Sprintf("%s was thrown away %d times for lost bets", what, n))
		}
	}
	slices.Sort(lines)
	return lines
}
