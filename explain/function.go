package explain

import (
	"fmt"
	"strings"

	"github.com/sista-vm/sista/optimizer/ir"
)

// function adds the intermediate form as it is now. What passes put between values that
// were made for a bytecode counts as made for it too.
func (e *explainer) function(f *ir.Func, fn *Function) {
	for _, b := range f.Blocks {
		var params []string
		for _, p := range b.Params {
			params = append(params, fmt.Sprintf("%v:%v", p, p.Type))
		}
		fn.Lines = append(fn.Lines, FunctionLine{Text: fmt.Sprintf("%v(%s):", b, strings.Join(params, ", ")), Value: -1, At: nowhere})
		var origin *ir.Origin
		line := func(v *ir.Value) {
			if v.Origin != nil {
				origin = v.Origin
			}
			fn.Lines = append(fn.Lines, FunctionLine{Text: e.valueText(v), Value: int(v.ID), At: nowhere, origin: origin})
		}
		for _, v := range b.Values {
			line(v)
		}
		if b.End != nil {
			line(b.End)
		}
	}
	e.Functions = append(e.Functions, fn)
}

// valueText answers the line of a value; of its state, unless all is wanted, only where
// the interpreter goes on.
func (e *explainer) valueText(v *ir.Value) string {
	text := v.LongString()
	if e.options.States || v.State == nil {
		return text
	}
	where := make([]string, 0, len(v.State.Levels))
	for _, l := range v.State.Levels {
		where = append(where, fmt.Sprintf("%s@%d", l.Method, l.PC))
	}
	if full, ok := strings.CutSuffix(text, v.State.String()); ok {
		return full + "{" + strings.Join(where, " < ") + "}"
	}
	return text
}

// nowhere is where a value is from of which that is not known.
var nowhere = Place{Method: -1}

// lastPlaces answers the places of the values of the last function, by ID.
func (e *explainer) lastPlaces() map[int]Place {
	m := map[int]Place{}
	if n := len(e.Functions); n > 0 {
		for _, l := range e.Functions[n-1].Lines {
			if l.Value >= 0 {
				m[l.Value] = l.At
			}
		}
	}
	return m
}

// place answers that of an origin.
func (e *explainer) place(o *ir.Origin) Place {
	if o == nil {
		return nowhere
	}
	i, ok := e.index[o.Method]
	if !ok {
		return nowhere
	}
	return Place{i, o.PC, e.Methods[i].line(o.PC)}
}

// places finds out where the lines are from, when all methods are known.
func (e *explainer) places() {
	for _, f := range e.Functions {
		for i := range f.Lines {
			l := &f.Lines[i]
			l.At = e.place(l.origin)
		}
	}
}
