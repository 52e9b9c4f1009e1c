package host

import "io"

// Streams is a Console of any readers and writers: what an embedder or a test gives a VM.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
}

// Stdin answers In.
func (s Streams) Stdin() io.Reader { return s.In }

// Stdout answers Out.
func (s Streams) Stdout() io.Writer { return s.Out }

// Stderr answers Err.
func (s Streams) Stderr() io.Writer { return s.Err }

// Kind answers StreamPipe for the streams that are there.
func (s Streams) Kind(fd int) StreamKind {
	if fd == 0 && s.In != nil || fd == 1 && s.Out != nil || fd == 2 && s.Err != nil {
		return StreamPipe
	}
	return StreamNone
}

// Size answers zeros: there is no terminal.
func (s Streams) Size() (columns, rows int) { return 0, 0 }
