// Package counters is the data model of feedback: what happened where, as the
// interpreter saw it, for the optimizer to bet on.
//
// # Keys
//
// A [Site] is a method and a bytecode pc in it. Feedback is kept under a [Path]: one
// to three sites, the innermost first, each called from the next. Most sites have
// one path, of length one. Where the receivers at a site are too many because a
// method is shared by many callers (do: sends value: to everybody's block), the
// site is split: from then on it is kept apart by caller, then by caller's caller.
// What was counted before the split stays under the shorter path, and
// [Table.Send] and its like answer the longest path that has enough to say.
//
// A pc is the offset of a bytecode from the first bytecode of its method, counted from
// 0; with extension bytes, that of the first of them. A full block is a method of its
// own, called by whoever sends it value.
//
// Methods and classes are numbers that mean something to the owner of the table
// only, who tells it when one goes away. Nothing here knows a heap.
//
// # Feedback
//
//	send        receiver classes with the method each found, up to a few; then a
//	            count of all others together
//	branch      how often a conditional jump was reached, and how often it jumped
//	loop        how often a back edge was taken
//	allocation  which class, how many objects, how many indexable elements in all
//	failure     how often a primitive failed, by failure code
//
// Counts saturate. [Table.Decay] halves all of them, so that what a program did long
// ago weighs less; [Table.Merge] adds two tables. Both, and the encoding, are
// deterministic: they depend on the contents only.
//
// A Table belongs to one goroutine. A compiler that runs beside the program reads a
// [Table.Clone].
package counters
