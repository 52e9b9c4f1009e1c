package source

import (
	"strings"

	"github.com/sista-vm/sista/smalltalk/ast"
	"github.com/sista-vm/sista/smalltalk/parser"
)

// ReadChunks reads a file-out, the format of Squeak, Cuis and older Pharo: text
// in chunks that end with an exclamation mark, doubled where one is meant.
//
//	Object subclass: #Foo ... category: 'X'!       statements
//	!Foo commentStamp: 'me 1/1/2020' prior: 0!     announces the class's comment:
//	What Foo is for.!                              one chunk
//	!Foo methodsFor: 'x' stamp: 'me 1/1/2020'!     announces methods:
//	bar
//		^ 1! !                                     until an empty chunk
func ReadChunks(src *ast.Source) ([]Unit, error) {
	c := chunkReader{reader: newReader(src, parser.Options{UnderscoreAssignment: true})}
	for c.skip(); c.pos < len(c.text) && !c.tooMany(); c.skip() {
		if c.text[c.pos] == '!' {
			c.pos++
			c.announcement()
			continue
		}
		chunk := c.next()
		if !strings.HasPrefix(chunk.Text, styleMark) {
			c.statements(Statements{origin: origin{chunk}})
		}
	}
	return c.units, c.errors.Err()
}

// styleMark begins a chunk with the fonts of the text before it.
const styleMark = "]style["

type chunkReader struct {
	*reader
	pos int
}

func (c *chunkReader) skip() { c.pos = c.skipBlanks(c.pos) }

// next reads the chunk at pos, without the blanks around it.
func (c *chunkReader) next() *ast.Source {
	c.skip()
	var spans []ast.Span
	start := c.pos
	for {
		n := strings.IndexByte(c.text[c.pos:], '!')
		if n < 0 {
			c.pos = len(c.text)
			spans = append(spans, c.trimRight(ast.Span{Start: start, End: c.pos}))
			break
		}
		c.pos += n + 1
		if c.pos < len(c.text) && c.text[c.pos] == '!' {
			spans = append(spans, ast.Span{Start: start, End: c.pos})
			c.pos++
			start = c.pos
			continue
		}
		spans = append(spans, c.trimRight(ast.Span{Start: start, End: c.pos - 1}))
		break
	}
	return c.cut(spans...)
}

// announcement reads a chunk that begins with an exclamation mark, and what it
// announces.
func (c *chunkReader) announcement() {
	chunk := c.next()
	if chunk.Text == "" {
		return // the end of methods that were none
	}
	if c.isFeature(chunk) {
		return
	}
	sequence, err := parser.ParseDoIt(chunk, c.opt)
	if err != nil {
		c.report(err)
		return
	}
	if len(sequence.Statements) != 1 {
		c.statements(Statements{origin: origin{chunk}})
		return
	}
	send, ok := sequence.Statements[0].(*ast.Send)
	if !ok {
		c.statements(Statements{origin: origin{chunk}})
		return
	}
	name, isMeta, ok := classNamed(send.Receiver)
	keywords := strings.SplitAfter(send.Message.Selector, ":")
	switch {
	case !ok:
		c.statements(Statements{origin: origin{chunk}})
	case strings.HasSuffix(strings.ToLower(keywords[0]), "methodsfor:"), keywords[0] == "methodsFor", keywords[0] == "methods":
		m := MethodDefinition{Class: name, IsMeta: isMeta}
		for i, arg := range send.Message.Args {
			text, _ := textOf(arg)
			switch keywords[i] {
			case "stamp:":
				m.Stamp = text
			case "prior:":
			default:
				m.Category = text
			}
		}
		c.methods(m)
	case keywords[0] == "commentStamp:":
		if comment := c.next(); comment.Text != "" {
			c.add(&ClassExtension{origin: origin{comment}, Name: name, Comment: comment.Text})
		}
	case keywords[0] == "reorganize":
		c.next() // the categories, which every method names by itself
	default:
		c.statements(Statements{origin: origin{chunk}})
	}
}

// isFeature says that a chunk is one of Cuis's remarks about what comes next or
// what the file needs: !classDefinition: #Foo category: 'X'!, !requires: 'Y' 1 2 nil!
func (c *chunkReader) isFeature(chunk *ast.Source) bool {
	first := parser.EOF
	// An error is found again by who parses the chunk.
	_ = parser.Scan(chunk, 0, c.opt, func(t parser.Token) bool {
		first = t.Kind
		return false
	})
	return first == parser.Keyword
}

// methods reads methods until an empty chunk.
func (c *chunkReader) methods(m MethodDefinition) {
	for !c.tooMany() {
		chunk := c.next()
		if chunk.Text == "" {
			return
		}
		if strings.HasPrefix(chunk.Text, styleMark) {
			continue
		}
		each := m
		each.Source = chunk
		c.parseMethod(each)
	}
}
