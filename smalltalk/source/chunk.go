package source

import (
	"slices"
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
			if first := c.peek(); first.Kind == parser.Keyword {
				// One of Cuis's remarks on what comes next or what the file needs:
				// !classDefinition: #Foo category: 'X'!, !requires: 'Y' 1 2 nil!
				c.next()
				continue
			}
		}
		c.doIt()
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

// peek answers the first token of the chunk at pos.
func (c *chunkReader) peek() (first parser.Token) {
	// An error is found again by who parses the chunk.
	_ = parser.Scan(c.src, c.pos, c.opt, func(t parser.Token) bool {
		first = t
		return false
	})
	return first
}

// next reads the chunk at pos, without the blanks around it.
func (c *chunkReader) next() *ast.Source { return c.chunk(false) }

// chunk reads the chunk at pos. Within the quotes of strings and comments, a
// single exclamation mark does not end it if inQuotes is set.
func (c *chunkReader) chunk(inQuotes bool) *ast.Source {
	c.skip()
	var spans []ast.Span
	start := c.pos
	for ; c.pos < len(c.text); c.pos++ {
		switch b := c.text[c.pos]; {
		case b == '!' && strings.HasPrefix(c.text[c.pos+1:], "!"):
			c.pos++
			spans = append(spans, ast.Span{Start: start, End: c.pos})
			start = c.pos + 1
		case b == '!':
			c.pos++
			return c.cut(append(spans, c.trimRight(ast.Span{Start: start, End: c.pos - 1}))...)
		case inQuotes && b == '$':
			c.pos++
		case inQuotes && (b == '\'' || b == '"'):
			n := strings.IndexByte(c.text[c.pos+1:], b)
			if n < 0 {
				n = len(c.text) - c.pos - 2
			}
			c.pos += n + 1
		}
	}
	c.pos = len(c.text)
	return c.cut(append(spans, c.trimRight(ast.Span{Start: start, End: c.pos}))...)
}

// parsed reads the chunk at pos and parses it. GNU Smalltalk's chunks may have
// single exclamation marks in strings and comments; where the chunk is in error
// that is tried too, and taken if it makes sense.
func parsed[T any](c *chunkReader, parse func(*ast.Source, parser.Options) (T, error)) (*ast.Source, T, error) {
	start := c.pos
	chunk := c.next()
	if chunk.Text == "" || strings.HasPrefix(chunk.Text, styleMark) {
		var none T
		return chunk, none, nil
	}
	tree, err := parse(chunk, c.opt)
	if err == nil {
		return chunk, tree, nil
	}
	end := c.pos
	c.pos = start
	longer := c.chunk(true)
	if c.pos > end {
		if tree, err := parse(longer, c.opt); err == nil {
			return longer, tree, nil
		}
	}
	c.pos = end
	return chunk, tree, err
}

// doIt reads a chunk of statements, and what it announces if it announces
// methods, a class comment or categories.
func (c *chunkReader) doIt() {
	start := c.pos
	chunk, sequence, err := parsed(c, parser.ParseDoIt)
	switch {
	case err != nil:
		if !c.script(start) {
			c.report(err)
		}
	case sequence != nil && !c.announcement(sequence):
		c.statements(Statements{origin: origin{chunk}})
	}
}

// script reads the chunk at start as a script, if it has definitions in
// brackets: GNU Smalltalk takes both in one file.
func (c *chunkReader) script(start int) bool {
	end := c.pos
	c.pos = start
	c.chunk(true)
	text := strings.TrimSuffix(c.text[:c.pos], "!")
	s := scriptReader{reader: &reader{src: c.src, text: text, opt: scriptOptions, lines: c.lines}}
	s.src = &ast.Source{File: c.src.File, Text: text}
	s.read(start)
	if !slices.ContainsFunc(s.units, func(u Unit) bool {
		do, ok := u.(*Statements)
		return !ok || !do.TopLevel
	}) {
		c.pos = end
		return false
	}
	c.units = append(c.units, s.units...)
	for _, e := range s.errors {
		c.report(e)
	}
	return true
}

// announcement reads what statements announce; false when they are not of that
// kind.
func (c *chunkReader) announcement(sequence *ast.Sequence) bool {
	if len(sequence.Statements) != 1 {
		return false
	}
	send, ok := sequence.Statements[0].(*ast.Send)
	if !ok {
		return false
	}
	name, isMeta, ok := classNamed(send.Receiver)
	if !ok {
		return false
	}
	keywords := strings.SplitAfter(send.Message.Selector, ":")
	switch keywords[0] {
	case "methodsFor:", "publicMethodsFor:", "privateMethodsFor:", "methodsFor", "methods", "publicMethods", "privateMethods":
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
	case "commentStamp:":
		if comment := c.next(); comment.Text != "" {
			c.add(&ClassExtension{origin: origin{comment}, Name: name, Comment: comment.Text})
		}
	case "reorganize":
		c.next() // the categories, which every method names by itself
	default:
		return false
	}
	return true
}

// methods reads methods until an empty chunk.
func (c *chunkReader) methods(m MethodDefinition) {
	for !c.tooMany() {
		chunk, tree, err := parsed(c, parser.ParseMethod)
		switch {
		case err != nil:
			c.report(err)
		case chunk.Text == "":
			return
		case tree != nil:
			each := m
			each.Source = chunk
			c.addMethod(each, tree)
		}
	}
}
