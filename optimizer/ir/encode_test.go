package ir_test

import (
	"bytes"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/sista-vm/sista/optimizer/ir"
)

// corpus answers the functions of the tests of this package and of the passes.
func corpus(t testing.TB) []*ir.Func {
	var all []*ir.Func
	for _, pattern := range []string{"testdata/*/*.txtar", "testdata/*.txtar", "../passes/testdata/*.txtar"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			a, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range a.Files {
				if fn, err := ir.Parse(string(f.Data)); err == nil && fn.Verify() == nil {
					all = append(all, fn)
				}
			}
		}
	}
	if len(all) < 50 {
		t.Fatalf("only %d functions", len(all))
	}
	return all
}

// renumbered is a function's text with values and blocks named in the order of their lists.
func renumbered(t testing.TB, f *ir.Func) string {
	t.Helper()
	g, err := ir.Decode(f.Encode())
	if err != nil {
		t.Fatalf("%v\n%s", err, f)
	}
	return g.String()
}

func TestEncode(t *testing.T) {
	for _, f := range corpus(t) {
		encoded := f.Encode()
		g, err := ir.Decode(encoded)
		if err != nil {
			t.Fatalf("%v\n%s", err, f)
		}
		if again := g.Encode(); !bytes.Equal(again, encoded) {
			t.Errorf("encoded again it is something else: %s\n%s", f, g)
		}
		// The names of values apart, the texts are the same.
		shape := func(s string) string {
			return strings.Map(func(r rune) rune {
				if r >= '0' && r <= '9' {
					return -1
				}
				return r
			}, s)
		}
		if shape(f.String()) != shape(g.String()) {
			t.Errorf("decoded\n%s\nnot\n%s", g, f)
		}
		if s := renumbered(t, g); s != g.String() {
			t.Errorf("decoded again\n%s\nnot\n%s", s, g)
		}
	}
}

// TestEncodingIsComplete fails when a field is added to functions that the encoding may have to know.
func TestEncodingIsComplete(t *testing.T) {
	for _, c := range []struct {
		of   any
		want string
	}{
		{ir.Func{}, "Name Blocks Classes Methods Floats Origin nextValue nextBlock epoch graph"},
		{ir.Class{}, "Name Format Fixed"},
		{ir.Block{}, "ID Params Values End Succs OSR fn"},
		{ir.OSREntry{}, "Method PC"},
		{ir.Edge{}, "To Args Count"},
		{ir.Value{}, "ID Op Type Args Int Sym NoMark Reason State Block Origin"},
		{ir.Origin{}, "Method PC"},
		{ir.State{}, "Levels Virtuals epoch"},
		{ir.Level{}, "Mode Method PC Self Closure Context Temps Stack epoch at"},
		{ir.Ref{}, "Value Virtual"},
		{ir.Virtual{}, "Kind Class Slots"},
	} {
		typ := reflect.TypeOf(c.of)
		var fields []string
		for i := range typ.NumField() {
			fields = append(fields, typ.Field(i).Name)
		}
		if got := strings.Join(fields, " "); got != c.want {
			t.Errorf("%v has the fields %s; Encode knows %s", typ, got, c.want)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	f := corpus(t)[0]
	good := f.Encode()
	for i := range good {
		if _, err := ir.Decode(good[:i]); err == nil {
			t.Errorf("the first %d bytes are a function", i)
		}
	}
	bad := slices.Clone(good)
	bad[0]++
	if _, err := ir.Decode(bad); err == nil {
		t.Error("another version is read")
	}
}

func FuzzDecode(f *testing.F) {
	for i, fn := range corpus(f) {
		if i%5 == 0 {
			f.Add(fn.Encode())
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		fn, err := ir.Decode(b)
		if err != nil {
			return
		}
		if _, err := ir.Decode(fn.Encode()); err != nil {
			t.Errorf("what was decoded cannot be encoded: %v", err)
		}
	})
}
