package main

import (
	"github.com/sista-vm/sista/host"
	"github.com/sista-vm/sista/host/hostnet"
)

// network answers the network the image may use.
func network() host.Network { return hostnet.New() }
