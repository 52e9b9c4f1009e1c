package source

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/sista-vm/sista/smalltalk/ast"
	"github.com/sista-vm/sista/smalltalk/parser"
)

// Format is a layout of source files.
type Format uint8

// The formats.
const (
	Script Format = iota
	Chunks
	Tonel
)

func (f Format) String() string { return [...]string{"script", "chunks", "Tonel"}[f] }

// Detect tells the format of a file by its name, or else by its content. Tonel
// begins with the word Class, Extension, Package or Trait and a brace, after
// comments; an exclamation mark outside of strings, comments and character
// literals makes a chunk file; everything else is a script.
func Detect(file, text string) Format {
	base := path.Base(file)
	for _, suffix := range []string{".class.st", ".extension.st", ".trait.st"} {
		if strings.HasSuffix(base, suffix) {
			return Tonel
		}
	}
	switch path.Ext(base) {
	case ".cs", ".changes", ".sources":
		return Chunks
	}
	if strings.HasPrefix(text, "#!") {
		return Script
	}
	t := tonelReader{reader: newReader(ast.NewSource(file, text), parser.Options{})}
	if _, ok := t.comments(); ok {
		switch t.word() {
		case "Class", "Extension", "Package", "Trait":
			if i := t.skipBlanks(t.pos); i < len(text) && text[i] == '{' {
				return Tonel
			}
		}
	}
	if hasBang(text) {
		return Chunks
	}
	return Script
}

// hasBang looks for an exclamation mark outside of strings, comments and
// character literals.
func hasBang(text string) bool {
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '!':
			return true
		case '\'', '"':
			n := strings.IndexByte(text[i+1:], text[i])
			if n < 0 {
				return false
			}
			i += n + 1
		case '$':
			i++
		}
	}
	return false
}

// Read reads a file of any format. The error is a parser.Errors that has every
// error found; the units that are good are answered beside it.
func Read(file string, data []byte) ([]Unit, error) {
	src, bad := fileText(file, data)
	if bad != nil {
		return nil, parser.Errors{bad}
	}
	switch Detect(file, src.Text) {
	case Tonel:
		return ReadTonel(src)
	case Chunks:
		return ReadChunks(src)
	default:
		return ReadScript(src)
	}
}

// ReadFile reads one file of a file system.
func ReadFile(fsys fs.FS, file string) ([]Unit, error) {
	data, err := fs.ReadFile(fsys, file)
	if err != nil {
		return nil, err
	}
	return Read(file, data)
}

// ReadTree reads every .st file below a folder, by name in rising order; hidden
// files and folders are left out. Classes whose file names no package belong to
// the package of their folder. The error is a parser.Errors unless the file
// system itself fails; the units that are good are answered beside it.
func ReadTree(fsys fs.FS, dir string) ([]Unit, error) { return ReadTreeNamed(fsys, dir, "") }

// ReadTreeNamed is ReadTree for a tree that has a name outside of its file system: all
// places are in files below that name.
func ReadTreeNamed(fsys fs.FS, dir, name string) ([]Unit, error) {
	var units []Unit
	var bad parser.Errors
	folders := map[string][]Unit{}
	err := fs.WalkDir(fsys, dir, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if strings.HasPrefix(d.Name(), ".") && file != dir {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if d.IsDir() || path.Ext(file) != ".st" {
			return nil
		}
		data, err := fs.ReadFile(fsys, file)
		if err != nil {
			return err
		}
		read, err := Read(path.Join(name, file), data)
		var es parser.Errors
		if errors.As(err, &es) {
			bad = append(bad, es...)
		} else if err != nil {
			return err
		}
		units = append(units, read...)
		folders[path.Dir(file)] = append(folders[path.Dir(file)], read...)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", dir, err)
	}
	for _, folder := range folders {
		nameUnpackaged(folder)
	}
	return units, bad.Err()
}

// nameUnpackaged gives the classes of a folder that name neither package nor
// category those of the folder.
func nameUnpackaged(units []Unit) {
	i := slices.IndexFunc(units, func(u Unit) bool { _, ok := u.(*Package); return ok })
	if i < 0 {
		return
	}
	name := units[i].(*Package).Name
	for _, u := range units {
		if d, ok := u.(*ClassDefinition); ok && d.Package == "" {
			d.Package = name
			if d.Category == "" {
				d.Category = name
			}
		}
	}
}

// ClassDefinitions answers the classes that units define, those recognized in
// statements included.
func ClassDefinitions(units []Unit) []*ClassDefinition {
	var list []*ClassDefinition
	for _, u := range units {
		if s, ok := u.(*Statements); ok {
			u = s.Definition
		}
		if d, ok := u.(*ClassDefinition); ok {
			list = append(list, d)
		}
	}
	return list
}
