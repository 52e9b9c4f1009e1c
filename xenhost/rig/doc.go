// Package rig tests guests whole: it builds them and runs them under QEMU, started directly. Its
// tests skip, with the reason, where there is no QEMU.
package rig
