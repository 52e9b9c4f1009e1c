// Package cpu gives names to the instructions that only a kernel uses, and finds
// out what the processor can do.
//
// What it promises:
//   - Instructions that the processor may lack are reached through Features, which is
//     asked of CPUID once at boot: nothing is assumed beyond what every x86-64 has.
//   - The package has no other state. Only Detect and CPUID may be called in an
//     ordinary process: the rest faults outside ring 0.
package cpu
