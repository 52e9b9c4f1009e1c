// Package kernel holds the Smalltalk sources of the kernel image, a folder of Tonel
// files for each package. Those whose name begins with Tests are for testing only.
package kernel

import (
	"embed"
	"io/fs"
	"strings"
)

//go:embed */*.st
var files embed.FS

// Startup is what the kernel image runs when it starts.
const Startup = "Smalltalk boot"

// Packages answers the folders of the kernel, with or without those of its tests,
// sorted.
func Packages(tests bool) []string {
	entries, err := fs.ReadDir(files, ".")
	if err != nil {
		return nil // an embedded tree can be read
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() && (tests || !strings.HasPrefix(e.Name(), "Tests")) {
			names = append(names, e.Name())
		}
	}
	return names
}

// Files is the tree of folders.
func Files() fs.FS { return files }
