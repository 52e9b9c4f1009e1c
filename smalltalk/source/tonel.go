package source

import (
	"strings"

	"github.com/sista-vm/sista/smalltalk/ast"
	"github.com/sista-vm/sista/smalltalk/parser"
)

// ReadTonel reads a file in Tonel format, as Pharo and others keep one class
// in one file:
//
//	"
//	The comment of the class.
//	"
//	Class {
//		#name : #Foo,                  symbols, or strings as newer writers have them
//		#superclass : #Object,
//		#instVars : [ 'a', 'b' ],
//		#category : #'Foo-Core'
//	}
//
//	{ #category : #accessing }
//	Foo >> bar: x [
//		^ x
//	]
//
// A file may also begin with Extension { #name : #Foo } or be a package's
// Package { #name : #Foo }.
func ReadTonel(src *ast.Source) ([]Unit, error) {
	r := newReader(src, parser.Options{})
	t := tonelReader{reader: r}
	t.file()
	return r.units, r.errors.Err()
}

type tonelReader struct {
	*reader
	pos int
}

// file reads a header, then methods.
func (t *tonelReader) file() {
	comment, ok := t.comments()
	if !ok || !t.header(comment) {
		return
	}
	for !t.tooMany() {
		if _, ok := t.comments(); !ok {
			return
		}
		if t.pos >= len(t.text) {
			return
		}
		t.method()
	}
}

// comments moves over comments and white space and answers the last comment.
func (t *tonelReader) comments() (comment string, ok bool) {
	for {
		t.pos = t.skipBlanks(t.pos)
		if t.pos >= len(t.text) || t.text[t.pos] != '"' {
			return comment, true
		}
		start, i := t.pos, t.pos+1
		for {
			n := strings.IndexByte(t.text[i:], '"')
			if n < 0 {
				t.fail(start, "comment is not closed: expected '\"' before the end")
				return "", false
			}
			i += n + 1
			if i >= len(t.text) || t.text[i] != '"' {
				break
			}
			i++
		}
		comment = strings.ReplaceAll(t.text[start+1:i-1], `""`, `"`)
		comment = strings.Trim(comment, blanks)
		t.pos = i
	}
}

// word moves over a name and answers it.
func (t *tonelReader) word() string {
	start := t.pos
	for t.pos < len(t.text) {
		c := t.text[t.pos]
		if c != '_' && c < 0x80 && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			break
		}
		t.pos++
	}
	return t.text[start:t.pos]
}

func (t *tonelReader) header(comment string) bool {
	start := t.pos
	word := t.word()
	switch word {
	case "Class", "Extension", "Package", "Trait":
	default:
		t.fail(start, "expected Class, Extension or Package, found %s", t.found(start))
		return false
	}
	m, end, err := t.readMap(t.pos)
	if err != nil {
		t.report(err)
		return false
	}
	t.pos = end
	h := tonelHeader{t: t.reader, ston: m, start: start}
	name := h.text("name")
	if name == "" {
		t.fail(start, "%s has no #name", word)
		return false
	}
	from := origin{t.cut(ast.Span{Start: start, End: end})}
	switch word {
	case "Trait":
		t.fail(start, "%s is a trait: traits are not supported", name)
		return false
	case "Package":
		t.add(&Package{from, name})
	case "Extension":
		t.add(&ClassExtension{origin: from, Name: name})
	case "Class":
		if d := h.class(name); d != nil {
			d.origin, d.Comment = from, comment
			t.add(d)
		} else {
			return false
		}
	}
	return true
}

// tonelHeader reads the entries of a header.
type tonelHeader struct {
	*ston
	t     *reader
	start int
	bad   bool
}

func (h *tonelHeader) fail(key, format string, args ...any) {
	h.bad = true
	at, ok := h.at[key]
	if !ok {
		at = h.start
	}
	h.t.fail(at, format, args...)
}

// text answers the symbol or string under a key, "" for none or nil.
func (h *tonelHeader) text(key string) string {
	switch v := h.values[key].(type) {
	case nil:
		return ""
	case string:
		return v
	}
	h.fail(key, "expected a symbol or string for #%s", key)
	return ""
}

// names answers the list of names under a key.
func (h *tonelHeader) names(key string) []string {
	if h.values[key] == nil {
		return nil
	}
	list, ok := h.values[key].([]any)
	if !ok {
		h.fail(key, "expected a list of names for #%s", key)
		return nil
	}
	var names []string
	for _, v := range list {
		name, ok := v.(string)
		switch {
		case !ok:
			h.fail(key, "expected a list of names for #%s", key)
			return nil
		case strings.Contains(name, "=>"):
			h.fail(key, "'%s' is a slot of its own class: only plain instance variables are supported", name)
			return nil
		case !isName(strings.TrimPrefix(name, "#")): // some writers put a # before it
			h.fail(key, "'%s' is no name for a variable", name)
			return nil
		}
		names = append(names, strings.TrimPrefix(name, "#"))
	}
	return names
}

// isName says that s is an identifier.
func isName(s string) bool {
	_, err := parser.ParsePattern(ast.NewSource("", s), parser.Options{})
	return err == nil && s != "" && ast.SelectorArgs(s) == 0 && strings.Trim(s, blanks) == s && !strings.Contains(s, `"`)
}

// class answers the definition, or nil when the header is wrong.
func (h *tonelHeader) class(name string) *ClassDefinition {
	d := &ClassDefinition{
		Name:          name,
		Superclass:    h.text("superclass"),
		InstVars:      h.names("instVars"),
		ClassVars:     h.names("classVars"),
		ClassInstVars: h.names("classInstVars"),
		Pools:         h.names("pools"),
		Category:      h.text("category"),
		Package:       h.text("package"),
	}
	if d.Superclass == "nil" {
		d.Superclass = ""
	}
	if kind := h.text("type"); kind != "" {
		var ok bool
		if d.Kind, ok = kindNamed(kind); !ok {
			h.fail("type", "unknown #type of class: %s", kind)
		}
	} else {
		d.InheritsKind = true
	}
	for _, key := range []string{"traits", "classTraits"} {
		if v := h.values[key]; v != nil && v != "" && v != "{}" {
			h.fail(key, "%s uses traits (%v): traits are not supported", name, v)
		}
	}
	// Newer writers split the category into package and tag.
	switch tag := h.text("tag"); {
	case d.Category == "" && tag != "":
		d.Category = d.Package + "-" + tag
	case d.Category == "":
		d.Category = d.Package
	case d.Package == "":
		d.Package = d.Category
	}
	if h.bad {
		return nil
	}
	return d
}

// method reads a method with the map of its category before it.
func (t *tonelReader) method() {
	m := MethodDefinition{}
	start := t.pos
	if t.text[t.pos] == '{' {
		metadata, end, err := t.readMap(t.pos)
		if err != nil {
			t.report(err)
			t.resume(start + 1)
			return
		}
		m.Category, _ = metadata.values["category"].(string)
		t.pos = t.skipBlanks(end)
	}
	at := t.pos
	if m.Class = t.word(); m.Class == "" {
		t.fail(at, "expected a method (Class >> selector [ ... ]), found %s", t.found(at))
		t.resume(at)
		return
	}
	t.pos = t.skipBlanks(t.pos)
	side := t.pos
	switch t.word() {
	case "class", "classSide":
		m.IsMeta = true
		t.pos = t.skipBlanks(t.pos)
	default:
		t.pos = side
	}
	if !strings.HasPrefix(t.text[t.pos:], ">>") {
		t.fail(t.pos, "expected '>>' after %s, found %s", t.text[at:t.pos], t.found(t.pos))
		t.resume(t.pos)
		return
	}
	pattern := ast.Span{Start: t.skipBlanks(t.pos + 2)}
	pattern.End = opening(t.text, pattern.Start)
	if pattern.End < 0 {
		t.fail(pattern.Start, "expected '[' and the body of the method after its selector, found the end")
		t.pos = len(t.text)
		return
	}
	t.body(m, pattern)
}

// opening finds the bracket that opens a method's body, past the comments.
func opening(text string, i int) int {
	for ; i < len(text); i++ {
		switch text[i] {
		case '[':
			return i
		case '"':
			n := strings.IndexByte(text[i+1:], '"')
			if n < 0 {
				return -1
			}
			i += n + 1
		}
	}
	return -1
}

// body reads the method whose body opens where the pattern ends.
func (t *tonelReader) body(m MethodDefinition, pattern ast.Span) {
	open := pattern.End
	if end := closing(t.text, open); end >= 0 {
		t.pos = end + 1
		if !t.reader.method(m, pattern, ast.Span{Start: open + 1, End: end}) {
			// When a quote is missing, what closes the body may be in a later
			// method. Those must not be lost.
			after := t.pos
			if t.resume(open); t.pos > after {
				t.pos = after
			}
		}
		return
	}
	// A string, comment or block in it is not closed. The method ends, most
	// likely, at the first bracket that stands at the beginning of a line.
	t.resume(open)
	body := ast.Span{Start: open + 1, End: t.pos}
	if t.pos > open+1 && t.text[t.pos-1] == ']' {
		body.End--
	}
	unitsBefore := len(t.units)
	if t.reader.method(m, pattern, body) {
		t.units = t.units[:unitsBefore]
		t.fail(open, "the method's body is not closed: expected ']' before the end")
	}
}

// resume moves past the next line that begins with a closing bracket: the end
// of a method as Tonel's writers lay it out.
func (t *tonelReader) resume(from int) {
	for i := from; i < len(t.text); i++ {
		if t.text[i] == ']' && i > 0 && (t.text[i-1] == '\n' || t.text[i-1] == '\r') {
			t.pos = i + 1
			return
		}
	}
	t.pos = len(t.text)
}
