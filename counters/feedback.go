package counters

import (
	"cmp"
	"slices"
)

// A Case is a receiver class at a send, and the method found for it.
type Case struct {
	Class  Class
	Target Method
	Count  uint64
}

// A Send is the feedback of a send: the cases told apart, most frequent first, and
// how many sends were none of them.
type Send struct {
	Cases []Case
	Other uint64
}

// Samples answers how many sends were counted.
func (s *Send) Samples() uint64 {
	n := s.Other
	for _, c := range s.Cases {
		add(&n, c.Count)
	}
	return n
}

// Megamorphic tells whether there were more classes than are told apart.
func (s *Send) Megamorphic() bool { return s.Other > 0 }

func (s *Send) degree() int {
	if s.Megamorphic() {
		return len(s.Cases) + 1
	}
	return len(s.Cases)
}

// add counts a case. A class that finds another method than before has a new method:
// the case starts afresh. Without room for it the case counts among the others.
func (s *Send) add(c Case, limit int) {
	if len(s.Cases) > 0 && s.Cases[0].Class == c.Class && s.Cases[0].Target == c.Target {
		add(&s.Cases[0].Count, c.Count) // the most frequent stays first
		return
	}
	i := slices.IndexFunc(s.Cases, func(x Case) bool { return x.Class == c.Class })
	switch {
	case i >= 0 && s.Cases[i].Target == c.Target:
		add(&s.Cases[i].Count, c.Count)
	case i >= 0:
		s.Cases[i] = c
	case len(s.Cases) < limit:
		s.Cases = append(s.Cases, c)
		i = len(s.Cases) - 1
	default:
		add(&s.Other, c.Count)
		return
	}
	for ; i > 0 && compareCases(s.Cases[i], s.Cases[i-1]) < 0; i-- {
		s.Cases[i], s.Cases[i-1] = s.Cases[i-1], s.Cases[i]
	}
	// A case that started afresh may be less frequent than those behind it.
	for ; i+1 < len(s.Cases) && compareCases(s.Cases[i+1], s.Cases[i]) < 0; i++ {
		s.Cases[i], s.Cases[i+1] = s.Cases[i+1], s.Cases[i]
	}
}

// compareCases orders by count, most first, then by class.
func compareCases(a, b Case) int {
	return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Class, b.Class))
}

// merge adds the cases of another send; the most frequent stay.
func (s *Send) merge(o *Send, limit int) {
	all := &Send{Cases: slices.Clone(s.Cases), Other: s.Other}
	for _, c := range o.Cases {
		all.add(c, len(s.Cases)+len(o.Cases))
	}
	add(&all.Other, o.Other)
	for len(all.Cases) > limit {
		last := len(all.Cases) - 1
		add(&all.Other, all.Cases[last].Count)
		all.Cases = all.Cases[:last]
	}
	*s = *all
}

// A BlockCase is a block that was evaluated at a send, by its code.
type BlockCase struct {
	Block Method
	Count uint64
}

// An Evaluation is the feedback of a send that evaluates blocks: those told apart, most
// frequent first, and how many evaluations were of none of them.
type Evaluation struct {
	Cases []BlockCase
	Other uint64
}

// Samples answers how many evaluations were counted.
func (e *Evaluation) Samples() uint64 {
	n := e.Other
	for _, c := range e.Cases {
		add(&n, c.Count)
	}
	return n
}

// add counts a block. Without room for it the case counts among the others.
func (e *Evaluation) add(c BlockCase, limit int) {
	i := slices.IndexFunc(e.Cases, func(x BlockCase) bool { return x.Block == c.Block })
	switch {
	case i >= 0:
		add(&e.Cases[i].Count, c.Count)
	case len(e.Cases) < limit:
		e.Cases = append(e.Cases, c)
		i = len(e.Cases) - 1
	default:
		add(&e.Other, c.Count)
		return
	}
	for ; i > 0 && compareBlocks(e.Cases[i], e.Cases[i-1]) < 0; i-- {
		e.Cases[i], e.Cases[i-1] = e.Cases[i-1], e.Cases[i]
	}
}

// compareBlocks orders by count, most first, then by number.
func compareBlocks(a, b BlockCase) int {
	return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Block, b.Block))
}

// merge adds the cases of another send; the most frequent stay.
func (e *Evaluation) merge(o *Evaluation, limit int) {
	all := &Evaluation{Cases: slices.Clone(e.Cases), Other: e.Other}
	for _, c := range o.Cases {
		all.add(c, len(e.Cases)+len(o.Cases))
	}
	add(&all.Other, o.Other)
	for len(all.Cases) > limit {
		last := len(all.Cases) - 1
		add(&all.Other, all.Cases[last].Count)
		all.Cases = all.Cases[:last]
	}
	*e = *all
}

// A Branch is the feedback of a conditional jump.
type Branch struct{ Reached, Taken uint64 }

// Samples answers how often the jump was reached.
func (b *Branch) Samples() uint64 { return b.Reached }

// Cold tells which ways are so seldom taken that the optimizer may bet against them.
func (b *Branch) Cold(p Policy) (taken, fallThrough bool) {
	if b.Reached < p.MinSamples {
		return false, false
	}
	limit := float64(b.Reached) * float64(p.ColdPermille) / 1000
	return float64(b.Taken) < limit || b.Taken == 0, float64(b.Reached-b.Taken) < limit || b.Reached == b.Taken
}

// A Loop is the feedback of a back edge.
type Loop struct{ BackEdges uint64 }

// Samples answers how often the edge was taken.
func (l *Loop) Samples() uint64 { return l.BackEdges }

// An AllocationCase is a class of objects made at a site.
type AllocationCase struct {
	Class    Class
	Count    uint64
	Elements uint64 // indexable ones, in all objects
}

// An Allocation is the feedback of a site that makes objects.
type Allocation struct {
	Cases []AllocationCase
	Other uint64 // objects of other classes
}

// Samples answers how many objects were counted.
func (a *Allocation) Samples() uint64 {
	n := a.Other
	for _, c := range a.Cases {
		add(&n, c.Count)
	}
	return n
}

func (a *Allocation) add(c AllocationCase, limit int) {
	for i := range a.Cases {
		if a.Cases[i].Class == c.Class {
			add(&a.Cases[i].Count, c.Count)
			add(&a.Cases[i].Elements, c.Elements)
			return
		}
	}
	if len(a.Cases) < limit {
		a.Cases = append(a.Cases, c)
		return
	}
	add(&a.Other, c.Count)
}

// A FailureCase is a failure code and how often it came.
type FailureCase struct {
	Code  uint8
	Count uint64
}

// A Failure is the feedback of a primitive that fails, by code in ascending order.
type Failure struct{ Cases []FailureCase }

// Samples answers how often the primitive failed.
func (f *Failure) Samples() uint64 {
	n := uint64(0)
	for _, c := range f.Cases {
		add(&n, c.Count)
	}
	return n
}

func (f *Failure) add(c FailureCase) {
	i, found := slices.BinarySearchFunc(f.Cases, c, func(a, b FailureCase) int { return cmp.Compare(a.Code, b.Code) })
	if found {
		add(&f.Cases[i].Count, c.Count)
		return
	}
	f.Cases = slices.Insert(f.Cases, i, c)
}
