package jit

import (
	"cmp"
	"slices"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/internal/wire"
	"github.com/sista-vm/sista/native"
)

// Saved is what a broker's program has learned, for a file with the image. Each section stands for itself.
type Saved struct {
	Feedback []byte // what happened where
	Portable []byte // functions after the passes
	Native   []byte // machine code with what it relies on; empty if there is none

	FeedbackSites             int
	Methods, Loops, Templates int             // that have machine code
	CodeBytes                 int             // of it
	Features                  native.Features // that it uses
}

// The section with machine code. All numbers are little endian:
//
//	header    magic 8, version 4, units 4, bytes of answers 4, number of routines 4
//	units     method or block 8, pc of the loop or -1 4, kind 4: see unit*, lost bets 4, those that
//	          were learned from 4, user of answers 4, number of the form 4
//	routines  offsets 4 each, of the unit that has them
//	answers   see saveAnswers
//	code      see package native: the units in the same order
const (
	nativeMagic   = "SISTACOD"
	nativeVersion = 2
	nativeHeader  = 24
	unitRecord    = 32

	unitOptimized = 0
	unitTemplate  = 1
	unitRoutines  = 2
	unitLimited   = 3 // optimized code that would inline more in full
	unitKinds     = 4
)

// Settle waits for the compilations under way and puts their code to use. It is called at a
// safepoint.
func (b *Broker) Settle() {
	for again := b.work != nil; again; again = b.pending.Load() > 0 {
		b.idle.Wait()
		b.in.RunQuiet()
	}
}

// Save answers what there is to save. It is called at a safepoint, after a collection that left no young
// objects.
func (b *Broker) Save(n Names) *Saved {
	p := b.program
	p.Renew()
	b.recallFeedback()
	b.in.FreeCode()
	p.rebuild()
	s := &Saved{}
	b.saveFeedback(&n, s)
	if b.zone != nil {
		units := b.inUse(&n)
		b.saveNative(&n, s, units, b.savePortable(&n, units, s))
	}
	return s
}

// inUse answers the code that is good for the file, the oldest first.
func (b *Broker) inUse(n *Names) []*unit {
	units := make([]*unit, 0, len(b.byCode))
	for c, u := range b.byCode {
		if _, ok := n.save(c.Method()); ok && c.Live() && !u.comp.dead && u.comp.named(n) {
			units = append(units, u)
		}
	}
	slices.SortFunc(units, func(x, y *unit) int { return cmp.Compare(x.age, y.age) })
	return units
}

func (b *Broker) saveNative(n *Names, s *Saved, units []*unit, forms map[*unit]uint32) {
	placed := make([]*native.Placed, 0, len(units)+1)
	if b.routines != nil {
		placed = append(placed, b.routines)
	}
	for _, u := range units {
		placed = append(placed, u.code.Placed())
	}
	flat, kept := b.zone.Export(placed, func(w uint64) (uint64, bool) { return n.save(heap.Oop(w)) })
	var us, offsets wire.Writer
	count := 0
	unit := func(method uint64, pc int, numbers ...uint32) {
		us.Word(method)
		us.Half(uint32(int32(pc)))
		for _, n := range numbers {
			us.Half(n)
		}
		count++
	}
	if b.routines != nil {
		unit(0, -1, unitRoutines, 0, 0, 0, 0)
		for _, o := range b.offsets {
			offsets.Half(uint32(o))
		}
		kept = kept[1:]
	}
	var users []*Compilation
	for i, u := range units {
		if !kept[i] {
			continue
		}
		kind := uint32(unitOptimized)
		if u.limited {
			kind = unitLimited
		}
		switch {
		case u.template:
			kind = unitTemplate
			s.Templates++
		case u.place.pc >= 0:
			s.Loops++
		default:
			s.Methods++
		}
		method, _ := n.save(u.code.Method())
		unit(method, u.place.pc, kind, uint32(u.deopts), uint32(u.learned), uint32(len(users)), forms[u])
		users = append(users, u.comp)
		s.CodeBytes += len(u.code.Placed().Head().Bytes)
		s.Features |= u.code.Placed().Head().Features
	}
	if len(users) == 0 {
		return
	}
	answers := b.program.saveAnswers(n, users)
	w := wire.Writer{Bytes: []byte(nativeMagic)}
	for _, n := range []int{nativeVersion, count, len(answers), len(offsets.Bytes) / 4} {
		w.Half(uint32(n))
	}
	for _, part := range [][]byte{us.Bytes, offsets.Bytes, answers, flat} {
		w.Bytes = append(w.Bytes, part...)
	}
	s.Native = w.Bytes
}
