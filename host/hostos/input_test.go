//go:build unix

package hostos

import (
	"os"
	"testing"
)

func TestAwait(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	in := Input{r}
	await := func(done chan struct{}) chan struct{} {
		over := make(chan struct{})
		go func() {
			in.Await(done)
			close(over)
		}()
		return over
	}
	// The end of waiting takes nothing of the input.
	done := make(chan struct{})
	over := await(done)
	select {
	case <-over:
		t.Error("there is no input")
	default:
	}
	close(done)
	<-over

	over = await(nil)
	if _, err := w.WriteString("ab"); err != nil {
		t.Fatal(err)
	}
	<-over
	in.Await(nil) // at once
	var b [8]byte
	if n, err := in.Read(b[:]); n != 2 || err != nil {
		t.Errorf("read %d, %v", n, err)
	}
	over = await(nil)
	w.Close()
	<-over
}
