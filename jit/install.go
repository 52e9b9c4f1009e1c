package jit

import (
	"errors"
	"fmt"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/interp"
	"github.com/sista-vm/sista/native"
)

// Installed says what was taken from a file.
type Installed struct {
	Methods, Loops, Templates int
	CodeBytes                 int
}

// nativeSection is a section with machine code, taken apart.
type nativeSection struct {
	units, offsets, answers, code []byte
}

func parseNative(section []byte) (*nativeSection, error) {
	if len(section) < nativeHeader || string(section[:len(nativeMagic)]) != nativeMagic {
		return nil, fmt.Errorf("%w: no %s", ErrSaved, nativeMagic)
	}
	if v := half(section, 2); v != nativeVersion {
		return nil, fmt.Errorf("jit: saved code is of format version %d, not %d", v, nativeVersion)
	}
	x := &nativeSection{code: section[nativeHeader:]}
	for _, part := range []struct {
		to   *[]byte
		size uint64
	}{{&x.units, unitRecord * uint64(half(section, 3))}, {&x.offsets, 4 * uint64(half(section, 5))}, {&x.answers, uint64(half(section, 4))}} {
		if part.size > uint64(len(x.code)) {
			return nil, fmt.Errorf("%w: %d bytes are missing", ErrSaved, part.size-uint64(len(x.code)))
		}
		*part.to, x.code = x.code[:part.size], x.code[part.size:]
	}
	return x, nil
}

func (x *nativeSection) numUnits() int { return len(x.units) / unitRecord }

func (x *nativeSection) unit(i int) []byte { return x.units[i*unitRecord:][:unitRecord] }

// routines answers the offsets of the routines.
func (x *nativeSection) routines() []int {
	offsets := make([]int, len(x.offsets)/4)
	for i := range offsets {
		offsets[i] = int(half(x.offsets, i))
	}
	return offsets
}

// fits tells whether the code that was placed is what the units are about.
func (x *nativeSection) fits(placed []*native.Placed) error {
	if len(placed) != x.numUnits() {
		return fmt.Errorf("%w: code of %d units, not %d", ErrSaved, len(placed), x.numUnits())
	}
	for i, p := range placed {
		if half(x.unit(i), 3) != unitRoutines {
			continue
		}
		for _, at := range x.routines() {
			if at >= len(p.Head().Bytes) {
				return fmt.Errorf("%w: a routine at %d of %d bytes", ErrSaved, at, len(p.Head().Bytes))
			}
		}
	}
	return nil
}

// InstallNative puts the machine code of a section to use, as if it had been compiled here. Nothing has run yet,
// and nothing was compiled. On an error nothing is in use. Portable answers the section with the forms of the
// same file, for when all is saved again.
func (b *Broker) InstallNative(section []byte, n Names, portable func() ([]byte, error)) (report Installed, err error) {
	if b.zone == nil || len(b.byCode) > 0 {
		return report, errors.New("jit: saved machine code has no place here")
	}
	x, err := parseNative(section)
	if err != nil {
		return report, err
	}
	a, err := parseAnswers(x.answers, n)
	if err != nil {
		return report, err
	}
	numUnits := x.numUnits()
	methods := make([]heap.Oop, numUnits)
	for i := range numUnits {
		r := x.unit(i)
		if half(r, 3) == unitRoutines {
			continue
		}
		o, ok := n.load(word(r, 0))
		if !ok {
			return report, fmt.Errorf("%w: there is no method %#x", ErrSaved, word(r, 0))
		}
		if _, isCode := b.in.Code(o); !isCode || half(r, 6) >= uint32(a.numUsers()) || half(r, 3) >= unitKinds {
			return report, fmt.Errorf("%w: unit %d", ErrSaved, i)
		}
		methods[i] = o
	}
	var translate func(uint64) (uint64, bool)
	if n.Load != nil {
		translate = func(w uint64) (uint64, bool) {
			o, ok := n.load(w)
			return uint64(o), ok
		}
	}
	placed, err := b.zone.Install(x.code, b.opts.Features, translate)
	if err != nil {
		return report, err
	}
	if err := x.fits(placed); err != nil {
		for _, p := range placed {
			b.zone.Free(p)
		}
		return report, err
	}
	comps := make([]Compilation, a.numUsers())
	users := make([]*Compilation, len(comps))
	for i := range comps {
		users[i] = &comps[i]
	}
	if err := b.program.restore(a, users); err != nil {
		for _, p := range placed {
			b.zone.Free(p)
		}
		return report, err
	}
	restored := make([]interp.Restored, 0, numUnits)
	units := make([]unit, 0, numUnits)
	for i, p := range placed {
		r := x.unit(i)
		if half(r, 3) == unitRoutines {
			b.useRoutines(p, x.routines())
			continue
		}
		pc := int(int32(half(r, 2)))
		restored = append(restored, interp.Restored{Method: methods[i], Placed: p, Loop: pc})
		units = append(units, unit{place: place{pc: pc}, name: p.Head().Name, comp: users[half(r, 6)], placed: true,
			formNumber: half(r, 7), quick: half(r, 3) == unitLimited, limited: half(r, 3) == unitLimited,
			template: half(r, 3) == unitTemplate, deopts: uint64(half(r, 4)), learned: uint64(half(r, 5)), age: uint64(len(units) + 1)})
		report.CodeBytes += len(p.Head().Bytes)
	}
	b.forms = portable
	b.age = uint64(len(units))
	b.units, b.byCode = make(map[place]*unit, len(units)), make(map[interp.Compiled]*unit, len(units))
	for i, c := range b.in.Restore(restored) {
		u := &units[i]
		u.code = c
		u.place.method = b.in.MethodID(restored[i].Method)
		u.comp.user = u
		b.byCode[c] = u
		switch {
		case u.template:
			report.Templates++
			continue
		case u.place.pc >= 0:
			report.Loops++
		default:
			report.Methods++
		}
		b.units[u.place] = u
		if u.limited {
			b.look()
		}
	}
	return report, nil
}
