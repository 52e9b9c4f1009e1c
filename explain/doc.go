// Package explain shows what became of a method: its source and bytecodes with what was
// counted there, which sends were inlined and why the others were not, the function after
// the passes, the machine code, and what all of it relies on. It gathers that in an
// [Explanation], and writes it as text or as a page of HTML.
//
// What it says is what a compilation at this moment does. Nothing is put to use by it.
package explain
