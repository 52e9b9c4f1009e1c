package benchmarks

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
)

// The text that Json parses has the measures its class says.
func TestJsonDocument(t *testing.T) {
	m := open(t, t.TempDir())
	defer m.Close()
	v, err := m.Eval(t.Context(), "JsonBenchmark new text")
	if err != nil {
		t.Fatal(err)
	}
	text, err := v.Text()
	if err != nil {
		t.Fatal(err)
	}
	type counts struct{ length, objects, arrays, words, numbers, yes, no, null int }
	got := counts{length: len(text)}
	for d := json.NewDecoder(strings.NewReader(text)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch x := token.(type) {
		case json.Delim:
			switch x {
			case '{':
				got.objects++
			case '[':
				got.arrays++
			}
		case string:
			got.words++ // names among them
		case float64:
			got.numbers++
		case bool:
			if x {
				got.yes++
			} else {
				got.no++
			}
		case nil:
			got.null++
		}
	}
	if want := (counts{25820, 157, 553, 598 + 1351, 712, 26, 3, 590}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}
