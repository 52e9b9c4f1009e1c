// Package benchmarks measures the whole virtual machine with Smalltalk programs
// that run in the kernel image:
//
//	go test -bench . ./benchmarks
//
// TinyBenchmarks are the two classic measures: 500,000 bytecodes for a round of
// the sieve that Integer>>benchmark is, and the sends that Integer>>benchFib
// counts. No part of the machine knows these programs; the others are here to
// show that. Parts are measured where they are: collections, become: and
// allocation in package heap, loading and saving of images of 1 MB to 1 GB in
// package image, building of the kernel image in package smalltalk/build, and
// primitives in package interp.
package benchmarks
