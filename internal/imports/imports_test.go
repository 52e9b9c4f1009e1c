// Package imports holds no code, only the test that imports between the packages of
// the module go one way.
package imports

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path"
	"strings"
	"testing"
)

const module = "github.com/sista-vm/sista/"

// allowed says which packages a package may import, by patterns of path.Match on
// paths in the module. What tests import is their own affair.
//
//	cmd/sista -> vm -> interp -> plugin -> heap -> host
//	                   plugins/*  ^          ^
//	                   smalltalk/* -> image -+
var allowed = map[string][]string{
	"host":           {},
	"host/hostos":    {"host"},
	"host/hosttest":  {"host"},
	"host/hostnet":   {"host"},
	"host/netstack":  {"host"},
	"bytecode":       {},
	"heap":           {"host"},
	"image":          {"heap", "host", "bytecode"},
	"snapshot":       {"image", "heap", "host"},
	"snapshot/trust": {"snapshot", "host"},
	"plugin":         {"heap", "host"},
	"plugin/plugintest": {
		"plugin", "heap", "host", "host/hostos", "internal/*",
	},
	"plugins/*":           {"plugin", "heap", "host"},
	"plugins/core":        {"plugin", "plugins/*"},
	"plugins/all":         {"plugin", "plugins/*"},
	"plugins/stcompiler":  {"plugin", "heap", "host", "bytecode", "smalltalk/*"},
	"interp":              {"heap", "host", "plugin", "bytecode", "native", "counters"},
	"native":              {"host", "internal/wire"},
	"jit":                 {"interp", "heap", "counters", "native", "codegen", "codegen/template", "optimizer/*", "bytecode", "internal/wire"},
	"interp/internal/*":   {"bytecode"},
	"kernel":              {},
	"counters":            {"internal/threshold"},
	"benchmarks":          {},
	"benchmarks/steady":   {},
	"benchmarks/result":   {"benchmarks/steady"},
	"benchmarks/chart":    {"benchmarks/result", "benchmarks/steady"},
	"smalltalk/ast":       {},
	"smalltalk/parser":    {"smalltalk/ast"},
	"smalltalk/source":    {"smalltalk/ast", "smalltalk/parser"},
	"smalltalk/compiler":  {"smalltalk/ast", "smalltalk/parser", "bytecode"},
	"smalltalk/reference": {"smalltalk/ast", "smalltalk/parser", "smalltalk/compiler", "bytecode"},
	"smalltalk/build":     {"smalltalk/*", "heap", "host", "host/hostos", "image", "bytecode"},
	"vm": {
		"heap", "host", "host/hostos", "image", "interp", "plugin", "plugins/core", "plugins/stcompiler",
		"kernel", "smalltalk/*", "bytecode", "counters", "jit", "native", "snapshot",
	},
	"explain": {
		"jit", "interp", "image", "heap", "counters", "bytecode", "native", "codegen/asm", "optimizer/*", "plugins/stcompiler",
	},
	"cmd/sista": {
		"explain", "counters", "native", "vm", "jit", "host", "host/hostos", "host/hostnet", "heap", "image", "interp", "plugin", "plugins/all", "plugins/stcompiler",
		"xenhost/pack", "xenhost/launch", "xenhost/xenrig", "xenhost/bundle", "xenhost/store", "bytecode", "kernel", "smalltalk/*", "benchmarks", "benchmarks/*", "snapshot", "snapshot/trust",
	},
	// The optimizer knows neither the heap nor who runs its code.
	"optimizer/front":  {"optimizer/*", "counters", "bytecode", "internal/threshold"},
	"optimizer/passes": {"optimizer/ir", "internal/threshold"},
	"optimizer/ir":     {"internal/wire"},
	"optimizer/*":      {"optimizer/*", "optimizer/internal/*"},
	"optimizer/*/*":    {"optimizer/*", "optimizer/internal/*"},
	"codegen":          {"codegen/asm", "native", "optimizer/*"},
	"codegen/template": {"codegen/asm", "native"},
	"codegen/asm":      {},
	// The kernel under a guest imports from the hardware up; only guests know the rest.
	"xenhost/cpu":     {},
	"xenhost/pvh":     {},
	"xenhost/thread":  {},
	"xenhost/sig":     {"xenhost/thread"},
	"xenhost/mem":     {"xenhost/cpu"},
	"xenhost/clock":   {"xenhost/cpu"},
	"xenhost/apic":    {"xenhost/cpu"},
	"xenhost/console": {"xenhost/cpu", "xenhost/xen"},
	"xenhost/kernel": {
		"xenhost/apic", "xenhost/clock", "xenhost/console", "xenhost/cpu", "xenhost/mem", "xenhost/pvh",
		"xenhost/sig", "xenhost/thread", "xenhost/xen",
	},
	"xenhost/xen":        {"xenhost/cpu"},
	"xenhost/boot":       {"xenhost/kernel"},
	"xenhost/pack":       {},
	"xenhost/pack/embed": {"xenhost/pack"},
	"xenhost/launch":     {},
	"xenhost/debian":     {"internal/xz"},
	"xenhost/xenrig":     {"xenhost/debian", "xenhost/launch"},
	"xenhost/rig":        {"xenhost/pack", "xenhost/launch", "xenhost/xenrig"},
	"xenhost/xenstore":   {},
	"xenhost/bundle":     {},
	"xenhost/guest":      {"host", "xenhost/kernel", "xenhost/pvh", "xenhost/bundle", "xenhost/xenstore"},
	"xenhost/virtio":     {"xenhost/disk"},
	"xenhost/disk":       {},
	"xenhost/store":      {"host"},
	"xenhost/xenbus":     {},
	// What tests have is not in guests.
	"xenhost/xenbus/bustest": {"xenhost/xenbus", "xenhost/xenstore"},
	"xenhost/netfront":       {"xenhost/xenbus"},
	"xenhost/blkfront":       {"xenhost/xenbus", "xenhost/xenstore", "xenhost/disk"},
	"xenhost/run":            {"host", "host/hostos", "plugin", "xenhost/store", "xenhost/xenstore", "xenhost/virtio", "xenhost/blkfront", "xenhost/kernel", "xenhost/guest", "xenhost/bundle", "vm", "jit", "snapshot", "snapshot/trust"},
	"xenhost/guests/*":       {"host", "host/netstack", "plugins/core", "plugins/socket", "xenhost/virtio", "xenhost/netfront", "xenhost/boot", "xenhost/kernel", "xenhost/run"},
	"docs":                   {},
	"internal/*":             {"internal/*"},
	"internal/*/*":           {"internal/*"},
}

// rule answers what a package may import: by its name, or else by a pattern.
func rule(name string) (list []string, ok bool) {
	if list, ok = allowed[name]; ok {
		return list, true
	}
	for pattern, list := range allowed {
		if match(pattern, name) {
			return list, true
		}
	}
	return nil, false
}

func match(pattern, name string) bool {
	ok, err := path.Match(pattern, name)
	return ok && err == nil
}

func TestImports(t *testing.T) {
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports", "./...")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		t.Skipf("go list: %v", err)
	}
	seen := 0
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		seen++
		name := strings.TrimPrefix(p.ImportPath, module)
		list, ok := rule(name)
		if !ok {
			t.Errorf("%s: no rule says what it may import; add one", name)
			continue
		}
		for _, i := range p.Imports {
			i, inside := strings.CutPrefix(i, module)
			if !inside {
				continue
			}
			allowed := false
			for _, pattern := range list {
				allowed = allowed || match(pattern, i)
			}
			if !allowed {
				t.Errorf("%s imports %s", name, i)
			}
		}
	}
	if seen < 10 {
		t.Errorf("go list found %d packages", seen)
	}
}
