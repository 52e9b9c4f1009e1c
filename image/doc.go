// Package image reads and writes image files of the 64-bit Spur format: the
// whole object memory of a system that was saved and goes on from there.
//
// What it promises:
//   - Open accepts formats 68021 and 68533 with any number of segments, either
//     byte order of floats, and a script before the header. Every other kind of
//     image is refused by name.
//   - A foreign file is not trusted: every header, size, class index and pointer
//     is checked before the heap is handed out. The work and the memory it takes
//     are bounded by the size of the file, whatever the file says.
//   - A file that Save wrote is mapped, private and copy-on-write, when its
//     addresses are free: opening it reads the header, the bridges, the hidden
//     roots and the classes, and nothing else, however large it is. With
//     Options.Verify the rest is checked too.
//   - Save replaces a file at once or not at all, and writes the same bytes for the
//     same heap. OpenSmalltalk VMs run what it writes.
//   - What the header says that this VM does not know is kept.
package image
