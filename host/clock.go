package host

import "time"

// EpochSeconds is the number of seconds from the start of 1901, where
// Smalltalk's time starts, to the start of 1970, where Unix time does:
// 69 years, 17 of them leap years.
const EpochSeconds = (69*365 + 17) * 24 * 60 * 60

// Clock tells and waits for times. It is safe for use by several goroutines.
type Clock interface {
	// Monotonic answers nanoseconds since an arbitrary moment; it never goes back.
	Monotonic() int64
	// UTC answers microseconds since the start of 1901, UTC.
	UTC() int64
	// LocalOffset answers the seconds by which local time is ahead of UTC now.
	LocalOffset() int
	// AfterFunc runs f on a goroutine of its own choosing once Monotonic has reached
	// at. The answer cancels; it tells whether f had not been started.
	AfterFunc(at int64, f func()) (cancel func() bool)
	// Wait returns when Monotonic has reached at or something is received from wake.
	// It is how an idle VM passes its time; at < 0 waits for wake alone.
	Wait(at int64, wake <-chan struct{})
}

// SmalltalkTime turns a Go time into microseconds since the start of 1901, UTC.
func SmalltalkTime(t time.Time) int64 { return t.UnixMicro() + EpochSeconds*1e6 }

// GoTime is the inverse of SmalltalkTime.
func GoTime(us int64) time.Time { return time.UnixMicro(us - EpochSeconds*1e6) }
