// Package virtio drives the network card and the disk of QEMU's microvm machine and of Firecracker:
// virtio over memory-mapped registers (Virtual I/O Device specification 1.2, sections 2.7,
// 4.2, 5.1 and 5.2), in its legacy and in its present form.
//
//	Card        frames in and out; goroutines of the program, not the kernel
//	Block       a disk.Disk's requests
//	queue       a ring of buffers shared with the device
//	registers   of a device
//	Memory      where buffers lie, and how interrupts are waited for: package kernel's, or a test's
//
// What it promises:
//   - Send copies and does not wait: without room a frame is lost.
//   - Nothing that a device writes is trusted: numbers of buffers and lengths are checked, and a
//     device that breaks the rules is reset and used no more (Card.Err).
package virtio
