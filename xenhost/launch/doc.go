// Package launch runs guests: under QEMU, with the console at a pair of streams, and the exit
// code from the guest's last line.
//
// What it promises:
//   - Hardware virtualization is used where it works, else emulation; it is said which.
//   - A guest that ends without a last line is an error that says so.
//   - When the context ends, the guest is asked to power off, then stopped.
package launch
