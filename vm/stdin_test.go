package vm_test

import (
	"context"
	"io"
	"net"
	"testing"

	"github.com/sista-vm/sista/vm"
)

// A process that reads standard input makes neither other processes nor later calls
// wait, and what waits for the host's reader ends with the VM.
func TestStdinWaits(t *testing.T) {
	near, far := net.Pipe()
	m, err := vm.Open(vm.Config{Stdin: near})
	if err != nil {
		t.Fatal(err)
	}
	eval := func(text, want string) {
		t.Helper()
		v, err := m.Eval(context.Background(), text)
		if err != nil {
			t.Fatal(err)
		}
		defer v.Release()
		if got, err := v.Print(context.Background()); got != want || err != nil {
			t.Errorf("%s is %s, %v; want %s", text, got, err, want)
		}
	}
	eval("Smalltalk at: #Line put: nil. [ Smalltalk at: #Line put: FileStream stdin nextLine ] fork. Processor yield. 3 + 4", "7")
	eval("Line", "nil")
	go io.WriteString(far, "hello\n")
	eval("[ Line == nil ] whileTrue: [ (Delay forMilliseconds: 1) wait ]. Line", "'hello'")

	eval("[ FileStream stdin nextLine ] fork. Processor yield. 3", "3")
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	go io.WriteString(far, "x")
	var b [8]byte
	if n, err := near.Read(b[:]); n != 1 || err != nil {
		t.Errorf("after the VM %d bytes can be read, %v", n, err)
	}
}
