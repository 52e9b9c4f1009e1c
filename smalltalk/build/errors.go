package build

import (
	"errors"
	"fmt"
	"strings"

	"github.com/sista-vm/sista/smalltalk/parser"
)

// Errors is everything that is wrong with a tree: what has a place in a source, and
// what is about the tree as a whole.
type Errors struct {
	Placed parser.Errors
	Others []error
}

// Error answers the errors one a line.
func (e *Errors) Error() string { return e.join(e.Placed.Error()) }

// Format answers the errors, those that have a place with the source line and a caret.
func (e *Errors) Format() string { return e.join(e.Placed.Format()) }

func (e *Errors) join(placed string) string {
	var lines []string
	if len(e.Placed) > 0 {
		lines = append(lines, placed)
	}
	for _, other := range e.Others {
		lines = append(lines, other.Error())
	}
	return strings.Join(lines, "\n")
}

// Len answers how many errors there are.
func (e *Errors) Len() int { return len(e.Placed) + len(e.Others) }

// Unwrap lets errors.As and errors.Is see each error.
func (e *Errors) Unwrap() []error { return append([]error{e.Placed}, e.Others...) }

// add takes an error that a reader, the parser or the compiler answered.
func (e *Errors) add(err error) {
	var many parser.Errors
	var one *parser.Error
	switch {
	case err == nil:
	case errors.As(err, &many):
		e.Placed = append(e.Placed, many...)
	case errors.As(err, &one):
		e.Placed = append(e.Placed, one)
	default:
		e.Others = append(e.Others, err)
	}
}

func (e *Errors) addf(format string, args ...any) {
	e.Others = append(e.Others, fmt.Errorf(format, args...))
}

// err answers all of them as one error, nil when there are none.
func (e *Errors) err() error {
	if e.Len() == 0 {
		return nil
	}
	return e
}
