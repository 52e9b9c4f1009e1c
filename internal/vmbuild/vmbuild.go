// Package vmbuild makes the hash that tells builds of the virtual machine apart whose machine code is
// not interchangeable. Machine code that was saved is used by a build with the same hash only.
package vmbuild

import (
	"encoding/hex"
	"fmt"
	"go/scanner"
	"go/token"
	"hash"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/cespare/xxhash/v2"
)

// Sources are the files that machine code relies on, by patterns of path.Match: what makes it, what it jumps to,
// the layouts of frames and objects that it has built in, and who looks at its frames.
var Sources = []string{
	"native/*.go", "native/*.s",
	"codegen/*.go", "codegen/asm/*.go", "codegen/template/*.go", "optimizer/ir/*.go",
	"heap/*.go",
	"interp/native*.go", "interp/template.go", "interp/frame.go", "interp/pages.go", "interp/context.go", "interp/closure.go",
	"interp/cache.go", "interp/send.go", "interp/return.go", "interp/poll.go", "interp/inlined.go", "interp/arithmetic.go",
}

// Hash answers the hash over the sources in a tree. Comments, tests and the order of files do not count.
func Hash(tree fs.FS) (string, error) {
	var names []string
	for _, pattern := range Sources {
		found, err := fs.Glob(tree, pattern)
		if err != nil || len(found) == 0 {
			return "", fmt.Errorf("vmbuild: no files %s (%w)", pattern, err)
		}
		names = append(names, found...)
	}
	slices.Sort(names)
	d := xxhash.New()
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		data, err := fs.ReadFile(tree, name)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(d, "%s\n", name)
		if path.Ext(name) != ".go" {
			d.Write(data)
			continue
		}
		if err := tokens(d, name, data); err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(d.Sum(nil)), nil
}

// tokens hashes a Go file without its comments.
func tokens(d hash.Hash, name string, data []byte) error {
	var s scanner.Scanner
	var problem error
	set := token.NewFileSet()
	s.Init(set.AddFile(name, -1, len(data)), data, func(pos token.Position, msg string) { problem = fmt.Errorf("%v: %s", pos, msg) }, 0)
	for {
		_, tok, text := s.Scan()
		if tok == token.EOF {
			return problem
		}
		if _, err := io.WriteString(d, tok.String()+" "+text+"\n"); err != nil {
			return err
		}
	}
}
