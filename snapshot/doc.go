// Package snapshot reads and writes optimized images: an image file of the Spur format
// with a trailer behind it that no other reader looks at. The trailer has what a
// program's run has taught the virtual machine: feedback, optimized functions, machine
// code.
//
//	                                                            page
//	+--------------------------------------------------------+  0
//	| image: byte for byte what a plain save writes          |
//	+--------------------------------------------------------+  n, page aligned
//	| section, zeros to the end of its last page             |
//	| ...                                                    |
//	+--------------------------------------------------------+
//	| index: an entry for each section                       |
//	+--------------------------------------------------------+
//	| footer: the last 64 bytes of the file                  |
//	+--------------------------------------------------------+
//
// What it promises:
//   - Every Spur virtual machine opens the file as the image it is: nothing in the image
//     leads to the trailer. The trailer is found from the footer alone.
//   - Open reads footer and index, whatever the size of the file. A section is mapped
//     where the world can, and checked against its hash at its first use.
//   - Whatever bytes are in a file: damage drops a section, or all of the trailer, with
//     an error that says which and where; the image is there all the same. The work is
//     bounded by the size of the file.
//   - Hashes are against accidents. Who wrote a file is the matter of package trust,
//     which this package does not need: it has no cryptography, so that guests can
//     link it.
//   - Write and Strip replace a file at once or not at all, see host.Replace.
//
// Versions. The major version of the format is the only one that matters to readers:
// another one means that the trailer is not used. What may change without it: new kinds
// of sections, which are kept in mind and otherwise ignored; new flags of sections, with
// which a section is not used by who does not know the flag; new fields of the manifest.
// The contents of a section have versions of their own, that of who encodes them.
package snapshot
