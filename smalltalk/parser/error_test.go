package parser

import (
	"strings"
	"testing"

	"github.com/sista-vm/sista/smalltalk/ast"
)

// TestErrors pins place and wording. The place is where the ¦ stands in the
// text, which is taken out before parsing.
func TestErrors(t *testing.T) {
	tests := []struct{ text, want string }{
		{"¦", "expected a method's selector, found the end"},
		{"¦3", "expected a method's selector, found number 3"},
		{"+ ¦", "expected the parameter of +, found the end"},
		{"at: x put: ¦^ 3", "expected the parameter of put:, found '^'"},
		{"at: ¦self", "'self' cannot be declared: it is a reserved name"},
		{"foo x := 3 +¦", "expected the argument of +, found the end"},
		{"foo x := (3 + 4¦", "expected a message or ')' for the '(' of line 1, column 10, found the end"},
		{"foo x := (3 + 4¦]", "expected a message or ')' for the '(' of line 1, column 10, found ']'"},
		{"foo [:x | x ¦)", "expected a message, '.' or ']', found ')'"},
		{"foo [:x | x¦", "expected ']' for the '[' of line 1, column 5, found the end"},
		{"foo [:x ¦foo]", "expected another parameter, '|' or ']', found 'foo'"},
		{"foo [:¦3 | ]", "expected a block parameter's name, found number 3"},
		{"foo a b¦]", "expected a message, '.' or the end, found ']'"},
		{"foo a ¦3", "expected a message, '.' or the end, found number 3"},
		{"foo a := 3\n\t¦'x' foo", "expected a message, '.' or the end, found a string"},
		{"foo a foo: ¦;", "expected the argument of foo:, found ';'"},
		{"foo a¦; bar", "expected a message before the cascade, found ';'"},
		{"foo (a foo)¦; bar", "expected a message before the cascade, found ';'"},
		{"foo a bar; ¦.", "expected a message after ';', found '.'"},
		{"foo a b :: ¦.", "expected a message after '::', found '.'"},
		{"foo ^ ¦", "expected an expression, found the end"},
		{"foo ^ ¦^ a", "expected an expression, found '^'"},
		{"foo ^ super¦", "expected a message to super, found the end"},
		{"foo a + super¦.", "expected a message to super, found '.'"},
		{"foo ¦self := 3", "'self' cannot be assigned to"},
		{"foo ¦nil := 3", "'nil' cannot be assigned to"},
		{"foo ¦3 := 4", ""},
		{"foo | a ¦3 |", "expected a temporary's name or '|', found number 3"},
		{"foo | a ¦", "expected a temporary's name or '|', found the end"},
		{"foo ^ ¦'abc", "string is not closed: expected ''' before the end"},
		{"foo ¦\"abc", "comment is not closed: expected '\"' before the end"},
		{"foo ^ ¦$", "expected a character after '$'"},
		{"foo ^ ¦# a", "expected a symbol, '(', '[' or '{' after '#'"},
		{"foo ^ ¦¢", "character '¢' has no meaning here"},
		{"foo ^ ¦\x00", "character U+0000 has no meaning here"},
		{"foo ^ ¦\xff", "byte 16rFF is not valid UTF-8"},
		{"foo ^ #(1 2¦", "expected ')' for the '#(' of line 1, column 7, found the end"},
		{"foo ^ #(1 ¦]", "expected an element of the array or ')', found ']'"},
		{"foo ^ #[1 ¦256]", "expected a byte (0 to 255), found number 256"},
		{"foo ^ #[1 ¦a]", "expected a byte (0 to 255) or ']' for the '#[' of line 1, column 7, found 'a'"},
		{"foo ^ {1. 2¦", "expected a message, '.' or '}' for the '{' of line 1, column 7, found the end"},
		{"foo ^ ¦37rZZ", "the radix of a number must be between 2 and 36, not 37"},
		{"foo ^ 2r¦3", "3 is not a digit of radix 2"},
		{"foo ^ 1¦e1000000000", "exponent is too large: at most 10000"},
		{"foo ^ ##(3¦]", "expected a message, '.' or ')', found ']'"},
		{"foo ^ `3¦", "expected '`' for the '`' of line 1, column 7, found the end"},
		{"foo ^ #{¦3}", "expected a global's name, found number 3"},
		{"foo <¦3>", "expected a pragma's selector, found number 3"},
		{"foo <bar ¦3>", "expected '>' at the end of the pragma, found number 3"},
		{"foo <bar: ¦[]>", "expected a literal, found '['"},
		{"foo <primitive: 1> ¦<primitive: 2>", "a method can have one primitive only"},
		{"foo <primitive: ¦70000>", "a primitive's number must be between 0 and 65535"},
		{"foo <primitive: ¦VMpr_Foo>", "expected a primitive's number, or its name as a string"},
		{"foo ¦<primitive: 1 module: 'x'>", "a primitive of a module needs a name, not a number"},
		{"foo ¦<primitive: 1 bar: 'x'>", "unknown primitive pragma <primitive:bar:>: expected module: or error:"},
		{"foo <primitive: 1 error: ¦3>", "expected the name of a temporary for the error code"},
		{"foo ^ -¦x", ""},
	}
	for _, tt := range tests {
		offset := strings.Index(tt.text, "¦")
		text := strings.Replace(tt.text, "¦", "", 1)
		_, err := ParseMethod(source(text), Options{})
		if err == nil {
			t.Errorf("%q: no error", text)
			continue
		}
		if tt.want == "" {
			continue
		}
		e := err.(*Error)
		if e.Message != tt.want || e.Offset != offset {
			t.Errorf("%q:\n got %s\nwant %s at offset %d", text, e.Format(), tt.want, offset)
		}
		if strings.HasPrefix(e.Message, "expected") && e.Expected != "" && !strings.Contains(e.Message, e.Found) {
			t.Errorf("%q: Found %q is not in %q", text, e.Found, e.Message)
		}
	}
}

func TestErrorFormat(t *testing.T) {
	src := &ast.Source{
		File: "src/Foo.class.st",
		Text: "bar: x\n\t\"größe\" ^ x + ]\n\t\tfoo",
		Pieces: []ast.Piece{
			{Offset: 0, Line: 7, Column: 8},
			{Offset: 6, Line: 7, Column: 16},
		},
	}
	_, err := ParseMethod(src, Options{})
	want := "src/Foo.class.st:8:16: expected the argument of +, found ']'\n" +
		"\t\"größe\" ^ x + ]\n" +
		"\t              ^"
	if got := err.(*Error).Format(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	es := Errors{err.(*Error), err.(*Error)}
	if got := es.Format(); got != want+"\n"+want {
		t.Errorf("both:\n%s", got)
	}
	if Errors(nil).Err() != nil {
		t.Error("no errors are an error")
	}
}
