package ir

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/sista-vm/sista/internal/wire"
)

// EncodingVersion is that of Encode. It changes when the encoding does, and when ops are renumbered or
// mean something else.
const EncodingVersion = 2

// Encode answers a function as bytes. With n an unsigned number and i one that may be negative
// (package wire), and every list as its length and its elements:
//
//	version  n        ops n: how many there were
//	names    list of string: of methods and symbols
//	name     string
//	classes  list of: index n, name string, format byte, fixed n      \
//	methods  list of: name n, handle n                                 } after a byte that says whether there are any
//	floats   list of: handle n, bits 8                                /
//	blocks   list of: entry: 0, or name+1 n and pc n, params: list of (type byte, origin),
//	         values: list of op byte, the terminator being the last
//	states   list of: virtuals: list of (kind byte, class n, slots),
//	         levels: list of (mode byte, method n, pc n, self, closure, context, temps, stack)
//	details  for each value of each block: args: list of value, what its op has besides, origin,
//	         state+1 n and then reason byte if there is one;
//	         for each block edges: list of (block n, count n, args: list of value)
//
//	value    n: its place in the order of the lists above, parameters of a block before its values
//	ref      n: 0 nothing, 1 + 2*value, 2 + 2*virtual
//	origin   n: 0, or name+1 and then pc n
//	details of an op: flags byte: 1 NoMark, 2 Int i, 4 Sym n
//
// IDs are not kept: values and blocks that are decoded are numbered in the order of the lists.
func (f *Func) Encode() []byte {
	e := &encoder{f: f, names: map[string]uint64{}, number: map[*Value]uint64{}, blocks: map[*Block]uint64{}, states: map[*State]uint64{}}
	for i, b := range f.Blocks {
		e.blocks[b] = uint64(i)
		b.Each(func(v *Value) {
			e.number[v] = uint64(len(e.number))
			if s := v.State; s != nil {
				if _, known := e.states[s]; !known {
					e.states[s] = uint64(len(e.list))
					e.list = append(e.list, s)
				}
			}
		})
	}
	e.tables()
	e.blockList()
	e.stateList()
	e.details()
	var head wire.Writer
	head.Uint(EncodingVersion)
	head.Uint(uint64(numOps))
	head.Uint(uint64(len(e.text)))
	for _, s := range e.text {
		head.String(s)
	}
	return append(head.Bytes, e.Bytes...)
}

type encoder struct {
	wire.Writer
	f      *Func
	names  map[string]uint64
	text   []string // by number
	number map[*Value]uint64
	blocks map[*Block]uint64
	states map[*State]uint64
	list   []*State // by number
}

func (e *encoder) name(s string) uint64 {
	n, ok := e.names[s]
	if !ok {
		n = uint64(len(e.text))
		e.names[s] = n
		e.text = append(e.text, s)
	}
	return n
}

func (e *encoder) tables() {
	f := e.f
	e.String(f.Name)
	e.Bool(f.Classes != nil)
	if f.Classes != nil {
		e.Uint(uint64(len(f.Classes)))
		for _, i := range slices.Sorted(maps.Keys(f.Classes)) {
			c := f.Classes[i]
			e.Uint(uint64(i))
			e.String(c.Name)
			e.Byte(c.Format)
			e.Uint(uint64(c.Fixed))
		}
	}
	e.Bool(f.Methods != nil)
	if f.Methods != nil {
		e.Uint(uint64(len(f.Methods)))
		for _, m := range slices.Sorted(maps.Keys(f.Methods)) {
			e.Uint(e.name(m))
			e.Uint(uint64(f.Methods[m]))
		}
	}
	e.Bool(f.Floats != nil)
	if f.Floats != nil {
		e.Uint(uint64(len(f.Floats)))
		for _, h := range slices.Sorted(maps.Keys(f.Floats)) {
			e.Uint(uint64(h))
			e.Word(math.Float64bits(f.Floats[h]))
		}
	}
}

func (e *encoder) blockList() {
	e.Uint(uint64(len(e.f.Blocks)))
	for _, b := range e.f.Blocks {
		if b.OSR == nil {
			e.Uint(0)
		} else {
			e.Uint(e.name(b.OSR.Method) + 1)
			e.Uint(uint64(b.OSR.PC))
		}
		e.Uint(uint64(len(b.Params)))
		for _, p := range b.Params {
			e.Byte(byte(p.Type))
			e.origin(p.Origin)
		}
		e.Uint(uint64(len(b.Values) + 1))
		for _, v := range b.Values {
			e.Byte(byte(v.Op))
		}
		e.Byte(byte(b.End.Op))
	}
}

func (e *encoder) stateList() {
	e.Uint(uint64(len(e.list)))
	for _, s := range e.list {
		virtual := map[*Virtual]uint64{}
		for i, v := range s.Virtuals {
			virtual[v] = uint64(i)
		}
		ref := func(r Ref) {
			switch {
			case r.Value != nil:
				e.Uint(1 + 2*e.number[r.Value])
			case r.Virtual != nil:
				e.Uint(2 + 2*virtual[r.Virtual])
			default:
				e.Uint(0)
			}
		}
		refs := func(list []Ref) {
			e.Uint(uint64(len(list)))
			for _, r := range list {
				ref(r)
			}
		}
		e.Uint(uint64(len(s.Virtuals)))
		for _, v := range s.Virtuals {
			e.Byte(byte(v.Kind))
			e.Uint(uint64(v.Class))
			refs(v.Slots)
		}
		e.Uint(uint64(len(s.Levels)))
		for i := range s.Levels {
			l := s.Levels[i]
			e.Byte(byte(l.Mode))
			e.Uint(e.name(l.Method))
			e.Uint(uint64(l.PC))
			ref(l.Self)
			ref(l.Closure)
			ref(l.Context)
			refs(l.Temps)
			refs(l.Stack)
		}
	}
}

// Flags of the details of a value.
const (
	encodedNoMark = 1 << iota
	encodedInt
	encodedSym
)

func (e *encoder) details() {
	for _, b := range e.f.Blocks {
		for _, v := range b.Values {
			e.detail(v)
		}
		e.detail(b.End)
		e.Uint(uint64(len(b.Succs)))
		for _, s := range b.Succs {
			e.Uint(e.blocks[s.To])
			e.Uint(s.Count)
			e.values(s.Args)
		}
	}
}

func (e *encoder) detail(v *Value) {
	e.values(v.Args)
	flags := byte(0)
	if v.NoMark {
		flags |= encodedNoMark
	}
	if v.Int != 0 {
		flags |= encodedInt
	}
	if v.Sym != "" {
		flags |= encodedSym
	}
	e.Byte(flags)
	if v.Int != 0 {
		e.Int(v.Int)
	}
	if v.Sym != "" {
		e.Uint(e.name(v.Sym))
	}
	e.origin(v.Origin)
	if v.State == nil {
		e.Uint(0)
	} else {
		e.Uint(e.states[v.State] + 1)
		e.Byte(byte(v.Reason))
	}
}

func (e *encoder) values(list []*Value) {
	e.Uint(uint64(len(list)))
	for _, v := range list {
		e.Uint(e.number[v])
	}
}

func (e *encoder) origin(o *Origin) {
	if o == nil {
		e.Uint(0)
		return
	}
	e.Uint(e.name(o.Method) + 1)
	e.Uint(uint64(o.PC))
}

// Errors of Decode.
var (
	ErrEncodingVersion = errors.New("ir: a function of another format version")
	ErrEncoding        = errors.New("ir: an encoded function is damaged")
)

// Handles calls use with every handle of the function: what literals, selectors and methods are.
func (f *Func) Handles(use func(Handle)) {
	for _, b := range f.Blocks {
		b.Each(func(v *Value) {
			switch a := v.Op.Info().Aux; {
			case a == AuxHandle, a == AuxSymbol && v.Int != 0:
				use(Handle(v.Int))
			}
		})
	}
	for _, name := range slices.Sorted(maps.Keys(f.Methods)) {
		use(f.Methods[name])
	}
}

// PruneMethods takes the methods from the table that no state names.
func (f *Func) PruneMethods() {
	used := map[string]bool{}
	f.epoch++
	for _, b := range f.Blocks {
		b.Each(func(v *Value) {
			if s := v.State; s != nil && s.epoch != f.epoch {
				s.epoch = f.epoch
				for i := range s.Levels {
					used[s.Levels[i].Method] = true
				}
			}
		})
	}
	maps.DeleteFunc(f.Methods, func(name string, _ Handle) bool { return !used[name] })
}

// Decode reads what Encode has written, and verifies it.
func Decode(data []byte) (*Func, error) {
	d := &decoder{Reader: wire.NewReader(data)}
	if v := d.Uint(); v != EncodingVersion {
		return nil, fmt.Errorf("%w: %d, not %d", ErrEncodingVersion, v, EncodingVersion)
	}
	if n := d.Uint(); n != uint64(numOps) {
		return nil, fmt.Errorf("%w: with %d operations, not %d", ErrEncodingVersion, n, numOps)
	}
	f := d.function()
	if err := d.End(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrEncoding, err)
	}
	if err := f.Verify(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrEncoding, err)
	}
	return f, nil
}
