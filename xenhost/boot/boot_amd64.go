package boot

import "github.com/sista-vm/sista/xenhost/kernel"

func keep() uintptr

// parameters is filled in by the entry.
var parameters struct{ startInfo, tsc, tables uint64 }

// programStack is the stack pointer with which Go's runtime begins.
var programStack uint64

func start() {
	programStack = kernel.Start(parameters.startInfo, parameters.tsc, parameters.tables)
}

func init() { keep() }
