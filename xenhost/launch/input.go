package launch

import (
	"io"
	"os"
)

// Keys with a meaning on a guest's console.
const (
	interruptKey = "\x03" // Ctrl-C: end in order
	endKey       = "\x04" // Ctrl-D: no more input
)

// Input is what a guest reads: what someone else reads, and keys.
type Input struct{ r, w *os.File }

// NewInput answers the input of a guest that reads what from has; nil stands for nothing, ever.
func NewInput(from io.Reader) (*Input, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	in := &Input{r, w}
	if from != nil {
		go func() {
			// The guest may end first: then nobody wants to know.
			if _, err := io.Copy(w, from); err == nil {
				_, _ = io.WriteString(w, endKey)
			}
		}()
	}
	return in, nil
}

// Read implements io.Reader.
func (in *Input) Read(p []byte) (int, error) { return in.r.Read(p) }

// Interrupt asks the guest to end.
func (in *Input) Interrupt() error {
	_, err := io.WriteString(in.w, interruptKey)
	return err
}

// Close gives it up.
func (in *Input) Close() {
	in.r.Close()
	in.w.Close()
}
