package explain

import (
	"fmt"
	"slices"
	"time"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/image"
	"github.com/sista-vm/sista/interp"
	"github.com/sista-vm/sista/jit"
	"github.com/sista-vm/sista/optimizer/ir"
	"github.com/sista-vm/sista/optimizer/passes"
)

// An Explanation is what can be said of a method or block, or a loop in one.
type Explanation struct {
	Name   string `json:"name"`
	Warmup string `json:"warmup,omitempty"` // what ran before; "" if nothing did
	Heat   uint64 `json:"heat"`             // activations and back edges, as sampled
	// Refused says why there is no code, if there is none.
	Refused string `json:"refused,omitempty"`
	// Methods are the one that is explained, then those inlined in it.
	Methods    []*Method   `json:"methods"`
	Inlining   *Decision   `json:"inlining,omitempty"`
	Functions  []*Function `json:"functions,omitempty"` // from the front end on
	Code       *Code       `json:"code,omitempty"`
	Stages     []Stage     `json:"stages,omitempty"`
	Depends    []string    `json:"depends"`
	Distrusted []string    `json:"distrusted,omitempty"`
	// InUse says what code there is already, and how it fared.
	InUse []string `json:"inUse,omitempty"`
}

// A Decision is what became of a send or block.
type Decision struct {
	PC        int         `json:"pc"` // -1 for the root
	Line      int         `json:"line,omitempty"`
	What      string      `json:"what"`
	Inlined   string      `json:"inlined,omitempty"` // the code put in its place
	Reason    string      `json:"reason,omitempty"`
	Decisions []*Decision `json:"decisions,omitempty"`
}

// A Function is the intermediate form after a pass.
type Function struct {
	Pass    string         `json:"pass"` // "front" for the translation
	Doc     string         `json:"doc"`
	Changes string         `json:"changes"` // counts before and after
	Changed bool           `json:"changed"`
	Time    time.Duration  `json:"ns"`
	Lines   []FunctionLine `json:"lines"`
}

// A FunctionLine is a line of the text form.
type FunctionLine struct {
	Text  string `json:"text"`
	Value int    `json:"value"` // that it defines; -1 for the head of a block
	At    Place  `json:"at"`

	origin *ir.Origin
}

// A Place is a bytecode of a method.
type Place struct {
	Method int `json:"method"` // in Explanation.Methods; -1 for none
	PC     int `json:"pc"`
	Line   int `json:"line,omitempty"` // of its source, from 1; 0 if not known
}

// A Stage is a part of the compilation.
type Stage struct {
	Name string        `json:"name"`
	Time time.Duration `json:"ns"`
}

// Options say what to explain.
type Options struct {
	Warmup string
	// Loop is the pc of the head of the loop to explain, -1 for the method.
	Loop int
	// States shows states in full.
	States bool
	Passes passes.Options
}

// explainer gathers.
type explainer struct {
	*Explanation
	in      *interp.Interp
	names   *image.Names
	options Options
	index   map[string]int // of Methods, by the name that the compilation gave
}

// Of explains a method or block. Nothing may run meanwhile. The error says that there is no such loop.
func Of(b *jit.Broker, in *interp.Interp, code heap.Oop, o Options) (*Explanation, error) {
	e := &explainer{Explanation: &Explanation{Warmup: o.Warmup, Depends: []string{}}, in: in, names: image.NewNames(in.Heap()), options: o, index: map[string]int{}}
	e.Heat = in.Heat(code)
	root := e.Methods[e.method(in.CodeName(code), code)]
	if o.Loop >= 0 && !slices.Contains(root.loops, o.Loop) {
		return nil, root.noLoop(o.Loop)
	}
	changed := ""
	o.Passes.Step = func(s passes.Step, f *ir.Func) {
		text := f.String()
		e.function(f, &Function{Pass: s.Name, Doc: s.Doc, Changes: s.Changes(), Changed: text != changed, Time: s.Time})
		changed = text
	}
	e.InUse = b.InUse(code)
	x := b.Explain(code, o.Loop, o.Passes, func(f *ir.Func) {
		changed = f.String()
		c := passes.CountOf(f)
		e.function(f, &Function{Pass: "front", Doc: "the translation of the bytecodes", Changed: true,
			Changes: fmt.Sprintf("values %d, blocks %d, guards %d, allocations %d", c.Values, c.Blocks, c.Guards, c.Allocations)})
	})
	e.Name = x.Name
	if x.Err != nil {
		e.Refused = x.Err.Error()
	}
	e.inlining(x)
	e.places()
	if x.Code != nil {
		e.code(x)
	}
	for _, s := range x.Stages {
		e.Stages = append(e.Stages, Stage(s))
	}
	e.Depends = append(e.Depends, x.Depends...)
	for _, l := range x.Distrusted {
		e.Distrusted = append(e.Distrusted, fmt.Sprintf("%s in %s@%d was lost %d times and is not made again", l.Reason, l.Method, l.PC, l.Times))
	}
	return e.Explanation, nil
}
