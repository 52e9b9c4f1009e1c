package guest

import (
	"errors"
	"os"
	"slices"
	"testing"

	"github.com/sista-vm/sista/xenhost/xenstore"
)

// tree is a store of settings by their names.
type tree map[string]string

func (t tree) List(path string) ([]string, error) {
	if path != "vm-data/sista" {
		return nil, errors.New("another path: " + path)
	}
	if len(t) == 0 {
		return nil, &xenstore.Error{Op: "list", Path: path, Name: "ENOENT"}
	}
	var names []string
	for n := range t {
		names = append(names, n)
	}
	return names, nil
}

func (t tree) Read(path string) (string, error) { return t[path[len("vm-data/sista/"):]], nil }

func TestSettings(t *testing.T) {
	s, err := ReadSettings(tree{"net-address": "10.0.0.7/24", "PORT": "80", "SISTA_SET": "x", "arguments": "start 'a b' --x", "net-dns": "9.9.9.9"})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(s.Words, []string{"net.address=10.0.0.7/24", "net.dns=9.9.9.9"}) ||
		!slices.Equal(s.Variables, []string{"PORT=80", "SISTA_SET=x"}) || !slices.Equal(s.Arguments, []string{"start", "a b", "--x"}) {
		t.Errorf("%q", s)
	}
	t.Setenv("SISTA_SET", "before")
	t.Setenv("PORT", "")
	os.Unsetenv("PORT")
	if err := s.SetVariables(); err != nil {
		t.Fatal(err)
	}
	if os.Getenv("PORT") != "80" || os.Getenv("SISTA_SET") != "before" {
		t.Errorf("PORT=%s SISTA_SET=%s", os.Getenv("PORT"), os.Getenv("SISTA_SET"))
	}
	if s, err := ReadSettings(tree{}); err != nil || len(s.Words)+len(s.Variables)+len(s.Arguments) > 0 {
		t.Errorf("nothing is %q, %v", s, err)
	}
	if _, err := ReadSettings(tree{"a": "b\x00c"}); err == nil {
		t.Error("a zero in a setting")
	}
	if _, err := ReadSettings(refusing{}); err == nil {
		t.Error("a store that refuses has no settings")
	}
}

type refusing struct{ tree }

func (refusing) List(path string) ([]string, error) {
	return nil, &xenstore.Error{Op: "list", Path: path, Name: "EACCES"}
}
