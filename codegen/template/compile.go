package template

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/sista-vm/sista/native"
)

// Method is what is compiled.
type Method struct {
	Name     string
	Bytes    []byte // bytecodes of SistaV1, and perhaps what follows them
	Literals int
	Args     int
	Temps    int // with arguments
	Block    bool
	Copied   int // of a block: values that its closures hold
	// Primitive is the number of a method's primitive. Most cannot be compiled: see [Callable].
	Primitive int
}

// Primitives that do nothing when they are called, or are code here.
const (
	primNew           = 70
	primNewIndexed    = 71
	primHandler       = 199
	primNoOp          = 19
	primReturnSelf    = 256
	primReturnTrue    = 257
	primReturnFalse   = 258
	primReturnNil     = 259
	primReturnMinus1  = 260
	primReturn2       = 263
	primReturnFirst   = 264
	primReturnLast    = 519
	callPrimitiveSize = 3
)

// ErrUnsuited says that a method is the interpreter's.
var ErrUnsuited = errors.New("template: the method is not suited")

// quick tells primitives that answer something at once.
func quick(primitive int) bool { return primitive >= primReturnSelf && primitive <= primReturnLast }

// Compile makes machine code of a method. Selectors of its cells are the indices of literals, or
// -1 for special selectors (see native.Template.Sites). The literals are the interpreter's to
// fill in.
func Compile(m *Method) (*native.Code, error) {
	lib, err := theLibrary()
	if err != nil {
		return nil, err
	}
	c := compilers.Get().(*compiler)
	defer compilers.Put(c)
	c.reset(m, lib)
	if quick(m.Primitive) {
		if m.Args != 0 || m.Block {
			return nil, ErrUnsuited
		}
		c.quick()
		return c.code(), nil
	}
	if m.Primitive == primNew && m.Args == 0 || m.Primitive == primNewIndexed && m.Args == 1 {
		receiver := int32(8 + 8*m.Args)
		c.put(&c.main, lib.checkedMethod, receiver)
		c.entryAt = len(c.main.bytes)
		c.put(&c.main, lib.makes[m.Args])
		return c.code(), nil
	}
	if m.Primitive != 0 && m.Primitive != primHandler && m.Primitive != primNoOp {
		return nil, ErrUnsuited
	}
	if err := c.scan(); err != nil {
		return nil, err
	}
	c.entry()
	for c.pc < c.end {
		c.bytecode()
	}
	if err := c.patch(); err != nil {
		return nil, err
	}
	return c.code(), nil
}

// compilers keeps them, with their memory, for the next methods.
var compilers = sync.Pool{New: func() any { return new(compiler) }}

// compiler makes code of one method.
type compiler struct {
	m   *Method
	lib *library

	main, cold part
	jumped     []int   // where jumps go
	targets    []bool  // the same by bytecode
	places     []int32 // where the code of a bytecode is in main, plus 1
	pc, end    int     // the next bytecode; the end of all that can be reached

	values  [maxPending]value
	pending int

	jumps     []jump
	to        [numJumps]target // of the next snippet
	cells     []native.Cell
	sites     []native.Site
	relocs    []reloc
	entries   []int32
	returns   []int32
	coldIn    []coldEntry
	checkedAt int
	entryAt   int
}

// part is a part of the code.
type part struct {
	bytes  []byte
	likely bool
}

// target is where a jump goes: a bytecode, or a place in a part.
type target struct {
	kind targetKind
	at   int
}

type targetKind uint8

const (
	toBytecode targetKind = iota
	toMain
	toCold
)

type jump struct {
	at     int
	inMain bool
	to     target
}

type reloc struct {
	at     int
	inMain bool
	word   int
}

// coldEntry is a place in the cold part where the code goes on at a bytecode.
type coldEntry struct {
	pc, at   int
	isReturn bool
}

func (c *compiler) reset(m *Method, lib *library) {
	*c = compiler{m: m, lib: lib, main: part{c.main.bytes[:0], true}, cold: part{c.cold.bytes[:0], false},
		jumped: c.jumped[:0], targets: c.targets[:0], places: c.places[:0], jumps: c.jumps[:0],
		cells: c.cells[:0], sites: c.sites[:0], relocs: c.relocs[:0], coldIn: c.coldIn[:0]}
}

// zeros answers n of them, in a slice's memory if that is large enough.
func zeros[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n, 2*n)
	}
	s = s[:n]
	clear(s)
	return s
}

// put appends a snippet with its operands to a part. Its jumps go to c.to.
func (c *compiler) put(p *part, s *snippet, operands ...int32) {
	at := len(p.bytes)
	p.bytes = append(p.bytes, s.code...)
	for _, h := range s.holes {
		field := p.bytes[at+h.at:]
		switch {
		case h.kind < holeData:
			binary.LittleEndian.PutUint32(field, uint32(operands[h.kind]))
		case h.kind < holeJump:
			c.relocs = append(c.relocs, reloc{at + h.at, p.likely, int(operands[h.kind-holeData])})
		case h.kind < holeShort:
			c.jumps = append(c.jumps, jump{at + h.at, p.likely, c.to[h.kind-holeJump]})
		default:
			binary.LittleEndian.PutUint16(field, uint16(operands[0]))
		}
	}
}

func (c *compiler) here() target     { return target{toMain, len(c.main.bytes)} }
func (c *compiler) coldHere() target { return target{toCold, len(c.cold.bytes)} }

// patch fills in jumps, once all places are known.
func (c *compiler) patch() error {
	for _, j := range c.jumps {
		if j.to.kind == toBytecode && c.places[j.to.at] == 0 {
			return fmt.Errorf("template: %s jumps into the bytecode before %d", c.m.Name, j.to.at)
		}
		p, base := c.main.bytes, 0
		if !j.inMain {
			p, base = c.cold.bytes, len(c.main.bytes)
		}
		binary.LittleEndian.PutUint32(p[j.at:], uint32(c.place(j.to)-(base+j.at+4)))
	}
	return nil
}

func (c *compiler) place(t target) int {
	switch t.kind {
	case toBytecode:
		return int(c.places[t.at]) - 1
	case toCold:
		return len(c.main.bytes) + t.at
	}
	return t.at
}

// code puts the parts together.
func (c *compiler) code() *native.Code {
	main := len(c.main.bytes)
	code := &native.Code{
		Name: c.m.Name, Bytes: slices.Concat(c.main.bytes, c.cold.bytes), Entry: c.entryAt, CheckedEntry: c.checkedAt,
		Literals: make([]int64, 2), Cells: slices.Clone(c.cells), Relocs: make([]native.Reloc, len(c.relocs)),
		Template: &native.Template{Entries: c.entries, Returns: c.returns, Sites: slices.Clone(c.sites), Flags: c.m.flags(), Copied: c.m.Copied},
	}
	for i, r := range c.relocs {
		if !r.inMain {
			r.at += main
		}
		code.Relocs[i] = native.Reloc{Offset: r.at, Word: r.word}
	}
	for _, e := range c.coldIn {
		table := c.entries
		if e.isReturn {
			table = c.returns
		}
		table[e.pc] = int32(main + e.at)
	}
	return code
}

// flags answers the flags of the frames of a method.
func (m *Method) flags() int {
	f := m.Args
	if m.Block {
		f |= flagBlock
	}
	return f
}

// slotPC answers what the pc slot of a frame is at a bytecode: an oop.
func (c *compiler) slotPC(pc int) int32 {
	return int32(9+8*c.m.Literals+pc)<<3 | tagInt
}

// temp answers where a temporary is, from fp.
func (c *compiler) temp(i int) int32 {
	at := 8 + 8*c.m.Args - 8*i
	if i >= c.m.Args {
		at -= 56
	}
	return int32(at)
}

// quick compiles a method that answers something at once. It lays no frame.
func (c *compiler) quick() {
	c.put(&c.main, c.lib.checkedMethod, 8)
	c.entryAt = len(c.main.bytes)
	c.put(&c.main, c.lib.loadReceiver, 8)
	switch p := c.m.Primitive; {
	case p == primReturnSelf:
		c.put(&c.main, c.lib.quickSelf)
	case p == primReturnTrue:
		c.put(&c.main, c.lib.quickContext, trueValue.a)
	case p == primReturnFalse:
		c.put(&c.main, c.lib.quickContext, falseValue.a)
	case p == primReturnNil:
		c.put(&c.main, c.lib.quickContext, nilValue.a)
	case p <= primReturn2:
		c.put(&c.main, c.lib.quickConstant, integer(int64(p)-primReturnMinus1-1))
	default:
		c.put(&c.main, c.lib.quickVariable, int32(firstSlot+8*(p-primReturnFirst)))
	}
}

// integer answers the oop of a small number.
func integer(n int64) int32 { return int32(n<<3 | tagInt) }

// entry lays the frame.
func (c *compiler) entry() {
	l, m := c.lib, c.m
	start := 0
	if m.Primitive != 0 {
		start = callPrimitiveSize
	}
	receiver := int32(8 + 8*m.Args)
	if m.Block {
		c.checkedAt = -1
		c.put(&c.main, l.entryBlock, receiver, int32(closureFixed+m.Copied))
		c.put(&c.main, l.headerBlock, 0, native.FlagsLiteral, c.slotPC(start))
		for i := range m.Copied {
			c.put(&c.main, l.copied, int32(closureCopied+8*i))
		}
	} else {
		c.put(&c.main, l.checkedMethod, receiver)
		c.entryAt = len(c.main.bytes)
		c.put(&c.main, l.loadReceiver, receiver)
		c.put(&c.main, l.header, 0, native.FlagsLiteral, c.slotPC(start))
	}
	for range m.Temps - m.Args - m.Copied {
		c.put(&c.main, l.pushNil)
	}
	c.poll(start, 0)
	c.pc = start
}

// poll counts an activation or a back edge, and looks whether the stack limit is met. The pc is that of
// the bytecode that comes next.
func (c *compiler) poll(pc int, backEdge int32) {
	c.to[0] = c.coldHere()
	c.put(&c.cold, c.lib.need2, int32(native.NeedTrip), c.slotPC(pc), backEdge, 0)
	c.to[1] = c.coldHere()
	c.put(&c.cold, c.lib.need2, int32(native.NeedPoll), c.slotPC(pc), 0, 0)
	c.put(&c.main, c.lib.poll)
}

// scan finds out what is reached and jumped to.
func (c *compiler) scan() error {
	code := c.m.Bytes
	if c.m.Temps < c.m.Args+c.m.Copied || c.m.Args > 15 {
		return ErrUnsuited
	}
	last := 0
	for {
		in, ok := decode(code, c.end)
		if !ok {
			return fmt.Errorf("template: %s does not end", c.m.Name)
		}
		if in.op == opPushClosure || in.next > math.MaxInt16 {
			return ErrUnsuited // the block is in the method's bytecodes; or there are too many
		}
		c.end = in.next
		if t, ok := in.target(); ok {
			if t < 0 || t >= len(code) {
				return fmt.Errorf("template: %s jumps to %d", c.m.Name, t)
			}
			c.jumped = append(c.jumped, t)
			last = max(last, t)
		}
		if in.endsFlow() && c.end > last {
			break
		}
	}
	n := c.end + 1
	c.targets, c.places = zeros(c.targets, n), zeros(c.places, n)
	for _, t := range c.jumped {
		c.targets[t] = true
	}
	tables := make([]int32, 2*n)
	c.entries, c.returns = tables[:n:n], tables[n:]
	return nil
}
