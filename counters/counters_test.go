package counters

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/cespare/xxhash/v2"
)

var (
	siteA = Site{1, 10}
	siteB = Site{2, 20}
	siteC = Site{3, 30}
)

func dump(t *testing.T, table *Table) string {
	t.Helper()
	var w strings.Builder
	if err := table.Dump(&w, Names{}); err != nil {
		t.Fatal(err)
	}
	return w.String()
}

func TestSendCases(t *testing.T) {
	table := New(DefaultPolicy())
	table.policy.MaxDepth = 1
	for c := Class(1); c <= 6; c++ {
		for range c {
			table.CountSend(MakePath(siteA), c, Method(100+c))
		}
	}
	s, depth := table.Send(MakePath(siteA, siteB))
	if depth != 1 || !s.Megamorphic() || s.Other != 11 || s.Samples() != 21 {
		t.Errorf("depth %d, %+v", depth, s)
	}
	want := "send m1@10: class 4 -> m104 x4, class 3 -> m103 x3, class 2 -> m102 x2, class 1 -> m101 x1, others x11\n"
	if got := dump(t, table); got != want {
		t.Errorf("got %s", got)
	}
	// A class that finds another method starts afresh, in its new place.
	table.CountSend(MakePath(siteA), 4, 200)
	if got := dump(t, table); !strings.Contains(got, "class 1 -> m101 x1, class 4 -> m200 x1") {
		t.Errorf("got %s", got)
	}
}

// The blocks that a send evaluates are told apart by their code.
func TestEvaluationCases(t *testing.T) {
	table := New(DefaultPolicy())
	table.policy.MaxDepth = 1
	for m := Method(1); m <= 6; m++ {
		for range m {
			table.CountEvaluation(MakePath(siteA), 100+m)
		}
	}
	want := "evaluation m1@10: m104 x4, m103 x3, m102 x2, m101 x1, others x11\n"
	if got := dump(t, table); got != want {
		t.Errorf("got %s", got)
	}
	table.ForgetMethod(103)
	table.Decay()
	if got := dump(t, table); got != "evaluation m1@10: m104 x2, m102 x1, others x5\n" {
		t.Errorf("got %s", got)
	}
	table = New(DefaultPolicy())
	for i := range 300 {
		table.CountEvaluation(MakePath(siteA, Site{Method(5 + i%3), 1}), Method(60+i%3))
	}
	if e, depth := table.Evaluation(MakePath(siteA, Site{5, 1})); depth != 2 || len(e.Cases) != 1 || e.Cases[0].Block != 60 {
		t.Errorf("depth %d, %+v", depth, e)
	}
}

// TestSplit pollutes a site and expects each caller to be kept apart from then on.
func TestSplit(t *testing.T) {
	table := New(DefaultPolicy())
	callers := []Site{{5, 1}, {6, 1}, {7, 1}}
	for i := range 300 {
		k := i % 3
		table.CountSend(MakePath(siteA, callers[k]), Class(50+k), Method(60+k))
	}
	if table.Depth(siteA) != 2 {
		t.Fatalf("depth %d", table.Depth(siteA))
	}
	for k, c := range callers {
		s, depth := table.Send(MakePath(siteA, c, siteC))
		if depth != 2 || len(s.Cases) != 1 || s.Cases[0].Class != Class(50+k) || s.Cases[0].Count != 99 {
			t.Errorf("caller %d: depth %d, %+v", k, depth, s)
		}
	}
	// A caller nobody saw gets what all had in common.
	if s, depth := table.Send(MakePath(siteA, siteB)); depth != 1 || len(s.Cases) != 3 {
		t.Errorf("unknown caller: depth %d, %+v", depth, s)
	}
}

func TestMinSamples(t *testing.T) {
	table := New(DefaultPolicy())
	table.depth[siteA] = 2
	for range 100 {
		table.CountBranch(MakePath(siteA), true)
	}
	table.CountBranch(MakePath(siteA, siteB), false)
	b, depth := table.Branch(MakePath(siteA, siteB))
	if depth != 1 || b.Reached != 100 {
		t.Errorf("one sample is believed: depth %d, %+v", depth, b)
	}
	for range 50 {
		table.CountBranch(MakePath(siteA, siteB), false)
	}
	b, depth = table.Branch(MakePath(siteA, siteB))
	if taken, through := b.Cold(table.policy); depth != 2 || !taken || through {
		t.Errorf("depth %d, %+v, cold %v %v", depth, b, taken, through)
	}
}

// random answers a table with something of every kind.
func random(seed uint64) *Table {
	r := rand.New(rand.NewPCG(seed, 0))
	t := New(DefaultPolicy())
	path := func() Path {
		sites := make([]Site, 1+r.IntN(3))
		for i := range sites {
			sites[i] = Site{Method(1 + r.IntN(5)*1000), uint32(1 + r.IntN(9))}
		}
		return MakePath(sites...)
	}
	for range 200 {
		switch p := path(); r.IntN(6) {
		case 5:
			t.CountEvaluation(p, Method(r.IntN(9)))
		case 0:
			t.CountSend(p, Class(r.IntN(6)), Method(r.IntN(3)))
		case 1:
			t.CountBranch(p, r.IntN(2) == 0)
		case 2:
			t.CountLoop(p, r.Uint64()>>uint(r.IntN(64)))
		case 3:
			t.CountAllocation(p, Class(r.IntN(7)), uint64(r.IntN(100)))
		case 4:
			t.CountFailure(p, uint8(r.IntN(256)))
		}
	}
	return t
}

func TestEncoding(t *testing.T) {
	for seed := range uint64(50) {
		table := random(seed)
		data := table.Encode()
		back, err := Decode(data, table.policy)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if got, want := dump(t, back), dump(t, table); got != want {
			t.Fatalf("seed %d: got\n%swant\n%s", seed, got, want)
		}
		if string(back.Encode()) != string(data) || string(table.Clone().Encode()) != string(data) {
			t.Fatalf("seed %d: encoding depends on more than contents", seed)
		}
	}
}

func TestDecodeErrors(t *testing.T) {
	data := random(1).Encode()
	change := func(f func([]byte) []byte) []byte { return f(append([]byte(nil), data...)) }
	seal := func(b []byte) []byte {
		b = b[:len(b)-sumSize]
		return binary.LittleEndian.AppendUint64(b, xxhash.Sum64(b))
	}
	for name, c := range map[string]struct {
		data []byte
		want error
	}{
		"empty":     {nil, ErrMagic},
		"magic":     {change(func(b []byte) []byte { b[0]++; return b }), ErrMagic},
		"version":   {change(func(b []byte) []byte { b[8]++; return b }), ErrVersion},
		"one bit":   {change(func(b []byte) []byte { b[30] ^= 4; return b }), ErrChecksum},
		"cut":       {data[:len(data)-1], ErrChecksum},
		"left over": {change(func(b []byte) []byte { return seal(append(b, 0)) }), ErrCorrupt},
		"shorter": {change(func(b []byte) []byte {
			return seal(append(b[:len(b)-sumSize-1], make([]byte, sumSize)...))
		}), ErrCorrupt},
	} {
		if _, err := Decode(c.data, DefaultPolicy()); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, not %v", name, err, c.want)
		}
	}
}

// FuzzDecode checks that no bytes make Decode panic, and that what it takes it
// writes again so that it reads the same.
func FuzzDecode(f *testing.F) {
	f.Add(random(1).Encode())
	f.Add(New(DefaultPolicy()).Encode())
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) >= headerSize+sumSize { // get past the checksum
			data = append([]byte(nil), data[:len(data)-sumSize]...)
			data = binary.LittleEndian.AppendUint64(data, xxhash.Sum64(data))
		}
		table, err := Decode(data, DefaultPolicy())
		if err != nil {
			return
		}
		again, err := Decode(table.Encode(), DefaultPolicy())
		if err != nil || dump(t, again) != dump(t, table) {
			t.Fatalf("%v", err)
		}
	})
}

func TestMerge(t *testing.T) {
	a, b := random(1), random(2)
	ab, ba := a.Clone(), b.Clone()
	ab.Merge(b)
	ba.Merge(a)
	for p, x := range ab.branches {
		if y := ba.branches[p]; y == nil || *x != *y {
			t.Errorf("branch %v: %v, other way %v", p, x, y)
		}
	}
	for p, x := range ab.sends {
		if len(x.Cases) > LimitCases {
			t.Errorf("send %v has %d cases", p, len(x.Cases))
		}
	}
	sat := New(DefaultPolicy())
	sat.CountLoop(MakePath(siteA), math.MaxUint64-1)
	sat.Merge(sat.Clone())
	if l, _ := sat.Loop(MakePath(siteA)); l.BackEdges != math.MaxUint64 {
		t.Errorf("overflow: %d", l.BackEdges)
	}
}

func TestDecay(t *testing.T) {
	table := New(DefaultPolicy())
	p := MakePath(siteA)
	for range 5 {
		table.CountSend(p, 50, 9)
		table.CountBranch(p, true)
	}
	table.CountSend(p, 51, 9)
	table.CountAllocation(p, 50, 7)
	table.CountFailure(p, 3)
	table.CountLoop(p, 1)
	table.Decay()
	want := "send m1@10: class 50 -> m9 x2\nbranch m1@10: reached 2, taken 2\n"
	if got := dump(t, table); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	table.Decay()
	table.Decay()
	if table.Len() != 0 {
		t.Errorf("left: %s", dump(t, table))
	}
}

func TestForget(t *testing.T) {
	table := New(DefaultPolicy())
	table.depth[siteA] = 2
	table.CountSend(MakePath(siteA, siteB), 50, 7)
	table.CountSend(MakePath(siteC), 51, 8)
	table.CountSend(MakePath(siteC), 50, 7)
	table.CountAllocation(MakePath(siteC), 50, 0)
	table.CountLoop(MakePath(siteB), 4)
	table.ForgetMethod(2)
	table.ForgetClass(51)
	want := "send m3@30: class 50 -> m7 x1\nallocation m3@30: class 50 x1 with 0 elements\nsplit m1@10: 2 deep\n"
	if got := dump(t, table); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	table.ForgetMethod(7)
	table.ForgetMethod(1)
	if got := dump(t, table); got != "allocation m3@30: class 50 x1 with 0 elements\n" {
		t.Errorf("got\n%s", got)
	}
}

func TestPolicy(t *testing.T) {
	p := DefaultPolicy()
	var names []string
	p.Each(func(name, value, help string) {
		names = append(names, name)
		if help == "" {
			t.Errorf("%s has no help", name)
		}
		if err := p.Set(name, value); err != nil {
			t.Error(err)
		}
	})
	if p != DefaultPolicy() {
		t.Error("setting what is there changes it")
	}
	if got := strings.Join(names[2:6], " "); got != "window-duty gather-after compile-after osr-after" {
		t.Errorf("names are %s", got)
	}
	if err := p.Set("compile-after", "7"); err != nil || p.CompileAfter != 7 {
		t.Errorf("%v, %d", err, p.CompileAfter)
	}
	for name, limit := range map[string]int{"max-cases": LimitCases, "max-depth": LimitDepth} {
		if p.Set(name, fmt.Sprint(limit)) != nil || p.Set(name, fmt.Sprint(limit+1)) == nil {
			t.Errorf("%s is not bounded by %d, the format's limit", name, limit)
		}
	}
	for _, bad := range [][2]string{{"compile-after", "-1"}, {"max-cases", "5"}, {"max-depth", "0"}, {"window-duty", "0"}, {"nonsense", "1"}, {"max-paths", "x"}} {
		if err := p.Set(bad[0], bad[1]); err == nil {
			t.Errorf("%s = %s is taken", bad[0], bad[1])
		}
	}
}

// The feedback of one method is that of all its callers.
func TestInMethod(t *testing.T) {
	table := New(DefaultPolicy())
	site := func(m Method, pc uint32) Site { return Site{m, pc} }
	for i := range 10 {
		table.CountSend(MakePath(site(1, 5), site(Method(2+i%3), 7)), Class(50+i%3), 9)
		table.CountBranch(MakePath(site(1, 8)), i == 0)
		table.CountLoop(MakePath(site(2, 8)), 1)
	}
	if table.Depth(site(1, 5)) < 2 {
		t.Fatal("the send is not split")
	}
	in := table.InMethod(1)
	s, _ := in.Send(MakePath(site(1, 5)))
	if s == nil || s.Samples() != 10 || len(s.Cases) != 3 {
		t.Errorf("send: %+v", s)
	}
	b, _ := in.Branch(MakePath(site(1, 8)))
	if b == nil || *b != (Branch{10, 1}) {
		t.Errorf("branch: %+v", b)
	}
	if l, _ := in.Loop(MakePath(site(2, 8))); l != nil {
		t.Errorf("loop of another method: %+v", l)
	}
	if n := table.Len(); n <= in.Len() {
		t.Errorf("%d paths of %d", in.Len(), n)
	}
}
