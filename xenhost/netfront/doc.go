// Package netfront drives Xen's network card: the front half of the pair whose back half is
// in another domain (Xen's public header io/netif.h).
//
//	Card      frames in and out; goroutines of the program, not the kernel
//
// What it promises:
//   - Send copies and does not wait: without room a frame is lost.
//   - The back half only ever sees pages that hold frames, and reads those that are sent: nothing else
//     of the guest is granted.
//   - Nothing that it writes is trusted: numbers, places and lengths are checked, and a back half that
//     breaks the rules, or goes away, is talked to no more (Card.Err).
package netfront
