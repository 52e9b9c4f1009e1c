package bytecode

import (
	"errors"
	"fmt"
	"iter"
)

// NoTarget is the Target of an instruction that does not jump, and of an
// inlined primitive whose distance is not the constant pushed just before it.
const NoTarget = -1

// MaxCharacter is the largest value of a Character: its immediate has 30 bits.
const MaxCharacter = 1<<30 - 1

// StoreFlags are promises of an optimiser about a store. A VM may ignore them.
type StoreFlags uint8

// The store flags.
const (
	NoStoreCheck    StoreFlags = 1 << iota // value or object need no remembering
	MaybeContext                           // the object may be a Context
	NoReadOnlyCheck                        // the object is writable
)

// An Instruction is one decoded bytecode together with the extension bytes
// before it. Which fields carry operands depends on Op; the others are zero
// (Target is NoTarget).
type Instruction struct {
	PC   int // of the first byte, extensions included
	Size int // bytes, extensions included
	Op   Op

	Index     int // of a variable, literal or selector; a primitive's number; an array's size
	NumArgs   int // of a send or of a closure inside its method
	Value     int // of a pushed integer or character
	Vector    int // the temp that holds the vector of a remote temp
	NumCopied int // values a closure takes along
	Target    int // where a jump goes; the end of the body of a closure inside its method

	OperationSet    int        // of an inlined primitive
	StoreFlags      StoreFlags // of a store, see above
	ContextAware    bool       // receiver variable access that must heed Contexts
	FromStack       bool       // the elements of a new array are on the stack
	IgnoreOuter     bool       // a full closure without outer context
	ReceiverOnStack bool       // a full closure whose receiver lies below its copied values
}

// Next answers the pc of the instruction after this one.
func (in *Instruction) Next() int { return in.PC + in.Size }

// ErrTruncated says that code ends inside an instruction.
var ErrTruncated = errors.New("bytecode: code ends inside an instruction")

// ErrExtension says that extension bytes make a number that no VM can hold.
var ErrExtension = errors.New("bytecode: extension out of range")

// maxExtension bounds extension values so that operands stay far inside int.
const maxExtension = 1 << 40

// Decode answers the instruction at pc. Bytes without a meaning give an
// instruction with Op Unassigned; an error means that there is no whole
// instruction.
func (s *Set) Decode(code []byte, pc int) (Instruction, error) {
	in := Instruction{PC: pc, Target: NoTarget}
	if pc < 0 || pc >= len(code) {
		return in, fmt.Errorf("%w (pc %d of %d)", ErrTruncated, pc, len(code))
	}
	var o operands
	numB := 0
	at := pc
	for ; at+1 < len(code); at += 2 {
		op := s.rows[code[at]].op
		if op == ExtendA {
			o.a = o.a<<8 | int(code[at+1])
		} else if op == ExtendB {
			// Only the first byte of B carries its sign.
			if numB == 0 {
				o.b = int(int8(code[at+1]))
			} else {
				o.b = o.b<<8 + int(code[at+1])
			}
			numB++
		} else {
			break
		}
		if o.a > maxExtension || o.b > maxExtension || o.b < -maxExtension {
			return in, fmt.Errorf("%w (pc %d)", ErrExtension, pc)
		}
	}
	if at >= len(code) {
		return in, fmt.Errorf("%w (pc %d of %d)", ErrTruncated, pc, len(code))
	}
	r := s.rows[code[at]]
	o.next = at + r.size
	if o.next > len(code) {
		return in, fmt.Errorf("%w (pc %d of %d)", ErrTruncated, pc, len(code))
	}
	in.Op = r.op
	in.Size = o.next - pc
	if r.operands != nil {
		o.n = int(code[at] - r.first)
		switch r.size {
		case 4:
			o.b3 = int(code[at+3])
			fallthrough
		case 3:
			o.b2 = int(code[at+2])
			fallthrough
		case 2:
			o.b1 = int(code[at+1])
		}
		r.operands(&in, &o)
		if in.Op == Unassigned {
			in = Instruction{PC: pc, Size: in.Size, Target: NoTarget}
		}
	}
	return in, nil
}

// All walks code from its first byte to its last, and stops after an error.
// Inlined primitives that jump get the Target that the constant pushed before
// them gives.
func (s *Set) All(code []byte) iter.Seq2[Instruction, error] {
	return func(yield func(Instruction, error) bool) {
		var before Instruction
		for pc := 0; pc < len(code); {
			in, err := s.Decode(code, pc)
			if err == nil {
				in.resolveTarget(&before)
			}
			if !yield(in, err) || err != nil {
				return
			}
			before = in
			pc = in.Next()
		}
	}
}

// resolveTarget gives an inlined primitive that jumps its target, if before,
// the instruction in front of it, pushes the distance.
func (in *Instruction) resolveTarget(before *Instruction) {
	if p, ok := in.Inlined(); ok && p.Jumps && before.Op == PushInteger {
		in.Target = in.Next() + before.Value
	}
}

// CodeEnd answers where the bytecodes end in code that goes on with a trailer:
// after the first instruction that does not go on and behind which no jump
// before it leads. Code without such a place is bytecodes to its end.
func (s *Set) CodeEnd(code []byte) int {
	furthest := 0
	for in, err := range s.All(code) {
		if err != nil {
			break
		}
		furthest = max(furthest, in.Target)
		if in.EndsFlow() && in.Next() > furthest {
			return in.Next()
		}
	}
	return len(code)
}

// EndsFlow reports whether control never reaches the next instruction from
// this one.
func (in *Instruction) EndsFlow() bool {
	switch in.Op.Class() {
	case ClassReturn, ClassJump:
		return true
	case ClassInlined:
		p, ok := in.Inlined()
		return ok && p.Jumps && p.Always
	}
	return false
}

// Effect answers how many values the instruction takes off the stack and how
// many it puts there. Operations that leave the activation, and a trap, count
// what they take. A direct call is the only instruction whose effect depends
// on a literal: it is given for a method without arguments.
func (in *Instruction) Effect() (pops, pushes int) {
	info := &opTable[in.Op]
	pops, pushes = info.pops, info.pushes
	switch in.Op {
	case PushNewArray:
		pops = 0
		if in.FromStack {
			pops = in.Index
		}
	case PushFullClosure, PushClosure:
		pops = in.NumCopied
		if in.ReceiverOnStack {
			pops++
		}
	case SendSpecial, Send, SendSuper:
		pops = in.NumArgs + 1
	case SendDirectedSuper:
		pops = in.NumArgs + 2
	case CallInlined, CallMapped:
		pops, pushes = 0, 0
		if p, ok := in.Inlined(); ok {
			pops, pushes = p.Pops, p.Pushes
		}
	}
	return pops, pushes
}
