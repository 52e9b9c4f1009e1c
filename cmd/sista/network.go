package main

import "github.com/sista-vm/sista/host"

// network answers the network the image may use.
func network() host.Network { return nil }
