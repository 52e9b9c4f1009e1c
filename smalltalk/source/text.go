package source

import (
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/sista-vm/sista/smalltalk/ast"
	"github.com/sista-vm/sista/smalltalk/parser"
)

// reader is what the readers of all formats share: the text, the units and
// errors found so far, and a fast way from offsets to places.
type reader struct {
	src    *ast.Source
	text   string
	opt    parser.Options
	units  []Unit
	errors parser.Errors
	// lines has the offset of the beginning of every line.
	lines []int
	// known is the place computed last. The next one is most often further
	// along; on the same line its column is counted from there.
	known ast.Piece
}

// maxErrors is the number of errors after which a file is not read on.
const maxErrors = 100

func newReader(src *ast.Source, opt parser.Options) *reader {
	r := &reader{src: src, text: src.Text, opt: opt, lines: []int{0}}
	for i := 0; i < len(r.text); i++ {
		if c := r.text[i]; c == '\n' || c == '\r' && (i+1 == len(r.text) || r.text[i+1] != '\n') {
			r.lines = append(r.lines, i+1)
		}
	}
	return r
}

func (r *reader) add(u Unit) { r.units = append(r.units, u) }

// fail reports an error at an offset of the text.
func (r *reader) fail(offset int, format string, args ...any) {
	r.report(parser.NewError(r.src, offset, format, args...))
}

// report adds what a parser answered, unless that place was reported before.
func (r *reader) report(err error) {
	e := err.(*parser.Error)
	if r.tooMany() {
		return
	}
	for _, other := range r.errors {
		if other.Position == e.Position {
			return
		}
	}
	if r.errors = append(r.errors, e); r.tooMany() {
		r.errors = append(r.errors, parser.NewError(e.Source, e.Offset, "too many errors: the rest of the file is not read"))
	}
}

// tooMany says that no more of the file shall be read.
func (r *reader) tooMany() bool { return len(r.errors) >= maxErrors }

// found names the character at an offset for an error message.
func (r *reader) found(offset int) string {
	if offset >= len(r.text) {
		return "the end"
	}
	c, _ := utf8.DecodeRuneInString(r.text[offset:])
	return "'" + string(c) + "'"
}

// place answers where an offset of the text is.
func (r *reader) place(offset int) ast.Piece {
	at := ast.Piece{Offset: offset, Line: sort.SearchInts(r.lines, offset+1), Column: 1}
	from := r.lines[at.Line-1]
	if r.known.Line == at.Line && r.known.Offset <= offset {
		from, at.Column = r.known.Offset, r.known.Column
	}
	at.Column += utf8.RuneCountInString(r.text[from:offset])
	r.known = at
	return at
}

// cut answers the source that is made of spans of the text.
func (r *reader) cut(spans ...ast.Span) *ast.Source { return r.join(spans, false) }

// join is cut; with separate, a space goes between spans that would run into
// each other.
func (r *reader) join(spans []ast.Span, separate bool) *ast.Source {
	s := &ast.Source{File: r.src.File, Whole: r.text}
	if len(spans) == 1 {
		s.Text = r.text[spans[0].Start:spans[0].End]
		at := r.place(spans[0].Start)
		s.Pieces = []ast.Piece{{Offset: 0, Line: at.Line, Column: at.Column}}
		return s
	}
	var b strings.Builder
	for _, span := range spans {
		if separate && b.Len() > 0 && span.End > span.Start && strings.IndexByte(blanks, r.text[span.Start]) < 0 {
			b.WriteByte(' ')
		}
		at := r.place(span.Start)
		s.Pieces = append(s.Pieces, ast.Piece{Offset: b.Len(), Line: at.Line, Column: at.Column})
		b.WriteString(r.text[span.Start:span.End])
	}
	s.Text = b.String()
	return s
}

// trim takes white space off both ends of a span.
func (r *reader) trim(span ast.Span) ast.Span {
	s := r.text[span.Start:span.End]
	span.Start += len(s) - len(strings.TrimLeft(s, blanks))
	return r.trimRight(span)
}

// trimRight takes white space off the end of a span, but not the one that is
// the character of a literal: $ and a space.
func (r *reader) trimRight(span ast.Span) ast.Span {
	end := span.End
	for span.End > span.Start && strings.IndexByte(blanks, r.text[span.End-1]) >= 0 {
		span.End--
	}
	dollars := 0
	for i := span.End; i > span.Start && r.text[i-1] == '$'; i-- {
		dollars++
	}
	if dollars%2 == 1 && span.End < end {
		span.End++
	}
	return span
}

const blanks = " \t\r\n\f\v\x1a"

// skipBlanks answers the offset of the first character from i on that is no
// white space.
func (r *reader) skipBlanks(i int) int {
	for i < len(r.text) && strings.IndexByte(blanks, r.text[i]) >= 0 {
		i++
	}
	return i
}

// closing finds the bracket that closes the one at open, as the parser would:
// brackets in strings, comments and character literals do not count. It
// answers -1 when there is none.
func closing(text string, open int) int {
	depth := 0
	for i := open; i < len(text); i++ {
		switch text[i] {
		case '[':
			depth++
		case ']':
			if depth--; depth == 0 {
				return i
			}
		case '\'', '"':
			n := strings.IndexByte(text[i+1:], text[i])
			if n < 0 {
				return -1
			}
			i += n + 1
		case '$':
			i++ // not past the first byte of the character: the others mean nothing here
		}
	}
	return -1
}

// method parses a method whose pattern and body are spans of the text, and
// adds it with what m says already. It answers false when there is an error.
func (r *reader) method(m MethodDefinition, pattern, body ast.Span) bool {
	pattern = r.trimRight(pattern)
	body = r.trimRight(body)
	m.Source = r.join([]ast.Span{pattern, body}, true)
	tree, err := parser.ParseMethod(m.Source, r.opt)
	if err != nil || patternEnd(tree) < pattern.End-pattern.Start {
		// The pattern has a comment after it, or it is not what stands before
		// the bracket.
		if _, bad := parser.ParsePattern(r.cut(pattern), r.opt); bad != nil {
			err = bad
		}
	}
	if err != nil {
		r.report(err)
		return false
	}
	r.addMethod(m, tree)
	return true
}

// patternEnd answers the offset of the end of a method's selector pattern.
func patternEnd(m *ast.Method) int {
	if n := len(m.Params); n > 0 {
		return m.Params[n-1].End
	}
	return m.SelectorParts[0].End
}

// addMethod adds a method with its tree.
func (r *reader) addMethod(m MethodDefinition, tree *ast.Method) {
	m.Method, m.Options = tree, r.opt
	for _, g := range tree.Pragmas {
		if m.Category == "" && g.Selector == "category:" {
			m.Category, _ = textOf(g.Args[0])
		}
	}
	r.add(&m)
}

// textOf answers the text of a string or symbol literal.
func textOf(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.String:
		return n.Value, true
	case *ast.Symbol:
		return n.Value, true
	}
	return "", false
}

// fileText answers the text of a file as a Source, without its byte order mark.
func fileText(file string, data []byte) (*ast.Source, *parser.Error) {
	text := strings.TrimPrefix(string(data), "\uFEFF")
	src := ast.NewSource(file, text)
	if utf8.ValidString(text) {
		return src, nil
	}
	for i, c := range text {
		if c == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(text[i:]); size == 1 {
				return src, parser.NewError(src, i, "byte 16r%02X is not valid UTF-8", text[i])
			}
		}
	}
	panic("unreachable")
}
