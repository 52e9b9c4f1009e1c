package launch

import (
	"strings"
	"testing"
)

func TestForward(t *testing.T) {
	f, err := ParseForward("8080:80")
	if err != nil || f != (Forward{8080, 80}) {
		t.Errorf("8080:80 is %v, %v", f, err)
	}
	for _, bad := range []string{"", "80", "a:b", "1:2:3", "0:80", "80:0", "70000:1", "-1:80"} {
		if _, err := ParseForward(bad); err == nil {
			t.Errorf("%q is understood", bad)
		}
	}
	m := Machine{ELF: "x", Memory: 64, Network: true, Forwards: []Forward{f}}
	if c := strings.Join(m.Command(), " "); !strings.Contains(c, "hostfwd=tcp:127.0.0.1:8080-:80") || !strings.Contains(c, "microvm") {
		t.Errorf("the command is %s", c)
	}
}
