package jit

import (
	"github.com/sista-vm/sista/bytecode"
	"github.com/sista-vm/sista/codegen/template"
	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/native"
)

// The template tier: code that is there at once, for what is not hot yet (package
// codegen/template). It makes no bets, and depends on the method's own code alone.

// template makes template code of a method or block, and tells whether there is some.
func (b *Broker) template(method heap.Oop) bool {
	in := b.in
	c, ok := in.Code(method)
	if !ok || !c.Sista {
		return false
	}
	m := &template.Method{Name: in.CodeName(method), Bytes: c.Bytes, Literals: c.Literals, Args: c.Args, Temps: c.Temps,
		Block: c.Block, Primitive: c.Primitive}
	if c.Block {
		m.Copied = b.program.copied(method, c.Outer)
	}
	machine, err := template.Compile(m)
	if err != nil {
		return false
	}
	// Nothing is evicted for it: the send under way may be one of the code that would go.
	if err := b.placeRoutines(); err != nil || !b.fits(machine) {
		return false
	}
	placed, err := b.zone.Place(machine)
	if err != nil {
		return false
	}
	selectors := make([]heap.Oop, len(machine.Cells))
	for i, cell := range machine.Cells {
		selectors[i] = heap.FromInt(0) // the interpreter knows better
		if cell.Selector >= 0 && machine.Template.Sites[i] == 0 {
			selectors[i] = in.Literal(method, int(cell.Selector))
		}
	}
	comp := &Compilation{}
	u := &unit{place: place{in.MethodID(method), -1}, name: m.Name, comp: comp, placed: true, template: true}
	comp.user = u
	b.program.inquire(comp, key{kind: code, object: method})
	u.code = in.Publish(method, placed, -1, nil, selectors)
	b.byCode[u.code] = u
	b.age++
	u.age = b.age
	b.log("template %s: %d bytes of code", u.name, len(machine.Bytes))
	b.stats.Templates++
	b.stats.TemplateBytes += len(machine.Bytes)
	return true
}

// placeRoutines puts what template code shares in the zone.
func (b *Broker) placeRoutines() error {
	if b.routines != nil {
		return nil
	}
	code, offsets, err := template.Routines()
	if err != nil {
		return err
	}
	placed, err := b.zone.Place(code)
	if err != nil {
		return err
	}
	b.useRoutines(placed, offsets)
	return nil
}

func (b *Broker) useRoutines(placed *native.Placed, offsets []int) {
	addresses := make([]uint64, len(offsets))
	for i, offset := range offsets {
		addresses[i] = placed.Text() + uint64(offset)
	}
	b.in.SetRoutines(addresses)
	b.routines, b.offsets = placed, offsets
}

// copied answers how many values closures of a block hold, as the code that makes them says.
func (p *Program) copied(block, outer heap.Oop) int {
	c, ok := p.in.Code(outer)
	if !ok || !c.Sista {
		return 0
	}
	for at := 0; at < len(c.Bytes); {
		i, err := bytecode.SistaV1.Decode(c.Bytes, at)
		if err != nil {
			return 0
		}
		if i.Op == bytecode.PushFullClosure && i.Index < c.Literals && p.in.Literal(outer, i.Index) == block {
			return i.NumCopied
		}
		at = i.Next()
	}
	return 0
}
