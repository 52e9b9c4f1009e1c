// Package xz unpacks the .xz format, as far as Debian's packages need it: one stream, and LZMA2 without
// other filters.
//
//	Reader    the stream: blocks, their checks, the index at its end
//	lzma2     a block's data: chunks, packed or not
//	lzma      what is in a packed chunk
//
// What it promises:
//   - Whatever comes in, it ends: with the data, or with an error; memory is bounded by the block's
//     dictionary, and a dictionary by MaxDictionary.
//   - Data of a block with a check (CRC32, CRC64) is compared with it; io.EOF comes only after that.
package xz
