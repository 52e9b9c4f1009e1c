package kernel

import (
	"unsafe"

	"github.com/sista-vm/sista/xenhost/cpu"
	"github.com/sista-vm/sista/xenhost/mem"
	"github.com/sista-vm/sista/xenhost/pvh"
)

// Low memory, which is not used: the firmware's tables are there, and address 0.
const lowMemory = 1 << 20

// mapped is how much of physical memory the direct map has at first.
const mapped = 4 << 30

// programHeader is an entry of the ELF file's program header table; the file's first page is
// part of the program.
type programHeader struct {
	Type, Flags                                            uint32
	Offset, Address, Physical, FileSize, MemorySize, Align uint64
}

const (
	elfHeader     = 0x400000 // where Go's linker puts the file's start
	elfTable      = 32       // offset of the program headers' offset, and of their number
	elfTableCount = 56

	segmentLoad  = 1
	segmentExec  = 1
	segmentWrite = 2
	// segmentPacked is a flag of ours: the segment is no program but a packed file.
	segmentPacked = 1 << 20
)

func headers() int { return int(*(*uint16)(pointer(elfHeader + elfTableCount))) }

func header(i int) *programHeader {
	return (*programHeader)(pointer(elfHeader + load(elfHeader+elfTable) + uint64(i)*uint64(unsafe.Sizeof(programHeader{}))))
}

// startMemory gives all memory that is free to the allocator, and replaces the first page
// tables: below the direct map there is only the program, each part with its own rights.
func startMemory(tables uint64) {
	var reserved [pvh.MaxModules + 10]mem.Range
	n := 1
	reserved[0] = mem.Range{Hi: lowMemory}
	end := uint64(0) // of the program in memory
	for i := range headers() {
		h := header(i)
		if h.Type != segmentLoad || n == len(reserved) {
			continue
		}
		reserved[n] = mem.Range{Lo: h.Physical, Hi: h.Physical + h.MemorySize}
		n++
		if h.Flags&segmentPacked != 0 {
			addModule(pvh.Module{Address: h.Physical, Size: h.FileSize})
		} else {
			end = max(end, h.Address+h.MemorySize)
		}
	}
	for _, m := range info.Modules[:info.ModuleCount] {
		addModule(m)
		if n < len(reserved) {
			reserved[n] = mem.Range{Lo: m.Address, Hi: m.Address + m.Size}
			n++
		}
	}

	if onXen && info.MemoryCount == 0 {
		askMemory()
	}
	space.Base = DirectMap
	space.SetRoot(tables)
	for i := range info.Memory[:info.MemoryCount] {
		if r, ok := ram(i); ok {
			space.Frames.Add(mem.Range{Lo: r.Lo, Hi: min(r.Hi, mapped)}, reserved[:n])
		}
	}
	if space.Frames.Total() == 0 {
		fatal("no memory below 4 GiB; entries in the memory map", uint64(info.MemoryCount))
	}
	mapProgram(tables, end)
	for i := range info.Memory[:info.MemoryCount] {
		if r, ok := ram(i); ok && r.Hi > mapped && mapDirect(max(r.Lo, mapped), r.Hi) {
			space.Frames.Add(mem.Range{Lo: max(r.Lo, mapped), Hi: r.Hi}, reserved[:n])
		}
	}
	total := space.Frames.Total() * mem.PageSize
	share := min(max(total/4, min(total/2, leastShare)), kernelShare)
	space.SetCommitLimit(total - share)
}

// kernelShare is how much memory is kept for the Go program at most: its heap, threads
// and page tables. A small guest keeps a quarter; a very small one what the program needs, or else
// would do little but collect its garbage, but not more than half.
const (
	kernelShare = 64 << 20
	leastShare  = 16 << 20
)

func ram(i int) (mem.Range, bool) {
	m := &info.Memory[i]
	return mem.Range{Lo: m.Address, Hi: m.Address + m.Size}, m.Type == pvh.RAM && m.Size < 1<<52
}

func addModule(m pvh.Module) {
	if moduleCount < len(modules) {
		modules[moduleCount] = m
		moduleCount++
	}
}

// mapProgram makes new tables, with the program and the direct map, and lets the processor use them.
func mapProgram(tables, end uint64) {
	const directEntry = DirectMap >> 39 & 511
	root, ok := space.Frames.Alloc(0)
	if !ok {
		fatal("no memory for page tables", 0)
	}
	clear(bytesAt(DirectMap+root, mem.PageSize))
	const noExec = 1 << 63
	store(DirectMap+root+8*directEntry, load(DirectMap+tables+8*directEntry)|noExec)
	space.SetRoot(root)
	for i := range headers() {
		h := header(i)
		if h.Type != segmentLoad || h.Flags&segmentPacked != 0 {
			continue
		}
		rights := mem.Read
		if h.Flags&segmentExec != 0 {
			rights |= mem.Exec
		} else if h.Flags&segmentWrite != 0 {
			rights |= mem.Write
		}
		lo, hi := h.Address&^(mem.PageSize-1), (h.Address+h.MemorySize+mem.PageSize-1)&^(mem.PageSize-1)
		if !space.MapPages(lo, hi, h.Physical-h.Address+lo, rights) {
			fatal("no memory for page tables", lo)
		}
		space.AddStatic(mem.Range{Lo: lo, Hi: hi}, rights)
	}
	// What pack.Link has cut off the program's end is zeros.
	lo, hi := (end+mem.PageSize-1)&^(mem.PageSize-1), (where.programEnd+mem.PageSize-1)&^(mem.PageSize-1)
	space.AddZeros(mem.Range{Lo: lo, Hi: hi}, mem.Read|mem.Write)
	cpu.SetRoot(root)
	space.SetLive()
}

// mapDirect enters physical memory above 4 GiB into the direct map.
func mapDirect(lo, hi uint64) bool {
	const giant = 1 << 30
	for p := lo &^ (mem.HugeSize - 1); p < hi; {
		if features.GiantPages && p%giant == 0 && p+giant <= hi {
			if !space.Map(DirectMap+p, p, mem.Read|mem.Write, 3) {
				return false
			}
			p += giant
			continue
		}
		if !space.Map(DirectMap+p, p, mem.Read|mem.Write, 2) {
			return false
		}
		p += mem.HugeSize
	}
	return true
}
