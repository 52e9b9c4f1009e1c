package interp

import "github.com/sista-vm/sista/native"

// NewZone makes the memory for this machine's code, in the heap's window. The error
// tells why there can be none here.
func (in *Interp) NewZone() (*native.Zone, error) {
	start, size := in.heap.CodeArea()
	return native.NewZone(&in.nat, in.heap.Memory(), start, size)
}
