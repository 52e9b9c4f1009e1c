package launch

import (
	"strings"
	"testing"
)

func TestConsole(t *testing.T) {
	for in, want := range map[string]struct {
		text string
		code int
		ok   bool
	}{
		"hello\r\nsista guest: exit 7\r\n":  {"hello\n", 7, true},
		"sista guest: exit 0\r\n":           {"", 0, true},
		"no end\r\n":                        {"no end\n", 0, false},
		"a\nsista guest: fatal: x 1\nsista": {"a\nsista guest: fatal: x 1\nsista", 0, false},
		"> sista guest: exit 1\n":           {"> sista guest: exit 1\n", 0, false},
		"sista guest: exit 1x\n":            {"sista guest: exit 1x\n", 0, false},
		"sista guest: exit 12345\n":         {"sista guest: exit 12345\n", 0, false},
		"sista guest: exit 3":               {"", 3, true},
		"":                                  {"", 0, false},
	} {
		for _, step := range []int{1, 2, 7, 1000} {
			var out strings.Builder
			c := NewConsole(&out)
			for rest := in; rest != ""; {
				n := min(step, len(rest))
				c.Write([]byte(rest[:n]))
				rest = rest[n:]
			}
			c.Close()
			code, ok := c.ExitCode()
			if out.String() != want.text || code != want.code || ok != want.ok {
				t.Errorf("%q by %d: %q, %d, %v", in, step, out.String(), code, ok)
			}
		}
	}
}
