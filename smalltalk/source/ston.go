package source

import (
	"strconv"
	"strings"

	"github.com/sista-vm/sista/smalltalk/parser"
)

// The headers of Tonel files are written in STON, a Smalltalk relative of JSON:
//
//	{ #name : #Foo, #instVars : [ 'a', 'b' ], #category : #'Foo-Core' }
//
// Symbols and strings are both read as strings, lists as []any, maps as *ston.

// ston is a map with the places of its keys.
type ston struct {
	values map[string]any
	at     map[string]int
}

// maxSTONNesting bounds the nesting of lists and maps in a header.
const maxSTONNesting = 100

// stonReader reads values from a reader's text. It panics with a *parser.Error.
type stonReader struct {
	r     *reader
	pos   int
	depth int
}

// readMap reads the map at pos.
func (r *reader) readMap(pos int) (m *ston, end int, err error) {
	defer func() {
		switch e := recover().(type) {
		case nil:
		case *parser.Error:
			err = e
		default:
			panic(e)
		}
	}()
	s := stonReader{r: r, pos: pos}
	m = s.mapping()
	return m, s.pos, nil
}

func (s *stonReader) fail(expected string) {
	panic(parser.NewError(s.r.src, s.pos, "expected %s, found %s", expected, s.r.found(s.pos)))
}

func (s *stonReader) peek() byte {
	s.pos = s.r.skipBlanks(s.pos)
	if s.pos < len(s.r.text) {
		return s.r.text[s.pos]
	}
	return 0
}

func (s *stonReader) take(c byte, expected string) {
	if s.peek() != c {
		s.fail(expected)
	}
	s.pos++
}

func (s *stonReader) enter() {
	if s.depth++; s.depth > maxSTONNesting {
		panic(parser.NewError(s.r.src, s.pos, "too deeply nested: at most %d levels", maxSTONNesting))
	}
}

func (s *stonReader) mapping() *ston {
	s.enter()
	s.take('{', "'{'")
	m := &ston{map[string]any{}, map[string]int{}}
	for s.peek() != '}' {
		at := s.pos
		key, ok := s.value().(string)
		if !ok {
			s.pos = at
			s.fail("a key or '}'")
		}
		s.take(':', "':' after the key")
		m.values[key] = s.value()
		m.at[key] = at
		if s.peek() != ',' {
			break
		}
		s.pos++
	}
	s.take('}', "',' or '}'")
	s.depth--
	return m
}

func (s *stonReader) list() []any {
	s.enter()
	s.take('[', "'['")
	list := []any{}
	for s.peek() != ']' {
		list = append(list, s.value())
		if s.peek() != ',' {
			break
		}
		s.pos++
	}
	s.take(']', "',' or ']'")
	s.depth--
	return list
}

func (s *stonReader) value() any {
	switch c := s.peek(); {
	case c == '#':
		s.pos++
		if s.pos < len(s.r.text) && s.r.text[s.pos] == '\'' {
			return s.text()
		}
		return s.word("a symbol")
	case c == '\'':
		return s.text()
	case c == '[':
		return s.list()
	case c == '{':
		return s.mapping()
	case isWordByte(c):
		word := s.word("a value")
		switch word {
		case "nil":
			return nil
		case "true", "false":
			return word == "true"
		}
		if n, err := strconv.Atoi(word); err == nil {
			return n
		}
		return word
	}
	s.fail("a value")
	panic("unreachable")
}

func isWordByte(c byte) bool {
	return c == '_' || c == '-' || c == '.' || c == '/' || c == '+' || '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z' || c >= 0x80
}

// word reads a bare symbol, name or number.
func (s *stonReader) word(expected string) string {
	start := s.pos
	for s.pos < len(s.r.text) && isWordByte(s.r.text[s.pos]) {
		s.pos++
	}
	if s.pos == start {
		s.fail(expected)
	}
	return s.r.text[start:s.pos]
}

// text reads a string. STON escapes with backslashes; a doubled quote, as
// Smalltalk has it, is taken too.
func (s *stonReader) text() string {
	start := s.pos
	s.pos++
	var b strings.Builder
	for text := s.r.text; s.pos < len(text); s.pos++ {
		switch c := text[s.pos]; c {
		case '\'':
			if s.pos+1 < len(text) && text[s.pos+1] == '\'' {
				s.pos++
				b.WriteByte('\'')
				continue
			}
			s.pos++
			return b.String()
		case '\\':
			s.pos++
			if s.pos < len(text) {
				s.escape(&b)
			}
		default:
			b.WriteByte(c)
		}
	}
	panic(parser.NewError(s.r.src, start, "string is not closed: expected ''' before the end"))
}

// escape reads the character after a backslash and leaves pos on its last byte.
func (s *stonReader) escape(b *strings.Builder) {
	switch c := s.r.text[s.pos]; c {
	case 'n':
		b.WriteByte('\n')
	case 't':
		b.WriteByte('\t')
	case 'r':
		b.WriteByte('\r')
	case 'b':
		b.WriteByte('\b')
	case 'f':
		b.WriteByte('\f')
	case 'u':
		if s.pos+4 < len(s.r.text) {
			if code, err := strconv.ParseUint(s.r.text[s.pos+1:s.pos+5], 16, 16); err == nil {
				b.WriteRune(rune(code))
				s.pos += 4
				return
			}
		}
		s.fail("four hexadecimal digits after \\u")
	default:
		b.WriteByte(c)
	}
}
