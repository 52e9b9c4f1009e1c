// Package host is everything a virtual machine asks of the world below it:
// clock, console, files, network, entropy, memory. Primitives never ask which
// world they are in; host/hostos answers on an operating system, and a guest
// kernel answers on bare metal.
package host
