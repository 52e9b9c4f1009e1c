package ast

import (
	"math/big"
	"reflect"
	"testing"
)

func TestPosition(t *testing.T) {
	whole := NewSource("f.st", "ab\ncdé\r\nf\rg")
	tests := []struct{ offset, line, column int }{
		{0, 1, 1}, {2, 1, 3}, {3, 2, 1}, {5, 2, 3}, {7, 2, 4}, {9, 3, 1}, {10, 3, 2}, {11, 4, 1}, {12, 4, 2},
		{-1, 1, 1}, {99, 4, 2},
	}
	for _, tt := range tests {
		if got, want := whole.Position(tt.offset), (Position{"f.st", tt.line, tt.column}); got != want {
			t.Errorf("offset %d: got %v, want %v", tt.offset, got, want)
		}
	}
	pieces := &Source{Text: "bar: x\n\t^ x", Pieces: []Piece{{0, 7, 8}, {6, 7, 16}}}
	for _, tt := range []struct{ offset, line, column int }{
		{0, 7, 8}, {5, 7, 13}, {6, 7, 16}, {7, 8, 1}, {10, 8, 4},
	} {
		if got, want := pieces.Position(tt.offset), (Position{"", tt.line, tt.column}); got != want {
			t.Errorf("pieces, offset %d: got %v, want %v", tt.offset, got, want)
		}
	}
	if got := (Position{"", 3, 4}).String(); got != "3:4" {
		t.Errorf("position without file is %q", got)
	}
}

func TestExcerpt(t *testing.T) {
	s := NewSource("", "one\n\tzwei é drei\nend")
	if got, want := s.Excerpt(13), "\tzwei é drei\n\t       ^"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := s.Excerpt(len(s.Text)), "end\n   ^"; got != want {
		t.Errorf("at the end: got %q, want %q", got, want)
	}
	// A method that was cut out of a file shows the line of the file.
	part := &Source{Text: "bar: x\n\t^ é+zork", Pieces: []Piece{{0, 2, 8}, {6, 2, 16}}, Whole: "Foo\r\nFoo >> bar: x [\r\n\t^ é+zork ]"}
	if got, want := part.Excerpt(4), "Foo >> bar: x [\n           ^"; got != want {
		t.Errorf("in a file: got %q, want %q", got, want)
	}
	if got, want := part.Excerpt(13), "\t^ é+zork ]\n\t    ^"; got != want {
		t.Errorf("in a file: got %q, want %q", got, want)
	}
	if got := s.Offset(9, 9); got != len(s.Text) {
		t.Errorf("a place past the end is offset %d", got)
	}
	if got := s.Slice(Span{4, 99}); got != s.Text[4:] {
		t.Errorf("slice is %q", got)
	}
}

func v(name string) *Variable { return &Variable{Name: name} }

func send(r Expr, selector string, args ...Expr) *Send {
	return &Send{Receiver: r, Message: Message{Selector: selector, Args: args}}
}

// TestPrint pins the canonical form, and above all where parentheses stand.
func TestPrint(t *testing.T) {
	one := &Integer{Value: big.NewInt(1)}
	minus := &Integer{Value: big.NewInt(-1)}
	tests := []struct {
		node Node
		want string
	}{
		{send(send(v("a"), "b"), "c"), "a b c"},
		{send(send(v("a"), "+", v("b")), "c"), "(a + b) c"},
		{send(v("a"), "+", send(v("b"), "+", v("c"))), "a + (b + c)"},
		{send(v("a"), "+", send(v("b"), "c")), "a + b c"},
		{send(send(v("a"), "+", v("b")), "-", minus), "a + b - -1"},
		{send(send(v("a"), "x:", v("b")), "y:", v("c")), "(a x: b) y: c"},
		{send(v("a"), "x:y:", send(v("b"), "+", v("c")), send(v("d"), "z:", one)), "a x: b + c y: (d z: 1)"},
		{send(&Assign{Target: v("a"), Value: one}, "b"), "(a := 1) b"},
		{&Assign{Target: v("a"), Value: &Assign{Target: v("b"), Value: one}}, "a := b := 1"},
		{&Cascade{Receiver: send(v("a"), "+", v("b")), Messages: []*Message{{Selector: "c"}, {Selector: "d:", Args: []Expr{one}}}},
			"(a + b) c; d: 1"},
		{&Cascade{Receiver: send(v("a"), "+", v("b")), Messages: []*Message{{Selector: "d:", Args: []Expr{one}}, {Selector: "c"}}},
			"a + b d: 1; c"},
		{&Block{Body: &Sequence{}}, "[ ]"},
		{&Block{Params: []*Variable{v("x")}, Body: &Sequence{Statements: []Statement{&Return{Value: v("x")}}}}, "[ :x | ^ x ]"},
		{&Block{Body: &Sequence{Temps: []*Variable{v("t")}, Statements: []Statement{v("t"), one}}}, "[\n\t| t |\n\tt.\n\t1 ]"},
		{&Brace{Elements: []Expr{one, &Assign{Target: v("a"), Value: one}}}, "{ 1. a := 1 }"},
		{&Variable{Name: "Foo", Namespace: "Smalltalk"}, "Smalltalk.Foo"},
		{&Fraction{Value: big.NewRat(-1, 20)}, "-5e-2"},
		{&ScaledDecimal{Value: big.NewRat(157, 50), Scale: 1}, "3.14s1"},
		{&Float{Value: 1e100}, "1.0e100"},
		{&Float{Value: 1e-7}, "1.0e-7"},
		{&Float{Value: 100}, "100.0"},
		{&Character{Value: 'é'}, "$é"},
		{&String{Value: "it's"}, "'it''s'"},
		{&Symbol{Value: "at:put:"}, "#at:put:"},
		{&Symbol{Value: "->"}, "#->"},
		{&Symbol{Value: "at:put"}, "#'at:put'"},
		{&Symbol{Value: "1a"}, "#'1a'"},
		{&Symbol{Value: "a:1:"}, "#'a:1:'"},
		{&Symbol{Value: ":"}, "#':'"},
		{&Symbol{Value: ""}, "#''"},
		{&LiteralArray{Elements: []Literal{&Constant{Kind: True}, &Symbol{Value: "true"}, &ByteArray{Value: []byte{1, 2}}}}, "#(true #true #[1 2])"},
		{&Binding{Variable: v("Foo")}, "#{Foo}"},
		{&Pragma{Selector: "a:", Args: []Expr{&Symbol{Value: "+"}}}, "<a: #+ >"},
		{&Method{Selector: "at:put:", Params: []*Variable{v("i"), v("x")}, Pragmas: []*Pragma{{Selector: "foo"}},
			Body: &Sequence{Temps: []*Variable{v("t")}, Statements: []Statement{one, &Return{Value: v("t")}}}},
			"at: i put: x\n\t<foo>\n\t| t |\n\t1.\n\t^ t"},
	}
	for _, tt := range tests {
		if got := Print(tt.node); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}

func TestEqual(t *testing.T) {
	a := func() Node {
		return &Method{Selector: "a", Body: &Sequence{Statements: []Statement{
			send(v("x"), "+", &Integer{Value: big.NewInt(3)}), &ScaledDecimal{Value: big.NewRat(1, 2)}}}}
	}
	b := a().(*Method)
	b.Span = Span{1, 2}
	b.Comments = []Comment{{Text: "c"}}
	if !Equal(a(), b) {
		t.Error("spans and comments make a difference")
	}
	b.Body.Statements[0].(*Send).Message.Args[0].(*Integer).Value.SetInt64(4)
	if Equal(a(), b) {
		t.Error("3 equals 4")
	}
	different := []Node{nil, v("a"), v("b"), &Symbol{Value: "a"}, &Float{}, &Float{Value: 1 / negativeInfinity()},
		&Constant{Kind: Nil}, &Constant{Kind: True}, &Sequence{}, &Sequence{Temps: []*Variable{v("a")}}}
	for i, x := range different {
		for j, y := range different {
			if Equal(x, y) != (i == j) {
				t.Errorf("Equal(%v, %v) is %v", x, y, i != j)
			}
		}
	}
}

func negativeInfinity() float64 {
	zero := 0.0
	return -1 / zero
}

func TestWalk(t *testing.T) {
	m := &Method{Selector: "m:", Params: []*Variable{v("p")}, Pragmas: []*Pragma{{Args: []Expr{v("g")}}},
		Body: &Sequence{Temps: []*Variable{v("t")}, Statements: []Statement{
			&Assign{Target: v("a"), Value: send(v("b"), "x:", v("c"))},
			&Cascade{Receiver: v("d"), Messages: []*Message{{Args: []Expr{v("e")}}, {Args: []Expr{v("f")}}}},
			&Return{Value: &Block{Params: []*Variable{v("h")}, Body: &Sequence{Statements: []Statement{
				&Brace{Elements: []Expr{v("i"), &LiteralArray{Elements: []Literal{&Binding{Variable: v("j")}}}}}}}}},
		}}}
	var names []string
	Walk(m, func(n Node) bool {
		if x, ok := n.(*Variable); ok {
			names = append(names, x.Name)
		}
		return true
	})
	if want := []string{"p", "g", "t", "a", "b", "c", "d", "e", "f", "h", "i", "j"}; !reflect.DeepEqual(names, want) {
		t.Errorf("visited %v, want %v", names, want)
	}
	count := 0
	Walk(m, func(Node) bool { count++; return false })
	if count != 1 {
		t.Errorf("visited %d nodes below one that was refused", count-1)
	}
}

func TestDoIt(t *testing.T) {
	tests := []struct {
		statements []Statement
		want       string
	}{
		{nil, "DoIt\n\t^ nil"},
		{[]Statement{v("a"), v("b")}, "DoIt\n\ta.\n\t^ b"},
		{[]Statement{v("a"), &Return{Value: v("b")}}, "DoIt\n\ta.\n\t^ b"},
	}
	for _, tt := range tests {
		s := &Sequence{Statements: tt.statements}
		if got := Print(DoIt(s)); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
		if len(s.Statements) != len(tt.statements) {
			t.Error("the sequence was changed")
		}
	}
}

func TestSelectorArgs(t *testing.T) {
	for selector, want := range map[string]int{"foo": 0, "_": 0, "é": 0, "+": 1, "->": 1, "≤": 1, "at:": 1, "at:put:": 2} {
		if got := SelectorArgs(selector); got != want {
			t.Errorf("%s: %d, want %d", selector, got, want)
		}
	}
}
