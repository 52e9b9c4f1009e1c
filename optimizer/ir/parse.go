package ir

import (
	"errors"
	"fmt"
	"math"
	"strconv"
)

// Parse reads the text form of one function. What it answers keeps the names of
// values and blocks and prints as the same text, layout and comments aside. It
// checks that names are defined, once; all else is for Verify.
func Parse(text string) (f *Func, err error) {
	tokens, err := lex(text)
	if err != nil {
		return nil, err
	}
	p := &parser{tokens: tokens, values: map[ID]*Value{}, blocks: map[ID]*Block{}, defined: map[any]bool{}}
	defer func() {
		if r := recover(); r != nil {
			s, ok := r.(*SyntaxError)
			if !ok {
				panic(r)
			}
			f, err = nil, s
		}
	}()
	p.function()
	return p.f, nil
}

// maxID bounds names in texts: analyses have tables indexed by them.
const maxID = 1 << 20

// A parser descends recursively, and leaves by panic with a *SyntaxError.
type parser struct {
	tokens  []token
	f       *Func
	values  map[ID]*Value
	blocks  map[ID]*Block
	defined map[any]bool
	uses    []use
}

// use remembers where a name was first seen, for the error if it has no definition.
type use struct {
	what fmt.Stringer
	line int
}

func (p *parser) fail(format string, args ...any) {
	panic(&SyntaxError{p.tokens[0].line, fmt.Sprintf(format, args...)})
}

func (p *parser) next() token {
	t := p.tokens[0]
	if t.kind != tokenEnd {
		p.tokens = p.tokens[1:]
	}
	return t
}

func (p *parser) take(text string) bool {
	if t := p.tokens[0]; t.text != text || t.kind == tokenString || t.kind == tokenEnd {
		return false
	}
	p.next()
	return true
}

func (p *parser) need(text string) {
	if !p.take(text) {
		p.fail("want %q, got %v", text, p.tokens[0])
	}
}

func (p *parser) name() string {
	if p.tokens[0].kind != tokenName {
		p.fail("want a name, got %v", p.tokens[0])
	}
	return p.next().text
}

func (p *parser) str() string {
	if p.tokens[0].kind != tokenString {
		p.fail("want a string, got %v", p.tokens[0])
	}
	return p.next().text
}

func (p *parser) integer(bits int) int64 {
	t := p.tokens[0]
	n, err := strconv.ParseInt(t.text, 10, bits)
	if err != nil || t.kind != tokenNumber {
		p.fail("want an integer, got %v", t)
	}
	p.next()
	return n
}

func (p *parser) isNamed(letter byte) bool {
	t := p.tokens[0]
	return t.kind == tokenName && len(t.text) > 1 && t.text[0] == letter && isDigit(t.text[1])
}

// id reads a letter and a number without superfluous zeros.
func (p *parser) id(letter byte) ID {
	t := p.tokens[0]
	if !p.isNamed(letter) {
		p.fail("want %c and a number, got %v", letter, t)
	}
	n, err := strconv.Atoi(t.text[1:])
	if err != nil || n >= maxID || strconv.Itoa(n) != t.text[1:] {
		p.fail("bad name %v", t)
	}
	p.next()
	return ID(n)
}

func (p *parser) value() *Value {
	line := p.tokens[0].line
	id := p.id('v')
	v := p.values[id]
	if v == nil {
		v = &Value{ID: id}
		p.values[id] = v
		p.uses = append(p.uses, use{v, line})
		p.f.nextValue = max(p.f.nextValue, id+1)
	}
	return v
}

func (p *parser) block() *Block {
	line := p.tokens[0].line
	id := p.id('b')
	b := p.blocks[id]
	if b == nil {
		b = &Block{ID: id, fn: p.f}
		p.blocks[id] = b
		p.uses = append(p.uses, use{b, line})
		p.f.nextBlock = max(p.f.nextBlock, id+1)
	}
	return b
}

func (p *parser) define(what fmt.Stringer) {
	if p.defined[what] {
		p.fail("%v defined twice", what)
	}
	p.defined[what] = true
}

func (p *parser) typeName() Type {
	name := p.name()
	for t, n := range typeNames {
		if n == name {
			return Type(t)
		}
	}
	p.fail("no type %q", name)
	return 0
}

func (p *parser) function() {
	p.need("func")
	p.f = NewFunc(p.str())
	p.need("{")
	p.header()
	for !p.take("}") {
		p.blockBody()
	}
	if p.tokens[0].kind != tokenEnd {
		p.fail("text after the function: %v", p.tokens[0])
	}
	for _, u := range p.uses {
		if !p.defined[u.what] {
			panic(&SyntaxError{u.line, u.what.String() + " is not defined"})
		}
	}
	if len(p.f.Blocks) == 0 {
		p.fail("function without blocks")
	}
	// Values without a name in the text get theirs last.
	for _, b := range p.f.Blocks {
		b.Each(func(v *Value) {
			if v.ID < 0 {
				v.ID = p.f.nextValue
				p.f.nextValue++
			}
		})
	}
}

// header reads the tables of classes, methods and Floats.
func (p *parser) header() {
	for p.take("class") {
		if p.f.Classes == nil {
			p.f.Classes = map[int64]Class{}
		}
		p.need("#")
		i := p.integer(64)
		c := Class{Name: p.str()}
		p.need("format")
		c.Format = uint8(p.integer(8))
		p.need("fixed")
		c.Fixed = int(p.integer(32))
		if _, ok := p.f.Classes[i]; ok {
			p.fail("class #%d defined twice", i)
		}
		p.f.Classes[i] = c
	}
	for p.take("method") {
		if p.f.Methods == nil {
			p.f.Methods = map[string]Handle{}
		}
		name := p.str()
		if _, ok := p.f.Methods[name]; ok {
			p.fail("method %q defined twice", name)
		}
		p.f.Methods[name] = p.handle()
	}
	for p.take("float") {
		if p.f.Floats == nil {
			p.f.Floats = map[Handle]float64{}
		}
		h := p.handle()
		if _, ok := p.f.Floats[h]; ok {
			p.fail("float %v defined twice", h)
		}
		p.f.Floats[h] = p.float()
	}
}

func (p *parser) blockBody() {
	b := p.block()
	p.define(b)
	p.f.Blocks = append(p.f.Blocks, b)
	p.need("(")
	for !p.take(")") {
		if len(b.Params) > 0 {
			p.need(",")
		}
		v := p.value()
		p.define(v)
		p.need(":")
		v.Op, v.Type, v.Block = OpParam, p.typeName(), b
		b.Params = append(b.Params, v)
	}
	if p.take("osr") {
		b.OSR = &OSREntry{Method: p.str()}
		p.need("@")
		b.OSR.PC = int(p.integer(32))
	}
	p.need(":")
	for b.End == nil {
		p.instruction(b)
	}
}

func (p *parser) instruction(b *Block) {
	var v *Value
	if p.isNamed('v') {
		v = p.value()
		p.define(v)
		p.need(":")
		v.Type = p.typeName()
		p.need("=")
	} else {
		v = &Value{ID: -1}
	}
	name := p.name()
	v.Op = opByName[name]
	v.Block = b
	info := v.Op.Info()
	switch {
	case v.Op == OpInvalid || v.Op == OpParam:
		p.fail("no op %q", name)
	case (v.ID < 0) != (info.Result == TypeNone):
		p.fail("op %s and an answer do not go together", name)
	}
	p.aux(v, info.Aux)
	if len(info.Args) > 0 && p.isNamed('v') {
		v.Args = append(v.Args, p.value())
		for (v.Op != OpBranch) && p.take(",") {
			v.Args = append(v.Args, p.value())
		}
	}
	for i := range v.Op.numSuccs() {
		if i > 0 || len(v.Args) > 0 {
			p.need(",")
		}
		b.Succs = append(b.Succs, p.edge())
	}
	if info.Barrier {
		v.NoMark = p.take("nomark")
	}
	if info.Deopts && !(v.MayLackState() && p.tokens[0].text != "!") {
		p.need("!")
		reason := p.name()
		r, ok := reasonByName[reason]
		if !ok {
			p.fail("no reason %q", reason)
		}
		v.Reason, v.State = r, p.state()
	}
	if info.Ends {
		b.End = v
	} else {
		b.Values = append(b.Values, v)
	}
}

func (p *parser) aux(v *Value, aux Aux) {
	switch aux {
	case AuxInt:
		v.Int = p.integer(64)
	case AuxFloat:
		v.Int = int64(math.Float64bits(p.float()))
	case AuxBool:
		if p.take("true") {
			v.Int = 1
		} else {
			p.need("false")
		}
	case AuxHandle:
		v.Int = int64(p.handle())
	case AuxClass, AuxSlot, AuxWidth, AuxUnit:
		p.need("#")
		v.Int = p.integer(64)
	case AuxSymbol:
		v.Sym = p.str()
		if p.tokens[0].kind == tokenMark && p.tokens[0].text == "$" {
			v.Int = int64(p.handle())
		}
	}
}

func (p *parser) float() float64 {
	if p.take("nan") {
		p.need("(")
		f := math.Float64frombits(uint64(p.integer(64)))
		if !math.IsNaN(f) {
			p.fail("bits of nan are not those of one")
		}
		p.need(")")
		return f
	}
	t := p.next()
	f, err := strconv.ParseFloat(t.text, 64)
	if errors.Is(err, strconv.ErrRange) {
		err = nil // rounds as everywhere else
	}
	if err != nil || t.kind != tokenNumber && t.text != "inf" || math.IsNaN(f) {
		p.fail("want a float, got %v", t)
	}
	return f
}

func (p *parser) handle() Handle {
	p.need("$")
	if p.tokens[0].kind == tokenNumber {
		return Handle(p.integer(64))
	}
	name := p.name()
	for h, n := range handleNames {
		if n == name && Handle(h) != HandleNone {
			return Handle(h)
		}
	}
	p.fail("no handle %q", name)
	return 0
}

func (p *parser) edge() Edge {
	e := Edge{To: p.block()}
	p.need("(")
	for !p.take(")") {
		if len(e.Args) > 0 {
			p.need(",")
		}
		e.Args = append(e.Args, p.value())
	}
	if p.isNamed('x') {
		n, err := strconv.ParseUint(p.tokens[0].text[1:], 10, 64)
		if err != nil {
			p.fail("bad count %v", p.tokens[0])
		}
		e.Count = n
		p.next()
	}
	return e
}
