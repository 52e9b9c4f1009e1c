package host

import (
	"sort"
	"sync"
)

// VirtualClock is a clock for runs that must be the same every time: it moves by
// Step at each reading and jumps over every wait. Alarms run on the goroutine
// that moves the clock.
type VirtualClock struct {
	Start  int64 // UTC microseconds since 1901 when Monotonic is 0
	Step   int64 // nanoseconds that pass at each reading
	Offset int   // LocalOffset

	mu     sync.Mutex
	now    int64
	alarms []*alarm // by time, then by age
}

type alarm struct {
	at int64
	f  func()
}

// VirtualStart is the start of the year 2000 in Smalltalk microseconds: where a
// virtual clock begins unless told otherwise.
const VirtualStart = (99*365 + 24) * 24 * 60 * 60 * 1e6

// NewVirtualClock answers a clock that starts at VirtualStart and moves by a microsecond at each reading.
func NewVirtualClock() *VirtualClock { return &VirtualClock{Start: VirtualStart, Step: 1000} }

// Monotonic moves the clock by Step and answers it.
func (c *VirtualClock) Monotonic() int64 {
	c.mu.Lock()
	to := c.now + c.Step
	c.mu.Unlock()
	return c.advanceTo(to)
}

// UTC moves the clock by Step and answers the time of day.
func (c *VirtualClock) UTC() int64 { return c.Start + c.Monotonic()/1000 }

// LocalOffset answers Offset.
func (c *VirtualClock) LocalOffset() int { return c.Offset }

// Advance moves the clock by d nanoseconds and runs the alarms that fall due.
func (c *VirtualClock) Advance(d int64) {
	c.mu.Lock()
	to := c.now + d
	c.mu.Unlock()
	c.advanceTo(to)
}

func (c *VirtualClock) advanceTo(to int64) int64 {
	for {
		c.mu.Lock()
		if len(c.alarms) == 0 || c.alarms[0].at > to {
			c.now = max(c.now, to)
			now := c.now
			c.mu.Unlock()
			return now
		}
		a := c.alarms[0]
		c.alarms = c.alarms[1:]
		c.now = max(c.now, a.at)
		c.mu.Unlock()
		a.f() // outside the lock: it may set the next alarm
	}
}

// AfterFunc runs f when the clock is moved to or past at.
func (c *VirtualClock) AfterFunc(at int64, f func()) func() bool {
	a := &alarm{at, f}
	c.mu.Lock()
	defer c.mu.Unlock()
	i := sort.Search(len(c.alarms), func(i int) bool { return c.alarms[i].at > at })
	c.alarms = append(c.alarms[:i], append([]*alarm{a}, c.alarms[i:]...)...)
	return func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		for i, b := range c.alarms {
			if a == b {
				c.alarms = append(c.alarms[:i:i], c.alarms[i+1:]...)
				return true
			}
		}
		return false
	}
}

// Wait jumps to at unless wake is ready. With no time to wait for it really
// waits, because then only the outside world can go on.
func (c *VirtualClock) Wait(at int64, wake <-chan struct{}) {
	if at < 0 {
		<-wake
		return
	}
	select {
	case <-wake:
	default:
		c.advanceTo(at)
	}
}
