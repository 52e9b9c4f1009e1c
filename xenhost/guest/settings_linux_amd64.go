package guest

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/sista-vm/sista/xenhost/pvh"
	"github.com/sista-vm/sista/xenhost/xenstore"
)

// settingsPath is where the settings of a domain are in xenstore: each name there stands for the word NAME=VALUE
// on the command line, which has the last word; xenstore's names have no points, so hyphens stand for them.
// argumentsName is a whole line of words.
const (
	settingsPath  = "vm-data/sista"
	argumentsName = "arguments"
)

// Tree is what settings are read from; it is a xenstore.Client.
type Tree interface {
	List(path string) ([]string, error)
	Read(path string) (string, error)
}

// Settings are those of the domain.
type Settings struct {
	Words     []string // NAME=VALUE, with names that are no environment variables
	Variables []string // NAME=VALUE
	Arguments []string
}

// ReadSettings reads the settings of the domain; none is no error.
func ReadSettings(t Tree) (Settings, error) {
	var s Settings
	names, err := t.List(settingsPath)
	if xenstore.IsMissing(err) {
		return s, nil // nobody has set any
	}
	if err != nil {
		return s, err
	}
	slices.Sort(names)
	for _, name := range names {
		value, err := t.Read(settingsPath + "/" + name)
		if err != nil {
			return s, err
		}
		word := name + "=" + value
		switch {
		case name == argumentsName:
			s.Arguments = words(value)
		case strings.ContainsAny(value, "\x00"):
			return s, fmt.Errorf("the setting %s in xenstore is %q", name, value)
		case pvh.IsVariable([]byte(word)):
			s.Variables = append(s.Variables, word)
		default:
			s.Words = append(s.Words, strings.ReplaceAll(name, "-", ".")+"="+value)
		}
	}
	return s, nil
}

// words splits a line as the kernel splits the command line.
func words(line string) []string {
	b := append([]byte(line), 0)
	n := pvh.Words(b, len(line))
	if n == 0 {
		return nil
	}
	return strings.Split(string(b[:n-1]), "\x00")
}

// SetVariables makes those variables that are not set yet.
func (s Settings) SetVariables() error {
	for _, v := range s.Variables {
		name, value, _ := strings.Cut(v, "=")
		if _, set := os.LookupEnv(name); set {
			continue
		}
		if err := os.Setenv(name, value); err != nil {
			return err
		}
	}
	return nil
}
