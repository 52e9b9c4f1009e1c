package pack

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// The note by which a hypervisor finds the 32-bit entry: see package boot.
var noteStart = []byte("\x04\x00\x00\x00\x08\x00\x00\x00\x12\x00\x00\x00Xen\x00")

const noteSize = 24

// Offsets in the ELF header and in program headers.
const (
	ehPhoff    = 32
	ehShoff    = 40
	ehPhnum    = 56
	ehShnum    = 60
	ehShstrndx = 62
	phdrSize   = 56
	phType     = 0
	phFlags    = 4
	phOffset   = 8
	phAddress  = 16
	phPhysical = 24
	phFileSize = 32
	phMemSize  = 40
	phAlign    = 48
	pageSize   = 4096
)

// kernelPath is in the names of all symbols that must be in memory when the kernel starts.
const kernelPath = "/xenhost/"

// Linked is a guest, and what was found out about it.
type Linked struct {
	ELF     []byte
	Entry   uint64 // of 32 bits
	End     uint64 // of what a hypervisor loads
	Trimmed uint64 // bytes of zeros at the program's end that are supplied when they are touched
}

// Link makes a guest of a program: its header of notes points at the note, what comes after the last
// variable of the kernel is not loaded but supplied when it is touched, and tables of symbols
// are left out.
func Link(program []byte) (*Linked, error) {
	f, err := elf.NewFile(bytes.NewReader(program))
	if err != nil {
		return nil, fmt.Errorf("pack: no ELF file: %w", err)
	}
	if f.Machine != elf.EM_X86_64 || f.Type != elf.ET_EXEC {
		return nil, fmt.Errorf("pack: %v for %v; a static program for linux/amd64 is needed", f.Type, f.Machine)
	}
	b := bytes.Clone(program)
	l := &Linked{}
	if err := l.exposeNote(b, f); err != nil {
		return nil, err
	}
	if err := l.trim(b, f); err != nil {
		return nil, err
	}
	end := uint64(0)
	for _, p := range f.Progs {
		if p.Type == elf.PT_LOAD {
			end = max(end, p.Off+p.Filesz)
		}
	}
	binary.LittleEndian.PutUint64(b[ehShoff:], 0)
	binary.LittleEndian.PutUint16(b[ehShnum:], 0)
	binary.LittleEndian.PutUint16(b[ehShstrndx:], 0)
	l.ELF = b[:end]
	return l, nil
}

// header answers the bytes of program header i.
func header(b []byte, i int) []byte {
	at := binary.LittleEndian.Uint64(b[ehPhoff:]) + uint64(i)*phdrSize
	return b[at : at+phdrSize]
}

func (l *Linked) exposeNote(b []byte, f *elf.File) error {
	var offset, address uint64
	for _, p := range f.Progs {
		if p.Type != elf.PT_LOAD {
			continue
		}
		segment := b[p.Off : p.Off+p.Filesz]
		i := bytes.Index(segment, noteStart)
		if i < 0 {
			continue
		}
		if offset != 0 || bytes.Contains(segment[i+1:], noteStart) {
			return errors.New("pack: the program has more than one note of a 32-bit entry")
		}
		offset, address = p.Off+uint64(i), p.Vaddr+uint64(i)
	}
	if offset == 0 {
		return errors.New("pack: the program has no 32-bit entry: it does not import xenhost/boot")
	}
	l.Entry = binary.LittleEndian.Uint64(b[offset+16:])
	for i, p := range f.Progs {
		if p.Type != elf.PT_NOTE {
			continue
		}
		h := header(b, i)
		binary.LittleEndian.PutUint64(h[phOffset:], offset)
		binary.LittleEndian.PutUint64(h[phAddress:], address)
		binary.LittleEndian.PutUint64(h[phPhysical:], address)
		binary.LittleEndian.PutUint64(h[phFileSize:], noteSize)
		binary.LittleEndian.PutUint64(h[phMemSize:], noteSize)
		binary.LittleEndian.PutUint64(h[phAlign:], 4)
		return nil
	}
	return errors.New("pack: the program has no header of notes that could be used")
}

// trim shortens the segment of variables. The linker sorts variables by size, so that
// big ones, which a program hardly touches, come last.
func (l *Linked) trim(b []byte, f *elf.File) error {
	symbols, err := f.Symbols()
	if err != nil {
		return fmt.Errorf("pack: the program was linked without symbols: %w", err)
	}
	last := uint64(0)
	for _, s := range symbols {
		if strings.Contains(s.Name, kernelPath) && s.Section < elf.SHN_LORESERVE {
			last = max(last, s.Value+s.Size)
		}
	}
	for i, p := range f.Progs {
		if p.Type != elf.PT_LOAD {
			continue
		}
		end := p.Vaddr + p.Memsz
		if p.Flags&elf.PF_W != 0 {
			keep := roundUp(max(last, p.Vaddr+p.Filesz), pageSize)
			if keep < end {
				l.Trimmed, end = end-keep, keep
				binary.LittleEndian.PutUint64(header(b, i)[phMemSize:], keep-p.Vaddr)
			}
		}
		l.End = max(l.End, end)
	}
	return nil
}

// segmentPacked marks the segment of a packed file; package kernel knows it.
const segmentPacked = 1 << 20

// Attach makes one file of the guest and a file that it finds when it runs: a segment that is
// loaded behind the program.
func (l *Linked) Attach(data []byte) ([]byte, error) {
	f, err := elf.NewFile(bytes.NewReader(l.ELF))
	if err != nil {
		return nil, fmt.Errorf("pack: %w", err)
	}
	for i, p := range f.Progs {
		if p.Type != elf.PT_GNU_STACK { // says something to Linux only: its place is free
			continue
		}
		offset := roundUp(uint64(len(l.ELF)), pageSize)
		out := make([]byte, offset+uint64(len(data)))
		copy(out, l.ELF)
		copy(out[offset:], data)
		h, at := header(out, i), roundUp(l.End, pageSize)
		binary.LittleEndian.PutUint32(h[phType:], uint32(elf.PT_LOAD))
		binary.LittleEndian.PutUint32(h[phFlags:], uint32(elf.PF_R)|segmentPacked)
		binary.LittleEndian.PutUint64(h[phOffset:], offset)
		binary.LittleEndian.PutUint64(h[phAddress:], at)
		binary.LittleEndian.PutUint64(h[phPhysical:], at)
		binary.LittleEndian.PutUint64(h[phFileSize:], uint64(len(data)))
		binary.LittleEndian.PutUint64(h[phMemSize:], uint64(len(data)))
		binary.LittleEndian.PutUint64(h[phAlign:], pageSize)
		return out, nil
	}
	return nil, errors.New("pack: the program has no header that a packed file could use")
}

func roundUp(n, unit uint64) uint64 { return (n + unit - 1) &^ (unit - 1) }
