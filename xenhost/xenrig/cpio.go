package xenrig

import (
	"fmt"
	"io"
)

// archive writes files in the format that Linux unpacks at its start, "newc": for each a header of text
//
//	magic (6)  number  mode  user  group  links  time  size  device (2)  its device (2)  size of the name  0
//
// of numbers in 8 hexadecimal digits, the name, zeros up to a multiple of four, the data, zeros again.
type archive struct {
	w       io.Writer
	written int64
	number  int
	err     error
}

// Kinds of files.
const (
	modeFolder = 0o040000
	modeFile   = 0o100000
	modeLink   = 0o120000
)

const lastName = "TRAILER!!!"

func (a *archive) add(name string, mode uint32, data []byte) {
	a.number++
	header := fmt.Sprintf("070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%s\x00",
		a.number, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name)+1, 0, name)
	a.write([]byte(header))
	a.write(data)
}

func (a *archive) write(p []byte) {
	for _, b := range [][]byte{p, make([]byte, -len(p)&3)} {
		if a.err == nil {
			var n int
			n, a.err = a.w.Write(b)
			a.written += int64(n)
		}
	}
}

// close ends the archive.
func (a *archive) close() error {
	a.add(lastName, 0, nil)
	return a.err
}
