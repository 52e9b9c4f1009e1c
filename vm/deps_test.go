package vm

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestDependencies holds what a program that embeds a VM does not get with it.
func TestDependencies(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Skipf("go list: %v", err)
	}
	deps := strings.Fields(string(out))
	if !slices.Contains(deps, "github.com/sista-vm/sista/interp") {
		t.Fatalf("go list answers %q", deps)
	}
	for _, d := range deps {
		switch {
		case d == "net", d == "net/http", d == "crypto/tls", d == "crypto/x509", d == "runtime/pprof":
		case strings.Contains(d, "pkg/profile"), strings.Contains(d, "go-echarts"), strings.Contains(d, "gonum"), strings.Contains(d, "gvisor"):
		default:
			continue
		}
		t.Errorf("package vm brings %s with it", d)
	}
}
