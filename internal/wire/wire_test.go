package wire

import (
	"math"
	"testing"
)

func TestReadsWhatWasWritten(t *testing.T) {
	var w Writer
	w.Uint(math.MaxUint64)
	w.Int(math.MinInt64)
	w.Bool(true)
	w.String("sends")
	w.Align(8)
	w.Word(1 << 63)
	w.Half(7)
	r := NewReader(w.Bytes)
	if n := r.Uint(); n != math.MaxUint64 {
		t.Errorf("Uint: %d", n)
	}
	if n := r.Int(); n != math.MinInt64 {
		t.Errorf("Int: %d", n)
	}
	if !r.Bool() || r.String() != "sends" {
		t.Error("Bool or String")
	}
	r.Align(8)
	if r.Word() != 1<<63 || r.Half() != 7 {
		t.Error("Word or Half")
	}
	if err := r.End(); err != nil {
		t.Error(err)
	}
}

func FuzzReader(f *testing.F) {
	f.Add([]byte{255, 255, 3, 0, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		r := NewReader(b)
		r.Uint()
		r.Int()
		if n := r.Count(); n > len(b) {
			t.Errorf("a count of %d in %d bytes", n, len(b))
		}
		_ = r.String()
		r.Align(8)
		r.Word()
		r.Half()
		r.Bool()
		if left := r.Left(); r.End() == nil && left != 0 {
			t.Error("bytes left and no error")
		}
	})
}
