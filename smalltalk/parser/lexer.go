package parser

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sista-vm/sista/smalltalk/ast"
)

// Kind tells tokens apart.
type Kind uint8

// The kinds of token.
const (
	EOF           Kind = iota
	Identifier         // foo
	Keyword            // foo:
	BinaryOp           // + ->  | is one too
	Assignment         // :=
	Number             // 12 16rFF 1.5e3 2s4
	CharLiteral        // $a
	StringLiteral      // 'text'
	SymbolLiteral      // #foo #foo:bar: #+ #'text'
	HashParen          // #(
	HashBracket        // #[
	HashBrace          // #{
	HashHashParen      // ##(
	Backquote          // `
	OpenParen          // (
	CloseParen         // )
	OpenBracket        // [
	CloseBracket       // ]
	OpenBrace          // {
	CloseBrace         // }
	Caret              // ^
	Period             // .
	Semicolon          // ;
	Colon              // :
)

// Token is a token and its place.
type Token struct {
	Kind Kind
	ast.Span
	// Text is the identifier, keyword (with its colon) or operator as written;
	// the value of a string or symbol.
	Text string
	// Literal is the value of a number or character.
	Literal ast.Literal
}

// describe names a token the way an error message does.
func (t Token) describe(text string) string {
	switch t.Kind {
	case EOF:
		return "the end"
	case StringLiteral:
		return "a string"
	case CharLiteral:
		return "character " + text[t.Start:t.End]
	case SymbolLiteral:
		return "symbol " + text[t.Start:t.End]
	case Number:
		return "number " + text[t.Start:t.End]
	}
	return "'" + text[t.Start:t.End] + "'"
}

// Lexer cuts a text into tokens. Next panics with a *Error at what is no
// token; the exported entry points of this package and Scan catch it.
type Lexer struct {
	src  *ast.Source
	text string
	pos  int
	opt  Options
	// keep says that comments are collected in comments.
	keep     bool
	comments []ast.Comment
}

func (l *Lexer) fail(offset int, format string, args ...any) {
	panic(NewError(l.src, offset, format, args...))
}

// Character classes of the ASCII characters.
const (
	isLetter = 1 << iota
	isDigit
	isBinary
	isSpace
)

var classes = func() (t [128]uint8) {
	for c := range t {
		switch {
		case c == '_' || 'a' <= c|0x20 && c|0x20 <= 'z':
			t[c] = isLetter
		case '0' <= c && c <= '9':
			t[c] = isDigit
		case strings.ContainsRune("!%&*+,-/<=>?@\\~|", rune(c)):
			t[c] = isBinary
		case strings.ContainsRune(" \t\r\n\f\v\x1a", rune(c)):
			t[c] = isSpace
		}
	}
	return t
}()

// class answers the class of the character at i and its length in bytes; 0, 0
// at the end of the text.
func (l *Lexer) class(i int) (class uint8, size int) {
	if i >= len(l.text) {
		return 0, 0
	}
	if c := l.text[i]; c < utf8.RuneSelf {
		return classes[c], 1
	}
	r, size := utf8.DecodeRuneInString(l.text[i:])
	switch {
	case unicode.IsLetter(r) || unicode.IsMark(r):
		class = isLetter
	case unicode.Is(unicode.Sm, r) && r != '←':
		class = isBinary
	case unicode.IsSpace(r) || r == '\u200B' || r == '\uFEFF': // and spaces of no width
		class = isSpace
	case unicode.IsDigit(r):
		class = isDigit
	}
	return class, size
}

// skipBlanks moves over white space and comments.
func (l *Lexer) skipBlanks() {
	for l.pos < len(l.text) {
		if l.text[l.pos] == '"' {
			l.skipComment()
			continue
		}
		class, size := l.class(l.pos)
		if class != isSpace {
			return
		}
		l.pos += size
	}
}

func (l *Lexer) skipComment() {
	start := l.pos
	end, doubled := l.quoted(start, '"')
	if end < 0 {
		l.fail(start, "comment is not closed: expected '\"' before the end")
	}
	l.pos = end
	if l.keep {
		text := l.text[start+1 : end-1]
		if doubled {
			text = strings.ReplaceAll(text, `""`, `"`)
		}
		l.comments = append(l.comments, ast.Comment{Span: ast.Span{Start: start, End: end}, Text: text})
	}
}

// quoted finds the end of the text in quotes that opens at start: the offset
// after the closing quote, or -1; and whether it has doubled quotes.
func (l *Lexer) quoted(start int, quote byte) (end int, doubled bool) {
	for i := start + 1; ; {
		n := strings.IndexByte(l.text[i:], quote)
		if n < 0 {
			return -1, doubled
		}
		i += n + 1
		if i >= len(l.text) || l.text[i] != quote {
			return i, doubled
		}
		doubled = true
		i++
	}
}

// word answers the end of the letters and digits from i.
func (l *Lexer) word(i int) int {
	for i < len(l.text) {
		if c := l.text[i]; c < utf8.RuneSelf {
			if classes[c]&(isLetter|isDigit) == 0 {
				return i
			}
			i++
			continue
		}
		class, size := l.class(i)
		if class&(isLetter|isDigit) == 0 {
			return i
		}
		i += size
	}
	return i
}

// byteAt answers the byte at i, 0 past the end.
func (l *Lexer) byteAt(i int) byte {
	if i < len(l.text) {
		return l.text[i]
	}
	return 0
}

var punctuation = [128]Kind{
	'(': OpenParen, ')': CloseParen, '[': OpenBracket, ']': CloseBracket,
	'{': OpenBrace, '}': CloseBrace, '`': Backquote, '^': Caret, '.': Period, ';': Semicolon,
}

// Next answers the next token.
func (l *Lexer) Next() Token {
	l.skipBlanks()
	start := l.pos
	if start >= len(l.text) {
		return Token{Kind: EOF, Span: ast.Span{Start: start, End: start}}
	}
	class, size := l.class(start)
	switch class {
	case isLetter:
		return l.identifier(start)
	case isDigit:
		if size == 1 {
			return l.number(start)
		}
	case isBinary:
		return l.token(BinaryOp, start, l.operator(start))
	}
	switch c := l.text[start]; c {
	case '\'':
		text, end := l.stringAt(start)
		t := l.token(StringLiteral, start, end)
		t.Text = text
		return t
	case '$':
		return l.character(start)
	case '#':
		return l.hash(start)
	case ':':
		if l.byteAt(start+1) == '=' {
			return l.token(Assignment, start, start+2)
		}
		return l.token(Colon, start, start+1)
	default:
		if c < utf8.RuneSelf && punctuation[c] != EOF {
			return l.token(punctuation[c], start, start+1)
		}
	}
	r, size := utf8.DecodeRuneInString(l.text[start:])
	if r == utf8.RuneError && size <= 1 {
		l.fail(start, "byte 16r%02X is not valid UTF-8", l.text[start])
	}
	if r == '←' && l.opt.UnderscoreAssignment {
		return l.token(Assignment, start, start+size)
	}
	l.fail(start, "%s has no meaning here", describeRune(r))
	panic("unreachable")
}

func describeRune(r rune) string {
	if unicode.IsPrint(r) {
		return "character '" + string(r) + "'"
	}
	return fmt.Sprintf("character U+%04X", r)
}

// token moves past the token and answers it.
func (l *Lexer) token(kind Kind, start, end int) Token {
	l.pos = end
	return Token{Kind: kind, Span: ast.Span{Start: start, End: end}, Text: l.text[start:end]}
}

func (l *Lexer) identifier(start int) Token {
	end := l.word(start)
	if l.byteAt(end) == ':' && l.byteAt(end+1) != '=' {
		return l.token(Keyword, start, end+1)
	}
	if l.opt.DottedNames {
		end = l.dotted(start, end)
	}
	return l.token(Identifier, start, end)
}

// dotted answers the end of a name that may go on as Namespace.Name: with a
// capital letter on both sides of the dot and no space.
func (l *Lexer) dotted(start, end int) int {
	for l.capital(start) && l.byteAt(end) == '.' && l.capital(end+1) {
		next := l.word(end + 1)
		if l.byteAt(next) == ':' && l.byteAt(next+1) != '=' {
			break // the dot ends a statement
		}
		start, end = end+1, next
	}
	return end
}

func (l *Lexer) capital(i int) bool {
	if i >= len(l.text) {
		return false
	}
	r, _ := utf8.DecodeRuneInString(l.text[i:])
	return unicode.IsUpper(r)
}

// operator answers the end of the binary selector at start. A minus sign at
// its end belongs to the number that follows it: 3--4 is 3 - -4.
func (l *Lexer) operator(start int) int {
	end := start
	for {
		class, size := l.class(end)
		if class != isBinary {
			break
		}
		end += size
	}
	if end > start+1 && l.text[end-1] == '-' && l.digitAt(end) {
		end--
	}
	return end
}

func (l *Lexer) digitAt(i int) bool {
	c := l.byteAt(i)
	return '0' <= c && c <= '9'
}

// stringAt answers the value of the string that opens at start, and its end.
func (l *Lexer) stringAt(start int) (value string, end int) {
	end, doubled := l.quoted(start, '\'')
	if end < 0 {
		l.fail(start, "string is not closed: expected ''' before the end")
	}
	value = l.text[start+1 : end-1]
	if doubled {
		value = strings.ReplaceAll(value, "''", "'")
	}
	return value, end
}

func (l *Lexer) character(start int) Token {
	if start+1 >= len(l.text) {
		l.fail(start, "expected a character after '$'")
	}
	r, size := utf8.DecodeRuneInString(l.text[start+1:])
	if r == utf8.RuneError && size <= 1 {
		l.fail(start+1, "byte 16r%02X is not valid UTF-8", l.text[start+1])
	}
	end := start + 1 + size
	if r == '<' && l.opt.DottedNames && l.digitAt(end) {
		if code, codeEnd, ok := l.codePoint(end); ok {
			r, end = code, codeEnd
		}
	}
	t := l.token(CharLiteral, start, end)
	t.Literal = &ast.Character{Span: t.Span, Value: r}
	return t
}

// codePoint reads the rest of $<65>, a character by its code.
func (l *Lexer) codePoint(start int) (r rune, end int, ok bool) {
	save := l.pos
	defer func() { l.pos = save }()
	n, isInteger := l.number(start).Literal.(*ast.Integer)
	if !isInteger || l.byteAt(l.pos) != '>' {
		return 0, 0, false
	}
	if !n.Value.IsInt64() || n.Value.Int64() > unicode.MaxRune || !utf8.ValidRune(rune(n.Value.Int64())) {
		l.fail(start, "%s is not the code of a character", n.Value)
	}
	return rune(n.Value.Int64()), l.pos + 1, true
}

// hash reads what begins with #.
func (l *Lexer) hash(start int) Token {
	i := start + 1
	for l.byteAt(i) == '#' { // ##foo is read as #foo
		i++
	}
	switch l.byteAt(i) {
	case '(':
		if i > start+1 {
			return l.token(HashHashParen, start, i+1)
		}
		return l.token(HashParen, start, i+1)
	case '[':
		return l.token(HashBracket, start, i+1)
	case '{':
		return l.token(HashBrace, start, i+1)
	case '\'':
		text, end := l.stringAt(i)
		t := l.token(SymbolLiteral, start, end)
		t.Text = text
		return t
	}
	end := i
	switch class, _ := l.class(i); class {
	case isLetter:
		end = l.symbol(i)
	case isBinary:
		end = l.operator(i)
	default:
		l.fail(start, "expected a symbol, '(', '[' or '{' after '#'")
	}
	t := l.token(SymbolLiteral, start, end)
	t.Text = l.text[i:end]
	return t
}

// symbol answers the end of a bare symbol: foo, foo:bar:, foo:bar, and with
// dotted names Smalltalk.Foo.
func (l *Lexer) symbol(i int) int {
	start := i
	for {
		i = l.word(i)
		if l.byteAt(i) != ':' || l.byteAt(i+1) == '=' {
			break
		}
		i++
		if class, _ := l.class(i); class != isLetter {
			break
		}
	}
	if l.opt.DottedNames && l.text[i-1] != ':' {
		i = l.dotted(start, i)
	}
	return i
}
