package rig

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sista-vm/sista/xenhost/launch"
)

// The hypervisor that tests use: a package of Debian 12, of one version.
const (
	xenPackage = "xen-hypervisor-4.17-amd64"
	xenVersion = "4.17.7+13-g2445b30a44-0+deb12u1"
	xenFile    = "boot/xen-4.17-amd64.gz"
	// xenSum is the SHA-256 of the file.
	xenSum = "3051d3934d8bd1cec1b2e0c950ab9ebe958e1753fe3dd45b43fc870893189fe4"
)

// Hypervisor answers the name of a file with Xen, in the form that QEMU can start. It is the installed one,
// or fetched from Debian's archive. A test is skipped where it cannot be had.
func Hypervisor(t testing.TB) string {
	t.Helper()
	if testing.Short() {
		t.Skip("Xen is not run in short tests")
	}
	packed, err := hypervisorFile()
	if err != nil {
		t.Skipf("no Xen: %v", err)
	}
	if !isPinned(packed) {
		t.Skipf("no Xen: what was fetched is not %s", xenVersion)
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "xen")
	if err := os.WriteFile(path, data, 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// hypervisorFile answers the contents of the file in the package.
func hypervisorFile() ([]byte, error) {
	if b, err := os.ReadFile("/" + xenFile); err == nil && isPinned(b) {
		return b, nil
	}
	user, err := os.UserCacheDir()
	if err != nil {
		return nil, err
	}
	cache := filepath.Join(user, "sista", "rig", xenVersion)
	if b, err := os.ReadFile(filepath.Join(cache, xenFile)); err == nil {
		return b, nil
	}
	if _, err := exec.LookPath("apt-get"); err != nil {
		return nil, fmt.Errorf("%s is not installed, and there is no apt-get to fetch it", xenPackage)
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return nil, err
	}
	for _, command := range [][]string{
		{"apt-get", "download", xenPackage + "=" + xenVersion},
		{"sh", "-c", "dpkg-deb -x " + xenPackage + "_*.deb ."},
	} {
		cmd := exec.Command(command[0], command[1:]...)
		cmd.Dir = cache
		if out, err := cmd.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("%s: %w: %s", strings.Join(command, " "), err, bytes.TrimSpace(out))
		}
	}
	return os.ReadFile(filepath.Join(cache, xenFile))
}

func isPinned(b []byte) bool {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]) == xenSum
}

// FirstDomain is a machine that runs Xen, and the guest as its first domain. Xen needs an I/O MMU for that.
// Not the guest but the emulation is why of AVX nothing is used, why there is no RDTSCP, and why Xen must not
// exchange floating-point registers lazily: they would be lost now and then.
func FirstDomain(xen, elf string, memory int, line string) launch.Machine {
	return launch.Machine{
		ELF: xen, Memory: memory + 192, CPU: "max,+svm,-rdtscp",
		Line:    fmt.Sprintf("console=com1 com1=115200,8n1 dom0=pvh dom0_mem=%dM loglvl=error guest_loglvl=error smap=hvm spec-ctrl=eager-fpu", memory),
		Module:  elf + " kernel.xcr0=3 " + strings.ReplaceAll(line, ",", ",,"),
		Options: []string{"-machine", "q35", "-device", "amd-iommu"},
	}
}
