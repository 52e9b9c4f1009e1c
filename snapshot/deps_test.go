package snapshot

import (
	"os/exec"
	"strings"
	"testing"
)

// A guest links the package: it must bring no cryptography with it.
func TestNoCryptography(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Skipf("go list: %v", err)
	}
	for _, d := range strings.Fields(string(out)) {
		if strings.HasPrefix(d, "crypto/") {
			t.Errorf("package snapshot brings %s with it", d)
		}
	}
}
