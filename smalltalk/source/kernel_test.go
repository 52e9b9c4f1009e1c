package source

import (
	"os"
	"testing"

	"github.com/sista-vm/sista/smalltalk/ast"
	"github.com/sista-vm/sista/smalltalk/parser"
)

// TestKernelSources reads the sources of the kernel image and checks that every
// method's printed form reads as the method again.
func TestKernelSources(t *testing.T) {
	units, err := ReadTree(os.DirFS("../../kernel"), ".")
	if es, ok := err.(parser.Errors); ok {
		t.Fatalf("\n%s", es.Format())
	} else if err != nil {
		t.Skip(err)
	}
	for _, u := range units {
		m, ok := u.(*MethodDefinition)
		if !ok {
			continue
		}
		printed := ast.Print(m.Method)
		again, err := parser.ParseMethod(newSource(printed), parser.Options{})
		if err != nil {
			t.Errorf("%s %s is printed as\n%s\n%v", m.Where(), m.Name(), printed, err)
		} else if !ast.Equal(m.Method, again) {
			t.Errorf("%s %s is printed as another method:\n%s", m.Where(), m.Name(), printed)
		}
	}
}
