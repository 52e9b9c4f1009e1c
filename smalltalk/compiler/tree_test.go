package compiler

import (
	"errors"
	"os"
	"testing"

	"github.com/sista-vm/sista/smalltalk/parser"
	"github.com/sista-vm/sista/smalltalk/source"
)

// treeEnv stands for a class of a tree: its instance variables, and every
// name that begins with a capital letter.
type treeEnv struct {
	testEnv
	instVars []string
}

func (e treeEnv) InstanceVariables() []string { return e.instVars }

// TestTrees compiles and verifies every method of whole source trees: the
// kernel's and, if SISTA_TONEL_TREE names one, another.
func TestTrees(t *testing.T) {
	ran := false
	for _, dir := range []string{"../../kernel", os.Getenv("SISTA_TONEL_TREE")} {
		if dir == "" {
			continue
		}
		if _, err := os.Stat(dir); err != nil {
			t.Logf("%v", err)
			continue
		}
		units, err := source.ReadTree(os.DirFS(dir), ".")
		if err != nil {
			t.Logf("%s: %v", dir, err)
		}
		classes := map[string]*source.ClassDefinition{}
		for _, d := range source.ClassDefinitions(units) {
			classes[d.Name] = d
		}
		methods, bytes := 0, 0
		for _, u := range units {
			m, ok := u.(*source.MethodDefinition)
			if !ok {
				continue
			}
			ran = true
			env := treeEnv{instVars: instVars(classes, m.Class, m.IsMeta)}
			compiled, err := Compile(m.Source, m.Method, env, Options{})
			if err != nil {
				var list parser.Errors
				if errors.As(err, &list) {
					t.Errorf("%s: %s", m.Name(), list.Format())
				} else {
					t.Errorf("%s: %v", m.Name(), err)
				}
				continue
			}
			verify(t, compiled)
			methods++
			bytes += len(compiled.Bytecodes)
		}
		t.Logf("%s: %d methods, %d bytes of code", dir, methods, bytes)
	}
	if !ran {
		t.Skip("no tree here")
	}
}

func instVars(classes map[string]*source.ClassDefinition, class string, meta bool) []string {
	var names []string
	for n := 0; classes[class] != nil && n < 100; n++ {
		d := classes[class]
		if meta {
			names = append(append([]string{}, d.ClassInstVars...), names...)
		} else {
			names = append(append([]string{}, d.InstVars...), names...)
		}
		class = d.Superclass
	}
	if meta {
		names = append([]string{"superclass", "methodDict", "format", "instanceVariables", "organization", "subclasses",
			"name", "classPool", "sharedPools", "environment", "category"}, names...)
	}
	return names
}
