//go:build linux && amd64

// Command hello is the smallest guest: it prints its arguments and exits with the code
// that the first one says.
package main

import (
	"fmt"
	"os"
	"strconv"

	_ "github.com/sista-vm/sista/xenhost/boot"
)

func main() {
	fmt.Println("hello from", os.Args)
	if len(os.Args) > 1 {
		if n, err := strconv.Atoi(os.Args[1]); err == nil {
			os.Exit(n)
		}
	}
}
