package ast

import (
	"fmt"
	"sort"
	"strings"
	"unicode/utf8"
)

// Position is a place in a file. Lines and columns count from 1, columns in
// characters (code points).
type Position struct {
	File         string
	Line, Column int
}

func (p Position) String() string {
	if p.File == "" {
		return fmt.Sprintf("%d:%d", p.Line, p.Column)
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Source is a text that was (or is to be) parsed, and where it came from.
//
// The text of a method is often cut out of a file, in pieces: Tonel writes
//
//	Foo >> bar: x [     line 7, column 8: piece "bar: x"
//		^ x               line 7, column 16: piece "\n\t^ x"
//	]
//
// and the text of the method is the pieces joined. Spans of the tree are
// offsets into Text; Position finds the place in the file.
type Source struct {
	// File names the file, or is empty.
	File string
	Text string
	// Pieces says where the parts of Text stand in the file, in rising order of
	// Offset. None at all means that Text is the whole file.
	Pieces []Piece
	// Whole is the text of the file that Pieces are of, for excerpts. Without it
	// they show lines of Text.
	Whole string
}

// Piece says that Text[Offset] (up to the next piece) is at Line and Column of the file.
type Piece struct {
	Offset, Line, Column int
}

// NewSource makes the source of a text that is a whole file.
func NewSource(file, text string) *Source { return &Source{File: file, Text: text} }

// Position answers the place in the file of an offset into Text. Offsets out
// of range are clamped. LF, CR LF and a lone CR each end a line.
func (s *Source) Position(offset int) Position {
	offset = max(0, min(offset, len(s.Text)))
	at := Piece{0, 1, 1}
	if i := sort.Search(len(s.Pieces), func(i int) bool { return s.Pieces[i].Offset > offset }); i > 0 {
		at = s.Pieces[i-1]
	}
	line, column := at.Line, at.Column
	lineStart := at.Offset
	for i := at.Offset; i < offset; i++ {
		if endsLine(s.Text, i) {
			line, column, lineStart = line+1, 1, i+1
		}
	}
	column += utf8.RuneCountInString(s.Text[lineStart:offset])
	return Position{s.File, line, column}
}

// endsLine says that the byte at i is the last one of a line end.
func endsLine(text string, i int) bool {
	return text[i] == '\n' || text[i] == '\r' && (i+1 == len(text) || text[i+1] != '\n')
}

// Excerpt answers the line of the file, or else of Text, that holds an offset
// into Text and, below it, a caret under that character. Tabs are kept in both,
// so that they line up wherever the excerpt is shown.
func (s *Source) Excerpt(offset int) string {
	if s.Whole != "" && len(s.Pieces) > 0 {
		file := Source{Text: s.Whole}
		at := s.Position(offset)
		return file.Excerpt(file.Offset(at.Line, at.Column))
	}
	offset = max(0, min(offset, len(s.Text)))
	start := strings.LastIndexAny(s.Text[:offset], "\r\n") + 1
	end := len(s.Text)
	if i := strings.IndexAny(s.Text[offset:], "\r\n"); i >= 0 {
		end = offset + i
	}
	var pad strings.Builder
	for _, r := range s.Text[start:offset] {
		if r == '\t' {
			pad.WriteByte('\t')
		} else {
			pad.WriteByte(' ')
		}
	}
	return s.Text[start:end] + "\n" + pad.String() + "^"
}

// Offset answers where in Text, taken for the whole file, a line and column are. A place
// that is not in the text becomes the nearest one before it.
func (s *Source) Offset(line, column int) int {
	i := 0
	for ; line > 1 && i < len(s.Text); i++ {
		if endsLine(s.Text, i) {
			line--
		}
	}
	for ; column > 1 && i < len(s.Text) && strings.IndexByte("\r\n", s.Text[i]) < 0; column-- {
		_, size := utf8.DecodeRuneInString(s.Text[i:])
		i += size
	}
	return i
}

// Slice answers the text of a span.
func (s *Source) Slice(span Span) string {
	start := max(0, min(span.Start, len(s.Text)))
	return s.Text[start:max(start, min(span.End, len(s.Text)))]
}
