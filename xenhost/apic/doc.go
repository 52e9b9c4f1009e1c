// Package apic is the interrupt controllers of a PC, as far as a guest without Xen needs
// them: the timer of the local APIC, and one line of the I/O APIC for the console.
//
// What it promises:
//   - The local APIC is used in the mode in which it is found, xAPIC or x2APIC, and switched on if
//     it is off.
//   - The old controllers (8259) are masked: they can interrupt no more.
//   - Nothing allocates, panics or blocks.
package apic
