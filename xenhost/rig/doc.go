// Package rig tests guests whole: it builds them and runs them under QEMU, started directly, and as
// the first domain of a real Xen that QEMU runs. Its tests skip, with the reason, where there is no QEMU,
// or no Xen: the hypervisor is fetched from Debian's archive, in one version that is known to work.
package rig
