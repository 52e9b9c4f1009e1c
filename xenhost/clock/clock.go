// Package clock tells the time of a guest: the time-stamp counter, turned into
// nanoseconds by a record that the hypervisor keeps, or by one that is measured at boot.
//
// What it promises:
//   - Now reads the record each time, so a hypervisor may change it while the guest runs, as Xen
//     does when it moves one.
//   - Install makes Go's runtime read the clock without a system call, by the same record.
//   - Nothing allocates, panics or blocks; Measure waits for about two milliseconds, or, without an
//     interval timer, for up to two seconds.
package clock

import "math/bits"

// Record turns the time-stamp counter into nanoseconds. It is Xen's vcpu_time_info and KVM's pvclock:
//
//	 0  Version  odd while it is being changed
//	 8  TSC      the counter at Nanos
//	16  Nanos
//	24  Mul      nanoseconds per tick, after the shift, as a fraction of 2^32
//	28  Shift    of ticks: to the left, or to the right if negative
type Record struct {
	Version uint32
	_       uint32
	TSC     uint64
	Nanos   uint64
	Mul     uint32
	Shift   int8
	Flags   uint8
	_       [2]uint8
}

// Convert answers the time at a value of the counter.
func (r *Record) Convert(tsc uint64) uint64 {
	delta := tsc - r.TSC
	if r.Shift >= 0 {
		delta <<= uint(r.Shift)
	} else {
		delta >>= uint(-r.Shift)
	}
	hi, lo := bits.Mul64(delta, uint64(r.Mul))
	return r.Nanos + (hi<<32 | lo>>32)
}

// SetRate makes a record of a counter that runs at kHz thousand ticks a second.
func (r *Record) SetRate(kHz, tsc, nanos uint64) {
	r.TSC, r.Nanos, r.Shift = tsc, nanos, 0
	// Mul = 10^6/kHz * 2^32, which is below 2^32 for more than 1 GHz.
	for ; kHz <= 1_000_000; kHz <<= 1 {
		r.Shift++
	}
	q, _ := bits.Div64(1_000_000>>32, 1_000_000<<32, kHz)
	r.Mul = uint32(q)
}

// KHz answers the rate of the counter.
func (r *Record) KHz() uint64 {
	if r.Mul == 0 {
		return 0
	}
	k := (1_000_000 << 32) / uint64(r.Mul)
	if r.Shift >= 0 {
		return k >> uint(r.Shift)
	}
	return k << uint(-r.Shift)
}

// Date is a time of day as a clock chip has it.
type Date struct{ Second, Minute, Hour, Day, Month, Year uint64 }

// Unix answers the seconds since the start of 1970.
func (d Date) Unix() uint64 {
	// Years begin in March, so that the leap day is the last one.
	y, m := d.Year, d.Month
	if m <= 2 {
		y, m = y-1, m+12
	}
	days := 365*y + y/4 - y/100 + y/400 + (153*(m-3)+2)/5 + d.Day - 719469
	return ((days*24+d.Hour)*60+d.Minute)*60 + d.Second
}

// Decode makes a Date of what the chip's registers hold; control is its register B. The century is ours.
func Decode(second, minute, hour, day, month, year, control uint8) Date {
	const binary, full = 4, 2 // of control: numbers are binary, hours go to 23
	afternoon := hour&0x80 != 0 && control&full == 0
	hour &= 0x7f
	number := func(v uint8) uint64 {
		if control&binary != 0 {
			return uint64(v)
		}
		return uint64(v>>4)*10 + uint64(v&15)
	}
	d := Date{number(second), number(minute), number(hour), number(day), number(month), 2000 + number(year)}
	if control&full == 0 {
		d.Hour %= 12
		if afternoon {
			d.Hour += 12
		}
	}
	return d
}
