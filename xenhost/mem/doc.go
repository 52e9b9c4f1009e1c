// Package mem is the memory of a guest: which frames of it are free, what is mapped
// where, and what an address means that was touched for the first time.
//
//	                  Space
//	areas ------------> says what an address range is: reserved, memory, a module,
//	                    the other view of some machine code
//	table ------------> the processor's page tables, filled as pages are touched
//	Frames -----------> free frames of 4 KiB and blocks of them, up to 2 MiB
//
// What it promises:
//   - All of the guest's memory is used, above 4 GiB and between holes.
//   - Every call tells when memory, or room for another area, is lacking, and has then
//     changed nothing.
//   - Committed memory (Space.Commit) is counted: it is refused while an answer is
//     possible, so what was promised is there when it is touched.
//   - Nothing allocates, panics or blocks. Calls must not overlap: the kernel makes them with
//     interrupts masked.
//   - Frames are reached where they appear in the direct map, physical address p at Base+p.
//     An ordinary process can use the package with any memory as its frames: tests do.
package mem
