package launch

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/sista-vm/sista/xenhost/pvh"
)

// TestLine splits what Line joins as the guest does.
func TestLine(t *testing.T) {
	for _, words := range [][]string{
		nil, {"a"}, {"eval", "3 + 4"}, {""}, {"it's", `"quoted"`, "both ' and \"", "'", "''"}, {"ümläut", "tab\there"},
	} {
		line, err := Line(words)
		if err != nil {
			t.Fatal(err)
		}
		b := append([]byte(line), 0)
		var got []string
		if n := pvh.Words(b, len(line)); n > 0 {
			for _, w := range bytes.Split(b[:n-1], []byte{0}) {
				got = append(got, string(w))
			}
		}
		if !slices.Equal(got, words) {
			t.Errorf("%q: the line %q is split into %q", words, line, got)
		}
	}
	for _, w := range []string{"a\nb", strings.Repeat("x", 3000)} {
		if _, err := Line([]string{w}); err == nil {
			t.Errorf("%.10q is accepted", w)
		}
	}
}
