package codegen

import (
	"fmt"
	"sync"

	"github.com/sista-vm/sista/codegen/asm"
	"github.com/sista-vm/sista/native"
	"github.com/sista-vm/sista/optimizer/ir"
)

// Options say what the function does not.
type Options struct {
	// Name is what the code is called; the function's name if empty.
	Name string
	// Method is the handle of the method or block that the frame is of.
	Method ir.Handle
	// Block says that it is a block: the first parameter is the closure.
	Block bool
	// Entry is where execution starts: the function's entry if nil, or an OSR block.
	// Only what can be reached from there is compiled.
	Entry *ir.Block
	// Temps is the number of temporaries of the method, arguments included, -1 if it is
	// not known: then the check of the stack at entry has no state to leave by. Arguments
	// are counted by Args where the entry is an OSR block.
	Temps, Args int
	// Fail makes guards fail whatever they find: tests ask for it. May be nil.
	Fail func(*ir.Value) bool
	// Count makes guards and polls count down [native.Context.Guards], and leave the code
	// where it gets to 0 though what they check holds: tests ask for it.
	Count bool
	// Features are those of the processor that the code may use. What it does use it says.
	Features native.Features
	// Verify checks the allocation of registers and the maps. Tests ask for it.
	Verify bool
	// Assembler may be used again and again; nil takes one that is kept for its memory.
	Assembler *asm.Assembler
}

// Compile translates a function. The function is not changed.
func Compile(f *ir.Func, opts Options) (*native.Code, error) {
	p, err := build(f, opts)
	if err != nil {
		return nil, err
	}
	return p.assemble()
}

// build does all but the machine code.
func build(f *ir.Func, opts Options) (*plan, error) {
	if opts.Name == "" {
		opts.Name = f.Name
	}
	c, err := lower(f, opts)
	if err != nil {
		return nil, err
	}
	a, err := c.allocate()
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, f.Name)
	}
	pl := a.resolve()
	if opts.Verify {
		return pl, pl.verify()
	}
	return pl, nil
}

// assemblers are those that nobody uses.
var assemblers = sync.Pool{New: func() any { return asm.New() }}

func (p *plan) assemble() (*native.Code, error) {
	a := p.opts.Assembler
	if a == nil {
		a = assemblers.Get().(*asm.Assembler)
		defer assemblers.Put(a)
	}
	a.Reset()
	e := &emitter{plan: p, a: a, out: &native.Code{Name: p.opts.Name, CheckedEntry: -1, OSR: p.osr, OSRWords: p.osrWords}, states: stateTable{}}
	e.emit()
	if err := e.finish(); err != nil {
		return nil, err
	}
	return e.out, nil
}
