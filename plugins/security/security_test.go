package security

import (
	"testing"

	"github.com/sista-vm/sista/plugin/plugintest"
)

const module = "SecurityPlugin"

func TestRights(t *testing.T) {
	v := plugintest.New(t, Module)
	if v.Do(module, "primitiveCanWriteImage", nil) != true {
		t.Error("the image is read-only at first")
	}
	v.Do(module, "primitiveDisableImageWrite", nil)
	if v.Do(module, "primitiveCanWriteImage", nil) != false {
		t.Error("the image is writable in the end")
	}
}

func TestFolders(t *testing.T) {
	v := plugintest.New(t, Module)
	if got := v.Do(module, "primitiveGetSecureUserDirectory", nil); got != "/images/secure" {
		t.Errorf("the secure folder is %v", got)
	}
	if got := v.Do(module, "primitiveGetUntrustedUserDirectory", nil); got != "/images/My Squeak" {
		t.Errorf("the untrusted folder is %v", got)
	}
	v.World.Env.Lookup = func(name string) (string, bool) { return "/elsewhere/", name == "SQUEAK_USERDIR" }
	if got := v.Do(module, "primitiveGetUntrustedUserDirectory", nil); got != "/elsewhere" {
		t.Errorf("the untrusted folder is %v", got)
	}
}

func TestFuzzArguments(t *testing.T) { plugintest.Fuzz(t, Module, 100, nil) }
