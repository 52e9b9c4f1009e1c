//go:build linux && amd64

package native

import (
	"testing"
	"unsafe"

	"github.com/sista-vm/sista/codegen/asm"
	"github.com/sista-vm/sista/host/hostos"
)

// machine is a context with a zone and a stack.
type machine struct {
	Context
	zone  *Zone
	stack []uint64
}

func newMachine(t testing.TB) *machine { return newMachineWith(t, 512<<10) }

// newMachineWith has a zone of a size, which is how far data are from their text.
func newMachineWith(t testing.TB, zone uint64) *machine {
	t.Helper()
	m := &machine{stack: make([]uint64, 1024)}
	z, err := NewZone(&m.Context, hostos.Memory(), 0, zone, 0)
	if err != nil {
		t.Fatal(err)
	}
	m.zone = z
	t.Cleanup(func() {
		if err := z.Close(); err != nil {
			t.Error(err)
		}
	})
	return m
}

// top answers the address of word i from the end of the stack.
func (m *machine) top(i int) uint64 {
	return uint64(uintptr(unsafe.Pointer(&m.stack[len(m.stack)-1-i])))
}

// assemble makes code of what emit emits.
func assemble(t testing.TB, emit func(a *asm.Assembler)) *Code {
	t.Helper()
	a := asm.New()
	emit(a)
	out, err := a.Assemble()
	if err != nil {
		t.Fatal(err)
	}
	c := &Code{Name: t.Name(), Bytes: out.Bytes, CheckedEntry: -1}
	for _, r := range out.Refs {
		c.Relocs = append(c.Relocs, Reloc(r))
	}
	return c
}

func (m *machine) place(t testing.TB, c *Code) *Placed {
	t.Helper()
	p, err := m.zone.Place(c)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// start prepares to enter code with an empty stack.
func (m *machine) start(p *Placed) {
	m.PC, m.SP, m.FP = p.Entry(), m.top(0), 0
	m.Exit = NumExits
}

// leave emits a call of a stub.
func leave(a *asm.Assembler, x Exit) { a.CallMem(asm.At(asm.R15, OffStub(x))) }
