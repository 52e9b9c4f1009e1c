package explain

import (
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/sista-vm/sista/codegen/asm"
	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/jit"
	"github.com/sista-vm/sista/native"
	"github.com/sista-vm/sista/optimizer/ir"
)

// Code is machine code that was made but not placed.
type Code struct {
	Bytes        int           `json:"bytes"`
	Fast         int           `json:"fast"` // bytes that are not out of line
	Slots        int           `json:"slots"`
	Entry        int           `json:"entry"`
	CheckedEntry int           `json:"checkedEntry"` // -1 if there is none
	Literals     []string      `json:"literals"`
	Cells        []string      `json:"cells"`
	Constants    int           `json:"constants"`
	Instructions []Instruction `json:"instructions"`
	Points       []Point       `json:"points"`
}

// An Instruction is one of the machine's.
type Instruction struct {
	Offset int    `json:"offset"`
	Bytes  string `json:"bytes"`
	Text   string `json:"text"`
	Note   string `json:"note,omitempty"`
	Slow   bool   `json:"slow,omitempty"` // out of line
	Value  int    `json:"value"`          // that it is for; -1 if for none
	At     Place  `json:"at"`
}

// A Point is a return address: where Go code may see the frame, or takes its place.
type Point struct {
	Offset int      `json:"offset"`
	Kind   string   `json:"kind"`
	Reason string   `json:"reason,omitempty"` // of a deoptimization
	Value  int      `json:"value"`
	Oops   []int    `json:"oops"`  // slots that hold objects
	State  []string `json:"state"` // how the interpreter goes on, the innermost activation first; then objects to be made
	At     Place    `json:"at"`
}

var exitNames = map[native.Exit]string{
	native.ExitReturn: "return", native.ExitReturnBase: "returnBase", native.ExitReturnHooked: "returnHooked", native.ExitSend: "send", native.ExitDeopt: "deopt",
	native.ExitPoll: "poll", native.ExitNew: "new", native.ExitRemember: "remember", native.ExitHash: "hash", native.ExitTouch: "touch",
	native.ExitContext: "context", native.ExitValue: "value", native.ExitCall: "call", native.ExitNonLocal: "nonLocal",
	native.ExitFloat: "float", native.ExitInterpret: "interpret", native.ExitFault: "fault",
}

// contextNames are the words of the context that code uses, by their offset from R15.
var contextNames = func() map[int64]string {
	m := map[int64]string{
		int64(native.OffStackLimit): "stack limit", int64(native.OffFree): "free", int64(native.OffFreeLimit): "free limit",
		int64(native.OffNil): "nil", int64(native.OffFalse): "false", int64(native.OffTrue): "true", int64(native.OffOldStart): "old start",
	}
	for x, name := range exitNames {
		m[int64(native.OffStub(x))] = "stub " + name
	}
	return m
}()

// code describes the machine code.
func (e *explainer) code(x *jit.Explanation) {
	c := x.Code
	out := &Code{Bytes: len(c.Bytes), Fast: c.Slow, Slots: c.FrameSlots, Entry: c.Entry, CheckedEntry: c.CheckedEntry,
		Literals: []string{}, Cells: []string{}, Constants: len(c.Raw), Points: []Point{}}
	for _, h := range c.Literals {
		out.Literals = append(out.Literals, x.Objects[h])
	}
	for _, cell := range c.Cells {
		kind := "send"
		if cell.Call {
			kind = "call"
		}
		out.Cells = append(out.Cells, kind+" "+x.Objects[cell.Selector])
	}
	places := e.lastPlaces()
	origin := func(value int32) Place {
		if p, ok := places[int(value)]; ok {
			return p
		}
		return nowhere
	}
	value, next := int32(-1), 0
	for _, i := range asm.Disassemble(c.Bytes, nil) {
		for ; next < len(c.Lines) && c.Lines[next].Offset <= i.Offset; next++ {
			value = c.Lines[next].Value
		}
		out.Instructions = append(out.Instructions, Instruction{Offset: i.Offset, Bytes: hex.EncodeToString(i.Bytes), Text: i.Text,
			Note: noteOf(c, out, &i), Slow: i.Offset >= c.Slow, Value: int(value), At: origin(value)})
	}
	for _, s := range c.Safepoints {
		p := Point{Offset: s.PC, Kind: exitNames[s.Kind], Value: int(s.Value), Oops: bitsOf(s.Oops), State: []string{}, At: origin(s.Value)}
		if r := ir.Reason(s.Reason); r != ir.ReasonNone {
			p.Reason = r.String()
		}
		if s.State >= 0 {
			p.State = stateText(&c.States[s.State], out.Literals)
		}
		out.Points = append(out.Points, p)
	}
	e.Code = out
}

// noteOf names what an instruction refers to, and the point behind it.
func noteOf(c *native.Code, out *Code, i *asm.Instruction) string {
	var notes []string
	end := i.Offset + len(i.Bytes)
	for _, r := range c.Relocs {
		if r.Offset < i.Offset || r.Offset >= end {
			continue
		}
		switch cell := (r.Word - len(c.Literals)) / native.ICWords; {
		case r.Word < len(c.Literals):
			notes = append(notes, out.Literals[r.Word])
		case cell < len(c.Cells):
			notes = append(notes, "cell "+out.Cells[cell])
		default:
			notes = append(notes, fmt.Sprintf("constant %#x", c.Raw[r.Word-len(c.Literals)-native.ICWords*len(c.Cells)]))
		}
	}
	if _, at, ok := strings.Cut(i.Text, "[r15"); ok {
		var disp int64
		if n, _ := fmt.Sscanf(at, "+%v]", &disp); n == 1 || strings.HasPrefix(at, "]") {
			if name := contextNames[disp]; name != "" {
				notes = append(notes, name)
			}
		}
	}
	k, found := slices.BinarySearchFunc(c.Safepoints, end, func(s native.Safepoint, pc int) int { return s.PC - pc })
	if found {
		if r := ir.Reason(c.Safepoints[k].Reason); r != ir.ReasonNone {
			notes = append(notes, "!"+r.String())
		}
	}
	return strings.Join(notes, ", ")
}

// bitsOf answers the numbers of the bits that are set.
func bitsOf(words []uint64) []int {
	list := []int{}
	for i := range 64 * len(words) {
		if words[i/64]>>(i%64)&1 != 0 {
			list = append(list, i)
		}
	}
	return list
}

// constText describes a constant: as an object it is an immediate.
func constText(l native.Loc) string {
	switch o := heap.Oop(l.Index); {
	case l.Repr == native.ReprFloat:
		return strconv.FormatFloat(math.Float64frombits(uint64(l.Index)), 'g', -1, 64)
	case l.Repr == native.ReprBool:
		return strconv.FormatBool(l.Index != 0)
	case l.Repr == native.ReprInt:
		return strconv.FormatInt(l.Index, 10)
	case o.IsInt():
		return strconv.FormatInt(o.Int(), 10)
	case o.IsChar():
		return fmt.Sprintf("%q", rune(o.Char()))
	}
	return fmt.Sprintf("%#x", l.Index)
}

// stateText describes a state: a line for each activation and each object.
func stateText(s *native.State, literals []string) (lines []string) {
	literal := func(i int64) string {
		if i < 0 || i >= int64(len(literals)) {
			return "?"
		}
		return literals[i]
	}
	loc := func(l native.Loc) string {
		text := "?"
		switch l.Kind {
		case native.None:
			return "none"
		case native.InReg:
			text = asm.Reg(l.Index).String()
		case native.InXReg:
			text = fmt.Sprintf("xmm%d", l.Index)
		case native.InSlot:
			text = fmt.Sprintf("slot %d", l.Index)
		case native.InArg:
			text = fmt.Sprintf("arg %d", l.Index)
		case native.IsConst:
			return constText(l)
		case native.IsLiteral:
			return literal(l.Index)
		case native.IsVirtual:
			return fmt.Sprintf("o%d", l.Index)
		case native.IsSpecial:
			return [...]string{"nil", "false", "true"}[l.Index]
		}
		if l.Add != 0 {
			text += fmt.Sprintf("%+d", l.Add)
		}
		return text + [...]string{"", ":int", ":float", ":bool"}[l.Repr]
	}
	locs := func(list []native.Loc) string {
		texts := make([]string, len(list))
		for i, l := range list {
			texts[i] = loc(l)
		}
		return "[" + strings.Join(texts, ", ") + "]"
	}
	for _, l := range s.Levels {
		how := "again"
		if l.Resume {
			how = "after"
		}
		text := fmt.Sprintf("%s %s@%d self %s temps %s stack %s", how, literal(int64(l.Method)), l.PC, loc(l.Self), locs(l.Temps), locs(l.Stack))
		if l.Closure.Kind != native.None {
			text += " closure " + loc(l.Closure)
		}
		if l.Context.Kind != native.None {
			text += " context " + loc(l.Context)
		}
		lines = append(lines, text)
	}
	for i, v := range s.Virtuals {
		kind := [...]string{"an object of class", "an Array of class", "a Float", "a Context", "the first or a Float of the second of"}[v.Kind]
		if v.Kind <= native.VirtualArray {
			kind += fmt.Sprintf(" %d", v.Class)
		}
		lines = append(lines, fmt.Sprintf("o%d is %s %s", i, kind, locs(v.Slots)))
	}
	return lines
}
