//go:build unix

package hostos

import (
	"time"

	"github.com/sista-vm/sista/host"
)

// Clock is the clock of the operating system.
type Clock struct{ start time.Time }

// NewClock answers a clock whose Monotonic starts at 0 now.
func NewClock() *Clock { return &Clock{time.Now()} }

// Monotonic answers nanoseconds since the clock was made.
func (c *Clock) Monotonic() int64 { return int64(time.Since(c.start)) }

// UTC answers the time of day.
func (c *Clock) UTC() int64 { return host.SmalltalkTime(time.Now()) }

// LocalOffset answers the offset of the process's time zone.
func (c *Clock) LocalOffset() int {
	_, offset := time.Now().Zone()
	return offset
}

// AfterFunc runs f on a goroutine of its own.
func (c *Clock) AfterFunc(at int64, f func()) func() bool {
	return time.AfterFunc(time.Duration(at-c.Monotonic()), f).Stop
}

// Wait sleeps until at or until wake.
func (c *Clock) Wait(at int64, wake <-chan struct{}) {
	if at < 0 {
		<-wake
		return
	}
	d := at - c.Monotonic()
	if d <= 0 {
		return
	}
	t := time.NewTimer(time.Duration(d))
	defer t.Stop()
	select {
	case <-wake:
	case <-t.C:
	}
}
