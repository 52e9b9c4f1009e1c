package ir

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A SyntaxError says what is wrong in a text and where.
type SyntaxError struct {
	Line int
	What string
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("ir: line %d: %s", e.Line, e.What) }

type tokenKind uint8

const (
	tokenEnd    tokenKind = iota
	tokenName             // letters, digits, _
	tokenNumber           // a sign, then digits, letters of a float
	tokenString           // unquoted in text
	tokenMark             // one character
)

type token struct {
	kind tokenKind
	text string
	line int
}

func (t token) String() string {
	if t.kind == tokenEnd {
		return "end of text"
	}
	return strconv.Quote(t.text)
}

// lex splits a text into tokens; the last is tokenEnd.
func lex(text string) ([]token, error) {
	var tokens []token
	line := 1
	for i := 0; i < len(text); {
		c := text[i]
		n := 1
		switch {
		case c == '\n':
			line++
		case c == ' ' || c == '\t' || c == '\r':
		case strings.HasPrefix(text[i:], "//"):
			if n = strings.IndexByte(text[i:], '\n'); n < 0 {
				n = len(text) - i
			}
		case c == '"':
			quoted, err := strconv.QuotedPrefix(text[i:])
			if err != nil {
				return nil, &SyntaxError{line, "string without end"}
			}
			n = len(quoted)
			s, err := strconv.Unquote(quoted)
			if err != nil {
				return nil, &SyntaxError{line, "bad string " + quoted}
			}
			tokens = append(tokens, token{tokenString, s, line})
		case isLetter(c):
			for i+n < len(text) && (isLetter(text[i+n]) || isDigit(text[i+n])) {
				n++
			}
			tokens = append(tokens, token{tokenName, text[i : i+n], line})
		case isDigit(c) || c == '-':
			for i+n < len(text) && isNumeric(text, i+n) {
				n++
			}
			tokens = append(tokens, token{tokenNumber, text[i : i+n], line})
		case c < utf8.RuneSelf && c > ' ':
			tokens = append(tokens, token{tokenMark, text[i : i+1], line})
		default:
			return nil, &SyntaxError{line, fmt.Sprintf("unexpected byte 0x%02x", c)}
		}
		i += n
	}
	return append(tokens, token{tokenEnd, "", line}), nil
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isNumeric(text string, i int) bool {
	c := text[i]
	return isLetter(c) || isDigit(c) || c == '.' || (c == '+' || c == '-') && text[i-1] == 'e'
}
