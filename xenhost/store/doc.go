// Package store keeps files in folders on a block device. It is made for the disk of a guest: few
// thousand files, images among them, one writer, and power that may go at any moment.
//
// What it promises:
//   - All changes since the last Sync last together or not at all: whatever is written when the power goes,
//     the device then has every file as it was at the last Sync that ended, or at the one under way.
//     Devices may lose, reorder and tear writes up to a Flush, sector by sector.
//   - Whatever is read was written: all bytes are summed (xxhash64), and damage is an error that says where.
//     No bytes on a device lead to a crash.
//   - Nothing is ever overwritten that somebody else might have put on a device: only one that begins with
//     128 KiB of zeros is made a store unasked.
//   - When the device fails, what was synced stays, and an error answers each change. Recover goes on
//     where the device comes back with the same contents.
//   - What a removal frees can be used again: room for the next Sync is kept in reserve. A store that seems to be
//     full is synced first, if that frees anything.
//
// # On the device
//
// Blocks have 4096 bytes; numbers are little-endian. What is in use is not written: changes go to free blocks,
// and become true with one write of a root.
//
//	block 0, 1    roots; the one of generation g is in block g mod 2, the valid one with the largest counts
//	others        data of files, their maps, the catalog
//
// A root:
//
//	 0  mark "SistaSto" (8)     8  sum of the rest, up to the last run (8)
//	16  version, 1 (4)         20  number of runs (4)
//	24  identity: of the store, by chance (8)
//	32  generation (8)         40  blocks of the device that are used (8)
//	48  bytes of the catalog (8)   56  their sum (8)
//	64  runs of blocks with the catalog:  0 first block (4)  4 how many (4)
//
// The catalog is the root folder, as an entry with an empty name. Numbers in it are Go's varints (u: unsigned):
//
//	folder    1   length of name (u)  name   permissions (u)  modified   number of entries (u)  entries, by name
//	file      2   length of name (u)  name   permissions (u)  modified   size (u)
//	              sum of map (8)  number of runs of the map's blocks (u)  runs: first (u), how many (u)
//
// A map has twelve bytes for each block of a file: its number (4), 0 if it was never written, and its sum (8).
// The last block of a file is filled up with zeros.
package store
