//go:build linux && amd64

package native

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"github.com/sista-vm/sista/codegen/asm"
	"github.com/sista-vm/sista/host"
	"github.com/sista-vm/sista/host/hostos"
)

// check tells whether blocks lie as promised.
func (a *arena) check(t testing.TB) {
	t.Helper()
	var first, before *block
	for first = a.last; first != nil && first.prev != nil; first = first.prev {
	}
	at, used, free := uint64(0), uint64(0), 0
	for b := first; b != nil; before, b = b, b.next {
		if b.at != at || b.size == 0 || b.size%granule != 0 || b.prev != before {
			t.Fatalf("block at %d with %d bytes, want it at %d", b.at, b.size, at)
		}
		if b.free {
			if free++; before != nil && before.free || b.next == nil {
				t.Fatalf("free block at %d is next to another one, or last", b.at)
			}
		} else {
			used += b.size
		}
		at += b.size
	}
	if at != a.top || used != a.used || before != a.last {
		t.Fatalf("blocks end at %d, top is %d; %d bytes used, counted %d", at, a.top, used, a.used)
	}
	for i, b := range a.free {
		for ; b != nil; b = b.nextFree {
			if free--; !b.free || b.size>>i != 0 || b.size>>(i-1) == 0 {
				t.Fatalf("block at %d in free list %d", b.at, i)
			}
		}
	}
	if free != 0 {
		t.Fatalf("%d free blocks are in no list", free)
	}
}

// TestPlaceAndFree places and frees code of random sizes, and finds every byte.
func TestPlaceAndFree(t *testing.T) {
	m := newMachine(t)
	r := rand.New(rand.NewPCG(1, 2))
	var all []*Placed
	full := 0
	for step := range 3000 {
		if len(all) > 0 && r.IntN(100) < 40+20*(step/500%2) {
			i := r.IntN(len(all))
			m.zone.Free(all[i])
			all = slices.Delete(all, i, i+1)
		} else {
			c := &Code{Name: "x", Bytes: bytes.Repeat([]byte{0x90}, 1+r.IntN(1<<r.IntN(17))), CheckedEntry: -1, Literals: make([]int64, r.IntN(50))}
			p, err := m.zone.Place(c)
			switch {
			case err == nil:
				all = append(all, p)
			case errors.Is(err, ErrZoneFull):
				full++
			default:
				t.Fatal(err)
			}
		}
		m.zone.text.check(t)
		m.zone.data.check(t)
		if step%10 != 0 {
			continue
		}
		covered := map[*Placed]int{}
		for at := m.zone.start; at < m.zone.start+m.zone.text.size; at += granule {
			covered[m.zone.Find(at)]++
			covered[m.zone.Find(at+granule-1)]++
		}
		for _, p := range all {
			if want := len(p.code.Bytes)/granule + 1; covered[p] != 2*want {
				t.Fatalf("step %d: %d halves of %d granules found", step, covered[p], want)
			}
		}
		delete(covered, nil)
		if len(covered) != len(all) {
			t.Fatalf("step %d: found %d of %d", step, len(covered), len(all))
		}
	}
	if full == 0 {
		t.Error("the zone was never full")
	}
	for _, p := range all {
		m.zone.Free(p)
		m.zone.Free(p) // harmless
	}
	if s := m.zone.Stats(); s.Text != 0 || s.Data != 0 || m.zone.text.top != 0 || m.zone.data.top != 0 {
		t.Errorf("empty zone: %+v, tops %d %d", s, m.zone.text.top, m.zone.data.top)
	}
	for _, at := range []uint64{0, m.zone.start - 1, m.zone.start, m.zone.start + m.zone.text.size, 1<<64 - 1} {
		if p := m.zone.Find(at); p != nil {
			t.Errorf("%#x: found %v", at, p)
		}
	}
}

func words(p *Placed) []uint64 {
	return unsafe.Slice((*uint64)(unsafe.Add(nil, uintptr(p.Data()))), p.code.dataWords())
}

// TestData checks where literals, cells and constants lie, and that code reaches them.
func TestData(t *testing.T) {
	m := newMachine(t)
	c := assemble(t, func(a *asm.Assembler) {
		a.Load(asm.W64, asm.RAX, asm.Data(1))
		a.MI(asm.Add, asm.W64, asm.Data(0), 1000) // an immediate after the displacement
		a.RM(asm.Add, asm.W64, asm.RAX, asm.Data(10))
		a.Lea(asm.R10, asm.Data(6))
		a.CallMem(asm.At(asm.R10, 8))
		a.Trap()
	})
	c.Literals = []int64{5, 6}
	c.Cells = []Cell{{Selector: 7, Argc: 1}, {Selector: 8, Argc: 2, Call: true}}
	c.Raw = []uint64{1 << 40}
	// Used memory must be as good as fresh.
	for range 2 {
		p := m.place(t, c)
		w := words(p)
		want := []uint64{0, 0, NoClass, m.Stubs[ExitSend], 0, 1, NoClass, m.Stubs[ExitCall], 0, 2, 1 << 40}
		if !slices.Equal(w, want) {
			t.Fatalf("data %x, want %x", w, want)
		}
		w[0], w[1] = 1, 3
		m.start(p)
		Enter(&m.Context)
		if m.Exit != ExitCall || m.Args[0] != 3+1<<40 || m.Args[1] != p.Data()+6*8 || w[0] != 1001 {
			t.Errorf("exit %d with %x, literals %x", m.Exit, m.Args, w[:2])
		}
		m.zone.Free(p)
	}
}

func TestSafepointsAndLines(t *testing.T) {
	m := newMachine(t)
	c := &Code{Name: "x", Bytes: make([]byte, 100), Entry: 3, CheckedEntry: 7, States: make([]State, 2),
		Safepoints: []Safepoint{{PC: 5, State: -1}, {PC: 20, State: 1}, {PC: 100}},
		Lines:      []Line{{4, 11}, {10, 12}}}
	p := m.place(t, c)
	for i := range c.Safepoints {
		s := &c.Safepoints[i]
		if got := p.Safepoint(p.Text() + uint64(s.PC)); got != s {
			t.Errorf("at %d: %v", s.PC, got)
		}
		if got := p.Safepoint(p.Text() + uint64(s.PC) - 1); got != nil {
			t.Errorf("before %d: %v", s.PC, got)
		}
	}
	for at, want := range map[uint64]int32{0: -1, 3: -1, 4: 11, 9: 11, 10: 12, 99: 12} {
		if got := p.Value(p.Text() + at); got != want {
			t.Errorf("at %d is value %d, want %d", at, got, want)
		}
	}
	if p.Entry() != p.Text()+3 || p.CheckedEntry() != p.Text()+7 || p.Code() != c {
		t.Error("entries")
	}
}

func TestBadCode(t *testing.T) {
	m := newMachine(t)
	for want, c := range map[string]*Code{
		"size is 0":                       {},
		"entry is at 10":                  {Bytes: make([]byte, 10), Entry: 10},
		"checked entry is at -2":          {Bytes: make([]byte, 10), CheckedEntry: -2},
		"relocation at 7":                 {Bytes: make([]byte, 10), Literals: []int64{1}, Relocs: []Reloc{{7, 0}}},
		"relocation to data word 1":       {Bytes: make([]byte, 10), Literals: []int64{1}, Relocs: []Reloc{{6, 1}}},
		"safepoint at 11":                 {Bytes: make([]byte, 10), Safepoints: []Safepoint{{PC: 11}}},
		"safepoint with state 0":          {Bytes: make([]byte, 10), Safepoints: []Safepoint{{PC: 5}}},
		"not ascending: safepoints":       {Bytes: make([]byte, 10), Safepoints: []Safepoint{{PC: 5}, {PC: 4}}},
		"no room for machine code":        {Bytes: make([]byte, 1<<20)},
		"no room for machine code (data)": {Bytes: make([]byte, 1), Literals: make([]int64, 1<<18)},
	} {
		want = strings.TrimSuffix(want, " (data)")
		if _, err := m.zone.Place(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: want %s", err, want)
		}
	}
	if s := m.zone.Stats(); s.Text != 0 || s.Data != 0 {
		t.Errorf("something was placed: %+v", s)
	}
}

// TestReservedZone puts a zone into a reservation that stays.
func TestReservedZone(t *testing.T) {
	memory := hostos.Memory()
	const size = 1 << 20
	at, err := memory.Reserve(0, size)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		var c Context
		z, err := NewZone(&c, memory, at, size, 0)
		if err != nil {
			t.Fatal(err)
		}
		p, err := z.Place(spin(1))
		if err != nil {
			t.Fatal(err)
		}
		if p.Text() != at {
			t.Errorf("text at %#x, want %#x", p.Text(), at)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := z.Place(spin(1)); err == nil {
			t.Error("placed in a closed zone")
		}
		if err := z.Close(); err != nil {
			t.Errorf("closed again: %v", err)
		}
	}
	if err := memory.Release(at, size); err != nil {
		t.Error(err)
	}
}

// plain is a host's memory without code memory.
type plain struct{ host.Memory }

func TestNoCodeMemory(t *testing.T) {
	var c Context
	if _, err := NewZone(&c, plain{hostos.Memory()}, 0, 1<<20, 0); err == nil || !strings.Contains(err.Error(), "no memory for machine code") {
		t.Errorf("without code memory: %v", err)
	}
	if _, err := NewZone(&c, hostos.Memory(), 0, 100, 0); err == nil {
		t.Error("a zone of 100 bytes")
	}
}

func BenchmarkFind(b *testing.B) {
	m := newMachine(b)
	var all []*Placed
	for i := range 500 {
		c := spin(1)
		c.Bytes = append(c.Bytes, make([]byte, 100+i)...)
		all = append(all, m.place(b, c))
	}
	i := 0
	for b.Loop() {
		p := all[i%len(all)]
		if m.zone.Find(p.Text()+50) != p {
			b.Fatal(fmt.Sprint("lost ", i))
		}
		i += 7
	}
}
