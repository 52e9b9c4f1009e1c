package parser

import (
	"fmt"
	"strings"

	"github.com/sista-vm/sista/smalltalk/ast"
)

// dump answers a fully parenthesised form of a tree, written apart from
// ast.Print, so that precedence shows.
func dump(n ast.Node) string {
	switch n := n.(type) {
	case *ast.Method:
		s := "method " + n.Selector + names(n.Params)
		for _, g := range n.Pragmas {
			s += " <" + g.Selector + list(g.Args, " ") + ">"
		}
		return s + " " + dump(n.Body)
	case *ast.Sequence:
		s := ""
		if len(n.Temps) > 0 {
			s = "|" + strings.TrimSpace(names(n.Temps)) + "| "
		}
		var st []string
		for _, e := range n.Statements {
			st = append(st, dump(e))
		}
		return s + strings.Join(st, ". ")
	case *ast.Return:
		return "^" + dump(n.Value)
	case *ast.Variable:
		if n.Namespace != "" {
			return n.Namespace + "::" + n.Name
		}
		return n.Name
	case *ast.Assign:
		return "(" + dump(n.Target) + " := " + dump(n.Value) + ")"
	case *ast.Send:
		return "(" + dump(n.Receiver) + " " + dump(&n.Message) + ")"
	case *ast.Message:
		return n.Selector + list(n.Args, " ")
	case *ast.Cascade:
		s := "(" + dump(n.Receiver)
		for _, m := range n.Messages {
			s += " ;" + dump(m)
		}
		return s + ")"
	case *ast.Block:
		return "[" + strings.TrimSpace(names(n.Params)) + " : " + dump(n.Body) + "]"
	case *ast.Brace:
		return "{" + strings.TrimSpace(list(n.Elements, ". ")) + "}"
	case *ast.Integer:
		return n.Value.String()
	case *ast.Fraction:
		return n.Value.String()
	case *ast.Float:
		return fmt.Sprintf("%x", n.Value)
	case *ast.ScaledDecimal:
		return fmt.Sprintf("%ss%d", n.Value, n.Scale)
	case *ast.Character:
		return fmt.Sprintf("$%U", n.Value)
	case *ast.String:
		return fmt.Sprintf("%q", n.Value)
	case *ast.Symbol:
		return "#" + n.Value
	case *ast.LiteralArray:
		return "#(" + strings.TrimSpace(list(n.Elements, " ")) + ")"
	case *ast.ByteArray:
		return fmt.Sprintf("#%v", n.Value)
	case *ast.Constant:
		return n.Kind.String()
	case *ast.Binding:
		return "#{" + dump(n.Variable) + "}"
	}
	panic(fmt.Sprintf("dump %T", n))
}

func names(vars []*ast.Variable) string { return list(vars, " ") }

func list[N ast.Node](nodes []N, separator string) string {
	s := ""
	for i, n := range nodes {
		if i > 0 {
			s += separator
		} else {
			s += " "
		}
		s += dump(n)
	}
	return s
}
