// Package xen is how a guest talks to its hypervisor: hypercalls, the page of shared information,
// event channels, grants, and the rings of console and xenstore.
//
// What it promises:
//   - Hypercalls are made by the processor's own instruction, so no page has to be filled with code.
//   - Layouts are those of Xen's public headers; tests pin them.
//   - What the other side of a ring writes is never trusted: indices are masked, lengths bounded.
//   - Nothing allocates or panics. Calls that wait say for what, and give up.
package xen
