package threshold

import (
	"fmt"
	"strings"
	"testing"
)

type policy struct {
	GatherAfter uint64 `help:"calls before feedback"`
	OSRAfter    uint64
	MaxCases    int `from:"1" to:"4" help:"classes"`
	Always      bool
}

func TestSet(t *testing.T) {
	for _, c := range []struct{ name, value, want string }{
		{"gather-after", "0x10", "16 2 3"},
		{"osr-after", "7", "1 7 3"},
		{"max-cases", "4", "1 2 4"},
		{"max-cases", "5", "max-cases: 5 is not from 1 to 4"},
		{"max-cases", "0", "max-cases: 0 is not from 1 to 4"},
		{"max-cases", "-1", `max-cases: "-1" is no number from 0 up`},
		{"gather-after", "many", `gather-after: "many" is no number from 0 up`},
		{"gather-after", "9223372036854775808", `gather-after: "9223372036854775808" is no number from 0 up`},
		{"GatherAfter", "1", `no threshold "GatherAfter"`},
		{"always", "1", `no threshold "always"`},
	} {
		p := policy{1, 2, 3, true}
		got := ""
		if err := Set(&p, c.name, c.value); err != nil {
			got = err.Error()
			if p != (policy{1, 2, 3, true}) {
				t.Errorf("%s %s: an error, and %v", c.name, c.value, p)
			}
		} else {
			got = fmt.Sprint(p.GatherAfter, p.OSRAfter, p.MaxCases)
		}
		if got != c.want {
			t.Errorf("%s %s: %s, not %s", c.name, c.value, got, c.want)
		}
	}
}

func TestEach(t *testing.T) {
	var lines []string
	Each(&policy{1, 2, 3, true}, func(name, value, help string) { lines = append(lines, strings.TrimSpace(name+" "+value+" "+help)) })
	const want = "gather-after 1 calls before feedback, osr-after 2, max-cases 3 classes"
	if got := strings.Join(lines, ", "); got != want {
		t.Errorf("%s, not %s", got, want)
	}
}
