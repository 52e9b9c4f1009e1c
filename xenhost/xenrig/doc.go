// Package xenrig is a computer with Xen for machines that have none: QEMU emulates it, real Xen runs on it,
// and a small Debian Linux as Xen's first domain, in which xl starts guests.
//
//	packages   which packages of Debian it is made of, pinned; what is taken of them
//	tree       the first domain's files, an archive that its kernel unpacks into memory
//	dom0/      its scripts: the start, the agent, how network cards and disks are attached
//	Computer   the running machine: restored from a snapshot, which is made when there is none
//	agent      commands for the first domain, over a forwarded TCP port
//
// What it promises:
//   - The host needs QEMU and, once, Debian's archive by HTTP; some 80 MB are kept in the cache, and a snapshot of
//     as much again. With the snapshot the computer is there in a second or two.
//   - A Computer is a launch.Toolstack: what package launch does with a guest on Xen it does here.
//   - Nothing listens but on 127.0.0.1, and nothing stays behind after Close.
package xenrig
