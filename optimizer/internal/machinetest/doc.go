// Package machinetest has tests only: random programs of the toy world compiled to
// machine code and run on objects in memory, laid out as the real ones. What leaves
// machine code is handled by a small runtime that moves objects whenever it may, and
// goes on in the toy interpreter where code is left for good.
package machinetest
