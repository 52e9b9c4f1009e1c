//go:build linux && amd64

package native

import (
	"bytes"
	"reflect"
	"slices"
	"testing"

	"github.com/sista-vm/sista/codegen/asm"
	"github.com/sista-vm/sista/internal/wire"
)

// TestMapsAreComplete fails when a field is added to what describes code and not to its encoding.
func TestMapsAreComplete(t *testing.T) {
	n := uint64(0)
	next := func() uint64 { n++; return n % 7 }
	for _, template := range []bool{false, true} {
		var c Code
		wire.Fill(&c, next)
		c.Bytes = bytes.Repeat([]byte{1}, 300)
		c.Literals = make([]int64, 20)
		for i := range c.Cells {
			c.Cells[i].Argc = i
		}
		for i := range c.Safepoints {
			c.Safepoints[i].PC, c.Safepoints[i].State = 10*i+3, i-1
		}
		c.Lines = []Line{{2, 9}, {40, 3}}
		if template {
			c.Safepoints, c.States, c.Lines = []Safepoint{}, []State{}, []Line{}
		} else {
			c.Template = nil
		}
		got := Code{Name: c.Name, Bytes: c.Bytes, Entry: c.Entry, CheckedEntry: c.CheckedEntry, FrameSlots: c.FrameSlots, Slow: c.Slow,
			OSR: c.OSR, OSRWords: c.OSRWords, Features: c.Features, Literals: c.Literals, Cells: c.Cells, Raw: c.Raw}
		if template {
			got.Template = &Template{Flags: c.Template.Flags, Copied: c.Template.Copied}
		}
		if err := decodeMaps(&got, encodeMaps(&c)); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, c) {
			t.Errorf("decoded\n%+v\nnot\n%+v", got, c)
		}
	}
}

func FuzzMaps(f *testing.F) {
	c := &Code{Bytes: make([]byte, 100), Literals: make([]int64, 3), Safepoints: []Safepoint{{PC: 7, State: 0}},
		States: []State{{Levels: []Level{{Method: 1, Temps: []Loc{{Kind: InSlot, Index: 4, Add: 8}}}}}}, Lines: []Line{{1, 2}}}
	f.Add(encodeMaps(c), false)
	f.Fuzz(func(t *testing.T, b []byte, template bool) {
		c := &Code{Bytes: make([]byte, 100), Literals: make([]int64, 3)}
		if template {
			c.Template = &Template{}
		}
		if decodeMaps(c, b) != nil && (len(c.Safepoints) > 0 || len(c.States) > 0) {
			t.Error("wrong maps in use")
		}
	})
}

// exported places two pieces of code that call each other, and answers them in one piece.
func exported(t testing.TB, m *machine) []byte {
	m.SetSends(nil)
	answer := assemble(t, func(a *asm.Assembler) {
		a.Load(asm.W64, asm.RAX, asm.Data(1))
		leave(a, ExitReturn)
	})
	answer.Literals = []int64{0, 0}
	answer.CheckedEntry = 0
	caller := assemble(t, func(a *asm.Assembler) {
		a.Lea(asm.R10, asm.Data(1))
		a.JmpMem(asm.At(asm.R10, 8))
	})
	caller.Literals, caller.Cells, caller.Raw = []int64{0}, []Cell{{Argc: 1}, {Argc: 2, Call: true}}, []uint64{99}
	unnamed := assemble(t, func(a *asm.Assembler) { a.Trap() })
	unnamed.Literals = []int64{0}
	a, u, c := m.place(t, answer), m.place(t, unnamed), m.place(t, caller)
	words(a)[0], words(a)[1] = 1000, 2000
	words(u)[0] = 666
	w := words(c)
	w[0], w[1], w[2], w[3], w[4], w[7] = 1000, 17, a.CheckedEntry(), 2000, 3, 1000
	flat, kept := m.zone.Export([]*Placed{a, u, c}, func(o uint64) (uint64, bool) { return o + 1, o != 666 })
	if !slices.Equal(kept, []bool{true, false, true}) {
		t.Fatalf("kept %v", kept)
	}
	return flat
}

func TestInstallRuns(t *testing.T) {
	flat := exported(t, newMachine(t))
	for _, size := range []uint64{512 << 10, 256 << 10} { // the data are as far away as they were, and not
		for _, moved := range []uint64{0, 10} {
			m := newMachineWith(t, size)
			var oop func(uint64) (uint64, bool)
			if moved != 0 {
				oop = func(o uint64) (uint64, bool) { return o + moved, true }
			}
			list, err := m.zone.Install(flat, allFeatures, oop)
			if err != nil {
				t.Fatal(err)
			}
			m.zone.text.check(t)
			m.zone.data.check(t)
			want := []uint64{1001 + moved, 17, list[0].CheckedEntry(), 2001 + moved, 3, NoClass, m.Stubs[ExitCall], 1001 + moved, 2, 99}
			if len(list) != 2 || list[0].Head().Name != t.Name() || !slices.Equal(words(list[1]), want) {
				t.Fatalf("%d codes, data %v, want %v", len(list), words(list[1]), want)
			}
			if p := m.zone.Find(list[1].Text()); p != list[1] || list[1].Head().Raw[0] != 99 || !list[1].Head().Cells[1].Call {
				t.Errorf("found %v", p)
			}
			m.start(list[1])
			Enter(&m.Context)
			if m.Exit != ExitReturn || m.Args[0] != 2001+moved {
				t.Errorf("exit %d with %d", m.Exit, m.Args[0])
			}
			// What is installed can be saved again.
			again, kept := m.zone.Export(list, func(o uint64) (uint64, bool) { return o - moved, true })
			if !kept[0] || !kept[1] || size == 512<<10 && !bytes.Equal(again, flat) {
				t.Error("saved again it is something else")
			}
			for _, p := range list {
				m.zone.Free(p)
			}
			if s := m.zone.Stats(); s.Text != 0 || s.Data != 0 {
				t.Errorf("left in the zone: %+v", s)
			}
		}
	}
}

// TestDamagedFlat flips every byte of a piece: it is refused, or installed within bounds.
func TestDamagedFlat(t *testing.T) {
	for _, zone := range []uint64{512 << 10, 256 << 10} {
		testDamagedFlat(t, exported(t, newMachine(t)), newMachineWith(t, zone))
	}
}

func testDamagedFlat(t *testing.T, flat []byte, m *machine) {
	refused := 0
	for i := range flat {
		b := slices.Clone(flat)
		b[i] ^= 1 << (i % 8)
		list, err := m.zone.Install(b, allFeatures, nil)
		if err != nil {
			refused++
		}
		for _, p := range list {
			p.Code()
			m.zone.Free(p)
		}
		if _, err := m.zone.Install(b[:i], allFeatures, nil); err == nil {
			t.Fatalf("the first %d bytes were installed", i)
		}
	}
	if refused < 100 {
		t.Errorf("only %d of %d pieces were refused", refused, len(flat))
	}
}

// FuzzInstall installs arbitrary bytes: they are refused and leave nothing, or what is installed lies within the zone,
// can be looked at and is gone when it is freed.
func FuzzInstall(f *testing.F) {
	flat := exported(f, newMachine(f))
	for _, moved := range []uint64{0, 64} {
		f.Add(flat, moved, false)
		f.Add(flat, moved, true)
	}
	f.Fuzz(func(t *testing.T, b []byte, moved uint64, far bool) {
		zone := uint64(512 << 10)
		if far { // the data are elsewhere than they were
			zone /= 2
		}
		m := newMachineWith(t, zone)
		m.SetSends(new(SendCache))
		var oop func(uint64) (uint64, bool)
		if moved != 0 {
			oop = func(o uint64) (uint64, bool) { return o + moved, o%3 != 2 }
		}
		list, err := m.zone.Install(b, allFeatures, oop)
		if err != nil && list != nil {
			t.Fatalf("%d codes and the error %v", len(list), err)
		}
		for _, p := range list {
			c := p.Code()
			if q := m.zone.Find(p.Text() + uint64(len(c.Bytes)) - 1); q != p {
				t.Errorf("the last byte of %p is of %p", p, q)
			}
			for i := range c.Safepoints {
				_ = p.Code().Safepoints[i]
			}
		}
		for _, p := range list {
			m.zone.Free(p)
		}
		m.zone.text.check(t)
		m.zone.data.check(t)
		if s := m.zone.Stats(); s.Text != 0 || s.Data != 0 {
			t.Errorf("left in the zone: %+v", s)
		}
	})
}
