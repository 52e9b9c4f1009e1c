package explain_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/sista-vm/sista/counters"
	"github.com/sista-vm/sista/explain"
	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/host"
	"github.com/sista-vm/sista/internal/golden"
	"github.com/sista-vm/sista/jit"
	"github.com/sista-vm/sista/vm"
)

var cacheDir = filepath.Join(os.TempDir(), "sista-explain-test")

// open answers a machine after an expression has run, interpreted.
func open(t *testing.T, run string) *vm.VM {
	t.Helper()
	return openWith(t, counters.DefaultPolicy(), run)
}

// openWith is open with other thresholds of feedback.
func openWith(t *testing.T, policy counters.Policy, run string) *vm.VM {
	t.Helper()
	m, err := vm.Open(vm.Config{CacheDir: cacheDir, Clock: host.NewVirtualClock(), Feedback: &policy})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	if run != "" {
		v, err := m.Eval(context.Background(), run)
		if err != nil {
			t.Fatal(err)
		}
		v.Release()
	}
	return m
}

func of(t *testing.T, m *vm.VM, name string, block int, o explain.Options) *explain.Explanation {
	t.Helper()
	f, err := explain.Find(m.Interp(), name, block)
	if err != nil {
		t.Fatal(err)
	}
	b := jit.NewBroker(m.Interp(), nil, jit.Options{Mode: jit.Off})
	defer b.Close()
	x, err := explain.Of(b, m.Interp(), f.Code, o)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// counts are how often something happened: they depend on what the image does when it starts.
var counts = regexp.MustCompile(`( x|reached |jumped )\d+`)

// Explanations are golden as far as neither passes nor the machine are in them. The section
// method says which method it is, and what runs before.
func TestText(t *testing.T) {
	golden.Run(t, "testdata/*.txt", func(t *testing.T, a *golden.Archive) {
		lines := strings.Split(strings.TrimSpace(a.Section("method")), "\n")
		run := ""
		if len(lines) > 1 {
			run = lines[1]
		}
		x := of(t, open(t, run), lines[0], 0, explain.Options{Warmup: run, Loop: -1})
		for _, section := range a.Names() {
			if section == "method" {
				continue
			}
			var w bytes.Buffer
			if err := x.Text(&w, explain.Show{Sections: strings.Split(section, ",")}); err != nil {
				t.Fatal(err)
			}
			// The head says how large the code is.
			_, text, _ := strings.Cut(w.String(), "\n---")
			a.Check(t, section, counts.ReplaceAllString("---"+text, "${1}N"), "")
		}
	})
}

const sum = "(1 to: 50) do: [ :n | (1 to: 1000) inject: 0 into: [ :a :b | a + b ] ]"

// What the parts say fits together.
func TestParts(t *testing.T) {
	x := of(t, open(t, sum), "Interval>>do:", 0, explain.Options{Warmup: sum, Loop: -1})
	if x.Refused != "" {
		t.Fatal(x.Refused)
	}
	if m := x.Methods[0]; m.Name != "Interval>>do:" || len(m.Source) == 0 || len(m.Bytecodes) == 0 {
		t.Errorf("the first method is %s with %d lines and %d bytecodes", m.Name, len(m.Source), len(m.Bytecodes))
	}
	if x.Inlining == nil || x.Inlining.What != "Interval>>do:" || len(x.Inlining.Decisions) == 0 {
		t.Errorf("inlining: %+v", x.Inlining)
	}
	if x.Functions[0].Pass != "front" || !x.Functions[0].Changed || len(x.Functions) < 10 {
		t.Errorf("%d functions, the first after %s", len(x.Functions), x.Functions[0].Pass)
	}
	last := x.Functions[len(x.Functions)-1]
	defined := map[int]bool{}
	placed := 0
	for _, l := range last.Lines {
		defined[l.Value] = true
		if l.At.Method >= 0 {
			placed++
			m := x.Methods[l.At.Method]
			if !slices.ContainsFunc(m.Bytecodes, func(b explain.Bytecode) bool { return b.PC == l.At.PC && b.Line == l.At.Line }) {
				t.Errorf("%s is from %s@%d line %d, where no bytecode is", l.Text, m.Name, l.At.PC, l.At.Line)
			}
		}
	}
	if placed < len(last.Lines)/2 {
		t.Errorf("of %d lines only %d are known to be from somewhere", len(last.Lines), placed)
	}
	if len(x.Depends) == 0 || len(x.Stages) != 3 {
		t.Errorf("relies on %v; stages %v", x.Depends, x.Stages)
	}

	var code []byte
	noted := ""
	for _, i := range x.Code.Instructions {
		if i.Offset != len(code) || i.Slow != (i.Offset >= x.Code.Fast) {
			t.Errorf("instruction at %#x of %#x, slow %v", i.Offset, len(code), i.Slow)
		}
		b, err := hex.DecodeString(i.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		code = append(code, b...)
		noted += i.Note + "\n"
		if i.Value >= 0 && i.Value < 1<<20 && i.At.Method >= len(x.Methods) {
			t.Errorf("%s is from method %d of %d", i.Text, i.At.Method, len(x.Methods))
		}
	}
	if len(code) != x.Code.Bytes {
		t.Errorf("%d bytes in instructions, %d in all", len(code), x.Code.Bytes)
	}
	for _, want := range []string{"stack limit", "stub deopt", "!"} {
		if !strings.Contains(noted, want) {
			t.Errorf("no note says %q in\n%s", want, noted)
		}
	}
	left := 0
	for _, p := range x.Code.Points {
		if p.Kind == "" {
			t.Errorf("a point of no kind at %#x", p.Offset)
		}
		if p.Reason != "" && len(p.State) > 0 {
			left++
		}
	}
	if left == 0 {
		t.Error("nothing deoptimizes")
	}
}

// Methods and blocks are found by their names, and what is not there is told.
func TestFind(t *testing.T) {
	m := open(t, "")
	for _, c := range []struct {
		name  string
		block int
		want  string // the name found, or the error
	}{
		{"Integer>>benchFib", 0, "Integer>>benchFib"},
		{" Integer >> #benchFib ", 0, "Integer>>benchFib"},
		{"OrderedCollection class>>new:", 0, "OrderedCollection class>>new:"},
		{"[] in Collection>>inject:into:", 0, "[] in Collection>>inject:into:"},
		{"Collection>>inject:into:", 1, "[] in Collection>>inject:into:"},
		{"Collection>>inject:into:", 2, "Collection>>inject:into: has no block 2, it has 1"},
		{"[] in Integer>>benchFib", 0, "Integer>>benchFib has no blocks but those that its own code was compiled into"},
		{"benchFib", 0, `"benchFib" is no method; write Class>>selector`},
		{"Intger>>benchFib", 0, "no class Intger; did you mean Integer?"},
		{"Integer>>benchfib", 0, "Integer does not understand benchfib; did you mean benchFib?"},
		{"Integer>>entirelyUnlikeAnything:", 0, "Integer does not understand entirelyUnlikeAnything:"},
		{"SmallInteger>>benchFib", 0, "SmallInteger inherits benchFib: explain 'Integer>>benchFib'"},
	} {
		f, err := explain.Find(m.Interp(), c.name, c.block)
		got := f.Name
		if err != nil {
			got = err.Error()
		} else if name := m.Interp().CodeName(f.Code); name != c.want {
			t.Errorf("%q: the code is that of %s", c.name, name)
		}
		if got != c.want {
			t.Errorf("%q block %d: %s, want %s", c.name, c.block, got, c.want)
		}
	}
}

// What is not compiled says why, and what does not run is explained without feedback.
func TestRefused(t *testing.T) {
	m := open(t, "")
	x := of(t, m, "SmallInteger>>+", 0, explain.Options{Loop: -1})
	if !strings.Contains(x.Refused, "primitive") || x.Code != nil {
		t.Errorf("refused for %q, code %v", x.Refused, x.Code)
	}
	var w bytes.Buffer
	if err := x.Text(&w, explain.Show{}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"without feedback", "not compiled: ", "superSend: #+"} {
		if !strings.Contains(w.String(), want) {
			t.Errorf("%q is not in\n%s", want, w.String())
		}
	}
	w.Reset()
	if err := x.HTML(&w); err != nil {
		t.Error(err)
	}
	wellFormed(t, w.String())
}

// A loop is explained by the pc it goes back to.
func TestLoop(t *testing.T) {
	m := open(t, "5 benchmark")
	f, err := explain.Find(m.Interp(), "Integer>>benchmark", 0)
	if err != nil {
		t.Fatal(err)
	}
	b := jit.NewBroker(m.Interp(), nil, jit.Options{Mode: jit.Off})
	defer b.Close()
	_, err = explain.Of(b, m.Interp(), f.Code, explain.Options{Loop: 1})
	if err == nil {
		t.Fatal("there is a loop at 1")
	}
	list := regexp.MustCompile(`its loops are at (\d+), (\d+), (\d+)$`).FindStringSubmatch(err.Error())
	if list == nil {
		t.Fatal(err)
	}
	pc, err := strconv.Atoi(list[2])
	if err != nil {
		t.Fatal(err)
	}
	x, err := explain.Of(b, m.Interp(), f.Code, explain.Options{Loop: pc})
	if err != nil {
		t.Fatal(err)
	}
	if want := "Integer>>benchmark loop@" + list[2]; x.Name != want || x.Code == nil {
		t.Errorf("%s is explained, want %s; refused: %s", x.Name, want, x.Refused)
	}
}

// The page is whole and needs nothing from elsewhere.
func TestHTML(t *testing.T) {
	x := of(t, open(t, sum), "Interval>>do:", 0, explain.Options{Warmup: sum, Loop: -1})
	var w bytes.Buffer
	if err := x.HTML(&w); err != nil {
		t.Fatal(err)
	}
	page := w.String()
	wellFormed(t, page)
	for _, bad := range []string{"src=", "href=", "url(", "@import", "ZgotmplZ", "http:", "https:"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page has %q", bad)
		}
	}
	// Every row of code leads to a row of the last function or the source.
	for _, want := range []string{`data-v="`, `data-at="0:0"`, `data-line="0:1"`, "Interval&gt;&gt;do:"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if n := strings.Count(page, "<option "); n < 3 {
		t.Errorf("%d passes to choose from", n)
	}
}

// wellFormed checks that elements are closed in order.
func wellFormed(t *testing.T, page string) {
	t.Helper()
	page = regexp.MustCompile(`(?s)<(script|style)>.*?</(script|style)>`).ReplaceAllString(page, "")
	page = regexp.MustCompile(`(<meta [^>]*)>| (hidden|open|selected)>`).ReplaceAllStringFunc(page, func(s string) string {
		if strings.HasPrefix(s, "<meta") {
			return strings.TrimSuffix(s, ">") + "/>"
		}
		return ">"
	})
	page = strings.TrimPrefix(page, "<!DOCTYPE html>")
	for d := xml.NewDecoder(strings.NewReader(page)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

// JSON comes back as it was, and has only what is selected.
func TestJSON(t *testing.T) {
	x := of(t, open(t, sum), "Interval>>do:", 0, explain.Options{Warmup: sum, Loop: -1})
	data, err := json.Marshal(x)
	if err != nil {
		t.Fatal(err)
	}
	var y explain.Explanation
	if err := json.Unmarshal(data, &y); err != nil {
		t.Fatal(err)
	}
	var a, b bytes.Buffer
	for _, z := range []struct {
		x *explain.Explanation
		w io.Writer
	}{{x, &a}, {&y, &b}} {
		if err := z.x.Text(z.w, explain.Show{Passes: []string{"all"}}); err != nil {
			t.Fatal(err)
		}
	}
	if a.String() != b.String() {
		t.Errorf("read back it is\n%s\nwas\n%s", b.String(), a.String())
	}
	some := x.Select(explain.Show{Sections: []string{"ir"}, Passes: []string{"last"}})
	if some.Code != nil || some.Inlining != nil || len(some.Functions) != 1 || some.Functions[0].Pass != x.Functions[len(x.Functions)-1].Pass {
		t.Errorf("selected %+v", some)
	}
	for _, s := range []explain.Show{{Sections: []string{"nonsense"}}, {Passes: []string{"nonsense"}}} {
		if s.Check() == nil {
			t.Errorf("%+v is taken", s)
		}
	}
	if err := (explain.Show{Sections: explain.Sections, Passes: []string{"all", "last", "front", "gvn"}}).Check(); err != nil {
		t.Error(err)
	}
}

// Methods of all kinds are explained in all forms.
func TestMany(t *testing.T) {
	m := open(t, "(1 to: 300) inject: '' into: [ :s :i | i printString , (s copyFrom: 1 to: (s size min: 20)) ]")
	in := m.Interp()
	b := jit.NewBroker(in, nil, jit.Options{Mode: jit.Off})
	defer b.Close()
	var all []heap.Oop
	in.Heap().EachObject(func(o heap.Oop) bool {
		if o.Format().IsMethod() {
			all = append(all, o)
		}
		return true
	})
	compiled := 0
	for i := 0; i < len(all); i += 40 {
		x, err := explain.Of(b, in, all[i], explain.Options{Loop: -1, States: true})
		if err != nil {
			t.Fatal(err)
		}
		if (x.Code == nil) != (x.Refused != "") {
			t.Errorf("%s: refused for %q, and code is %v", x.Name, x.Refused, x.Code)
		}
		if x.Code != nil {
			compiled++
		}
		var page bytes.Buffer
		if err := errors.Join(x.Text(io.Discard, explain.Show{Passes: []string{"all"}}), x.HTML(&page)); err != nil {
			t.Errorf("%s: %v", x.Name, err)
		}
		wellFormed(t, page.String())
	}
	if compiled < 20 {
		t.Errorf("%d of %d are compiled", compiled, len(all)/40)
	}
}
