// Package pack makes bootable guests of programs that contain package boot.
//
// What it promises:
//   - Link changes headers only: the program's code and data are those that Go's linker wrote.
//   - A binary with the build tag embedkernels has the guests that run images in it; see command embed.
//   - A file that is no such program is refused with what is wrong about it.
package pack
