package jit

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/internal/wire"
	"github.com/sista-vm/sista/optimizer/front"
)

// Names translates objects between a running program and where it is saved. Immediates are
// called what they are, other objects by their address in the file.
type Names struct {
	// Save answers what an object is called; ok is false if it is not in the file.
	Save func(heap.Oop) (name uint64, ok bool)
	// Load answers the object of a name; nil: its address is the name.
	Load func(name uint64) (heap.Oop, bool)
}

func (n *Names) load(name uint64) (heap.Oop, bool) {
	if n.Load == nil || name == uint64(heap.Invalid) {
		return heap.Oop(name), true
	}
	return n.Load(name)
}

func (n *Names) save(o heap.Oop) (uint64, bool) {
	if o == heap.Invalid {
		return uint64(o), true
	}
	return n.Save(o)
}

// ErrSaved says that a section with code is damaged.
var ErrSaved = errors.New("jit: saved code is damaged")

// The answers that saved code relies on. All numbers are little endian:
//
//	sizes      users 4, questions 4, objects 4, references 4, bytes of names 4
//	users      of each use of answers: first reference 4, how many 4
//	questions  kind 4, class 4, object 8, selector 8, answer: oop 8, args 4, class index 4,
//	           format 4, fixed 4, place of the name 4, its length 4, how often it changed 4, 0 4
//	objects    that answers were read from, to be watched: object 8, first reference 4, how many 4, how many of
//	           its first slots matter, or 2^32-1 for all, 4
//	references numbers of questions, 4 each
//	names      of classes
const (
	answersHeader  = 20
	userRecord     = 8
	questionRecord = 64
	objectRecord   = 20
	allSavedSlots  = math.MaxUint32
)

// saveAnswers writes the answers that compilations rely on. A compilation with an answer that has no name in
// the file is not to be passed.
func (p *Program) saveAnswers(n *Names, users []*Compilation) []byte {
	var head, us, qs, os, refs, names wire.Writer
	number := map[*question]uint32{}
	text := map[string]uint32{}
	var list []*question
	for _, c := range users {
		us.Half(uint32(len(refs.Bytes) / 4))
		us.Half(uint32(len(c.questions)))
		for _, q := range c.questions {
			i, ok := number[q]
			if !ok {
				i = uint32(len(list))
				number[q] = i
				list = append(list, q)
			}
			refs.Half(i)
		}
	}
	for _, q := range list {
		qs.Half(uint32(q.kind))
		qs.Half(q.class)
		for _, o := range []heap.Oop{q.object, q.selector, q.oop} {
			name, _ := n.save(o)
			qs.Word(name)
		}
		qs.Half(uint32(q.args))
		f := &q.facts
		at, ok := text[f.Name]
		if !ok {
			at = uint32(len(names.Bytes))
			text[f.Name] = at
			names.Bytes = append(names.Bytes, f.Name...)
		}
		for _, n := range []int{int(f.Index), int(f.Format), f.Fixed, int(at), len(f.Name), q.changes, 0} {
			qs.Half(uint32(n))
		}
	}
	objects := 0
	for _, w := range p.watched {
		name, ok := n.save(w.object)
		first, count := len(refs.Bytes)/4, 0
		for _, q := range w.questions {
			if i, known := number[q]; known && ok {
				refs.Half(i)
				count++
			}
		}
		if count > 0 {
			os.Word(name)
			os.Half(uint32(first))
			os.Half(uint32(count))
			os.Half(uint32(min(w.slots, allSavedSlots)))
			objects++
		}
	}
	for _, n := range []int{len(users), len(list), objects, len(refs.Bytes) / 4, len(names.Bytes)} {
		head.Half(uint32(n))
	}
	for _, part := range []*wire.Writer{&us, &qs, &os, &refs, &names} {
		head.Bytes = append(head.Bytes, part.Bytes...)
	}
	return head.Bytes
}

// named tells whether all that a compilation relies on has names in the file.
func (c *Compilation) named(n *Names) bool {
	for _, q := range c.questions {
		for _, o := range []heap.Oop{q.object, q.selector, q.oop} {
			if _, ok := n.save(o); !ok {
				return false
			}
		}
	}
	return true
}

// answers are saved ones, looked over and not decoded.
type answers struct {
	names                               Names
	users, questions, objects, refs, of []byte
	comps                               []*Compilation // who relies on them
}

func parseAnswers(b []byte, n Names) (*answers, error) {
	if len(b) < answersHeader {
		return nil, fmt.Errorf("%w: its answers are cut short", ErrSaved)
	}
	a := &answers{names: n}
	rest := b[answersHeader:]
	for i, part := range []struct {
		to   *[]byte
		size uint64
	}{{&a.users, userRecord}, {&a.questions, questionRecord}, {&a.objects, objectRecord}, {&a.refs, 4}, {&a.of, 1}} {
		size := part.size * uint64(half(b, i))
		if size > uint64(len(rest)) {
			return nil, fmt.Errorf("%w: %d bytes of its answers are missing", ErrSaved, size-uint64(len(rest)))
		}
		*part.to, rest = rest[:size:size], rest[size:]
	}
	if len(rest) > 0 {
		return nil, fmt.Errorf("%w: %d bytes behind its answers", ErrSaved, len(rest))
	}
	questions, refs := uint32(len(a.questions)/questionRecord), uint64(len(a.refs)/4)
	for i := range len(a.refs) / 4 {
		if half(a.refs, i) >= questions {
			return nil, fmt.Errorf("%w: there is no question %d", ErrSaved, half(a.refs, i))
		}
	}
	for b := a.users; len(b) > 0; b = b[userRecord:] {
		if uint64(half(b, 0))+uint64(half(b, 1)) > refs {
			return nil, fmt.Errorf("%w: references of a user", ErrSaved)
		}
	}
	for b := a.objects; len(b) > 0; b = b[objectRecord:] {
		if uint64(half(b, 2))+uint64(half(b, 3)) > refs {
			return nil, fmt.Errorf("%w: references of an object", ErrSaved)
		}
	}
	for i := range int(questions) {
		b := a.question(i)
		if kind(half(b, 0)) > closures || uint64(half(b, 12))+uint64(half(b, 13)) > uint64(len(a.of)) {
			return nil, fmt.Errorf("%w: question %d", ErrSaved, i)
		}
	}
	return a, nil
}

func half(b []byte, i int) uint32 { return binary.LittleEndian.Uint32(b[4*i:]) }

func word(b []byte, i int) uint64 { return binary.LittleEndian.Uint64(b[8*i:]) }

func (a *answers) question(i int) []byte { return a.questions[i*questionRecord:][:questionRecord] }

func (a *answers) numUsers() int { return len(a.users) / userRecord }

// restore has compilations rely on saved answers without asking anything: what the answers were read from is
// watched, and the rest is done when somebody wants to know.
func (p *Program) restore(a *answers, comps []*Compilation) error {
	for b := a.objects; len(b) > 0; b = b[objectRecord:] {
		o, ok := a.names.load(word(b, 0))
		if !ok || !o.IsObject() || o == heap.Invalid {
			return fmt.Errorf("%w: there is no object %#x", ErrSaved, word(b, 0))
		}
		p.heap.Watch(o)
	}
	a.comps = comps
	p.saved = append(p.saved, a)
	return nil
}

// recall decodes the saved answers. It has to come before anything moves that they name.
func (p *Program) recall() {
	for len(p.saved) > 0 {
		a := p.saved[0]
		p.saved = p.saved[1:]
		p.decode(a)
	}
}

func (p *Program) decode(a *answers) {
	p.rebuild()
	list := make([]question, len(a.questions)/questionRecord)
	at := make([]*question, len(list))
	p.moved = true
	for i := range list {
		b, q := a.question(i), &list[i]
		k := key{kind: kind(half(b, 0)), class: half(b, 1)}
		var ok [3]bool
		k.object, ok[0] = a.names.load(word(b[8:], 0))
		k.selector, ok[1] = a.names.load(word(b[8:], 1))
		q.oop, ok[2] = a.names.load(word(b[8:], 2))
		q.key = k
		q.args = int(int32(half(b, 8)))
		q.facts = front.Class{Index: front.ClassIndex(half(b, 9)), Format: uint8(half(b, 10)), Fixed: int(int32(half(b, 11)))}
		q.facts.Name = string(a.of[half(b, 12):][:half(b, 13)])
		q.changes = int(half(b, 14))
		if ok != [3]bool{true, true, true} {
			q.oop = heap.Invalid // and asked again, it will be another
			p.doubt(q)
		}
		at[i] = q
		if known := p.index[k]; known != nil { // asked in this process, or by another section
			at[i] = known
			continue
		}
		p.questions = append(p.questions, q)
	}
	for i, c := range a.comps {
		if c == nil || c.dead {
			continue
		}
		u := a.users[i*userRecord:]
		for j := range int(half(u, 1)) {
			q := at[half(a.refs, int(half(u, 0))+j)]
			q.askers = append(q.askers, c)
			c.questions = append(c.questions, q)
		}
	}
	for b := a.objects; len(b) > 0; b = b[objectRecord:] {
		o, _ := a.names.load(word(b, 0))
		w := p.byObject[o]
		if w == nil {
			w = &watched{object: o}
			p.watched = append(p.watched, w)
		}
		if n := half(b, 4); n == allSavedSlots {
			w.slots = allSlots
		} else {
			w.slots = max(w.slots, int(n))
		}
		for j := range int(half(b, 3)) {
			q := at[half(a.refs, int(half(b, 2))+j)]
			if !slices.Contains(w.questions, q) {
				w.questions = append(w.questions, q)
			}
		}
	}
	p.rebuild()
}
