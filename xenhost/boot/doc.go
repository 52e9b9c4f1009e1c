// Package boot is how a guest starts: the note by which Xen and QEMU find the entry, the 32-bit
// entry itself, and the way from there to the entry of an ordinary Go program.
//
//	note, 32-bit entry, first page tables      entry_amd64.s
//	kernel.Start: memory, traps, time          package kernel
//	_rt0_amd64_linux                           Go's runtime
//	main.main
//
// A program becomes a guest by importing the package (for its side effects alone) and by
// pack.Link, which makes the note visible in the ELF headers. On Linux the package does nothing.
//
// What it promises:
//   - Nothing is assumed of the machine's state but what the PVH protocol says: 32-bit
//     protected mode, no paging, EBX is the physical address of the start info.
//   - The first 4 GiB of physical memory are mapped twice while the kernel starts: where they are,
//     and at kernel.DirectMap.
package boot
