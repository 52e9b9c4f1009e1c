package vmbuild

import (
	"maps"
	"os"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/sista-vm/sista/jit"
)

func TestBuildIsFresh(t *testing.T) {
	want, err := Hash(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	if jit.Build != want {
		t.Errorf("the sources hash to %s and jit.Build is %s: run go generate ./jit", want, jit.Build)
	}
}

func TestHash(t *testing.T) {
	tree := fstest.MapFS{}
	for _, pattern := range Sources {
		name := ""
		for _, r := range pattern {
			if r == '*' {
				name += "x"
			} else {
				name += string(r)
			}
		}
		tree[name] = &fstest.MapFile{Data: []byte("package p\n\nvar x = 1 // one\n")}
	}
	hash := func() string {
		h, err := Hash(tree)
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	before := hash()
	names := slices.Sorted(maps.Keys(tree))
	file := tree["heap/x.go"]
	file.Data = []byte("package p\n\n// Another comment.\nvar x = 1\n")
	if hash() != before {
		t.Error("a comment makes another build")
	}
	file.Data = []byte("package p\n\nvar x = 2\n")
	if hash() == before {
		t.Error("another value makes no other build")
	}
	delete(tree, names[0])
	if _, err := Hash(tree); err == nil {
		t.Errorf("%s is not missed", names[0])
	}
}
