// Package pvh is what a hypervisor hands to a guest that it starts by the PVH protocol: the
// start info, with the memory map, the boot modules and the command line.
//
// What it promises:
//   - The layouts are those of Xen's public headers; tests pin them.
//   - Read copies: what is read may be overwritten afterwards. It allocates nothing, and
//     trusts no count further than its own limits.
package pvh

import "unsafe"

// Magic is the first word of a start info: "xEn3", with the highest bit of E set.
const Magic = 0x336ec578

// startInfo is hvm_start_info.
type startInfo struct {
	Magic         uint32 // 0
	Version       uint32 // 4: with 1, there is a memory map
	Flags         uint32 // 8
	Modules       uint32 // 12
	ModuleList    uint64 // 16: physical address of module entries
	CommandLine   uint64 // 24: physical address of a C string
	RSDP          uint64 // 32
	MemoryMap     uint64 // 40: physical address of memory entries
	MemoryEntries uint32 // 48
	_             uint32
}

// moduleEntry is hvm_modlist_entry.
type moduleEntry struct {
	Address, Size, CommandLine, _ uint64
}

// MemoryEntry is hvm_memmap_table_entry.
type MemoryEntry struct {
	Address, Size uint64
	Type          uint32
	_             uint32
}

// RAM is the type of ordinary memory.
const RAM = 1

// Limits of what is read.
const (
	MaxMemory      = 64
	MaxModules     = 8
	MaxCommandLine = 2048
)

// Module is a file that was loaded beside the guest.
type Module struct{ Address, Size uint64 }

// Info is a start info, copied.
type Info struct {
	Version     uint32
	FirstDomain bool // Xen's own: it ends the machine with itself
	RSDP        uint64
	Memory      [MaxMemory]MemoryEntry
	MemoryCount int
	Modules     [MaxModules]Module
	ModuleCount int
	CommandLine [MaxCommandLine]byte
	LineLength  int
}

// Read reads the start info at a physical address; physical addresses appear at base. It answers
// false if there is none.
func (i *Info) Read(base, at uint64) bool {
	s := (*startInfo)(unsafe.Add(nil, uintptr(base+at)))
	if s.Magic != Magic {
		return false
	}
	const firstDomain = 2
	i.Version, i.RSDP, i.FirstDomain = s.Version, s.RSDP, s.Flags&firstDomain != 0
	if s.CommandLine != 0 {
		for i.LineLength < MaxCommandLine {
			c := *(*byte)(unsafe.Add(nil, uintptr(base+s.CommandLine)+uintptr(i.LineLength)))
			if c == 0 {
				break
			}
			i.CommandLine[i.LineLength] = c
			i.LineLength++
		}
	}
	if s.Version >= 1 && s.MemoryMap != 0 {
		for n := uint64(0); n < uint64(s.MemoryEntries) && i.MemoryCount < MaxMemory; n++ {
			i.Memory[i.MemoryCount] = *(*MemoryEntry)(unsafe.Add(nil, uintptr(base+s.MemoryMap+24*n)))
			i.MemoryCount++
		}
	}
	if s.ModuleList != 0 {
		for n := uint64(0); n < uint64(s.Modules) && i.ModuleCount < MaxModules; n++ {
			m := (*moduleEntry)(unsafe.Add(nil, uintptr(base+s.ModuleList+32*n)))
			i.Modules[i.ModuleCount] = Module{m.Address, m.Size}
			i.ModuleCount++
		}
	}
	return true
}
