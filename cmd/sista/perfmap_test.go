package main

import (
	"os"
	"path/filepath"
	"testing"
)

// Code that was freed is in the map until something else is there.
func TestPerfMap(t *testing.T) {
	path := filepath.Join(t.TempDir(), "perf-1.map")
	place, end, err := startPerfMap(path)
	if err != nil {
		t.Fatal(err)
	}
	check := func(want string) {
		t.Helper()
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != want {
			t.Errorf("the map is\n%s\nand not\n%s", got, want)
		}
	}
	place(0x1000, 0x20, "Foo>>bar")
	place(0x1040, 0x10, "[] in Foo>>bar")
	place(0x1020, 0x20, "Foo>>between:")
	check("1000 20 Foo>>bar\n1040 10 [] in Foo>>bar\n1020 20 Foo>>between:\n")
	place(0x1010, 0x18, "Foo>>over") // the first and the third were freed
	check("1010 18 Foo>>over\n1040 10 [] in Foo>>bar\n")
	place(0x1028, 0x18, "Foo>>beside")
	check("1010 18 Foo>>over\n1040 10 [] in Foo>>bar\n1028 18 Foo>>beside\n")
	end()
	if _, _, err := startPerfMap(filepath.Join(path, "not a folder")); err == nil {
		t.Error("a map in what is no folder was made")
	}
}
