// Package trust says whether what is in an optimized image may be executed. Machine code
// in a file is executable code, and optimized functions have no bounds checks: they are
// used only from a file that holder of a key has sealed.
//
//	file --- owner rule ---+
//	key ---- seal: HMAC-SHA-256 over first page, kinds and SHA-256 of all sections
//	                |                     |
//	                |                     +-- each section, when it is first used
//	                +-- manifest: root of the tree of hashes over the image's data (--verify)
//
// What it promises:
//   - Verify answers that a file is authentic, or why it is not, in a line. It looks at the
//     owner and the permissions of the open file, and at the seal; it costs the same
//     whatever the size of the file.
//   - Authentic.Section answers bytes only if they are those that were sealed. Damage in one
//     section drops that section.
//   - An ordinary Verify believes that the image's data are those that were sealed, which
//     only the file's owner could have changed. VerifyAll hashes them too.
//   - Keys are 32 random bytes in a file that only its owner can read; others are refused.
//   - A key never is part of a message.
package trust
