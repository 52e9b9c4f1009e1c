package jit

import (
	"reflect"
	"strings"
	"testing"

	"github.com/sista-vm/sista/codegen"
	"github.com/sista-vm/sista/counters"
	"github.com/sista-vm/sista/heap"
	"github.com/sista-vm/sista/internal/wire"
	"github.com/sista-vm/sista/optimizer/front"
)

// TestSavedIsComplete fails when a field is added that saving may have to know.
func TestSavedIsComplete(t *testing.T) {
	for _, c := range []struct {
		of   any
		want string
	}{
		{key{}, "kind class object selector"},
		{answer{}, "oop args facts"},
		{question{}, "key answer askers changes doubted"},
		{front.Class{}, "Index Name Format Fixed"},
		{codegen.Options{}, "Name Method Block Entry Temps Args Fail Count Features Verify Assembler"},
		{bet{}, "method pc reason"},
		{place{}, "method pc"},
		{counters.Table{}, "policy sends evaluations branches loops allocations failures depth changes recentSends recentBranches recentLoops"},
		{unit{}, "place name comp code placed template deopts learned form formNumber renewed age quick limited seen"},
		{form{}, "function method block temps args handles words"},
	} {
		typ := reflect.TypeOf(c.of)
		var fields []string
		for i := range typ.NumField() {
			fields = append(fields, typ.Field(i).Name)
		}
		if got := strings.Join(fields, " "); got != c.want {
			t.Errorf("%v has the fields %s; saving knows %s", typ, got, c.want)
		}
	}
}

// TestAnswers sends questions with their answers through a file.
func TestAnswers(t *testing.T) {
	p := &Program{index: map[key]*question{}, byObject: map[heap.Oop]*watched{}}
	one := &question{key: key{lookup, 7, 0, 1000}, answer: answer{oop: 2000}, changes: 3}
	two := &question{key: key{kind: instances, object: 3000}, answer: answer{oop: 3000, args: 2, facts: front.Class{Index: 9, Name: "Dog", Format: 1, Fixed: 3}}}
	users := []*Compilation{{questions: []*question{one, two}}, {questions: []*question{two}}}
	p.watched = []*watched{{4000, allSlots, []*question{one}}, {3000, classSlots, []*question{two, one}}, {5000, allSlots, []*question{{}}}}
	encoded := p.saveAnswers(&Names{Save: func(o heap.Oop) (uint64, bool) { return uint64(o) + 1, true }}, users)

	a, err := parseAnswers(encoded, Names{Load: func(n uint64) (heap.Oop, bool) { return heap.Oop(n - 1), true }})
	if err != nil {
		t.Fatal(err)
	}
	q := &Program{index: map[key]*question{}, byObject: map[heap.Oop]*watched{}}
	a.comps = []*Compilation{{}, {dead: true}}
	q.decode(a)
	if len(q.questions) != 2 || len(q.watched) != 2 || len(a.comps[0].questions) != 2 || len(a.comps[1].questions) != 0 {
		t.Fatalf("%d questions, %d watched, %d and %d of the users", len(q.questions), len(q.watched), len(a.comps[0].questions), len(a.comps[1].questions))
	}
	for i, want := range []*question{one, two} {
		got := q.questions[i]
		if got.key != want.key || got.answer != want.answer || got.changes != want.changes || len(got.askers) != 1 {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
	if w := q.byObject[3000]; w == nil || len(w.questions) != 2 || w.questions[0] != q.questions[1] || w.slots != classSlots || q.byObject[4000].slots != allSlots {
		t.Errorf("watched: %+v", w)
	}
}

// FuzzSections reads arbitrary bytes as each kind of section: errors, and no more work than there are bytes.
func FuzzSections(f *testing.F) {
	t := counters.New(counters.DefaultPolicy())
	t.CountSend(counters.MakePath(counters.Site{Method: 64, PC: 3}), 7, 128)
	w := wire.Writer{Bytes: []byte(feedbackMagic)}
	w.Uint(feedbackVersion)
	w.Block(t.Encode())
	for range 3 {
		w.Uint(0)
	}
	f.Add(w.Bytes)
	w = wire.Writer{Bytes: []byte(portableMagic)}
	w.Uint(portableVersion)
	w.Block(make([]byte, answersHeader))
	w.Uint(0)
	f.Add(w.Bytes)
	f.Add((&Program{}).saveAnswers(&Names{Save: func(o heap.Oop) (uint64, bool) { return uint64(o), true }},
		[]*Compilation{{questions: []*question{{key: key{kind: binding, object: 64}}}}}))
	w = wire.Writer{Bytes: []byte(nativeMagic)}
	for _, n := range []uint32{nativeVersion, 1, answersHeader, 2} {
		w.Half(n)
	}
	w.Bytes = append(w.Bytes, make([]byte, unitRecord+2*4+answersHeader+10)...)
	f.Add(w.Bytes)
	f.Fuzz(func(t *testing.T, b []byte) {
		n := Names{Load: func(name uint64) (heap.Oop, bool) { return heap.Oop(name), name%8 == 0 }}
		_, _ = decodeFeedback(b, counters.DefaultPolicy(), &n)
		if _, forms, err := parsePortable(b); err == nil {
			for _, x := range forms {
				_, _ = parseForm(x)
			}
		}
		_, _ = parseForm(b)
		if x, err := parseNative(b); err == nil {
			if n := nativeHeader + len(x.units) + len(x.offsets) + len(x.answers) + len(x.code); n != len(b) {
				t.Errorf("parts of %d bytes, of %d", n, len(b))
			}
			for i := range x.numUnits() {
				_ = x.unit(i)
			}
			_ = x.routines()
			_, _ = parseAnswers(x.answers, n)
		}
		if a, err := parseAnswers(b, n); err == nil {
			for i := range a.numUsers() {
				a.comps = append(a.comps, &Compilation{user: i})
			}
			p := &Program{index: map[key]*question{}, byObject: map[heap.Oop]*watched{}}
			for i := range len(a.questions) / questionRecord {
				if word(a.question(i)[8:], 0)%8+word(a.question(i)[8:], 1)%8+word(a.question(i)[8:], 2)%8 != 0 {
					return // a doubt is for the interpreter, of which there is none
				}
			}
			p.decode(a)
		}
	})
}
