package build

import (
	"math/big"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/smalltalk/ast"
	"github.com/sista-vm/sista/smalltalk/compiler"
	"github.com/sista-vm/sista/smalltalk/parser"
)

// compile compiles a method. Names that nothing defines become globals.
func (t *tree) compile(c *class, side int, m *method) {
	code, err := compiler.Compile(m.Text(), m.Method, scope{t, c, side},
		compiler.Options{NoSource: !t.options.KeepSource, UndeclaredIsError: t.options.Strict})
	if err != nil {
		t.problems.add(err)
		return
	}
	m.code = code
	for _, w := range code.Warnings {
		if w.Kind != compiler.Undeclared {
			t.notes = append(t.notes, w.Where)
			continue
		}
		t.warn(w.Where)
		t.addGlobal(w.Name)
	}
	t.checkLiterals(m)
}

// checkLiterals finds literals whose class the tree lacks.
func (t *tree) checkLiterals(m *method) {
	ast.Walk(m.Method, func(n ast.Node) bool {
		if missing := t.missingClass(n); missing != "" {
			t.problems.add(parser.NewError(m.Text(), n.Range().Start, "this literal needs a class %s, which the sources do not have", missing))
		}
		return true
	})
	var check func(blocks []*compiler.Block)
	check = func(blocks []*compiler.Block) {
		for _, b := range blocks {
			for _, name := range []string{"CompiledBlock", "FullBlockClosure"} {
				if t.byName[name] == nil {
					t.problems.add(parser.NewError(m.Text(), b.Span.Start, "this block needs a class %s, which the sources do not have", name))
				}
			}
			check(b.Blocks())
		}
	}
	check(m.code.Blocks())
}

// missingClass names the class that a literal needs and the tree lacks, if any.
func (t *tree) missingClass(n ast.Node) string {
	need := func(names ...string) string {
		if t.class(names...) == nil {
			return names[0]
		}
		return ""
	}
	switch n := n.(type) {
	case *ast.Integer:
		return t.missingForInteger(n.Value)
	case *ast.Float:
		if _, ok := heap.FromSmallFloat(n.Value); ok && t.smallFloats() != nil {
			return ""
		}
		if t.boxedFloats() == nil {
			return "BoxedFloat64"
		}
	case *ast.Fraction:
		return need("Fraction")
	case *ast.ScaledDecimal:
		return need("ScaledDecimal")
	case *ast.Character:
		return need("Character")
	case *ast.String:
		if !isLatin1(n.Value) {
			return need("WideString")
		}
		if t.knownAt(heap.ClassByteString) == nil {
			return "ByteString"
		}
	case *ast.Symbol:
		if !isLatin1(n.Value) {
			return need("WideSymbol")
		}
	case *ast.ByteArray:
		return need("ByteArray")
	}
	return ""
}

func (t *tree) missingForInteger(v *big.Int) string {
	switch {
	case v.IsInt64() && heap.FitsInt(v.Int64()):
		return ""
	case v.Sign() > 0 && t.byName["LargePositiveInteger"] == nil:
		return "LargePositiveInteger"
	case v.Sign() < 0 && t.byName["LargeNegativeInteger"] == nil:
		return "LargeNegativeInteger"
	}
	return ""
}

// knownAt answers the class that has an index of its own, or nil.
func (t *tree) knownAt(index uint32) *class {
	for _, k := range knownClasses {
		if k.index == index {
			return t.known(k)
		}
	}
	return nil
}

func (t *tree) boxedFloats() *class { return t.knownAt(heap.ClassFloat) }

// smallFloats answers the class of immediate floats. A tree that has only one class
// of floats has it for both.
func (t *tree) smallFloats() *class {
	if c := t.knownAt(heap.ClassSmallFloat); c != nil {
		return c
	}
	return t.boxedFloats()
}

// isLatin1 tells whether every character fits a byte.
func isLatin1(s string) bool {
	for _, r := range s {
		if r > 0xff {
			return false
		}
	}
	return true
}
