//go:build linux && amd64

// Command selftest is a guest that tries what Go's runtime wants of a kernel, and prints a line
// for each: "ok" or "FAILED", and what. It runs on Linux too, where all of it must be ok.
package main

import (
	"fmt"
	"os"

	_ "github.com/sista-vm/sista/xenhost/boot"
)

var tests = []struct {
	name string
	run  func() error
}{
	{"channels", channels}, {"sleep", sleep}, {"tickers", tickers}, {"garbage", garbage},
	{"nil pointers", nilPointers}, {"division", division}, {"read-only memory", readOnly},
	{"preemption", preemption}, {"locked threads", lockedThreads}, {"many threads", manyThreads},
	{"clock", clock}, {"reservations", reservations}, {"protection", protection},
	{"code", code}, {"registers", registers}, {"entropy", entropy}, {"big variables", bigVariables},
	{"memory limit", memoryLimit},
}

func main() {
	failed := 0
	for _, t := range tests {
		if err := t.run(); err != nil {
			failed++
			fmt.Printf("FAILED %s: %v\n", t.name, err)
		} else {
			fmt.Printf("ok %s\n", t.name)
		}
	}
	os.Exit(failed)
}
