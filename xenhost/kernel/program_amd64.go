package kernel

import "unsafe"

// The functions here are called by the program. Each is one system call; on Linux they answer ENOSYS.

// Commit makes reserved memory readable and writable, if there is so much memory.
func Commit(addr, size uint64) error {
	_, err := ask(doorCommit, uintptr(addr), uintptr(size), 0, 0)
	return err
}

// Decommit gives memory back; it stays reserved.
func Decommit(addr, size uint64) error {
	_, err := ask(doorDecommit, uintptr(addr), uintptr(size), 0, 0)
	return err
}

// ViewCode makes reserved memory readable and executable, and shows it readable and writable at the
// address that it answers.
func ViewCode(addr, size uint64) (writable uint64, err error) {
	return ask(doorView, uintptr(addr), uintptr(size), 0, 0)
}

// ModuleSize answers the size of a boot module, by number; the guest's own packed file, if it has one,
// is number 0.
func ModuleSize(n int) (size uint64, err error) {
	_, err = ask(doorModule, uintptr(n), uintptr(unsafe.Pointer(&size)), 0, 0)
	return size, err
}

// MapModule shows a part of a boot module in memory, private: at addr, or anywhere if it is 0.
func MapModule(n int, offset, size, addr uint64) (uint64, error) {
	return ask(doorMap, uintptr(n), uintptr(offset), uintptr(size), uintptr(addr))
}

// ReadStatus answers the kernel's figures.
func ReadStatus() (s Status, err error) {
	_, err = ask(doorStatus, uintptr(unsafe.Pointer(&s)), 0, 0, 0)
	return s, err
}

// Mark prints how many ticks have passed until now, with a text that says what is reached, if
// the command line says kernel.ticks.
func Mark(text string) {
	_, _ = ask(doorMark, uintptr(unsafe.Pointer(unsafe.StringData(text))), uintptr(len(text)), 0, 0)
}

// OpenStore answers a descriptor by which xenstore's ring is read and written; the error is
// ENODEV if there is none.
func OpenStore() (fd int, err error) {
	v, err := ask(doorStore, 0, 0, 0, 0)
	return int(v), err
}
