package interp

import (
	"fmt"

	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/plugin"
)

// Named primitives (117). Literal 0 of the method is an Array of module name,
// function name, a value of no use to us, and an index: 0 unresolved, positive an
// index into the table here, negative known to be missing. Indices of another
// run mean nothing, so the table starts with a count no image can have saved:
// namedBase times a number of this session.
type namedPrimitives struct {
	table []namedPrimitive
	base  int64
	// Missing remembers why names were not found, for whoever reports it.
	missing map[string]error
	warned  map[string]bool // reasons shown already
}

type namedPrimitive struct {
	call    plugin.Func
	numeric primitive // the VM's own, under the empty module name
}

const (
	namedModule   = 0
	namedFunction = 1
	namedIndex    = 3
)

func primNamed(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	m := in.primMethod
	if !isMethod(m) || headerNumLiterals(methodHeader(m)) == 0 {
		return 0, plugin.BadMethod
	}
	lit := in.follow(methodLiteral(m, 0))
	if !lit.IsObject() || lit.Format() != heap.FmtArray || lit.NumSlots() != 4 {
		return 0, plugin.BadMethod
	}
	i := int64(-1)
	if idx := lit.Slot(namedIndex); idx.IsInt() {
		i = idx.Int() - in.named.base
	}
	if i <= 0 || i > int64(len(in.named.table)) {
		if lit.Slot(namedIndex).IsInt() && lit.Slot(namedIndex).Int() == -in.named.base {
			return 0, plugin.NotFound
		}
		i = in.resolve(lit)
		if i == 0 {
			lit.SetSlotRaw(namedIndex, heap.FromInt(-in.named.base))
			return 0, plugin.NotFound
		}
		lit.SetSlotRaw(namedIndex, heap.FromInt(in.named.base+i))
	}
	p := in.named.table[i-1]
	for try := 0; ; try++ {
		var r heap.Oop
		var f plugin.Failure
		if p.call != nil {
			r, f = p.call(c)
		} else {
			r, f = p.numeric(in, c)
		}
		if f != plugin.NoMemory || try == 2 {
			if f == plugin.Unsupported && c.Reason != "" {
				in.warnOnce(c.Reason)
			}
			return r, f
		}
		n := c.NumArgs()
		if try == 0 {
			in.scavengeNow()
		} else {
			in.fullGCNow()
		}
		c.Begin(in.sp+8*uint64(n), n)
	}
}

// NamedPrimitive answers what the primitive of a method is called, module and function with a
// colon between; "" if it has none with a name.
func (in *Interp) NamedPrimitive(m heap.Oop) string {
	if methodPrimitive(m) != primByName || headerNumLiterals(methodHeader(m)) == 0 {
		return ""
	}
	lit := in.follow(methodLiteral(m, 0))
	if !lit.IsObject() || lit.Format() != heap.FmtArray || lit.NumSlots() != 4 {
		return ""
	}
	module := ""
	if o := in.follow(lit.Slot(namedModule)); o.IsObject() && o.Format().IsBytes() {
		module = in.stringOf(o)
	}
	return module + ":" + in.stringOf(in.follow(lit.Slot(namedFunction)))
}

// warnOnce tells the user, on standard error, what a primitive that the VM will
// never have says of itself. Images often hide such failures.
func (in *Interp) warnOnce(reason string) {
	if in.named.warned[reason] {
		return
	}
	if in.named.warned == nil {
		in.named.warned = map[string]bool{}
	}
	in.named.warned[reason] = true
	if w := in.host.Console.Stderr(); w != nil {
		fmt.Fprintf(w, "sista: %s\n", reason)
	}
}

// resolve finds the function a literal names and answers its index, 0 if there is none.
func (in *Interp) resolve(lit heap.Oop) int64 {
	module, function := "", in.stringOf(in.follow(lit.Slot(namedFunction)))
	if m := in.follow(lit.Slot(namedModule)); m.IsObject() && m.Format().IsBytes() {
		module = in.stringOf(m)
	}
	var p namedPrimitive
	if module == "" {
		p.numeric = in.moduleless[function]
	}
	if p.numeric == nil {
		f, err := in.plugins.Lookup(module, function)
		if err != nil {
			if in.named.missing == nil {
				in.named.missing = map[string]error{}
			}
			in.named.missing[module+"."+function] = err
			return 0
		}
		p.call = f
	}
	in.named.table = append(in.named.table, p)
	return int64(len(in.named.table))
}

// forgetNamed makes every method resolve its primitive again.
func (in *Interp) forgetNamed() {
	in.named.table = nil
	in.named.base += 1 << 24
}

func primFlushNamed(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	in.forgetNamed()
	return c.Receiver, plugin.OK
}

func primUnloadModule(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	name, ok := c.String(0)
	if c.NumArgs() != 1 || !ok {
		return 0, plugin.BadArgument
	}
	if !in.plugins.Unload(name) {
		return 0, plugin.NotFound
	}
	in.forgetNamed()
	return c.Receiver, plugin.OK
}

// listing answers the i-th of names, nil past the end.
func (in *Interp) nameAt(c *plugin.Call, names []string) (heap.Oop, plugin.Failure) {
	i, ok := c.SmallInt(0)
	if c.NumArgs() != 1 || !ok || i < 1 {
		return 0, plugin.BadArgument
	}
	if i > len(names) {
		return in.nilOop, plugin.OK
	}
	return c.ReturnString(names[i-1])
}

func primListBuiltin(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	return in.nameAt(c, in.plugins.Available())
}

func primListLoaded(in *Interp, c *plugin.Call) (heap.Oop, plugin.Failure) {
	return in.nameAt(c, in.plugins.Loaded())
}

// precedingInstruction answers the pc, in a context's convention, of the
// instruction before one, its extensions included; -1 if pc is no boundary.
func (in *Interp) precedingInstruction(m heap.Oop, pc int) int {
	h := methodHeader(m)
	set := bytecodeSet(h)
	code := m.Bytes()
	at, last := int(methodStart(h))-8, -1
	for at < pc-1 && at < len(code) {
		i, err := set.Decode(code, at)
		if err != nil {
			return -1
		}
		last = at
		at = i.Next()
	}
	if at != pc-1 {
		return -1
	}
	return last + 1
}

func (in *Interp) installPrimitives() {
	in.named.base = 1 << 24
	in.moduleless = map[string]primitive{}
	in.installControl()
	in.installArithmetic()
	in.installFloats()
	in.installAccess()
	in.installObjects()
	in.installMemoryAccess()
	in.installSystem()
	in.installModuleless(in.moduleless)
}
