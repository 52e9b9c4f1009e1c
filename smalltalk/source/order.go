package source

import (
	"strings"

	"github.com/sista-vm/sista/smalltalk/parser"
)

// SortClasses orders class definitions so that every superclass comes before
// its subclasses, and otherwise as they stand. A superclass that is not among
// them must be known; known may be nil when no class exists beforehand.
//
// A class defined twice, a superclass that nobody defines and a cycle are
// errors; the classes that have none are answered all the same.
func SortClasses(definitions []*ClassDefinition, known func(name string) bool) ([]*ClassDefinition, error) {
	s := classSorter{known: known, byName: map[string]*ClassDefinition{}, state: map[*ClassDefinition]sortState{}}
	for _, d := range definitions {
		if first := s.byName[d.Name]; first != nil {
			s.fail(d, "class %s is defined twice, the first time at %s", d.Name, first.Where())
			s.state[d] = refused
			continue
		}
		s.byName[d.Name] = d
	}
	for _, d := range definitions {
		s.visit(d)
	}
	return s.sorted, s.errors.Err()
}

type sortState uint8

const (
	unvisited sortState = iota
	visiting
	done
	refused // there was an error
)

type classSorter struct {
	known  func(string) bool
	byName map[string]*ClassDefinition
	state  map[*ClassDefinition]sortState
	sorted []*ClassDefinition
	errors parser.Errors
}

func (s *classSorter) fail(d *ClassDefinition, format string, args ...any) {
	s.errors = append(s.errors, parser.NewError(d.Source, 0, format, args...))
}

// visit adds d after its superclasses. The chain upwards is collected first:
// it may be long.
func (s *classSorter) visit(d *ClassDefinition) {
	var chain []*ClassDefinition
	ok := true
	for at := d; at != nil && ok && s.state[at] != done; {
		switch s.state[at] {
		case refused:
			ok = false
			continue
		case visiting:
			s.fail(at, "class %s is its own superclass: %s", at.Name, cycle(chain, at))
			ok = false
			continue
		}
		s.state[at] = visiting
		chain = append(chain, at)
		if at.Superclass == "" {
			break
		}
		super := s.byName[at.Superclass]
		if super == nil && (s.known == nil || !s.known(at.Superclass)) {
			s.fail(at, "superclass %s of class %s is not defined", at.Superclass, at.Name)
			ok = false
		}
		at = super
	}
	for i := len(chain) - 1; i >= 0; i-- {
		if !ok {
			s.state[chain[i]] = refused
			continue
		}
		s.state[chain[i]] = done
		s.sorted = append(s.sorted, chain[i])
	}
}

// cycle names the classes from at around to at again.
func cycle(chain []*ClassDefinition, at *ClassDefinition) string {
	var names []string
	for i := len(chain) - 1; i >= 0; i-- {
		names = append([]string{chain[i].Name}, names...)
		if chain[i] == at {
			break
		}
	}
	return strings.Join(append(names, at.Name), " -> ")
}
