package parser

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/sista-vm/sista/smalltalk/ast"
)

var gnu = Options{DottedNames: true, UnderscoreAssignment: true}

func source(text string) *ast.Source { return ast.NewSource("", text) }

func TestExpressions(t *testing.T) {
	tests := []struct{ text, want string }{
		// Precedence.
		{"a b c", "((a b) c)"},
		{"a + b * c", "((a + b) * c)"},
		{"a b + c d", "((a b) + (c d))"},
		{"a at: b + c d put: e f", "(a at:put: (b + (c d)) (e f))"},
		{"a foo: (b bar: c)", "(a foo: (b bar: c))"},
		{"a := b := c d", "(a := (b := (c d)))"},
		{"(a := b) c", "((a := b) c)"},
		{"super foo + super bar", "((super foo) + (super bar))"},
		{"thisContext sender", "(thisContext sender)"},
		{"a at:1put:2", "(a at:put: 1 2)"},
		{"x:=3", "(x := 3)"},
		{"x Foo: 1 BAR: 2", "(x Foo:BAR: 1 2)"},
		{"a_b c_d: _e", "(a_b c_d: _e)"},
		{"größe λ: ñ", "(größe λ: ñ)"},
		// Binary selectors and the minus sign.
		{"a -> b ==> c >= d ~~ e >> f <=> g", "((((((a -> b) ==> c) >= d) ~~ e) >> f) <=> g)"},
		{"a , b | c & d", "(((a , b) | c) & d)"},
		{"a || b", "(a || b)"},
		{"3-4", "(3 - 4)"},
		{"3 -4", "(3 - 4)"},
		{"3 - -4", "(3 - -4)"},
		{"3--4", "(3 - -4)"},
		{"x-1", "(x - 1)"},
		{"x>-1", "(x > -1)"},
		{"2**-1", "(2 ** -1)"},
		{"-4 abs", "(-4 abs)"},
		{"a -- b", "(a -- b)"},
		{"a ≤ b", "(a ≤ b)"},
		{"a ! b", "(a ! b)"},
		// Cascades.
		{"a foo; bar", "(a ;foo ;bar)"},
		{"a b foo; + 1; at: 2 put: 3; yourself", "((a b) ;foo ;+ 1 ;at:put: 2 3 ;yourself)"},
		{"a + b; c", "(a ;+ b ;c)"},
		{"a + b foo: c; bar: d", "((a + b) ;foo: c ;bar: d)"},
		{"(a foo; bar) baz; zork", "((a ;foo ;bar) ;baz ;zork)"},
		{"super foo; bar", "(super ;foo ;bar)"},
		{"(a foo) bar; baz", "((a foo) ;bar ;baz)"},
		{"a foo: b; bar :: baz + 1; c :: d", "((((a ;foo: b ;bar) baz) ;+ 1 ;c) d)"},
		// Blocks.
		{"[]", "[ : ]"},
		{"[:a]", "[a : ]"},
		{"[:a|]", "[a : ]"},
		{"[:a|a]", "[a : a]"},
		{"[: a :b | a. b]", "[a b : a. b]"},
		{"[:a||b| b]", "[a : |b| b]"},
		{"[:a | | b | b]", "[a : |b| b]"},
		{"[|a b|a.b]", "[ : |a b| a. b]"},
		{"[||a]", "[ : a]"},
		{"[^a]", "[ : ^a]"},
		{"[:x | x a. ^ b ] value: 3", "([x : (x a). ^b] value: 3)"},
		{"[a.]", "[ : a]"},
		// Braces.
		{"{}", "{}"},
		{"{a}", "{a}"},
		{"{a b. c := d. e f; g.}", "{(a b). (c := d). (e ;f ;g)}"},
		// Expressions evaluated by the compiler elsewhere.
		{"`3 + 4` foo", "((3 + 4) foo)"},
		{"a at: ##(1. 2) put: ##(| t | t := 3)", "(a at:put: ([ : 1. 2] value) ([ : |t| (t := 3)] value))"},
		{"``", "([ : ] value)"},
		// Literals.
		{"nil foo: true bar: false", "(nil foo:bar: true false)"},
		{"'it''s'", `"it's"`},
		{"''", `""`},
		{"''''", `"'"`},
		{"'a\"b!c'", `"a\"b!c"`},
		{"$a foo: $ ", "($U+0061 foo: $U+0020)"},
		{"$'", "$U+0027"},
		{"$€", "$U+20AC"},
		{"$<", "$U+003C"},
		{"#foo", "#foo"},
		{"#foo:bar:", "#foo:bar:"},
		{"#foo:bar", "#foo:bar"},
		{"#+ foo", "(#+ foo)"},
		{"#->", "#->"},
		{"#'any thing'", "#any thing"},
		{"#''", "#"},
		{"##sym", "#sym"},
		{"#a_b", "#a_b"},
		{"#(1 -2 3.5 $a 'x' #foo foo foo: foo:bar: + - #+ nil true false)",
			`#(1 -2 0x1.cp+01 $U+0061 "x" #foo #foo #foo: #foo:bar: #+ #- #+ nil true false)`},
		{"#(1 (2 3) #(4) #[5] [6 7] ())", "#(1 #(2 3) #(4) #[5] #[6 7] #())"},
		{"#(#nil self super thisContext)", "#(#nil #self #super #thisContext)"},
		{"#(- 1 -1 3-4)", "#(#- 1 -1 3 -4)"},
		{"#(a:=b ^ ; . )", "#(#a #:= #b #^ #; #.)"},
		{"#[]", "#[]"},
		{"#[0 255 16rFF 2r11]", "#[0 255 255 3]"},
		{"#{Foo}", "#{Foo}"},
		{"#{Smalltalk.Foo}", "#{Smalltalk::Foo}"},
		{"#(#{Foo} 1)", "#(#{Foo} 1)"},
		// Sequences, comments, white space.
		{"", ""},
		{"  \"only a comment\" ", ""},
		{"a. . b.", "a. b"},
		{"| a b | a", "|a b| a"},
		{"| a | | b | a. b", "|a b| a. b"},
		{"| a | a := 1. | b | b := 2", "|a b| (a := 1). (b := 2)"},
		{"|a|-1", "|a| -1"},
		{"|| a", "a"},
		{"a \"one\" b \"say \"\"two\"\"\" c", "((a b) c)"},
		{"a\r\nb.\rc", "(a b). c"},
		{"\uFEFFa\u00A0b", "(a b)"},
		{"^ a foo. b", "^(a foo). b"},
	}
	for _, tt := range tests {
		s, err := ParseDoIt(source(tt.text), Options{})
		if err != nil {
			t.Errorf("%s:\n%s", tt.text, err.(*Error).Format())
			continue
		}
		if got := dump(s); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.text, got, tt.want)
		}
		roundTrip(t, s)
	}
}

// roundTrip checks that the printed form of a tree reads as an equal tree.
func roundTrip(t *testing.T, n ast.Node) {
	t.Helper()
	text := ast.Print(n)
	var again ast.Node
	var err error
	if _, ok := n.(*ast.Method); ok {
		again, err = ParseMethod(source(text), Options{})
	} else {
		again, err = ParseDoIt(source(text), Options{})
	}
	if err != nil {
		t.Errorf("printed form %q does not parse:\n%s", text, err.(*Error).Format())
		return
	}
	if !ast.Equal(n, again) {
		t.Errorf("printed form %q reads as %s, not %s", text, dump(again), dump(n))
	}
	if text2 := ast.Print(again); text2 != text {
		t.Errorf("printed twice: %q, then %q", text, text2)
	}
}

func TestDialectOptions(t *testing.T) {
	tests := []struct{ text, plain, gnu string }{
		{"x _ y", "((x _) y)", "(x := y)"},
		{"x ← y _ 3", "", "(x := (y := 3))"},
		{"[:_ | _ foo]", "[_ : (_ foo)]", "[_ : (_ foo)]"},
		{"a_b foo", "(a_b foo)", "(a_b foo)"},
		{"Smalltalk.Foo bar", "Smalltalk. (Foo bar)", "(Smalltalk::Foo bar)"},
		{"Smalltalk.Sub.Foo", "Smalltalk. Sub. Foo", "Smalltalk.Sub::Foo"},
		{"a Foo.Bar", "(a Foo). Bar", "(a Foo). Bar"},
		{"x.Foo", "x. Foo", "x. Foo"},
		{"X.foo", "X. foo", "X. foo"},
		{"X.Foo: 3", "", ""},
		{"$<65> foo", "", "($U+0041 foo)"},
		{"$<16r20AC>", "", "$U+20AC"},
		{"a < $<", "(a < $U+003C)", "(a < $U+003C)"},
	}
	for _, tt := range tests {
		for i, opt := range []Options{{}, gnu} {
			want := [...]string{tt.plain, tt.gnu}[i]
			s, err := ParseDoIt(source(tt.text), opt)
			if err != nil {
				if want != "" {
					t.Errorf("%s: %v", tt.text, err)
				}
				continue
			}
			if got := dump(s); got != want {
				t.Errorf("%s (%+v): got %s, want %s", tt.text, opt, got, want)
			}
		}
	}
}

func TestNumbers(t *testing.T) {
	tests := []struct{ text, want string }{
		{"0", "0"},
		{"1_000_000", "1000000"},
		{"-5", "-5"},
		{"16rFF", "255"},
		{"16rff", "255"},
		{"16rfF", "255"},
		{"-16rFF", "-255"},
		{"16r-FF", "-255"},
		{"36rZZ", "1295"},
		{"2r1010", "10"},
		{"1e10", "10000000000"},
		{"2r1e4", "16"},
		{"16r1e4", "484"}, // e is a digit
		{"100e-2", "1"},
		{"5e-2", "1/20"},
		{"-5e-2", "-1/20"},
		{"2r11e-8", "3/256"},
		{"3r1e-2", "1/9"},
		{"12r1e-1", "1/12"},
		{"123456789012345678901234567890", "123456789012345678901234567890"},
		{"-9223372036854775808", "-9223372036854775808"},
		{"16rFFFFFFFFFFFFFFFFF", "295147905179352825855"},
		{"3s", "3/1s0"},
		{"3s2", "3/1s2"},
		{"3.14s2", "157/50s2"},
		{"3.14s", "157/50s2"},
		{"-0.5s4", "-1/2s4"},
		{"2 s", "(2 s)"},
		{"2sqrt", "(2 sqrt)"},
		{"2s: 3", "(2 s: 3)"},
		{"2even", "(2 even)"},
		{"10rounded", "(10 rounded)"},
		{"3.", "3"},
		{"3.foo", "3. foo"},
		{"1.e5", "1. e5"},
	}
	for _, tt := range tests {
		s, err := ParseDoIt(source(tt.text), Options{})
		if err != nil {
			t.Errorf("%s: %v", tt.text, err)
			continue
		}
		if got := dump(s); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.text, got, tt.want)
		}
		roundTrip(t, s)
	}
}

func TestFloats(t *testing.T) {
	tests := []struct {
		text string
		want float64
	}{
		{"1.5", 1.5},
		{"1.5e-3", 1.5e-3},
		{"1.0e10", 1e10},
		{"1.5d2", 150},
		{"1.5q2", 150},
		{"-1.5", -1.5},
		{"0.1", 0.1},
		{"2r1.1", 1.5},
		{"2r1.1e4", 24},
		{"16rF.8", 15.5},
		{"3r0.1", 1.0 / 3},
		{"1.7976931348623157e308", math.MaxFloat64},
		{"5.0e-324", math.SmallestNonzeroFloat64},
		{"2.2250738585072011e-308", 2.2250738585072011e-308},
		{"9007199254740993.0", 9007199254740992}, // a tie goes to even
		{"9007199254740993.00000000000000000000000001", 9007199254740994},
		{"1.0e400", math.Inf(1)},
		{"-1.0e400", math.Inf(-1)},
		{"1.0e-400", 0},
		{"-0.0", math.Copysign(0, -1)},
		{"-2r0.0", math.Copysign(0, -1)},
		{"1_0.2_5", 10.25},
	}
	for _, tt := range tests {
		l, err := ParseLiteral(source(tt.text), Options{})
		if err != nil {
			t.Errorf("%s: %v", tt.text, err)
			continue
		}
		f, ok := l.(*ast.Float)
		if !ok || math.Float64bits(f.Value) != math.Float64bits(tt.want) {
			t.Errorf("%s: got %s, want %x", tt.text, dump(l), tt.want)
		}
		roundTrip(t, &ast.Sequence{Statements: []ast.Statement{l}})
	}
}

func TestMethods(t *testing.T) {
	tests := []struct{ text, want string }{
		{"foo", "method foo "},
		{"foo ^ 3", "method foo ^3"},
		{"+ other\n\t^ other", "method + other ^other"},
		{"- other ^ 1", "method - other ^1"},
		{"| other ^ 1", "method | other ^1"},
		{"at: i put: x | t | t := i", "method at:put: i x |t| (t := i)"},
		{"foo <bar> ^ 1", "method foo <bar> ^1"},
		{"foo <bar><baz: 1 zork: #x> ^ 1", "method foo <bar> <baz:zork: 1 #x> ^1"},
		{"foo <a: -1 b: $c c: 'd' d: #(1 e) e: #[1] f: nil g: Name>", `method foo <a:b:c:d:e:f:g: -1 $U+0063 "d" #(1 #e) #[1] nil Name> `},
		{"foo | t | <bar> ^ 1", "method foo <bar> |t| ^1"},
		{"foo <bar> | t | <baz> ^ 1", "method foo <bar> <baz> |t| ^1"},
		{"foo | t |<bar>^1", "method foo <bar> |t| ^1"},
		{"foo <primitive: 60> ^ 1", "method foo <primitive: 60> ^1"},
		{"foo <cdecl: ulong 'f' (void) module: 'x'>", `method foo <cdecl: "ulong 'f' (void) module: 'x'"> `},
		{"foo 1. <2", ""},
	}
	for _, tt := range tests {
		m, err := ParseMethod(source(tt.text), Options{})
		if err != nil {
			if tt.want != "" {
				t.Errorf("%s:\n%s", tt.text, err.(*Error).Format())
			}
			continue
		}
		if got := dump(m); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.text, got, tt.want)
		}
		roundTrip(t, m)
	}
}

func TestPrimitives(t *testing.T) {
	tests := []struct {
		pragma       string
		number       int
		name, module string
		errorCode    string
	}{
		{"<primitive: 60>", 60, "", "", ""},
		{"<primitive: 60 error: ec>", 60, "", "", "ec"},
		{"<primitive: 'f'>", 117, "f", "", ""},
		{"<primitive: 'f' module: 'M'>", 117, "f", "M", ""},
		{"<primitive: 'f' module: 'M' error: code>", 117, "f", "M", "code"},
		{"<primitive: 'f' error: code module: 'M'>", 117, "f", "M", "code"},
		{"<primitive: #f module: #M error: 'code'>", 117, "f", "M", "code"},
	}
	for _, tt := range tests {
		m, err := ParseMethod(source("foo "+tt.pragma), Options{})
		if err != nil {
			t.Errorf("%s: %v", tt.pragma, err)
			continue
		}
		got, code := *m.Primitive, ""
		if got.ErrorCode != nil {
			code = got.ErrorCode.Name
		}
		if got.Number != tt.number || got.Name != tt.name || got.Module != tt.module || code != tt.errorCode {
			t.Errorf("%s: got %+v, error code %q", tt.pragma, got, code)
		}
	}
}

func TestComments(t *testing.T) {
	m, err := ParseMethod(source("foo \"one\" | a | \"say \"\"two\"\"\" ^ a \"three\""), Options{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range m.Comments {
		got = append(got, c.Text)
	}
	if want := `one,say "two",three`; strings.Join(got, ",") != want {
		t.Errorf("comments %q, want %s", got, want)
	}
}

// TestSpans checks that every node covers exactly the text it was read from:
// the text of each span, parsed for itself, gives the node again.
func TestSpans(t *testing.T) {
	text := "foo: a\n\t<bar: #(1 x (2))>\n\t| t |\n\tt := (a + 1) foo: [:x | x bar; baz: {1. 'é'}] put: (3 zork).\n\t^ (t at: -5) not"
	m, err := ParseMethod(source(text), Options{})
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	ast.Walk(m, func(n ast.Node) bool {
		slice := text[n.Range().Start:n.Range().End]
		e, ok := n.(ast.Expr)
		if !ok {
			return true
		}
		if _, ok := n.(*ast.Symbol); ok && slice == "x" {
			return true // without its # only within an array
		}
		if _, ok := n.(*ast.LiteralArray); ok && slice[0] == '(' {
			return true
		}
		s, err := ParseDoIt(source(slice), Options{})
		if err != nil || len(s.Statements) != 1 {
			t.Errorf("span of %s is %q: %v", dump(n), slice, err)
		} else if !ast.Equal(s.Statements[0], e) {
			t.Errorf("span of %s is %q", dump(n), slice)
		}
		checked++
		return true
	})
	if checked < 20 {
		t.Errorf("only %d nodes visited", checked)
	}
	for i, want := range []string{"foo:"} {
		if s := m.SelectorParts[i]; text[s.Start:s.End] != want {
			t.Errorf("selector part %d is %q", i, text[s.Start:s.End])
		}
	}
}

func TestPattern(t *testing.T) {
	p, err := ParsePattern(source("at: i put: x \"comment\" "), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if p.Selector != "at:put:" || len(p.Params) != 2 || p.End != len("at: i put: x") {
		t.Errorf("got %+v", p)
	}
	if _, err := ParsePattern(source("at: i ^ 3"), Options{}); err == nil {
		t.Error("more than a pattern is taken")
	}
}

func TestLimits(t *testing.T) {
	const many = 100_000
	deep := map[string]string{
		"parens":          strings.Repeat("(", many),
		"blocks":          strings.Repeat("[", many),
		"closed blocks":   strings.Repeat("[", many) + strings.Repeat("]", many),
		"braces":          strings.Repeat("{", many),
		"arrays":          strings.Repeat("#(", many),
		"inner arrays":    "#(" + strings.Repeat("(", many),
		"assignments":     strings.Repeat("a := ", many) + "1",
		"unary":           "a" + strings.Repeat(" b", many),
		"binary":          "a" + strings.Repeat(" + b", many),
		"arguments":       strings.Repeat("a foo: (", many),
		"blocks in sends": strings.Repeat("a foo: [:x | x bar: {", many),
		"both": strings.Repeat("(", 900) + "a" +
			strings.Repeat(strings.Repeat(" b", 1000)+")", 900),
	}
	for name, text := range deep {
		_, err := ParseDoIt(source(text), Options{})
		var e *Error
		if !errors.As(err, &e) || !strings.Contains(e.Message, "at most") {
			t.Errorf("%s: %v", name, err)
		}
	}
	fine := strings.Repeat("(", 900) + "a" + strings.Repeat(")", 900) + strings.Repeat(" b", 5000)
	if _, err := ParseDoIt(source(fine), Options{}); err != nil {
		t.Error(err)
	}
}

// FuzzParseMethod checks that no text makes the parser panic or hang, and that
// what parses prints and parses to the same.
func FuzzParseMethod(f *testing.F) {
	for _, seed := range []string{
		"foo", "at: x put: y <primitive: 60 error: ec> | t | ^ self error: ec",
		"+ x [:a :b | a foo; bar: 3; + {1. $a. 'x'}] value", "a ^ #(1 foo: (x) [1 2] nil #(#+ -)) , #[1 2]",
		"a ^ 16rFF + -5 - 1e10 + 2r1e4 * 1.5e-3 / 3.14s2", "a Smalltalk.Foo x _ 3. $<65>", "a <cdecl: void 'f' (char *)> <b: #+ >",
	} {
		f.Add(seed, true)
		f.Add(seed, false)
	}
	f.Fuzz(func(t *testing.T, text string, dialect bool) {
		opt := Options{}
		if dialect {
			opt = gnu
		}
		m, err := ParseMethod(source(text), opt)
		if err != nil {
			e := err.(*Error)
			if e.Offset < 0 || e.Offset > len(text) {
				t.Fatalf("offset %d of an error in %d bytes", e.Offset, len(text))
			}
			e.Format()
			return
		}
		ast.Walk(m, func(n ast.Node) bool {
			if r := n.Range(); r.Start < 0 || r.Start > r.End || r.End > len(text) {
				t.Fatalf("%T has span %v in %d bytes", n, r, len(text))
			}
			return true
		})
		printed := ast.Print(m)
		again, err := ParseMethod(source(printed), opt)
		if err != nil {
			t.Fatalf("%q printed as %q: %v", text, printed, err)
		}
		if !ast.Equal(m, again) {
			t.Fatalf("%q printed as %q: another tree", text, printed)
		}
	})
}
