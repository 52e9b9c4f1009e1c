package jit

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/sista-vm/sista/codegen"
	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/internal/wire"
	"github.com/sista-vm/sista/native"
	"github.com/sista-vm/sista/optimizer/front"
	"github.com/sista-vm/sista/optimizer/ir"
)

// A form is the portable form of code: the function after the passes, and what else its lowering
// needs. Its objects are found in the data of the machine code.
type form struct {
	function []byte // see ir.Func.Encode
	method   ir.Handle
	block    bool
	temps    int
	args     int
	handles  []ir.Handle // that the function uses, ascending, without those that are the same everywhere
	words    []int       // where the object of each is in the data; nil: look among the literals
}

// newForm keeps a function. Its table of methods is cut to what is needed.
func newForm(f *ir.Func, o codegen.Options) *form {
	f.PruneMethods()
	x := &form{method: o.Method, block: o.Block, temps: o.Temps, args: o.Args}
	use := func(h ir.Handle) {
		if h >= ir.FirstFreeHandle {
			x.handles = append(x.handles, h)
		}
	}
	f.Handles(use)
	use(o.Method)
	slices.Sort(x.handles)
	x.handles = slices.Compact(x.handles)
	x.function = f.Encode()
	return x
}

// place answers which words of the data of code are the objects of handles; ok is false if one is not there.
func (x *form) place(c *native.Code) (words []int, ok bool) {
	if x.words != nil {
		return x.words, true
	}
	at := make(map[int64]int, len(c.Literals)+len(c.Cells))
	for i, cell := range c.Cells {
		at[cell.Selector] = len(c.Literals) + native.ICWords*i + 2
	}
	for i, h := range c.Literals {
		at[h] = i
	}
	words = make([]int, len(x.handles))
	for i, h := range x.handles {
		if words[i], ok = at[int64(h)]; !ok {
			return nil, false
		}
	}
	return words, true
}

// The section with forms; n is an unsigned number, and every list is its length and its elements
// (package wire).
//
//	magic 8, version n
//	answers  length n, see saveAnswers; user i is form i
//	forms    list of: length n, form; the hottest first
//
//	form     pc+1 n, name string, method: its handle n, flags byte, temps+1 n, args n,
//	         handles: list of (difference to the one before n, object n, word of the data n),
//	         function length n, see ir.Func.Encode
//	flags    1 a block, 2 compiled with the quick policy, 4 which left something out
const (
	portableMagic   = "SISTAPRT"
	portableVersion = 1
)

// savePortable answers the section with forms, and numbers the units that have one: from 1.
func (b *Broker) savePortable(n *Names, units []*unit, s *Saved) map[*unit]uint32 {
	old := b.savedForms()
	type saved struct {
		unit *unit
		heat uint64
		data []byte
	}
	var all []saved
	for _, u := range units {
		x := u.form
		if x == nil && u.formNumber > 0 && int(u.formNumber) <= len(old) {
			if f, err := parseForm(old[u.formNumber-1]); err == nil {
				x = &f.form
			}
		}
		if x == nil || u.template {
			continue
		}
		if data, ok := b.encodeForm(n, u, x); ok {
			all = append(all, saved{u, b.in.Heat(u.code.Method()), data})
		}
	}
	slices.SortStableFunc(all, func(x, y saved) int { return cmp.Compare(y.heat, x.heat) })
	numbers := map[*unit]uint32{}
	var users []*Compilation
	for i, x := range all {
		numbers[x.unit] = uint32(i + 1)
		users = append(users, x.unit.comp)
	}
	if len(all) == 0 {
		return numbers
	}
	w := wire.Writer{Bytes: []byte(portableMagic)}
	w.Uint(portableVersion)
	w.Block(b.program.saveAnswers(n, users))
	w.Uint(uint64(len(all)))
	for _, x := range all {
		w.Block(x.data)
	}
	s.Portable = w.Bytes
	return numbers
}

func (b *Broker) encodeForm(n *Names, u *unit, x *form) ([]byte, bool) {
	words, ok := x.place(u.code.Placed().Head())
	if !ok {
		return nil, false
	}
	var w wire.Writer
	w.Uint(uint64(u.place.pc + 1))
	w.String(u.name)
	w.Uint(uint64(x.method))
	flags := byte(0)
	for i, on := range []bool{x.block, u.quick, u.limited} {
		if on {
			flags |= 1 << i
		}
	}
	w.Byte(flags)
	w.Uint(uint64(x.temps + 1))
	w.Uint(uint64(x.args))
	w.Uint(uint64(len(x.handles)))
	last := ir.Handle(0)
	for i, h := range x.handles {
		name, ok := n.save(u.code.Word(words[i]))
		if !ok {
			return nil, false
		}
		w.Uint(uint64(h - last))
		w.Uint(name)
		w.Uint(uint64(words[i]))
		last = h
	}
	w.Block(x.function)
	return w.Bytes, true
}

// savedForm is a form of a file.
type savedForm struct {
	form
	name    string
	pc      int
	quick   bool
	limited bool
	objects []uint64 // what the file calls the objects of the handles
}

// maxHandle bounds the handles of a form.
const maxHandle = 1 << 20

func parseForm(data []byte) (*savedForm, error) {
	r := wire.NewReader(data)
	small := func() int { return int(r.Below(1<<31, "a number")) }
	f := &savedForm{pc: small() - 1, name: r.String()}
	f.method = ir.Handle(r.Below(maxHandle, "a handle"))
	flags := r.Below(8, "flags")
	f.block, f.quick, f.limited = flags&1 != 0, flags&2 != 0, flags&4 != 0
	f.temps, f.args = small()-1, small()
	count := r.Count()
	f.handles, f.words, f.objects = make([]ir.Handle, count), make([]int, count), make([]uint64, count)
	h, known := ir.Handle(0), false
	for i := range count {
		h += ir.Handle(r.Below(maxHandle, "a handle"))
		if h >= maxHandle || h < ir.FirstFreeHandle {
			r.Fail("handle %d", h)
		}
		known = known || h == f.method
		f.handles[i], f.objects[i], f.words[i] = h, r.Uint(), small()
	}
	f.function = r.Block()
	if !known {
		r.Fail("a method that is not among the handles")
	}
	if err := r.End(); err != nil {
		return nil, fmt.Errorf("%w: a form: %w", ErrSaved, err)
	}
	return f, nil
}

// parsePortable takes a section apart.
func parsePortable(section []byte) (answers []byte, forms [][]byte, err error) {
	if len(section) < len(portableMagic) || string(section[:len(portableMagic)]) != portableMagic {
		return nil, nil, fmt.Errorf("%w: no %s", ErrSaved, portableMagic)
	}
	r := wire.NewReader(section[len(portableMagic):])
	if v := r.Uint(); v != portableVersion && r.Err() == nil {
		return nil, nil, fmt.Errorf("jit: saved functions are of format version %d, not %d", v, portableVersion)
	}
	answers = r.Block()
	for range r.Count() {
		forms = append(forms, r.Block())
	}
	if err := r.End(); err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrSaved, err)
	}
	return answers, forms, nil
}

// savedForms answers the forms of the file that restored code is from.
func (b *Broker) savedForms() [][]byte {
	if b.forms == nil {
		return nil
	}
	section, err := b.forms()
	if err != nil {
		return nil
	}
	_, forms, err := parsePortable(section)
	if err != nil {
		return nil
	}
	return forms
}

// InstallPortable has the functions of a section made machine code, see lowerAll. On an error nothing is in use.
func (b *Broker) InstallPortable(section []byte, n Names) (report Installed, err error) {
	if b.zone == nil || b.opts.Mode == Off {
		return report, fmt.Errorf("jit: nothing is compiled")
	}
	encoded, forms, err := parsePortable(section)
	if err != nil {
		return report, err
	}
	a, err := parseAnswers(encoded, n)
	if err != nil {
		return report, err
	}
	if a.numUsers() != len(forms) {
		return report, fmt.Errorf("%w: answers for %d functions, not %d", ErrSaved, a.numUsers(), len(forms))
	}
	jobs := make([]*job, len(forms))
	comps := make([]*Compilation, len(forms))
	for i, data := range forms {
		f, err := parseForm(data)
		if err != nil {
			return report, err
		}
		if jobs[i], err = b.jobFor(f, &n); err != nil {
			return report, err
		}
		comps[i] = jobs[i].world.Compilation
	}
	if err := b.program.restore(a, comps); err != nil {
		return report, err
	}
	for _, j := range jobs {
		b.program.open = append(b.program.open, j.world)
		b.units[j.unit.place] = j.unit
		if j.unit.place.pc >= 0 {
			report.Loops++
		} else {
			report.Methods++
		}
	}
	b.lowerAll(jobs)
	return report, nil
}

// jobFor makes the job that lowers a form.
func (b *Broker) jobFor(f *savedForm, n *Names) (*job, error) {
	p := b.program
	w := &World{Compilation: &Compilation{}, program: p, table: p.in.Feedback(), handles: map[heap.Oop]front.Handle{}, names: map[string]int{}, moved: true}
	last := f.handles[len(f.handles)-1]
	w.objects = slices.Repeat([]heap.Oop{p.heap.Nil}, int(last))
	copy(w.objects, []heap.Oop{p.heap.Nil, p.heap.True, p.heap.False})
	for i, h := range f.handles {
		o, ok := n.load(f.objects[i])
		if !ok || o == heap.Invalid {
			return nil, fmt.Errorf("%w: there is no object %#x", ErrSaved, f.objects[i])
		}
		w.objects[h-1] = o
	}
	method := w.Object(front.Handle(f.method))
	if _, ok := b.in.Code(method); !ok {
		return nil, fmt.Errorf("%w: %s is not code", ErrSaved, f.name)
	}
	x := f.form
	x.words = nil
	j := &job{world: w, method: front.Handle(f.method), form: &x, lowered: true}
	j.unit = &unit{place: place{b.in.MethodID(method), f.pc}, name: f.name, comp: w.Compilation, quick: f.quick, limited: f.limited}
	w.Compilation.user = j.unit
	// Guards that hold do not leave, whatever the stress: what the passes were told not to rely on is not known.
	j.target = codegen.Options{Name: f.name, Method: x.method, Block: x.block, Temps: x.temps, Args: x.args}
	return j, nil
}
