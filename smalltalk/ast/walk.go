package ast

import "fmt"

// Walk calls visit for node and, where visit answers true, for what is inside
// it, in source order. A nil node is not visited.
func Walk(node Node, visit func(Node) bool) {
	if node == nil || !visit(node) {
		return
	}
	switch n := node.(type) {
	case *Method:
		walkAll(n.Params, visit)
		walkAll(n.Pragmas, visit)
		Walk(n.Body, visit)
	case *Pragma:
		walkAll(n.Args, visit)
	case *Sequence:
		walkAll(n.Temps, visit)
		walkAll(n.Statements, visit)
	case *Return:
		Walk(n.Value, visit)
	case *Assign:
		Walk(n.Target, visit)
		Walk(n.Value, visit)
	case *Send:
		Walk(n.Receiver, visit)
		Walk(&n.Message, visit)
	case *Cascade:
		Walk(n.Receiver, visit)
		walkAll(n.Messages, visit)
	case *Message:
		walkAll(n.Args, visit)
	case *Block:
		walkAll(n.Params, visit)
		Walk(n.Body, visit)
	case *Brace:
		walkAll(n.Elements, visit)
	case *LiteralArray:
		walkAll(n.Elements, visit)
	case *Binding:
		Walk(n.Variable, visit)
	case *Variable, *Integer, *Fraction, *Float, *ScaledDecimal, *Character, *String,
		*Symbol, *ByteArray, *Constant:
	default:
		panic(fmt.Sprintf("ast.Walk: node of type %T", node))
	}
}

func walkAll[N Node](nodes []N, visit func(Node) bool) {
	for _, n := range nodes {
		Walk(n, visit)
	}
}
