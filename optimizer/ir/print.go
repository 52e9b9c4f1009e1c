package ir

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// String answers the text form, which Parse reads. Its grammar, with [ ] for what
// may be missing and { } for repetition:
//
//	func    = "func" string "{" {class | method | float} {block} "}"
//	class   = "class" "#" int string "format" int "fixed" int
//	method  = "method" string "$" int
//	float   = "float" "$" int float
//	block   = bN "(" [param {"," param}] ")" ["osr" string "@" int] ":" {value} end
//	param   = vN ":" type
//	value   = [vN ":" type "="] op [aux] [vN {"," vN}] ["nomark"] ["!" reason state]
//	end     = "jump" edge | "branch" vN "," edge "," edge | "return" vN
//	        | "nonlocal" vN "," vN | "deopt" "!" reason state | "unreachable"
//	edge    = bN "(" [vN {"," vN}] ")" ["x" int]
//	state   = "{" level {";" level} {";" virtual} "}"
//	level   = mode string "@" int "self" ref ["closure" ref] ["context" ref]
//	          "temps" refs "stack" refs
//	virtual = oN "=" kind [int] refs
//	refs    = "[" {ref} "]"
//	ref     = vN | oN | "_"
//	aux     = int | float | "nan" "(" int ")" | "true" | "false" | "#" int | "$" name | "$" int | string ["$" int]
//
// Text from // to the end of a line is skipped.
func (f *Func) String() string {
	var w strings.Builder
	fmt.Fprintf(&w, "func %q {\n", f.Name)
	for _, i := range slices.Sorted(maps.Keys(f.Classes)) {
		c := f.Classes[i]
		fmt.Fprintf(&w, "\tclass #%d %q format %d fixed %d\n", i, c.Name, c.Format, c.Fixed)
	}
	for _, m := range slices.Sorted(maps.Keys(f.Methods)) {
		fmt.Fprintf(&w, "\tmethod %q $%d\n", m, f.Methods[m])
	}
	for _, h := range slices.Sorted(maps.Keys(f.Floats)) {
		fmt.Fprintf(&w, "\tfloat %v %s\n", h, floatString(f.Floats[h]))
	}
	for _, b := range f.Blocks {
		b.print(&w)
	}
	w.WriteString("}\n")
	return w.String()
}

func (b *Block) String() string { return fmt.Sprintf("b%d", b.ID) }

func (v *Value) String() string { return fmt.Sprintf("v%d", v.ID) }

func (b *Block) print(w *strings.Builder) {
	fmt.Fprintf(w, "%v(", b)
	for i, p := range b.Params {
		if i > 0 {
			w.WriteString(", ")
		}
		fmt.Fprintf(w, "%v:%v", p, p.Type)
	}
	w.WriteString(")")
	if b.OSR != nil {
		fmt.Fprintf(w, " osr %q @%d", b.OSR.Method, b.OSR.PC)
	}
	w.WriteString(":\n")
	for _, v := range b.Values {
		fmt.Fprintf(w, "\t%s\n", v.LongString())
	}
	if b.End != nil {
		fmt.Fprintf(w, "\t%s\n", b.End.LongString())
	}
}

// LongString answers the line of the text form that defines the value.
func (v *Value) LongString() string {
	var w strings.Builder
	if v.Type != TypeNone {
		fmt.Fprintf(&w, "%v:%v = ", v, v.Type)
	}
	w.WriteString(v.Op.String())
	if aux := v.auxString(); aux != "" {
		w.WriteString(" " + aux)
	}
	for i, a := range v.Args {
		if i > 0 {
			w.WriteString(",")
		}
		fmt.Fprintf(&w, " %v", a)
	}
	if v.NoMark {
		w.WriteString(" nomark")
	}
	if v.Op.Info().Ends && v.Block != nil && v.Block.End == v {
		for i, e := range v.Block.Succs {
			if i > 0 || len(v.Args) > 0 {
				w.WriteString(",")
			}
			w.WriteString(" " + e.String())
		}
	}
	if v.Op.Info().Deopts && (v.State != nil || !v.MayLackState()) {
		fmt.Fprintf(&w, " !%v %v", v.Reason, v.State)
	}
	return w.String()
}

func (v *Value) auxString() string {
	switch v.Op.Info().Aux {
	case AuxInt:
		return strconv.FormatInt(v.Int, 10)
	case AuxFloat:
		return floatString(math.Float64frombits(uint64(v.Int)))
	case AuxBool:
		return strconv.FormatBool(v.Int != 0)
	case AuxHandle:
		return Handle(v.Int).String()
	case AuxClass, AuxSlot, AuxWidth, AuxUnit:
		return fmt.Sprintf("#%d", v.Int)
	case AuxSymbol:
		if v.Int != 0 {
			return strconv.Quote(v.Sym) + " " + Handle(v.Int).String()
		}
		return strconv.Quote(v.Sym)
	}
	return ""
}

// floatString writes floats so that they are told from integers and every bit
// comes back.
func floatString(f float64) string {
	switch {
	case math.IsNaN(f):
		return fmt.Sprintf("nan(%d)", int64(math.Float64bits(f)))
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	}
	s := strconv.FormatFloat(f, 'g', -1, 64)
	if !strings.ContainsAny(s, ".e") {
		s += ".0"
	}
	return s
}

func (h Handle) String() string {
	if h > HandleNone && h < FirstFreeHandle {
		return "$" + handleNames[h]
	}
	return fmt.Sprintf("$%d", int64(h))
}

func (e Edge) String() string {
	var w strings.Builder
	fmt.Fprintf(&w, "%v(", e.To)
	for i, a := range e.Args {
		if i > 0 {
			w.WriteString(", ")
		}
		w.WriteString(a.String())
	}
	w.WriteString(")")
	if e.Count > 0 {
		fmt.Fprintf(&w, " x%d", e.Count)
	}
	return w.String()
}

// String answers the text form of the state.
func (s *State) String() string {
	if s == nil {
		return "{}"
	}
	names := make(map[*Virtual]string, len(s.Virtuals))
	for i, v := range s.Virtuals {
		names[v] = fmt.Sprintf("o%d", i)
	}
	ref := func(r Ref) string {
		switch {
		case r.Value != nil:
			return r.Value.String()
		case r.Virtual != nil:
			if n, ok := names[r.Virtual]; ok {
				return n
			}
			return "o?"
		}
		return "_"
	}
	refs := func(rs []Ref) string {
		texts := make([]string, len(rs))
		for i, r := range rs {
			texts[i] = ref(r)
		}
		return "[" + strings.Join(texts, " ") + "]"
	}
	var parts []string
	for _, l := range s.Levels {
		p := fmt.Sprintf("%v %q @%d self %s", l.Mode, l.Method, l.PC, ref(l.Self))
		if l.Closure != (Ref{}) {
			p += " closure " + ref(l.Closure)
		}
		if l.Context != (Ref{}) {
			p += " context " + ref(l.Context)
		}
		parts = append(parts, p+" temps "+refs(l.Temps)+" stack "+refs(l.Stack))
	}
	for _, v := range s.Virtuals {
		p := names[v] + " = " + v.Kind.String()
		if v.Kind.hasClass() {
			p += fmt.Sprintf(" %d", v.Class)
		}
		parts = append(parts, p+" "+refs(v.Slots))
	}
	return "{" + strings.Join(parts, "; ") + "}"
}
