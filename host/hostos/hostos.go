//go:build unix

// Package hostos implements host on Linux, macOS and their kin.
//
// What it promises:
//   - New's parts are those of the process: its console, files, clock and
//     environment. Only the current folder is one of its own: changing it in one
//     VM changes neither the process nor another VM.
//   - It needs no network stack; host/hostnet adds the network.
package hostos

import (
	"crypto/rand"
	"os"

	"github.com/sista-vm/sista/host"
)

// New answers the process's world, with the network off.
func New() *host.Host {
	return &host.Host{
		Clock:   NewClock(),
		Console: Console{},
		Files:   NewFiles(),
		Entropy: rand.Reader,
		Env:     Environment(),
	}
}

// Environment answers the process's arguments and variables.
func Environment() host.Environment {
	home, _ := os.UserHomeDir()
	return host.Environment{Args: os.Args[1:], Lookup: os.LookupEnv, Locale: locale(), Home: home}
}

// locale answers the locale name by the rules of POSIX.
func locale() string {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := os.Getenv(name); v != "" {
			return v
		}
	}
	return ""
}
