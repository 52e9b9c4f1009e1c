// Package jit joins the interpreter, the optimizer and the code generator: it answers
// what the optimizer asks of the running program, decides what is compiled when,
// and throws code away that a change of the program has made wrong.
//
// # What code depends on
//
// The optimizer asks a [World] questions: which method does an object of this class find
// for this selector, what is the value of that global, which shape have instances of that class? Each
// is kept with its answer ([Program]) and with the compilations that asked. The objects
// that an answer was read from are watched (heap.Watch): classes, method dictionaries,
// associations, code. When one of them is written, when the program flushes the method
// cache for a selector, or classes become others, the questions concerned are in
// doubt. They are asked again before machine code runs on ([Program.Renew]), and code
// that got another answer is thrown away. So what changes nothing, such as a
// subclass more or a method with another selector, throws nothing away.
//
// # Objects
//
// The optimizer knows objects by handles, numbers of the compilation's table. The
// collector updates the table and keeps what is in it, so that a compilation can go on
// while the program runs. Questions keep nothing alive.
//
// # When
//
// What the interpreter finds to be hot is compiled: in mode Async with a small budget first, so that
// there is code soon for all that is hot; what is then often seen to run is compiled again, in full.
//
// Everything here is deterministic, except for when an asynchronous compilation is done, and
// which of them are done again.
package jit

//go:generate go run ../internal/vmbuild/gen
