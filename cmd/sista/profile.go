package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/pprof"
	"runtime/trace"
)

// profiles are the kinds of them: the file, what begins it and what ends it.
var profiles = map[string]struct {
	file  string
	start func(io.Writer) error
	stop  func(io.Writer) error
}{
	"cpu":   {"cpu.pprof", pprof.StartCPUProfile, func(io.Writer) error { pprof.StopCPUProfile(); return nil }},
	"mem":   {"mem.pprof", sampleMemory, func(w io.Writer) error { return pprof.Lookup("heap").WriteTo(w, 0) }},
	"trace": {"trace.out", trace.Start, func(io.Writer) error { trace.Stop(); return nil }},
}

// sampleMemory notes one allocation in 4 KiB.
func sampleMemory(io.Writer) error {
	runtime.MemProfileRate = 4096
	return nil
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
	f, err := os.Create(p.file)
	if err != nil {
		return nil, err
	}
	if err := p.start(f); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", p.file, err), f.Close())
	}
	return func() {
		if err := errors.Join(p.stop(f), f.Close()); err != nil {
			fmt.Fprintf(os.Stderr, "sista: %s: %v\n", p.file, err)
			return
		}
		fmt.Fprintf(os.Stderr, "sista: profile in %s\n", p.file)
	}, nil
}
