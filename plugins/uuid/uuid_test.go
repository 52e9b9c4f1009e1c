package uuid

import (
	"bytes"
	"testing"

	"github.com/sista-vm/sista/plugin"
	"github.com/sista-vm/sista/plugin/plugintest"
)

func TestMakeUUID(t *testing.T) {
	v := plugintest.New(t, Module)
	a := v.Do("UUIDPlugin", "primitiveMakeUUID", make([]byte, 16)).([]byte)
	b := v.Do("UUIDPlugin", "primitiveMakeUUID", nil, make([]byte, 16)).([]byte)
	for _, id := range [][]byte{a, b} {
		if id[6]>>4 != 4 || id[8]>>6 != 2 {
			t.Errorf("%x is not of version 4", id)
		}
	}
	if bytes.Equal(a, b) {
		t.Error("the same UUID twice")
	}
	v.Fails(plugin.BadArgument, "UUIDPlugin", "primitiveMakeUUID", make([]byte, 15))
	v.World.Entropy = bytes.NewReader(nil)
	id := v.Oop([]byte("0123456789abcdef"))
	v.Fails(plugin.Generic, "UUIDPlugin", "primitiveMakeUUID", id)
	if string(v.Go(id).([]byte)) != "0123456789abcdef" {
		t.Error("the receiver changed though the primitive failed")
	}
}

func TestFuzzArguments(t *testing.T) { plugintest.Fuzz(t, Module, 1000, nil) }
