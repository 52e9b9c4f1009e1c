package interp

import "github.com/sista-vm/sista/heap"

// A become is refused when it would take from under somebody what he does not look
// for each time: variables of the receiver of an activation that goes on with them,
// the value of a binding that compiled code holds, the shape of instances whose
// class becomes another, and the objects of which the VM knows the slots.

// A becoming is what a become does to shapes.
type becoming struct {
	outcome  map[heap.Oop]heap.Oop // what each of them will be
	fields   map[heap.Oop]int      // of objects that get fewer variables, how many
	classes  map[uint32]int        // of classes whose instances are to have more, how many
	bindings bool                  // some of fields are too few for a binding
}

// becomingOf answers what shrinks when references to from become ones to to.
func (in *Interp) becomingOf(from, to []heap.Oop, twoWay bool) becoming {
	b := becoming{fields: map[heap.Oop]int{}, classes: map[uint32]int{}}
	if !in.shapesDiffer(from, to) {
		return b
	}
	b.outcome = in.heap.Outcome(from, to, twoWay)
	for o, other := range b.outcome {
		b.note(in, o, other)
	}
	return b
}

// shapesDiffer is the quick way to tell that nothing can go wrong.
func (in *Interp) shapesDiffer(from, to []heap.Oop) bool {
	for i, o := range from {
		if in.fieldsAs(o, to[i]) != fieldsOf(o) || in.heap.IsClassInTable(o) || in.heap.IsClassInTable(to[i]) {
			return true
		}
	}
	return false
}

// fieldsAs answers how many variables o has once it is another object. Contexts are
// no place for variables of others.
func (in *Interp) fieldsAs(o, other heap.Oop) int {
	if in.isContext(other) && !in.isContext(o) {
		return 0
	}
	return fieldsOf(other)
}

func (b *becoming) note(in *Interp, o, other heap.Oop) {
	if n := in.fieldsAs(o, other); n < fieldsOf(o) {
		b.fields[o] = n
		b.bindings = b.bindings || n <= associationValue
	}
	if in.heap.IsClassInTable(o) {
		before, _ := in.heap.InstSpec(o)
		if after, _ := in.heap.InstSpec(other); after > before {
			b.classes[o.Header().Hash()] = after
		}
	}
}

// harmless tells whether nobody, who may be garbage, minds.
func (b *becoming) harmless(in *Interp) bool {
	if len(b.fields) == 0 && len(b.classes) == 0 {
		return true
	}
	in.leavePage()
	for i := range in.pages.pages {
		if p := &in.pages.pages[i]; p.used {
			for fp := p.FP; fp != 0; fp = callerFrame(fp) {
				if b.harms(in, in.frameWord(fp, frameMethod), in.frameWord(fp, frameReceiver), in.frameWord(fp, framePC)) {
					return false
				}
			}
		}
	}
	harm := false
	in.heap.EachObject(func(o heap.Oop) bool {
		harm = b.harmsIn(in, o)
		return !harm
	})
	return !harm
}

// harms tells whether an activation goes on with variables that are to go.
func (b *becoming) harms(in *Interp, method, rcvr, pc heap.Oop) bool {
	n, ok := b.fields[rcvr]
	return ok && isPC(method, pc) && in.fieldsNeeded(method) > n && in.fieldsNeededFrom(method, int(pc.Int()), 0) > n
}

// harmsIn tells whether an object has to do with what is to go. Closures that have
// are activated with care from now on.
func (b *becoming) harmsIn(in *Interp, o heap.Oop) bool {
	switch {
	case in.isContext(o):
		return !isMarried(o) && b.harms(in, in.follow(o.Slot(contextMethod)), in.follow(o.Slot(contextReceiver)), o.Slot(contextPC))
	case isMethod(o) && b.bindings:
		return b.harmsBindingOf(in, o)
	case isClosure(o):
		if !in.unfit && b.harmsClosure(in, o) {
			in.suspectClosures()
		}
	}
	if other, ok := b.outcome[o]; ok {
		o = other
	}
	return o.IsObject() && fieldsOf(o) < b.classes[o.ClassIndex()]
}

func (b *becoming) harmsBindingOf(in *Interp, method heap.Oop) bool {
	for i := range int(headerNumLiterals(methodHeader(method))) {
		l := in.follow(methodLiteral(method, i))
		if n, ok := b.fields[l]; ok && n <= associationValue && in.usesBinding(method, l) {
			return true
		}
	}
	return false
}

func (b *becoming) harmsClosure(in *Interp, c heap.Oop) bool {
	if c.ClassIndex() == heap.ClassFullBlock {
		if c.NumSlots() < fullBlockCopied {
			return false
		}
		block := in.follow(c.Slot(closureBlock))
		n, ok := b.fields[in.follow(c.Slot(closureReceiver))]
		return ok && isMethod(block) && in.fieldsNeeded(block) > n
	}
	outer := in.follow(c.Slot(closureOuter))
	if !in.isContext(outer) {
		return false
	}
	return b.harms(in, in.follow(outer.Slot(contextMethod)), in.follow(outer.Slot(contextReceiver)), c.Slot(closureStartPC))
}

// vmKnows tells whether something that is to become another is an object or class
// the VM handles by its shape, and the other does not have that.
func (in *Interp) vmKnows(from, to []heap.Oop, twoWay bool) bool {
	for i, o := range from {
		if in.knows(o, to[i]) || twoWay && in.knows(to[i], o) {
			return true
		}
	}
	return false
}

func (in *Interp) knows(o, other heap.Oop) bool {
	if !o.IsObject() {
		return false // and refused anyway
	}
	if in.heap.IsClassInTable(o) {
		if !in.couldBeClass(other) {
			return true
		}
		if o.Header().Hash() >= heap.FirstFreeClass && !in.isSpecial(o) {
			return false
		}
		fixed, spec := in.heap.InstSpec(o)
		otherFixed, otherSpec := in.heap.InstSpec(other)
		return otherFixed < fixed || otherSpec != spec
	}
	return in.fieldsAs(o, other) < fieldsOf(o) && (o == in.heap.Specials || in.schedules(o))
}

func (in *Interp) isSpecial(o heap.Oop) bool {
	for i := range in.heap.Specials.NumSlots() {
		if in.heap.Specials.Slot(i) == o {
			return true
		}
	}
	return false
}

// schedules tells the objects that processes are switched with.
func (in *Interp) schedules(o heap.Oop) bool {
	scheduler := in.scheduler()
	lists := in.follow(scheduler.Slot(schedulerLists))
	if o == in.heap.Special(specialScheduler) || o == scheduler || o == lists || o == in.activeProcess() {
		return true
	}
	for i := range lists.NumSlots() {
		if in.follow(lists.Slot(i)) == o {
			return true
		}
	}
	return in.isProcess(o) && in.isListed(o)
}
