package bytecode

import (
	"fmt"
	"strconv"
	"strings"
)

// List answers the symbolic listing of a method, one instruction a line: the
// image's pc, the bytes in hexadecimal, the operation.
//
//	41 <4C> self
//	42 <80> send: foo
//	43 <C2> jumpFalse: 47
//
// The code of a block follows the line that makes its closure, one tab deeper.
// Bytes that are no whole instruction end the listing with a line that says so.
func List(m *Method) string {
	l := lister{open: map[*Method]bool{}}
	l.method(m, 0)
	return l.String()
}

type lister struct {
	strings.Builder
	open  map[*Method]bool
	count int
}

func (l *lister) method(m *Method, depth int) {
	l.count++
	if l.open[m] || depth > maxBlockNesting || l.count > maxBlocks {
		fmt.Fprintf(l, "%s(a block that contains itself, or too many)\n", strings.Repeat("\t", depth))
		return
	}
	l.open[m] = true
	defer delete(l.open, m)
	start := m.Header.StartPC()
	var ends []int // of the bodies of closures inside this method
	code := m.Code[:m.End()]
	for in, err := range m.Set().All(code) {
		for len(ends) > 0 && in.PC >= ends[len(ends)-1] {
			ends = ends[:len(ends)-1]
		}
		tabs := strings.Repeat("\t", depth+len(ends))
		if err != nil {
			fmt.Fprintf(l, "%s%d <% X> %v\n", tabs, in.PC+start, code[in.PC:min(in.PC+8, len(code))], err)
			return
		}
		fmt.Fprintf(l, "%s%d <% X> %s\n", tabs, in.PC+start, code[in.PC:in.Next()], m.Describe(in))
		switch in.Op {
		case PushClosure:
			ends = append(ends, in.Target)
		case PushFullClosure:
			if b := m.literal(in.Index).Block; b != nil {
				l.method(b, depth+1)
			}
		}
	}
}

// Describe answers the operation and operands of an instruction of the method,
// as a listing prints them.
func (m *Method) Describe(in Instruction) string {
	name := in.Op.String()
	switch in.Op {
	case PushReceiverVariable, StoreReceiverVariable, PopIntoReceiverVariable,
		PushTemp, StoreTemp, PopIntoTemp, CallPrimitive:
		return name + ": " + strconv.Itoa(in.Index)
	case PushRemoteTemp, StoreRemoteTemp, PopIntoRemoteTemp:
		return fmt.Sprintf("%s: %d inVectorAt: %d", name, in.Index, in.Vector)
	case PushLiteral, PushLiteralVariable, StoreLiteralVariable, PopIntoLiteralVariable, Send, SendSuper:
		return name + ": " + m.literalText(in.Index)
	case SendDirectedSuper:
		return name + ": " + m.literalText(in.Index)
	case SendSpecial:
		return name + ": " + SpecialSelectors[in.Index].Name
	case PushInteger:
		return name + ": " + strconv.Itoa(in.Value)
	case PushCharacter:
		if in.Value > ' ' && in.Value < 127 {
			return name + ": $" + string(rune(in.Value))
		}
		return fmt.Sprintf("%s: (Character value: %d)", name, in.Value)
	case PushNewArray:
		if in.FromStack {
			return fmt.Sprintf("pop %d into (Array new: %d)", in.Index, in.Index)
		}
		return fmt.Sprintf("push: (Array new: %d)", in.Index)
	case PushFullClosure:
		text := fmt.Sprintf("%s: %s numCopied: %d", name, m.literalText(in.Index), in.NumCopied)
		if in.IgnoreOuter {
			text += " ignoreOuterContext"
		}
		if in.ReceiverOnStack {
			text += " receiverOnStack"
		}
		return text
	case PushClosure:
		start := m.Header.StartPC()
		return fmt.Sprintf("%s: %d numArgs: %d bytes %d to %d",
			name, in.NumCopied, in.NumArgs, in.Next()+start, in.Target-1+start)
	case Jump, JumpIfTrue, JumpIfFalse:
		return name + ": " + strconv.Itoa(in.Target+m.Header.StartPC())
	case BlockReturnTop:
		if in.Index > 0 {
			return fmt.Sprintf("%s: enclosing %d", name, in.Index)
		}
	case CallInlined, CallMapped:
		text := fmt.Sprintf("%s: %d", name, in.Index)
		if in.OperationSet != 0 {
			text += fmt.Sprintf(" operationSet: %d", in.OperationSet)
		}
		if p, ok := in.Inlined(); ok {
			text += " " + p.Name
		}
		if in.Target != NoTarget {
			text += " to: " + strconv.Itoa(in.Target+m.Header.StartPC())
		}
		return text
	}
	return name
}

func (m *Method) literalText(index int) string {
	if text := m.literal(index).Text; text != "" {
		return text
	}
	return fmt.Sprintf("literal %d", index)
}
