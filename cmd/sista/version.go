package main

import (
	"fmt"
	"runtime"

	"github.com/sista-vm/sista/vm"
)

var versionCommand = &command{
	name: "version", usage: "",
	short: "print the version",
	long:  "Prints the version of sista, of Go, and the image formats it runs.",
	run: func(c *command, args []string) int {
		if args, code, done := c.parse(c.flagSet(), args, anyArguments); done {
			return code
		} else if len(args) > 0 {
			return misuse("version: it takes no arguments")
		}
		fmt.Printf("sista %s %s %s/%s\nimage formats 68021 and 68533 (64-bit Spur), SistaV1 and V3PlusClosures bytecodes\n",
			vm.Version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
		return exitOK
	},
}
