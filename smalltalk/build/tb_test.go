package build

import (
	"errors"
	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/host/hostos"
	"github.com/sista-vm/sista/smalltalk/parser"
	"github.com/sista-vm/sista/smalltalk/source"
	"os"
	"strings"
	"testing"
)

func TestTB(t *testing.T) {
	var units []source.Unit
	for _, d := range strings.Split(os.Getenv("TREE"), ":") {
		u, err := source.ReadTree(os.DirFS(d), ".")
		if err != nil {
			var es parser.Errors
			if errors.As(err, &es) {
				t.Fatal(es.Format())
			}
			t.Fatal(err)
		}
		units = append(units, u...)
	}
	m, err := Build(units, Options{Heap: heap.Config{Memory: hostos.Memory(), Window: -1}, Startup: os.Getenv("STARTUP"), KeepSource: os.Getenv("KEEP") != "", InitializeClasses: os.Getenv("INIT") != ""})
	if err != nil {
		var es parser.Errors
		if errors.As(err, &es) {
			t.Error(es.Format())
		}
		t.Fatal(err)
	}
	for _, w := range m.Warnings {
		t.Log(w)
	}
	t.Log(m.Classes, m.Methods)
	if err := m.Heap.Verify(); err != nil {
		t.Error(err)
	}
	if err := m.Save(os.Getenv("OUT")); err != nil {
		t.Fatal(err)
	}
}
