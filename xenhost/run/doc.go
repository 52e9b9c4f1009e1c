// Package run runs the Smalltalk image of a guest: the one packed with it, or given to it as a
// boot module. It is all that the guests vm and netvm have in common, which differ in whether
// there is a network stack in them.
//
// What it promises:
//   - The words of the guest's command line, but for those about the network, are the image's arguments;
//     if there are none, those in xenstore, or else those that it was packed with.
//   - A disk is the image's to write files on: what it changes is there within seconds, and when it ends.
//   - The exit code is the image's, or one of command sista's.
//   - Ctrl-C on the console, or a request of Xen's toolstack, shuts the image down in order.
package run
