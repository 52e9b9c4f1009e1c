// Package blkfront drives Xen's disk: the front half of the pair whose back half is in another domain
// (Xen's public header io/blkif.h).
//
//	Open     connects to a disk, and stays with it: a goroutine answers what the back half's states ask for
//	front    the transport of a disk.Disk
//	request  the layout of what is in the ring
//
// What it promises:
//   - The back half sees a ring and buffers for contents, and nothing else of the guest. They are the same all the
//     time, so that it may keep them mapped (feature-persistent).
//   - A disk that is unplugged fails all that is under way, and all that comes, until it is plugged in again: then the
//     same Disk goes on. Whether requests that have failed were done, nobody knows; package store finds out.
//   - Nothing that the back half writes is trusted: a number, an operation or a count that cannot be ends the
//     connection, which stays so until the disk is unplugged.
//   - A store that is slow or refuses is asked again; a disk that is connected goes on meanwhile.
package blkfront
