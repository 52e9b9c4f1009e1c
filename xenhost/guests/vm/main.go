//go:build linux && amd64

// Command vm is the guest that runs a Smalltalk image without a network.
package main

import (
	_ "github.com/sista-vm/sista/xenhost/boot"
	"github.com/sista-vm/sista/xenhost/run"
)

func main() { run.Main(run.Options{}) }
