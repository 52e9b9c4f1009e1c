package benchmarks

import (
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/sista-vm/sista/counters"
	"github.com/sista-vm/sista/explain"
	"github.com/sista-vm/sista/host"
	"github.com/sista-vm/sista/jit"
	"github.com/sista-vm/sista/vm"
)

// shown says what the optimizer does in the micro-benchmarks: of each, passes that change the function of its method
// benchmark, operations that the translation has and the outcome has not, or has fewer of, and methods or primitives that
// are inlined in it. Primitives from 256 on answer constants.
var shown = []struct {
	name    string
	passes  string
	gone    string
	fewer   string
	inlined string
}{
	{name: "Accessor", passes: "memory escape", gone: "new loadslot storeslot guardwritable", inlined: "MicroCounter>>count MicroCounter>>count:"},
	{name: "Allocation", passes: "peel escape", gone: "new"},
	{name: "ArrayCollect", passes: "escape contexts barriers licm", gone: "new newcontext guardwritable", fewer: "guardindex size", inlined: "[]"},
	{name: "ArrayCopy", passes: "escape", gone: "new newcontext", inlined: "primitive"},
	{name: "ArrayDo", passes: "narrow escape range rotate contexts", gone: "new newarray newcontext storeelement guardindex", inlined: "[]"},
	{name: "ArrayInject", passes: "escape range rotate contexts", gone: "new newarray newcontext guardindex", inlined: "[]"},
	{name: "AssociationTemporary", passes: "escape", gone: "new"},
	{name: "BlocksElsewhere", passes: "fold gvn", gone: "send call", inlined: "[]"},
	{name: "Bytes", passes: "range rotate licm bounds", fewer: "guardsmi iaddo", inlined: "primitive"},
	{name: "ClosureCall", passes: "memory escape", gone: "new loadslot storeslot", inlined: "[]"},
	{name: "Dictionary", passes: "escape contexts", gone: "new newcontext", fewer: "guardclass", inlined: "Dictionary>>at:ifAbsent:"},
	{name: "DictionarySymbol", passes: "escape", gone: "newcontext", fewer: "new guardclass", inlined: "[]"},
	{name: "Ensure", passes: "escape contexts", gone: "new newarray newcontext", inlined: "BlockClosure>>ensure: []"},
	{name: "FloatArray", passes: "narrow escape range licm bounds", gone: "boxfloat", fewer: "guardclass", inlined: "primitive"},
	{name: "FloatLoop", passes: "escape range rotate", gone: "boxfloat unboxfloat guardfloat", inlined: "primitive"},
	{name: "FloatTemporaries", passes: "peel escape rotate", gone: "boxfloat unboxfloat guardfloat", inlined: "primitive"},
	{name: "FloatVector", passes: "escape licm memory", gone: "new newcontext loadslot", fewer: "boxfloat guardindex", inlined: "[]"},
	{name: "Handler", passes: "escape contexts", gone: "new newarray newcontext", inlined: "BlockClosure>>on:do: []"},
	{name: "IntegerArithmetic", passes: "narrow range", gone: "guardsmi", fewer: "iaddo tag untag", inlined: "primitive"},
	{name: "IntervalDo", passes: "escape fold contexts", gone: "new newarray newcontext loadslot storeslot", inlined: "Interval>>do: []"},
	{name: "LargeTemporary", passes: "narrow range", gone: "send call"},
	{name: "LinkedAllocation", passes: "barriers", gone: "guardwritable", inlined: "Association"},
	{name: "Matrix", passes: "range licm memory gvn", gone: "new newcontext imulo", fewer: "guardindex guardsmi", inlined: "[]"},
	{name: "NestedBlocks", passes: "escape contexts", gone: "new newarray newcontext guardindex", inlined: "[]"},
	{name: "NonLocalReturn", passes: "escape contexts", gone: "new newcontext widow", inlined: "NonLocalReturnBenchmark>>firstAbove:in: []"},
	{name: "OrderedCollect", passes: "escape contexts barriers", gone: "newcontext", fewer: "new guardwritable", inlined: "[]"},
	{name: "OrderedDo", passes: "escape contexts", gone: "new newarray newcontext", inlined: "OrderedCollection>>do: []"},
	{name: "OrderedInject", passes: "escape contexts", gone: "new newarray newcontext", inlined: "[]"},
	{name: "Perform", passes: "memory escape", gone: "new loadslot storeslot", inlined: "MicroCounter>>count MicroCounter>>count:"},
	{name: "Pipeline", passes: "escape contexts", gone: "newcontext", fewer: "new newarray", inlined: "[]"},
	{name: "PointArithmetic", passes: "memory escape", gone: "loadslot storeslot", fewer: "new", inlined: "Point>>+ Point>>-"},
	{name: "SendMonomorphic", passes: "gvn licm", gone: "send call", fewer: "guardclass", inlined: "262"},
	{name: "SendPolymorphic2", passes: "gvn", gone: "send call", fewer: "guardclass", inlined: "262 264"},
	{name: "SendPolymorphic4", passes: "gvn fold", gone: "send call", fewer: "guardclass", inlined: "MicroShapeC>>weight MicroShapeD>>weight"},
	{name: "SharedDo", passes: "escape contexts", gone: "new newarray newcontext", inlined: "[]"},
	{name: "StreamRead", passes: "memory escape", gone: "new loadslot storeslot", inlined: "next atEnd"},
	{name: "StreamWrite", passes: "memory escape", gone: "new", inlined: "nextPut:"},
	{name: "StringPut", passes: "range licm", gone: "charvalue", fewer: "guardindex", inlined: "primitive"},
	{name: "StringScan", passes: "range rotate", gone: "charvalue guardindex guardsmi", inlined: "primitive"},
	{name: "SuperSend", passes: "range", gone: "send call guardsmi", inlined: "SuperSendBenchmark>>twice: MicroBenchmark>>twice:"},
	{name: "SymbolCompare", passes: "fold range", gone: "send call guardsmi"},
	{name: "TimesRepeat", passes: "narrow range rotate", gone: "guardsmi untag"},
	{name: "ToDo", passes: "narrow range rotate", gone: "guardsmi untag", fewer: "iaddo"},
	{name: "Words", passes: "range licm bounds", gone: "imulo", inlined: "primitive"},
}

var opOf = regexp.MustCompile(`^\s*(?:v\d+(?::\w+)? = )?(\w+)`)

// ops counts the operations of a function.
func ops(f *explain.Function) map[string]int {
	n := map[string]int{}
	for _, l := range f.Lines {
		if m := opOf.FindStringSubmatch(l.Text); m != nil {
			n[m[1]]++
		}
	}
	return n
}

// inlined lists what is inlined.
func inlined(d *explain.Decision) (all []string) {
	for _, d := range d.Decisions {
		if d.Inlined != "" {
			all = append(append(all, d.Inlined), inlined(d)...)
		}
	}
	return all
}

// Each micro-benchmark of an optimization shows that it takes place, and every pass has one that does.
func TestPassesFire(t *testing.T) {
	cache := t.TempDir()
	fired := map[string]bool{}
	for _, s := range shown {
		t.Run(s.name, func(t *testing.T) {
			policy := counters.DefaultPolicy()
			policy.SampleEvery, policy.Window, policy.WindowDuty = 20, 2000, 1
			m, err := vm.Open(vm.Config{CacheDir: cache, Clock: host.NewVirtualClock(), Feedback: &policy, Sources: []fs.FS{Sources()}})
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			v, err := m.Eval(t.Context(), fmt.Sprintf("%sBenchmark new innerBenchmarkLoop: 20. (%[1]sBenchmark lookupSelector: #benchmark) printString", s.name))
			if err != nil {
				t.Fatal(err)
			}
			name, err := v.Text()
			if err != nil {
				t.Fatal(err)
			}
			f, err := explain.Find(m.Interp(), name, 0)
			if err != nil {
				t.Fatal(err)
			}
			b := jit.NewBroker(m.Interp(), nil, jit.Options{Mode: jit.Off})
			defer b.Close()
			x, err := explain.Of(b, m.Interp(), f.Code, explain.Options{Loop: -1})
			if err != nil || x.Refused != "" {
				t.Fatal(err, x.Refused)
			}
			changed := map[string]bool{}
			for _, f := range x.Functions[1:] {
				if f.Changed {
					changed[strings.TrimRight(f.Pass, "0123456789")] = true
					fired[strings.TrimRight(f.Pass, "0123456789")] = true
				}
			}
			for _, pass := range strings.Fields(s.passes) {
				if !changed[pass] {
					t.Errorf("pass %s changes nothing", pass)
				}
			}
			front, last := ops(x.Functions[0]), ops(x.Functions[len(x.Functions)-1])
			for _, op := range strings.Fields(s.gone) {
				if front[op] == 0 && op != "send" && op != "call" || last[op] != 0 {
					t.Errorf("%d %s become %d, want none", front[op], op, last[op])
				}
			}
			for _, op := range strings.Fields(s.fewer) {
				if last[op] >= front[op] {
					t.Errorf("%d %s become %d, want fewer", front[op], op, last[op])
				}
			}
			all := inlined(x.Inlining)
			for _, what := range strings.Fields(s.inlined) {
				if !slices.ContainsFunc(all, func(name string) bool { return strings.Contains(name, what) }) {
					t.Errorf("no %s is inlined, but %q", what, all)
				}
			}
		})
	}
	if t.Failed() {
		return
	}
	for _, pass := range []string{"fold", "cfg", "narrow", "gvn", "memory", "peel", "escape", "range", "rotate", "licm", "bounds", "anchors", "contexts", "barriers", "dce"} {
		if !fired[pass] {
			t.Errorf("pass %s fires nowhere", pass)
		}
	}
}
