package plugin

import (
	"fmt"
	"sort"
)

// Registry is the set of modules a VM may load. It is complete before the first
// VM uses it and may be shared by any number of them after that.
type Registry struct {
	modules map[string]Module
}

// NewRegistry makes a registry of modules.
func NewRegistry(modules ...Module) *Registry {
	r := &Registry{modules: map[string]Module{}}
	for _, m := range modules {
		r.Register(m)
	}
	return r
}

// Register adds a module; one of the same name is replaced.
func (r *Registry) Register(m Module) { r.modules[m.Name] = m }

// Names answers the names of all modules, sorted.
func (r *Registry) Names() []string {
	names := make([]string, 0, len(r.modules))
	for n := range r.modules {
		names = append(names, n)
	}
	sort.Strings(names)
	return names
}

// Table is the modules one VM has loaded. Only the VM's goroutine uses it.
type Table struct {
	vm       VM
	registry *Registry
	loaded   map[string]*Instance
	order    []string
	errors   map[string]error
}

// NewTable makes an empty table over a registry.
func NewTable(vm VM, registry *Registry) *Table {
	return &Table{vm: vm, registry: registry, loaded: map[string]*Instance{}, errors: map[string]error{}}
}

// Lookup answers a primitive, loading its module when it is first named. The
// error says which of module and function is missing.
func (t *Table) Lookup(module, function string) (Func, error) {
	inst, err := t.load(module)
	if err != nil {
		return nil, err
	}
	if f := inst.Primitives[function]; f != nil {
		return f, nil
	}
	if inst.Missing != nil {
		return inst.Missing, nil
	}
	return nil, fmt.Errorf("plugin %s has no primitive %s", module, function)
}

func (t *Table) load(module string) (*Instance, error) {
	if inst := t.loaded[module]; inst != nil {
		return inst, nil
	}
	if err := t.errors[module]; err != nil {
		return nil, err
	}
	m, ok := t.registry.modules[module]
	if !ok {
		return nil, fmt.Errorf("no plugin %s", module)
	}
	inst, err := m.New(t.vm)
	if err != nil {
		err = fmt.Errorf("plugin %s: %w", module, err)
		t.errors[module] = err
		return nil, err
	}
	t.loaded[module] = &inst
	t.order = append(t.order, module)
	return &inst, nil
}

// Unload closes a module; it tells whether the module was loaded. The VM must
// have dropped every Func of it that it remembers.
func (t *Table) Unload(module string) bool {
	delete(t.errors, module)
	inst := t.loaded[module]
	if inst == nil {
		return false
	}
	delete(t.loaded, module)
	for i, n := range t.order {
		if n == module {
			t.order = append(t.order[:i], t.order[i+1:]...)
			break
		}
	}
	if inst.Close != nil {
		inst.Close()
	}
	return true
}

// Loaded answers the names of the loaded modules in the order of loading.
func (t *Table) Loaded() []string { return append([]string(nil), t.order...) }

// Available answers the names of all modules that could be loaded, sorted.
func (t *Table) Available() []string { return t.registry.Names() }

// Close unloads all modules, the last one first.
func (t *Table) Close() {
	for len(t.order) > 0 {
		t.Unload(t.order[len(t.order)-1])
	}
}
