// Package guest is the world of a VM on the bare machine: host's parts, made of what package
// kernel has to offer.
//
// What it promises:
//   - Memory is the guest's own: what is committed is there, or is refused. Code is never
//     writable and executable at one address. Images are mapped where the hypervisor has put them.
//   - Files are those packed beside the image, read only.
//   - Console is the kernel's. Ctrl-C on it asks for an end in order.
//   - Entropy is the processor's; see kernel's getrandom.
package guest
