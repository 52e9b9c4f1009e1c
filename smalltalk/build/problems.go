package build

import (
	"errors"
	"fmt"

	"github.com/sista-vm/sista/smalltalk/parser"
)

// problems collects what is wrong with a tree.
type problems struct {
	placed parser.Errors // with a place in a source
	others []error       // about the tree as a whole
}

// add takes an error that a reader, the parser or the compiler answered.
func (p *problems) add(err error) {
	var many parser.Errors
	var one *parser.Error
	switch {
	case err == nil:
	case errors.As(err, &many):
		p.placed = append(p.placed, many...)
	case errors.As(err, &one):
		p.placed = append(p.placed, one)
	default:
		p.others = append(p.others, err)
	}
}

func (p *problems) addf(format string, args ...any) {
	p.others = append(p.others, fmt.Errorf(format, args...))
}

// err answers all problems as one error, nil when there are none.
func (p *problems) err() error {
	if len(p.others) == 0 {
		return p.placed.Err()
	}
	return errors.Join(append([]error{p.placed.Err()}, p.others...)...)
}
