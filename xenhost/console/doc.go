// Package console is the kernel's console: Xen's ring where there is Xen, else the PC's
// first serial line.
//
// What it promises:
//   - Write puts all bytes out before it returns; lines end with CR LF on a serial line.
//   - Input is kept in a buffer until it is read; what does not fit is dropped and counted.
//   - A console that does not answer loses output and holds nobody up for long.
package console
