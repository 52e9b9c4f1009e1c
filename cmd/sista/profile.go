package main

import (
	"fmt"
	"os"

	"github.com/pkg/profile"
)

// profiles are the kinds of them, and the files that package profile puts them in. Its version 1.6 is the
// last one whose dependencies do not compile regular expressions at each start of the process.
var profiles = map[string]struct {
	kind func(*profile.Profile)
	file string
}{
	"cpu":   {profile.CPUProfile, "cpu.pprof"},
	"mem":   {profile.MemProfile, "mem.pprof"},
	"trace": {profile.TraceProfile, "trace.out"},
}

// startProfile begins a profile of the virtual machine itself, in a file of the current folder.
func startProfile(kind string) (stop func(), err error) {
	if kind == "" {
		return func() {}, nil
	}
	p, ok := profiles[kind]
	if !ok {
		return nil, fmt.Errorf("no profile %q: it is cpu, mem or trace", kind)
	}
	// Package profile ends the process where it cannot write.
	f, err := os.Create(p.file)
	if err != nil {
		return nil, err
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	running := profile.Start(p.kind, profile.Quiet, profile.NoShutdownHook, profile.ProfilePath("."))
	return func() {
		running.Stop()
		fmt.Fprintf(os.Stderr, "sista: profile in %s\n", p.file)
	}, nil
}
