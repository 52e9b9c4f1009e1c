package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// perfMapPath answers where Linux perf looks for the names of this process's code.
func perfMapPath() string { return filepath.Join("/tmp", fmt.Sprintf("perf-%d.map", os.Getpid())) }

// A perfMap tells perf which machine code is where. The file has a line for each piece: its
// address and size in hexadecimal, and its name. perf reads it when it reports, after the
// program has ended, so code that was freed stays in it as long as nothing else is placed there;
// then it is written anew.
type perfMap struct {
	path   string
	file   *os.File
	pieces []perfPiece // by address
	failed bool
}

type perfPiece struct {
	addr, size uint64
	name       string
}

func (p *perfPiece) line() string {
	return fmt.Sprintf("%x %x %s\n", p.addr, p.size, strings.ReplaceAll(p.name, "\n", " "))
}

// startPerfMap makes the file, and answers what to tell of placed code and of the end. The file stays.
func startPerfMap(path string) (place func(addr, size uint64, name string), end func(), err error) {
	m := &perfMap{path: path}
	// In a folder that others write to: a link that waits there is not followed.
	_ = os.Remove(path)
	if m.file, err = os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644); err != nil {
		return nil, nil, fmt.Errorf("--perf-map: %w", err)
	}
	return m.place, func() { m.report(m.file.Close()) }, nil
}

// place notes code.
func (m *perfMap) place(addr, size uint64, name string) {
	piece := perfPiece{addr, size, name}
	from, _ := slices.BinarySearchFunc(m.pieces, addr, func(p perfPiece, at uint64) int {
		if p.addr+p.size <= at {
			return -1
		}
		return 1
	})
	to := from
	for to < len(m.pieces) && m.pieces[to].addr < addr+size {
		to++
	}
	m.pieces = slices.Replace(m.pieces, from, to, piece)
	if from == to {
		_, err := m.file.WriteString(piece.line())
		m.report(err)
		return
	}
	m.report(m.rewrite())
}

// rewrite writes the file without what is gone.
func (m *perfMap) rewrite() error {
	var text strings.Builder
	for i := range m.pieces {
		text.WriteString(m.pieces[i].line())
	}
	if err := m.file.Truncate(0); err != nil {
		return err
	}
	if _, err := m.file.Seek(0, 0); err != nil {
		return err
	}
	_, err := m.file.WriteString(text.String())
	return err
}

// report reports the first error: the program runs on.
func (m *perfMap) report(err error) {
	if err != nil && !m.failed {
		m.failed = true
		fmt.Fprintf(os.Stderr, "sista: --perf-map: %v\n", err)
	}
}
