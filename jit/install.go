package jit

import (
	"errors"
	"fmt"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/interp"
)

// Installed says what was taken from a file.
type Installed struct {
	Methods, Loops, Templates int
	CodeBytes                 int
}

// InstallNative puts the machine code of a section to use, as if it had been compiled here. Nothing has run yet,
// and nothing was compiled. On an error nothing is in use. Portable answers the section with the forms of the
// same file, for when all is saved again.
func (b *Broker) InstallNative(section []byte, n Names, portable func() ([]byte, error)) (report Installed, err error) {
	if b.zone == nil || len(b.byCode) > 0 {
		return report, errors.New("jit: saved machine code has no place here")
	}
	if len(section) < nativeHeader || string(section[:len(nativeMagic)]) != nativeMagic {
		return report, fmt.Errorf("%w: no %s", ErrSaved, nativeMagic)
	}
	if v := half(section, 2); v != nativeVersion {
		return report, fmt.Errorf("jit: saved code is of format version %d, not %d", v, nativeVersion)
	}
	numUnits, numOffsets := int(half(section, 3)), int(half(section, 5))
	parts := make([][]byte, 3)
	rest := section[nativeHeader:]
	for i, size := range []uint64{uint64(numUnits) * unitRecord, 4 * uint64(numOffsets), uint64(half(section, 4))} {
		if size > uint64(len(rest)) {
			return report, fmt.Errorf("%w: %d bytes are missing", ErrSaved, size-uint64(len(rest)))
		}
		parts[i], rest = rest[:size], rest[size:]
	}
	records := parts[0]
	a, err := parseAnswers(parts[2], n)
	if err != nil {
		return report, err
	}
	methods := make([]heap.Oop, numUnits)
	for i := range numUnits {
		r := records[i*unitRecord:]
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
	placed, err := b.zone.Install(rest, b.opts.Features, translate)
	if err != nil {
		return report, err
	}
	if len(placed) != numUnits {
		for _, p := range placed {
			b.zone.Free(p)
		}
		return report, fmt.Errorf("%w: code of %d units, not %d", ErrSaved, len(placed), numUnits)
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
		r := records[i*unitRecord:]
		if half(r, 3) == unitRoutines {
			offsets := make([]int, numOffsets)
			for j := range offsets {
				offsets[j] = int(half(parts[1], j))
			}
			b.useRoutines(p, offsets)
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
