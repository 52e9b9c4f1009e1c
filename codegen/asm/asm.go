package asm

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"sync"

	"github.com/twitchyliquid64/golang-asm/obj"
	"github.com/twitchyliquid64/golang-asm/obj/x86"
	"github.com/twitchyliquid64/golang-asm/objabi"
)

// Assembler collects instructions and encodes them.
type Assembler struct {
	link *obj.Link
	err  error // the first mistake

	slabs     [][]obj.Prog // instructions; all beyond the last one are zero
	slab, use int          // where the next one goes
	first     *obj.Prog
	last      *obj.Prog

	sym        obj.LSym
	fn         obj.FuncInfo
	data, code obj.LSym // what RIP-relative operands refer to

	labels []position
	jumps  []jump
	lines  []lineMark
	done   bool
}

// Label names a place in the code.
type Label int32

// position is the place after an instruction, or the start if that is nil.
type position struct {
	bound bool
	after *obj.Prog
}

// jump is a jump or call to a label: an instruction that is the opcode, and one that is
// the displacement.
type jump struct {
	opcode, displacement *obj.Prog
	short                uint16 // opcode with a displacement of one byte; 0 if there is none
	isShort              bool
	to                   Label
}

type lineMark struct {
	at    position
	value int32
}

// Output is assembled code.
type Output struct {
	Bytes []byte
	Refs  []Ref
	Lines []Line
}

// Ref is a 32-bit displacement in Bytes, at Offset, relative to the end of those four
// bytes. The distance to data word Word is to be added to it.
type Ref struct {
	Offset int
	Word   int
}

// Line says that the code from Offset on was emitted for Value.
type Line struct {
	Offset int
	Value  int32
}

const slabSize = 256

// first initialization of the encoder writes its package's variables.
var initialization sync.Mutex

// New makes an assembler.
func New() *Assembler {
	initialization.Lock()
	defer initialization.Unlock()
	link := obj.Linknew(&x86.Linkamd64)
	link.Headtype = objabi.Hlinux
	link.IsAsm = true // else jumps are padded
	a := &Assembler{link: link}
	link.DiagFunc = func(format string, args ...any) { a.failf(format, args...) }
	link.DiagFlush = func() {}
	x86.Linkamd64.Init(link)
	return a
}

// Reset forgets everything that was emitted, and keeps its memory.
func (a *Assembler) Reset() {
	// The encoder takes what is left in an instruction for an operand.
	for i := 0; i < a.slab; i++ {
		clear(a.slabs[i])
	}
	if a.slab < len(a.slabs) {
		clear(a.slabs[a.slab][:a.use])
	}
	a.slab, a.use, a.first, a.last = 0, 0, nil, nil
	a.labels, a.jumps, a.lines = a.labels[:0], a.jumps[:0], a.lines[:0]
	a.err, a.done, a.link.Errors = nil, false, 0
}

// failf keeps the first mistake for Assemble.
func (a *Assembler) failf(format string, args ...any) {
	if a.err == nil {
		a.err = fmt.Errorf("asm: "+format, args...)
	}
}

func (a *Assembler) newProg() *obj.Prog {
	if a.slab == len(a.slabs) {
		a.slabs = append(a.slabs, make([]obj.Prog, slabSize))
	}
	p := &a.slabs[a.slab][a.use]
	if a.use++; a.use == slabSize {
		a.slab, a.use = a.slab+1, 0
	}
	p.Ctxt = a.link
	return p
}

// emit appends an instruction. From and to are in the order of Go's assembler.
func (a *Assembler) emit(as obj.As, from, to obj.Addr) *obj.Prog {
	p := a.newProg()
	p.As, p.From, p.To = as, from, to
	if a.first == nil {
		a.first = p
	} else {
		a.last.Link = p
	}
	a.last = p
	return p
}

func (a *Assembler) here() position { return position{true, a.last} }

// NewLabel makes a label that is bound later.
func (a *Assembler) NewLabel() Label {
	a.labels = append(a.labels, position{})
	return Label(len(a.labels) - 1)
}

// Bind puts a label here, once.
func (a *Assembler) Bind(l Label) {
	switch {
	case !a.known(l):
	case a.labels[l].bound:
		a.failf("label %d is bound twice", l)
	default:
		a.labels[l] = a.here()
	}
}

// Here makes a label and binds it here.
func (a *Assembler) Here() Label {
	l := a.NewLabel()
	a.Bind(l)
	return l
}

func (a *Assembler) known(l Label) bool {
	if l < 0 || int(l) >= len(a.labels) {
		a.failf("label %d is of another assembler or of before its reset", l)
		return false
	}
	return true
}

// Line says that what follows is for value.
func (a *Assembler) Line(value int32) {
	a.lines = append(a.lines, lineMark{a.here(), value})
}

// Offset answers where a bound label is, after Assemble.
func (a *Assembler) Offset(l Label) int {
	if !a.done || !a.known(l) {
		return -1
	}
	return a.labels[l].offset()
}

func (p position) offset() int {
	if p.after == nil {
		return 0
	}
	return int(p.after.Pc) + int(p.after.Isize)
}

// Assemble encodes everything since New or Reset. It can be done once.
func (a *Assembler) Assemble() (*Output, error) {
	if a.done {
		a.failf("assembled twice")
	}
	for i, l := range a.labels {
		if !l.bound {
			a.failf("label %d is not bound", i)
		}
	}
	for _, j := range a.jumps {
		a.known(j.to)
	}
	if a.err != nil {
		return nil, a.err
	}
	a.done = true
	if a.first == nil {
		return &Output{}, nil
	}
	a.shortenJumps()
	a.sym = obj.LSym{R: a.sym.R[:0], Func: &a.fn}
	a.fn = obj.FuncInfo{Text: a.first}
	x86.Linkamd64.Assemble(a.link, &a.sym, a.newProg)
	if a.err != nil {
		return nil, a.err
	}
	out := &Output{Bytes: a.sym.P}
	if err := errors.Join(a.patchJumps(out), a.patchRefs(out)); err != nil {
		return nil, err
	}
	out.Lines = make([]Line, 0, len(a.lines))
	for _, l := range a.lines {
		at := l.at.offset()
		if n := len(out.Lines); n > 0 && out.Lines[n-1].Offset == at {
			out.Lines[n-1].Value = l.value // nothing was emitted for the one before
			continue
		}
		out.Lines = append(out.Lines, Line{at, l.value})
	}
	return out, nil
}

// shortenJumps makes those jumps short whose target is within reach even if all
// instructions between are as long as they can be.
func (a *Assembler) shortenJumps() {
	bound := int64(0)
	for p := a.first; p != nil; p = p.Link {
		p.Pc = bound // until it is encoded
		p.Isize = maxSize(p)
		bound += int64(p.Isize)
	}
	for i := range a.jumps {
		j := &a.jumps[i]
		from := position{true, j.displacement}.offset()
		to := a.labels[j.to].offset()
		if j.short != 0 && max(to-from, from-to) < math.MaxInt8 {
			j.isShort = true
			*j.opcode = obj.Prog{Ctxt: a.link, Link: j.opcode.Link, As: x86.AWORD, From: imm(int64(j.short))}
			*j.displacement = obj.Prog{Ctxt: a.link, Link: j.displacement.Link, As: obj.ANOP}
		}
	}
}

// maxSize answers a length that the encoding does not exceed.
func maxSize(p *obj.Prog) uint8 {
	switch p.As {
	case x86.ABYTE:
		return 1
	case x86.AWORD:
		return 2
	case x86.ALONG:
		return 4
	}
	size := uint8(6) // two prefixes, REX, two bytes of opcode, ModRM; or VEX and one byte less
	for _, o := range []*obj.Addr{&p.From, &p.To} {
		switch {
		case o.Type == obj.TYPE_MEM && (o.Name != obj.NAME_NONE || o.Reg == 0 || o.Offset != int64(int8(o.Offset))):
			size += 5
		case o.Type == obj.TYPE_MEM:
			size += 2
		case o.Type == obj.TYPE_CONST && o.Offset != int64(int32(o.Offset)):
			size += 8
		case o.Type == obj.TYPE_CONST:
			size += 4
		}
	}
	return size
}

func (a *Assembler) patchJumps(out *Output) error {
	for _, j := range a.jumps {
		to := a.labels[j.to].offset()
		end := position{true, j.displacement}.offset()
		distance := to - end
		if !j.isShort {
			binary.LittleEndian.PutUint32(out.Bytes[end-4:], uint32(distance))
			continue
		}
		if distance != int(int8(distance)) {
			return fmt.Errorf("asm: short jump at %d does not reach %d", end-2, to)
		}
		out.Bytes[end-1] = byte(distance)
	}
	return nil
}

// patchRefs takes over the encoder's relocations. Their addend is eight times the number
// of the word or label less the bytes (0 to 4, an immediate) after the displacement.
func (a *Assembler) patchRefs(out *Output) error {
	for i := range a.sym.R {
		r := &a.sym.R[i]
		if r.Siz == 0 {
			continue // a mark at an indirect call, for linkers
		}
		if r.Siz != 4 || int(r.Off)+4 > len(out.Bytes) {
			return fmt.Errorf("asm: relocation of %d bytes at %d", r.Siz, r.Off)
		}
		number := (r.Add + 7) >> 3
		add := r.Add - number<<3
		switch r.Sym {
		case &a.data:
			out.Refs = append(out.Refs, Ref{int(r.Off), int(number)})
		case &a.code:
			if !a.known(Label(number)) {
				return a.err
			}
			add += int64(a.labels[number].offset()) - int64(r.Off) - 4
		default:
			return fmt.Errorf("asm: unknown relocation at %d", r.Off)
		}
		binary.LittleEndian.PutUint32(out.Bytes[r.Off:], uint32(add))
	}
	return nil
}
