package all

import (
	"testing"

	"github.com/sista-vm/sista/plugin"
	"github.com/sista-vm/sista/plugin/plugintest"
)

func TestModulesLoad(t *testing.T) {
	v := plugintest.New(t)
	modules := All()
	registry := plugin.NewRegistry(modules...)
	if n := len(registry.Names()); n != len(modules) {
		t.Errorf("%d names for %d modules", n, len(modules))
	}
	for _, m := range modules {
		inst, err := m.New(v)
		if err != nil {
			t.Errorf("%s: %v", m.Name, err)
			continue
		}
		if len(inst.Primitives) == 0 && inst.Missing == nil {
			t.Errorf("%s has no primitives", m.Name)
		}
		if inst.Close != nil {
			inst.Close()
		}
	}
}
