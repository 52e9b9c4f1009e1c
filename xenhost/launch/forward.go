package launch

import (
	"fmt"
	"strconv"
	"strings"
)

// Forward is a TCP port of this machine, on 127.0.0.1, that leads to one of the guest's.
type Forward struct{ Here, Guest uint16 }

// ParseForward reads the two numbers of 8080:80.
func ParseForward(s string) (Forward, error) {
	here, guest, ok := strings.Cut(s, ":")
	h, err1 := strconv.ParseUint(here, 10, 16)
	g, err2 := strconv.ParseUint(guest, 10, 16)
	if !ok || err1 != nil || err2 != nil || h == 0 || g == 0 {
		return Forward{}, fmt.Errorf("%q is no pair of ports, such as 8080:80", s)
	}
	return Forward{uint16(h), uint16(g)}, nil
}
