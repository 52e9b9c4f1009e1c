package main

import (
	"bytes"
	"os"
	"testing"
)

// TestCurrent fails when the op table changed and nobody ran go generate.
func TestCurrent(t *testing.T) {
	want, err := generate()
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../op_gen.go")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("op_gen.go is stale: run go generate ./optimizer/ir")
	}
}
