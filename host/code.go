package host

// CodeMemory is offered by a Memory that can hold machine code. Without it there is
// no compiled code.
type CodeMemory interface {
	// CommitCode makes a part of a reservation readable and executable, and shows the same
	// memory, readable and writable, at another address, which it answers: none is ever
	// both writable and executable. The memory is zero, and supplied as it is touched.
	CommitCode(addr, size uint64) (writable uint64, err error)
	// DecommitCode undoes CommitCode(addr, size): the writable address is free again, the
	// other one reserved.
	DecommitCode(addr, writable, size uint64) error
}

// InterruptedCode is what memory can have besides, where it is known before that Go's signals interrupt
// machine code as they do Go code. Elsewhere that is tried out.
type InterruptedCode interface {
	InterruptsCode() bool
}
