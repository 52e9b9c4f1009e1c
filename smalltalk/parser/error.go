package parser

import (
	"fmt"
	"strings"

	"github.com/sista-vm/sista/smalltalk/ast"
)

// Error says what is wrong with a source text, and where.
type Error struct {
	// Source is the text that was read.
	Source *ast.Source
	// Offset is the byte offset into Source.Text.
	Offset int
	// Position is the same place as file, line and column.
	Position ast.Position
	// Expected names what could have stood there, and Found what does. Both are
	// empty when Message says something else altogether.
	Expected, Found string
	// Message describes the error without its place.
	Message string
}

// NewError makes the error with a message about the text at an offset.
func NewError(src *ast.Source, offset int, format string, args ...any) *Error {
	return &Error{
		Source:   src,
		Offset:   offset,
		Position: src.Position(offset),
		Message:  fmt.Sprintf(format, args...),
	}
}

// Error answers "file:line:column: message".
func (e *Error) Error() string {
	return e.Position.String() + ": " + e.Message
}

// Format answers the error, the source line and a caret under the place.
//
//	demo.st:3:9: expected an expression, found ']'
//		x := 3 +]
//		        ^
func (e *Error) Format() string {
	return e.Error() + "\n" + e.Source.Excerpt(e.Offset)
}

// Errors is every error found in a number of texts, in the order of reading.
type Errors []*Error

// Error answers the errors one a line.
func (es Errors) Error() string { return es.join((*Error).Error) }

// Format answers the errors with their source lines and carets.
func (es Errors) Format() string { return es.join((*Error).Format) }

func (es Errors) join(text func(*Error) string) string {
	lines := make([]string, len(es))
	for i, e := range es {
		lines[i] = text(e)
	}
	return strings.Join(lines, "\n")
}

// Unwrap lets errors.As and errors.Is see each error.
func (es Errors) Unwrap() []error {
	list := make([]error, len(es))
	for i, e := range es {
		list[i] = e
	}
	return list
}

// Err answers the errors as an error, nil when there are none.
func (es Errors) Err() error {
	if len(es) == 0 {
		return nil
	}
	return es
}
