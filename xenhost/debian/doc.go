// Package debian takes files out of packages of Debian's archive, each of one version that is pinned
// by its SHA-256.
//
// What it promises:
//   - A package is fetched once and kept in a folder; nothing of Debian is needed for it but its archive, by HTTP.
//   - What does not have the sum is not used, wherever it came from.
//   - Unpack reads the format itself: ar, xz and tar. It writes no files.
package debian
