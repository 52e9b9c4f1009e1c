package unavailable

import (
	"strings"
	"testing"

	"github.com/sista-vm/sista/plugin"
	"github.com/sista-vm/sista/plugin/plugintest"
)

func TestReasonsNameThePlugin(t *testing.T) {
	v := plugintest.New(t, Modules...)
	for module, primitive := range map[string]string{
		"SqueakFFIPrims":      "primitiveCallout",
		"IA32ABI":             "primMalloc",
		"UnixOSProcessPlugin": "primitiveForkSqueak",
	} {
		v.Fails(plugin.Unsupported, module, primitive, nil)
		if !strings.HasPrefix(v.Call.Reason, module+": ") {
			t.Errorf("the reason is %q", v.Call.Reason)
		}
	}
}

func TestSurroundings(t *testing.T) {
	v := plugintest.New(t, Modules...)
	v.World.Env.Lookup = func(name string) (string, bool) { return "me", name == "USER" }
	if got := v.Do("UnixOSProcessPlugin", "primitiveGetCurrentWorkingDirectory", nil); got != "/" {
		t.Errorf("the current folder is %v", got)
	}
	if got := v.Do("UnixOSProcessPlugin", "primitiveEnvironmentAtSymbol", nil, "USER"); got != "me" {
		t.Errorf("USER is %v", got)
	}
	v.Fails(plugin.NotFound, "UnixOSProcessPlugin", "primitiveEnvironmentAtSymbol", nil, "NOTHING")
}

func TestFuzzArguments(t *testing.T) {
	for _, m := range Modules {
		plugintest.Fuzz(t, m, 200, nil)
	}
}
