package clock

import (
	"testing"
	"time"
	"unsafe"
)

func TestLayout(t *testing.T) {
	var r Record
	if unsafe.Sizeof(r) != 32 || unsafe.Offsetof(r.TSC) != 8 || unsafe.Offsetof(r.Nanos) != 16 ||
		unsafe.Offsetof(r.Mul) != 24 || unsafe.Offsetof(r.Shift) != 28 {
		t.Error("Record is not laid out as Xen has it")
	}
}

func TestRates(t *testing.T) {
	for _, kHz := range []uint64{500, 32_768, 999_999, 1_000_000, 1_000_001, 2_394_454, 5_000_000} {
		var r Record
		r.SetRate(kHz, 1000, 5_000)
		if got := r.KHz(); got < kHz-kHz/1000-1 || got > kHz+kHz/1000+1 {
			t.Errorf("%d kHz: KHz answers %d", kHz, got)
		}
		if got := r.Convert(1000); got != 5_000 {
			t.Errorf("%d kHz: starts at %d", kHz, got)
		}
		const day = 24 * 3600
		got := r.Convert(1000 + kHz*1000*day)
		want := uint64(5_000 + day*1_000_000_000)
		if diff := int64(got - want); diff > day || diff < -day*5_000 { // 5 parts in a million
			t.Errorf("%d kHz: a day is wrong by %d ns", kHz, diff)
		}
	}
}

func TestShifts(t *testing.T) {
	r := Record{Mul: 1 << 31, Shift: -2}
	if got := r.Convert(800); got != 100 {
		t.Errorf("800 ticks are %d ns", got)
	}
	r.Shift = 1
	if got := r.Convert(800); got != 800 {
		t.Errorf("800 ticks are %d ns", got)
	}
}

func TestDates(t *testing.T) {
	for _, c := range []struct {
		regs [7]uint8
		want time.Time
	}{
		{[7]uint8{0x59, 0x59, 0x23, 0x29, 0x02, 0x24, 2}, time.Date(2024, 2, 29, 23, 59, 59, 0, time.UTC)},
		{[7]uint8{5, 6, 7, 8, 9, 26, 6}, time.Date(2026, 9, 8, 7, 6, 5, 0, time.UTC)},
		{[7]uint8{0, 0, 0x92, 0x01, 0x03, 0x30, 0}, time.Date(2030, 3, 1, 12, 0, 0, 0, time.UTC)},
		{[7]uint8{0, 0, 0x12, 0x01, 0x01, 0x30, 0}, time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)},
		{[7]uint8{0, 0, 0x81, 0x31, 0x12, 0x99, 0}, time.Date(2099, 12, 31, 13, 0, 0, 0, time.UTC)},
	} {
		r := c.regs
		if got := Decode(r[0], r[1], r[2], r[3], r[4], r[5], r[6]).Unix(); got != uint64(c.want.Unix()) {
			t.Errorf("%x is %v, want %v", r, time.Unix(int64(got), 0).UTC(), c.want)
		}
	}
}
