package source

import (
	"github.com/sista-vm/sista/smalltalk/ast"
	"github.com/sista-vm/sista/smalltalk/parser"
)

// statements parses the text of s.Source and adds it. What is recognized as a
// definition is a unit of its own: a chunk with several statements and no
// declarations is taken apart for that. It answers false when there is an error.
func (r *reader) statements(s Statements) bool {
	sequence, err := parser.ParseDoIt(s.Source, r.opt)
	if err != nil {
		r.report(err)
		return false
	}
	s.Sequence = sequence
	if len(sequence.Statements)+len(sequence.Temps) == 0 {
		return true // a comment
	}
	if len(sequence.Statements) > 1 && len(sequence.Temps) == 0 && r.definesClass(sequence) {
		for _, each := range sequence.Statements {
			part := s
			part.Source = sliceOf(s.Source, each.Range())
			r.statements(part)
		}
		return true
	}
	if len(sequence.Statements) == 1 {
		if s.Definition, err = RecognizeDefinition(sequence.Statements[0]); err != nil {
			r.report(parser.NewError(s.Source, sequence.Statements[0].Range().Start, "%s", err))
			return false
		}
		switch d := s.Definition.(type) {
		case *ClassDefinition:
			d.Source = s.Source
		case *ClassExtension:
			d.Source = s.Source
		}
	}
	r.add(&s)
	return true
}

// definesClass says that a statement among several is a definition.
func (r *reader) definesClass(s *ast.Sequence) bool {
	found := false
	for _, each := range s.Statements {
		if _, isReturn := each.(*ast.Return); isReturn {
			return false
		}
		if d, err := RecognizeDefinition(each); d != nil || err != nil {
			found = true
		}
	}
	return found
}

// sliceOf answers the part of a source that a span covers.
func sliceOf(s *ast.Source, span ast.Span) *ast.Source {
	at := s.Position(span.Start)
	part := &ast.Source{File: s.File, Text: s.Text[span.Start:span.End], Whole: s.Whole}
	part.Pieces = []ast.Piece{{Offset: 0, Line: at.Line, Column: at.Column}}
	for _, p := range s.Pieces {
		if p.Offset > span.Start && p.Offset < span.End {
			part.Pieces = append(part.Pieces, ast.Piece{Offset: p.Offset - span.Start, Line: p.Line, Column: p.Column})
		}
	}
	return part
}
