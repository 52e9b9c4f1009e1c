package core

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/sista-vm/sista/plugin"
	"github.com/sista-vm/sista/plugin/plugintest"
)

func TestNamesAreUnique(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range All() {
		if seen[m.Name] {
			t.Errorf("two modules are called %s", m.Name)
		}
		seen[m.Name] = true
	}
}

// TestPrimitivesAreThere loads every module and looks for primitives that images call at start.
func TestPrimitivesAreThere(t *testing.T) {
	v := plugintest.New(t)
	table := plugin.NewTable(v, plugin.NewRegistry(All()...))
	defer table.Close()
	for module, primitives := range map[string]string{
		"FilePlugin":           "primitiveFileStdioHandles primitiveFileOpen primitiveFileRead primitiveFileWrite primitiveDirectoryLookup primitiveDirectoryDelimitor",
		"FileAttributesPlugin": "primitiveFileExists primitiveFileAttributes primitiveOpendir primitiveReaddir primitiveClosedir primitiveFileMasks",
		"LargeIntegers":        "primDigitAdd primDigitSubtract primDigitMultiplyNegative primDigitDivNegative primNormalizePositive primDigitBitShiftMagnitude",
		"MiscPrimitivePlugin":  "primitiveStringHash primitiveCompareString primitiveFindSubstring primitiveIndexOfAsciiInString",
		"UUIDPlugin":           "primitiveMakeUUID",
		"LocalePlugin":         "primitiveLanguage primitiveCountry",
		"SecurityPlugin":       "primitiveCanWriteImage primitiveGetSecureUserDirectory",
		"ZipPlugin":            "primitiveInflateDecompressBlock primitiveUpdateGZipCrc32",
		"BitBltPlugin":         "primitiveCopyBits primitiveWarpBits primitiveDisplayString",
		"FloatArrayPlugin":     "primitiveAt primitiveAddFloatArray primitiveMulScalar",
		"Float64ArrayPlugin":   "primitiveAt primitiveAddFloat64Array primitiveFromFloatArray",
		"CroquetPlugin":        "primitiveGatherEntropy",
	} {
		for _, p := range strings.Fields(primitives) {
			if _, err := table.Lookup(module, p); err != nil {
				t.Error(err)
			}
		}
	}
	for _, m := range All() {
		if _, err := table.Lookup(m.Name, "primitiveNobodyHas"); err == nil && !strings.Contains("SqueakFFIPrims IA32ABI UnixOSProcessPlugin", m.Name) {
			t.Errorf("%s has every primitive", m.Name)
		}
	}
}

func TestNoNetworkStack(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Skipf("go list: %v", err)
	}
	deps := strings.Fields(string(out))
	for _, bad := range []string{"net", "crypto/tls", "net/http", "crypto/x509"} {
		if slices.Contains(deps, bad) {
			t.Errorf("the package depends on %s", bad)
		}
	}
}
